//! Comparing the whole stream with the log, message by message.

use std::fmt;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use caseledger_events::ids::Position;
use caseledger_events::public::HASH_HEADER;
use caseledger_proof::Hash;
use futures::StreamExt;

use crate::api::{Api, ApiError, STREAM};
use crate::connection::Connection;
use crate::feed::Feed;
use crate::halt::Halt;
use crate::log_source::LogSource;
use crate::outgoing::Outgoing;
use crate::resync::shape;
use crate::stream::StreamSettings;

/// Differences kept in a report; further ones are counted.
const DIFFERENCES_MAX: usize = 100;
/// Messages asked for at once.
const BATCH: usize = 500;

/// What a comparison found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CheckReport {
    /// The stream's last sequence when the comparison began.
    pub stream_last: Position,
    /// The log's last position then; what is not in the stream yet is no difference.
    pub log_last: Position,
    /// Messages compared.
    pub compared: u64,
    /// What differs, in order of position.
    pub differences: Vec<Difference>,
    /// Differences beyond those listed.
    pub further: u64,
}

impl CheckReport {
    /// Returns whether the stream is a true copy as far as it goes.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    fn add(&mut self, difference: Difference) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        } else {
            self.further += 1;
        }
    }
}

/// One way in which the stream is not a copy of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// What the stream says of itself is wrong.
    Setup(Halt),
    /// Sequences are missing.
    Missing {
        /// The first.
        first: Position,
        /// The last.
        last: Position,
    },
    /// The stream holds more than the log.
    Beyond {
        /// The first sequence that is not in the log.
        first: Position,
        /// The stream's last.
        last: Position,
    },
    /// The message is of another history.
    Hash {
        /// Its sequence.
        position: Position,
        /// The chain hash it names.
        stream: Option<Hash>,
        /// The log's.
        log: Hash,
    },
    /// The message belongs at its place but is not what this release would publish there.
    Content {
        /// Its sequence.
        position: Position,
        /// What differs: `subject`, `headers` or `body`.
        what: &'static str,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Difference::Setup(halt) => halt.fmt(f),
            Difference::Missing { first, last } => write!(f, "sequences {first} to {last} are missing in the stream"),
            Difference::Beyond { first, last } => {
                write!(f, "sequences {first} to {last} of the stream are not in the log")
            }
            Difference::Hash { position, stream: Some(stream), log } => {
                write!(f, "sequence {position} holds another event: hash {stream}, in the log {log}")
            }
            Difference::Hash { position, stream: None, .. } => {
                write!(f, "sequence {position} names no hash: not an event of this service")
            }
            Difference::Content { position, what } => write!(
                f,
                "the {what} of sequence {position} differ from what this release publishes; \
                 the event is the right one, another release may have published it"
            ),
        }
    }
}

/// Why a comparison could not be made to the end.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// There is nothing to compare with.
    #[error("there is no stream LEDGER on this broker; the relay makes it, or `caseledger nats rebuild`")]
    NoStream,
    /// The broker did not do its part.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The log could not be read, or an event in it cannot go out.
    #[error("{0}")]
    Log(Halt),
    /// The broker stopped delivering.
    #[error(
        "the broker stopped delivering after sequence {after} ({reason}); the part before it was compared; run the check again"
    )]
    Stalled {
        /// The last sequence delivered.
        after: Position,
        /// What the client says.
        reason: String,
    },
}

/// Compares every message of the stream with the event at its position; `progress` hears sequence and last sequence.
pub async fn check(
    log: &LogSource,
    connection: &Connection,
    settings: StreamSettings,
    mut progress: impl FnMut(Position, Position),
) -> Result<CheckReport, CheckError> {
    let api = Api::new(connection);
    let info = api.stream_info().await?.ok_or(CheckError::NoStream)?;
    let stream_last = Position(info.state.last_sequence);
    let mut report = CheckReport { stream_last, log_last: log.last(), ..CheckReport::default() };
    match shape(&info, log.identity(), settings) {
        Ok(_) => {}
        Err(other @ (Halt::ForeignLedger { .. } | Halt::OtherEpoch { .. })) => {
            // Nothing in it can agree; a list of every message would hide the reason.
            report.add(Difference::Setup(other));
            return Ok(report);
        }
        Err(other) => report.add(Difference::Setup(other)),
    }
    let mut comparison = Comparison {
        feed: Feed::start(log.clone(), Position(1)),
        ahead: Vec::new().into_iter(),
        next: Position(1),
        report,
    };
    let until = stream_last.min(comparison.report.log_last);
    let mut messages = Messages::open(connection, until).await?;
    while let Some((sequence, message)) = messages.next().await? {
        comparison.take(sequence, &message).await?;
        progress(sequence, stream_last);
    }
    messages.close().await;
    Ok(comparison.finish(until))
}

/// The log's side of the comparison.
struct Comparison {
    feed: Feed,
    ahead: std::vec::IntoIter<Outgoing>,
    next: Position,
    report: CheckReport,
}

impl Comparison {
    async fn take(&mut self, sequence: Position, message: &Message) -> Result<(), CheckError> {
        self.missing_before(sequence);
        let expected = self.expected(sequence).await?;
        self.report.compared += 1;
        self.next = sequence.next();
        if let Some(difference) = compare(&expected, message) {
            self.report.add(difference);
        }
        Ok(())
    }

    fn missing_before(&mut self, sequence: Position) {
        if sequence > self.next {
            self.report.add(Difference::Missing { first: self.next, last: Position(sequence.0 - 1) });
        }
    }

    async fn expected(&mut self, position: Position) -> Result<Outgoing, CheckError> {
        loop {
            match self.ahead.find(|message| message.position >= position) {
                Some(message) => return Ok(message),
                None => match self.feed.next().await {
                    Some(batch) => self.ahead = batch.map_err(CheckError::Log)?.into_iter(),
                    None => {
                        let reason = format!("it ends before position {position}, which was durable");
                        return Err(CheckError::Log(Halt::LogUnreadable { reason }));
                    }
                },
            }
        }
    }

    fn finish(mut self, until: Position) -> CheckReport {
        self.missing_before(until.next());
        if self.report.stream_last > self.report.log_last {
            let (first, last) = (self.report.log_last.next(), self.report.stream_last);
            self.report.add(Difference::Beyond { first, last });
        }
        self.report
    }
}

fn compare(expected: &Outgoing, found: &Message) -> Option<Difference> {
    let position = expected.position;
    let header = |name: &str| found.headers.as_ref().and_then(|headers| headers.get(name)).map(|value| value.as_str());
    let ours = expected.headers.get(HASH_HEADER).map(|value| value.as_str());
    if header(HASH_HEADER) != ours {
        let read = |text: Option<&str>| text.and_then(|text| text.parse().ok());
        return Some(Difference::Hash {
            position,
            stream: read(header(HASH_HEADER)),
            log: read(ours).unwrap_or(Hash::ZERO),
        });
    }
    let content = |what| Some(Difference::Content { position, what });
    if found.subject != expected.subject {
        return content("subject");
    }
    // The fence belongs to the publishing, not to what is published.
    let mut events = expected.headers.iter().filter(|(name, _)| !name.to_string().starts_with("Nats-"));
    if !events.all(|(name, values)| header(name.as_ref()) == values.first().map(|value| value.as_str())) {
        return content("headers");
    }
    if found.payload != expected.body {
        return content("body");
    }
    None
}

/// The stream's side of the comparison: messages in order, up to a sequence.
struct Messages {
    consumer: Consumer<Config>,
    name: String,
    stream: async_nats::jetstream::stream::Stream<()>,
    batch: Option<pull::Batch>,
    until: Position,
    last: Position,
    pending: bool,
    patience: Duration,
}

impl Messages {
    async fn open(connection: &Connection, until: Position) -> Result<Messages, CheckError> {
        let stalled = |reason: String| CheckError::Stalled { after: Position(0), reason };
        let patience = connection.patience().request;
        let stream = connection.jetstream().get_stream_no_info(STREAM).await.map_err(|e| stalled(e.to_string()))?;
        let name = format!("check-{}", connection.client().new_inbox().rsplit('.').next().unwrap_or_default());
        let config = Config {
            name: Some(name.clone()),
            description: Some("caseledger nats check".to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::None,
            memory_storage: true,
            inactive_threshold: Duration::from_secs(60),
            ..Config::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|e| stalled(e.to_string()))?;
        let pending = consumer.cached_info().num_pending > 0;
        Ok(Messages { consumer, name, stream, batch: None, until, last: Position(0), pending, patience })
    }

    async fn next(&mut self) -> Result<Option<(Position, Message)>, CheckError> {
        let mut empty_before = false;
        while self.pending && self.last < self.until {
            let mut batch = match self.batch.take() {
                Some(batch) => batch,
                None => self.ask().await?,
            };
            match tokio::time::timeout(self.patience, batch.next()).await {
                Ok(Some(Ok(message))) => {
                    self.batch = Some(batch);
                    let place = message.info().map_err(|error| self.stalled(error.to_string()))?;
                    (self.last, self.pending) = (Position(place.stream_sequence), place.pending > 0);
                    return Ok((self.last <= self.until).then_some((self.last, message)));
                }
                Ok(Some(Err(error))) => return Err(self.stalled(error.to_string())),
                Ok(None) if !empty_before => empty_before = true,
                Ok(None) => return Err(self.stalled("it delivers nothing though it says there is more".to_owned())),
                Err(_) => return Err(self.stalled("no message in time".to_owned())),
            }
        }
        Ok(None)
    }

    async fn ask(&self) -> Result<pull::Batch, CheckError> {
        let asking = self.consumer.batch().max_messages(BATCH).expires(self.patience).messages();
        asking.await.map_err(|error| self.stalled(error.to_string()))
    }

    fn stalled(&self, reason: String) -> CheckError {
        CheckError::Stalled { after: self.last, reason }
    }

    async fn close(self) {
        // The broker drops it by itself a minute later when this fails.
        let _ = self.stream.delete_consumer(&self.name).await;
    }
}

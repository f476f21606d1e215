//! Following the broadcast as a projector: every message in order, from a position on, and what follows live.
//!
//! A reader keeps its position in its own store and asks from there: first the message it took last, whose hash shows
//! that the stream still tells the history it knows, then the next. A gap, a message of another ledger and a message
//! without a hash end the reading: nothing is passed over.

use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{Config, Stream as Pull};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use bytes::Bytes;
use caseledger_events::ids::Position;
use caseledger_events::public::{HASH_HEADER, SOURCE_HEADER};
use caseledger_log::LedgerIdentity;
use caseledger_proof::Hash;
use futures::{FutureExt, StreamExt};

use crate::api::{Api, ApiError, STREAM};
use crate::connection::Connection;
use crate::stream::identity_of;

/// Messages handed over at once.
const BATCH: usize = 4_096;

/// How long it is waited for the next message before whoever reads is told that there is none yet.
const WAIT: Duration = Duration::from_millis(500);

/// A message of the broadcast.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Followed {
    /// Its place in the stream, which is its position in the ledger.
    pub position: Position,
    /// The chain hash there.
    pub hash: Hash,
    /// The body: JSON.
    pub body: Bytes,
}

/// Why the broadcast is read no further.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// There is nothing to read.
    #[error("there is no stream LEDGER on this broker; the relay makes it, or `caseledger nats rebuild`")]
    NoStream,
    /// The stream is not one of this service.
    #[error("the stream LEDGER does not say which ledger it is a copy of; `caseledger nats check` tells more")]
    NoLedger,
    /// The broker did not do its part.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The broker stopped delivering.
    #[error("the broker stopped delivering after position {after} ({reason}); start again, reading goes on from there")]
    Stalled {
        /// The last message delivered.
        after: Position,
        /// What the client says.
        reason: String,
    },
    /// A message is missing or is none of this ledger.
    #[error(
        "the broadcast cannot be followed past position {after}: {reason}; `caseledger nats check` compares it with the log"
    )]
    Broken {
        /// The last message that was right.
        after: Position,
        /// What is wrong with the next.
        reason: String,
    },
}

/// Which ledger a stream is a copy of, and where it ends.
pub async fn broadcast_of(connection: &Connection) -> Result<(LedgerIdentity, Position), FollowError> {
    let info = Api::new(connection).stream_info().await?.ok_or(FollowError::NoStream)?;
    let identity = identity_of(&info.config).ok_or(FollowError::NoLedger)?;
    Ok((identity, Position(info.state.last_sequence)))
}

/// A reader of the broadcast.
pub struct Follower {
    messages: Pull,
    source: String,
    last: Position,
}

impl Follower {
    /// Begins to read at a position.
    pub async fn start(
        connection: &Connection,
        identity: LedgerIdentity,
        from: Position,
    ) -> Result<Follower, FollowError> {
        let last = Position(from.0.saturating_sub(1));
        let stalled = |reason: String| FollowError::Stalled { after: last, reason };
        let stream = connection.jetstream().get_stream_no_info(STREAM).await.map_err(|e| stalled(e.to_string()))?;
        let inbox = connection.client().new_inbox();
        let config = Config {
            name: Some(format!("follow-{}", inbox.rsplit('.').next().unwrap_or_default())),
            description: Some("caseledger worker".to_owned()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from.0.max(1) },
            // Its own store says how far it has read; the broker need not know.
            ack_policy: AckPolicy::None,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: Duration::from_secs(60),
            ..Config::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|e| stalled(e.to_string()))?;
        let messages = consumer.stream().max_messages_per_batch(BATCH).messages().await;
        let source = caseledger_events::public::source(identity.ledger, identity.epoch);
        Ok(Follower { messages: messages.map_err(|e| stalled(e.to_string()))?, source, last })
    }

    /// Returns the messages that are there, at most a few thousand; none where nothing came for a while.
    pub async fn next(&mut self) -> Result<Vec<Followed>, FollowError> {
        let mut taken = Vec::new();
        let Ok(first) = tokio::time::timeout(WAIT, self.messages.next()).await else { return Ok(taken) };
        self.take(first, &mut taken)?;
        while taken.len() < BATCH {
            match self.messages.next().now_or_never() {
                Some(next) => self.take(next, &mut taken)?,
                None => break,
            }
        }
        Ok(taken)
    }

    fn take(
        &mut self,
        next: Option<Result<Message, impl std::fmt::Display>>,
        taken: &mut Vec<Followed>,
    ) -> Result<(), FollowError> {
        let after = self.last;
        let stalled = |reason: String| FollowError::Stalled { after, reason };
        let message = match next {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Err(stalled(error.to_string())),
            None => return Err(stalled("it closed the consumer".to_owned())),
        };
        let position = Position(message.info().map_err(|error| stalled(error.to_string()))?.stream_sequence);
        let followed = self.read(position, &message);
        taken.push(followed.map_err(|reason| FollowError::Broken { after, reason })?);
        self.last = position;
        Ok(())
    }

    fn read(&self, position: Position, message: &Message) -> Result<Followed, String> {
        if position != self.last.next() {
            return Err(format!("position {} is missing: the stream went on with {position}", self.last.next()));
        }
        let header = |name: &str| message.headers.as_ref().and_then(|all| all.get(name)).map(|value| value.as_str());
        if header(SOURCE_HEADER) != Some(self.source.as_str()) {
            return Err(format!("the message at {position} is of another ledger or epoch"));
        }
        let hash = header(HASH_HEADER).and_then(|text| text.parse().ok());
        let hash = hash.ok_or_else(|| format!("the message at {position} names no hash"))?;
        Ok(Followed { position, hash, body: message.payload.clone() })
    }
}

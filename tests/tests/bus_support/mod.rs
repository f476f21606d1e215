//! What the tests of the bus share: a small real ledger, a relay on it, and an independent reader of the stream.

// Each test file is a program of its own and uses a part of this.
#![allow(dead_code, unreachable_pub)]

use std::path::Path;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use caseledger_bus::{
    BusUser, ConsumerSpec, Endpoint, Maker, Patience, RelayHandle, RelayOptions, RelayStatus, RelayView, read_consumers,
};
use caseledger_events::codec::encode;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role as ActorRole, Scope, Source};
use caseledger_events::event::{CaseEvent, CommentAdded, CommentNumber};
use caseledger_events::ids::{CaseId, CorrelationId, Epoch, LedgerId, Position, StreamId, Tag, Version};
use caseledger_events::personal::{Group as FieldGroup, Part};
use caseledger_log::{Group, LedgerIdentity, Store, StoreOptions};
use caseledger_proof::{Hash, extend};
use caseledger_tests::{Broker, Folder, Role};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

/// Time for anything that is waited for; a loaded machine needs a part of it.
pub const LIMIT: Duration = Duration::from_secs(120);
/// What personal parts say in these tests; it must be seen nowhere on the bus.
pub const SECRET: &str = "Hemi Te Hira";

/// A ledger on disk with hand-made frames, and what it should look like from outside.
pub struct Ledger {
    // Declared before the folder: the store is closed before its files go.
    pub store: Store,
    _folder: Folder,
    history: u8,
    /// The chain hash at each position, from position 0.
    pub chain: Vec<Hash>,
}

impl Ledger {
    /// Creates a ledger; ledgers with the same number and history hold the same frames.
    pub fn new(number: u8, epoch: u32, history: u8) -> Ledger {
        let folder = Folder::new("ledger");
        let identity = LedgerIdentity { ledger: LedgerId([number; 16]), epoch: Epoch(epoch) };
        let store = Store::create(&folder.path().join("data"), identity, &StoreOptions::default())
            .expect("a ledger can be created in an empty folder");
        Ledger { store, _folder: folder, history, chain: vec![Hash::ZERO] }
    }

    /// Creates a ledger with some events.
    pub fn with(events: u64) -> Ledger {
        let mut ledger = Ledger::new(1, 0, 1);
        ledger.grow(events);
        ledger
    }

    /// Appends events, in groups of 100.
    pub fn grow(&mut self, events: u64) {
        let mut left = events;
        while left > 0 {
            let count = left.min(100);
            left -= count;
            let (head, hash) = self.store.head();
            let mut group = Group::new(head.next(), hash);
            for i in 1..=count {
                let frame = frame(head.0 + i, self.history);
                group.push(&frame);
                self.chain.push(extend(*self.chain.last().expect("the chain begins with zero"), &frame));
            }
            self.store.commit(&group).expect("a group that continues the log is committed");
        }
    }

    /// Goes on with another history from here: what a restored backup that was written on looks like.
    pub fn diverge(&mut self, history: u8) {
        self.history = history;
    }

    pub fn last(&self) -> u64 {
        self.store.head().0.0
    }

    /// Returns the directory, as another process would open it.
    pub fn dir(&self) -> std::path::PathBuf {
        self._folder.path().join("data")
    }
}

/// Returns the frame of a position: a comment with a personal part, or for every tenth an answer, which is restricted.
fn frame(position: u64, history: u8) -> Vec<u8> {
    let code = |text: String| text.parse().expect("a code of these tests is one");
    let comment =
        CommentAdded { comment: CommentNumber(position as u16), by_school: false, shared_with_schools: false };
    let comment = CaseEvent::from(comment).facts();
    let restricted = position.is_multiple_of(10);
    let event = Recorded {
        position: Position(position),
        stream: StreamId::Case(CaseId([(position % 97) as u8; 16])),
        version: Version(position as u32),
        previous: Position(position.saturating_sub(97)),
        kind: if restricted { "overseas_evidence_received" } else { "comment_added" },
        schema: 1,
        occurred_at: OccurredAt::Instant(Timestamp(1_772_000_000_000_000)),
        recorded_at: Timestamp(1_772_000_000_000_000 + position as i64),
        source_recorded_at: None,
        actor: Actor { person: code("P-1".into()), role: ActorRole::CaseManager, organisation: code("ASP01".into()) },
        on_behalf_of: None,
        source: Source::Person,
        scope: Scope {
            provider: Some(code(format!("ASP0{}", position % 3 + 1))),
            catchment: Some(code(format!("C{}", position % 84))),
            school: Some(code(format!("S{}", position % 300))),
        },
        policy: 1,
        correlation: CorrelationId([history; 16]),
        causation: None,
        tag: Some(Tag([2; 16])),
        salt: [3; 16],
        facts: &comment,
        parts: vec![Part {
            group: FieldGroup::Narrative,
            name: "text".into(),
            version: 1,
            key: None,
            body: SECRET.into(),
        }],
    };
    let mut bytes = Vec::new();
    encode(&event, &mut bytes);
    bytes
}

/// Returns how these tests reach the broker as a user; they wait shorter than the service before they look again.
pub fn endpoint(broker: &Broker, user: BusUser) -> Endpoint {
    let seed = broker.creds_dir().join(format!("{user}.nk"));
    let patience = Patience {
        connect: Duration::from_secs(30),
        ping: Duration::from_secs(1),
        ack: Duration::from_secs(2),
        settle: Duration::from_millis(500),
        request: Duration::from_secs(5),
        retry_max: Duration::from_millis(500),
        recheck: Duration::from_secs(600),
        ..Patience::default()
    };
    Endpoint { patience, ..Endpoint::new(broker.url(), user, Some(seed)) }
}

/// Returns the operator with the repository's consumers.
pub fn maker(broker: &Broker) -> Maker {
    Maker { endpoint: endpoint(broker, BusUser::Operator), consumers: consumers() }
}

pub fn consumers() -> Vec<ConsumerSpec> {
    read_consumers(include_str!("../../../consumers.toml")).expect("consumers.toml reads as such")
}

pub fn options(broker: &Broker) -> RelayOptions {
    RelayOptions::new(endpoint(broker, BusUser::Relay), Some(maker(broker)))
}

/// Starts a relay that may make the stream.
pub async fn relay(broker: &Broker, ledger: &Ledger) -> RelayHandle {
    start(options(broker), ledger).await
}

pub async fn start(options: RelayOptions, ledger: &Ledger) -> RelayHandle {
    let started = RelayHandle::start(options, ledger.store.reader(), CancellationToken::new()).await;
    started.expect("the relay's seed and address are good")
}

/// Waits until the relay stands as asked; panics with how it stands when that does not come.
#[track_caller]
pub fn until(view: &RelayView, what: &str, is_so: impl Fn(&RelayStatus) -> bool) -> impl Future<Output = RelayStatus> {
    let caller = std::panic::Location::caller();
    let view = view.clone();
    let what = what.to_owned();
    async move {
        let start = Instant::now();
        loop {
            let status = view.snapshot();
            if is_so(&status) {
                return status;
            }
            assert!(start.elapsed() < LIMIT, "{caller}: waited in vain for {what}; the relay: {status:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Waits until everything is in the stream.
pub async fn until_out(view: &RelayView, ledger: &Ledger) -> RelayStatus {
    let last = ledger.last();
    until(view, &format!("position {last} to be in the stream"), |status| status.stream_last == Some(Position(last)))
        .await
}

/// Waits until the relay has halted, and returns name and text of the reason.
pub async fn until_halted(view: &RelayView) -> (&'static str, String) {
    let status = until(view, "a halt", |status| status.state.name() == "halted").await;
    match status.state {
        caseledger_bus::RelayState::Halted { reason } => (reason.name(), reason.to_string()),
        other => panic!("halted, but {other}"),
    }
}

/// Reads the whole stream with a plain client and compares it with the ledger: sequence = position, hash, no gap.
pub async fn assert_copy(broker: &Broker, ledger: &Ledger) {
    let messages = read_stream(broker).await;
    assert_eq!(messages.len() as u64, ledger.last(), "messages in the stream");
    for (at, message) in messages.iter().enumerate() {
        let position = at + 1;
        assert_eq!(message.sequence, position as u64, "a gap or a double before sequence {}", message.sequence);
        assert_eq!(message.header("ce-ledgerposition"), position.to_string());
        assert_eq!(message.header("ce-ledgerhash"), ledger.chain[position].to_string(), "at {position}");
        assert_eq!(message.header("ce-ledgerprevhash"), ledger.chain[position - 1].to_string(), "at {position}");
        let all = format!("{:?} {:?}", message.headers, String::from_utf8_lossy(&message.body));
        assert!(!all.contains("Hemi"), "a personal field at {position}: {all}");
    }
}

/// A message as stored.
pub struct Stored {
    pub sequence: u64,
    pub subject: String,
    pub headers: async_nats::HeaderMap,
    pub body: bytes::Bytes,
}

impl Stored {
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_string()).unwrap_or_default()
    }
}

/// Reads everything that is in the stream now, in order.
pub async fn read_stream(broker: &Broker) -> Vec<Stored> {
    let jetstream = broker.jetstream(Role::Operator).await;
    let mut stream = jetstream.get_stream("LEDGER").await.expect("there is a stream");
    let held = stream.info().await.expect("the stream answers").state.messages as usize;
    let config = pull::Config { ack_policy: AckPolicy::None, memory_storage: true, ..Default::default() };
    let consumer = stream.create_consumer(config).await.expect("the operator may read");
    let mut stored = Vec::with_capacity(held);
    while stored.len() < held {
        let mut batch =
            consumer.batch().max_messages(1000).expires(LIMIT).messages().await.expect("a batch is asked for");
        while stored.len() < held {
            let Some(message) = batch.next().await else { break };
            stored.push(as_stored(message.expect("a message is delivered")));
        }
    }
    stored
}

fn as_stored(message: jetstream::Message) -> Stored {
    let sequence = message.info().expect("a delivered message says where it stands").stream_sequence;
    let (message, _) = message.split();
    Stored {
        sequence,
        subject: message.subject.to_string(),
        headers: message.headers.unwrap_or_default(),
        body: message.payload,
    }
}

/// Opens the journal of a ledger as another process would.
pub fn journal(dir: &Path) -> caseledger_log::JournalReader {
    caseledger_log::JournalReader::open(dir).expect("the journal of a running ledger can be read")
}

/// Replaces the stream by one that denies nothing, with the same messages after an edit, and lets something be done to it.
///
/// What is done gets the operator and the configuration the stream had.
pub async fn hand_made<F: Future<Output = ()>>(
    broker: &Broker,
    edit: impl FnOnce(&mut Vec<Stored>),
    tamper: impl FnOnce(jetstream::Context, jetstream::stream::Config) -> F,
) {
    let mut messages = read_stream(broker).await;
    edit(&mut messages);
    let operator = broker.jetstream(Role::Operator).await;
    let good = operator.get_stream("LEDGER").await.expect("there is a stream").cached_info().config.clone();
    operator.delete_stream("LEDGER").await.expect("the operator may delete the stream");
    let open = jetstream::stream::Config { deny_delete: false, deny_purge: false, ..good.clone() };
    operator.create_stream(open).await.expect("the operator may make a stream");
    let publisher = broker.jetstream(Role::Relay).await;
    for message in messages {
        let stored = publisher.publish_with_headers(message.subject, message.headers, message.body).await;
        stored.expect("the relay's user may publish").await.expect("it is stored");
    }
    tamper(operator, good).await;
}

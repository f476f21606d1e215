//! What the sequencer asks of the rules: decide a command, evolve on an event, keep and restore state.
//!
//! The log knows positions, versions, hashes and idempotency; a [`Machine`] knows the business. The one of the
//! service is `World`; the log's own tests run a smaller one.

use crate::codec::BadFrame;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Actor, Recorded, Scope, Source};
use crate::ids::{CaseId, Code, CorrelationId, KeyId, Position, StreamId, StudentId, Tag, Version};
use crate::personal::Part;

/// An event as decided, before the sequencer gives it a place and a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// The stream it belongs to.
    pub stream: StreamId,
    /// The stored name of its type.
    pub kind: &'static str,
    /// The schema version of its facts.
    pub schema: u16,
    /// Its facts as they will be stored.
    pub facts: Vec<u8>,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// Provider, catchment and school at that time.
    pub scope: Scope,
    /// Whether it carries the personal parts of the command; the others of the same command carry none.
    pub carries_parts: bool,
}

/// Who asks, for whom and when: what a rule may know beside state and command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// Who acts.
    pub actor: Actor,
    /// For whom, when somebody acts for another.
    pub on_behalf_of: Option<Code>,
    /// Where the command comes from.
    pub source: Source,
    /// When the event will be recorded; *today* for rules is its Auckland date.
    pub now: Timestamp,
    /// The id a case opened by this command gets, derived from its idempotency tag.
    pub new_case: CaseId,
    /// Whose key the personal parts are sealed under, and which; `None` where there are none.
    pub sealed: Option<Sealed>,
}

/// What personal parts are sealed under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sealed {
    /// The student whose key it is.
    pub student: StudentId,
    /// The key; [`Sealed::NO_KEY`] where the student has none any more: then the parts are left out, and only a repeat
    /// of what was recorded before is answered.
    pub key: KeyId,
}

impl Sealed {
    /// Stands for a key that does not exist.
    pub const NO_KEY: KeyId = KeyId([0; 16]);
}

/// A command on its way to the sequencer.
#[derive(Clone, Debug)]
pub struct Submission<C> {
    /// What is asked.
    pub command: C,
    /// The stream `expected` speaks of.
    pub stream: Option<StreamId>,
    /// The version the client saw (`If-Match`); `None` when it does not say.
    pub expected: Option<Version>,
    /// Further streams a command on several speaks of (a merge), each with the version the client saw.
    pub also_expected: Vec<(StreamId, Version)>,
    /// The idempotency tag K.
    pub tag: Option<Tag>,
    /// SHA-256 of the canonical body, to tell a repeat from another command under the same key.
    pub body_hash: [u8; 32],
    /// Who acts.
    pub actor: Actor,
    /// For whom.
    pub on_behalf_of: Option<Code>,
    /// Where it comes from.
    pub source: Source,
    /// When the source system recorded it, for imports.
    pub source_recorded_at: Option<Timestamp>,
    /// What all events of this request share.
    pub correlation: CorrelationId,
    /// The personal parts, sealed; moved into the event unread.
    pub parts: Vec<Part>,
    /// What they are sealed under; `None` where there are none.
    pub sealed: Option<Sealed>,
}

/// Why a command was not decided into events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Declined<R> {
    /// A rule says no.
    Refused(R),
    /// The state of this stream is not in memory: it must be folded from its history first.
    Cold(StreamId),
}

/// Rules and the state they are decided on; pure, one owner, no clock.
pub trait Machine: Send + Sync + Sized + 'static {
    /// The number of the state's shape; a snapshot of another number is thrown away and folded anew.
    const STATE: u32;
    /// What may be asked.
    type Command: Send + Sync + 'static;
    /// What a rule answers.
    type Refusal: Send + Sync + 'static;
    /// The folded state of one stream, made outside the sequencer for [`Machine::install`].
    type Warm: Send + 'static;

    /// Decides a command on the state held; an empty list means there is nothing to do.
    fn decide(&self, command: &Self::Command, context: &Context) -> Result<Vec<Draft>, Declined<Self::Refusal>>;

    /// Folds one event in; takes what it does not know or does not hold without complaint.
    fn evolve(&mut self, event: &Recorded<'_>) -> Result<(), BadFrame>;

    /// Drops the state that no active decision needs (closed cases); called between commands.
    fn settle(&mut self);

    /// Folds a whole stream, oldest event first.
    fn fold(history: &[Recorded<'_>]) -> Result<Self::Warm, BadFrame>;

    /// Puts a stream's folded state in memory until the next [`Machine::settle`] that may drop it.
    fn install(&mut self, stream: StreamId, state: Self::Warm);

    /// Names streams whose state is needed but could not be folded from what was replayed since a snapshot.
    fn wanted(&mut self) -> Vec<StreamId>;

    /// Returns the policy version decisions are taken under at a moment.
    fn policy(&self, now: Timestamp) -> u32;

    /// Appends the state of one shard ([`shard_of`]) in a canonical form: equal states, equal bytes.
    ///
    /// What it holds must follow from the events of the shard's own streams alone. It runs on the sequencer between
    /// two groups, so it should cost what the shard holds and not what all hold.
    fn save(&self, shard: u8, out: &mut Vec<u8>);

    /// Restores the state of one shard; leaves it empty where the bytes cannot be read.
    ///
    /// Shards stand at positions of their own until the replay has caught up: an index across streams may see two
    /// holders of what rules give to one.
    fn load(&mut self, shard: u8, bytes: &[u8]) -> Result<(), BadFrame>;
}

/// Returns the snapshot shard, of 256, that a stream belongs to.
pub fn shard_of(stream: StreamId) -> u8 {
    stream.to_bytes().iter().fold(0, |shard, &byte| shard ^ byte)
}

/// What an acknowledged command is told, and is told again when it is repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Position of the command's first event.
    pub first: Position,
    /// Position of the command's last event; reads at or after it see the whole command.
    pub position: Position,
    /// The stream of the first event.
    pub stream: StreamId,
    /// Version of that stream after the command.
    pub version: Version,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Chain hash at `position`.
    pub chain: [u8; 32],
}

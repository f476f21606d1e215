//! What a command is answered.

use caseledger_events::codec::BadFrame;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{Position, StreamId, Version};
use caseledger_events::machine::Receipt;

use crate::error::ReadError;
use crate::ledger::clock::ClockTrouble;

/// The answer to a command. Only [`Outcome::Accepted`] says that something was recorded by this call;
/// every answer rests on events that are durable in both copies when it is given.
#[derive(Debug)]
pub enum Outcome<R> {
    /// Recorded and durable.
    Accepted(Receipt),
    /// The same command under the same key was recorded before: its first receipt again.
    Repeated(Receipt),
    /// What was asked for is so already; nothing was recorded.
    NothingToDo {
        /// Version of the stream the submission names; 0 where it names none.
        version: Version,
        /// A position to read at to see it so.
        position: Position,
    },
    /// A rule says no; nothing was recorded.
    Refused(R),
    /// The idempotency key was used before with another body (409).
    KeyReused,
    /// A stream has moved on since the version the client saw (412).
    Stale {
        /// Which stream.
        stream: StreamId,
        /// The version it has now.
        current: Version,
        /// Who recorded that version.
        changed_by: Actor,
        /// When.
        at: Timestamp,
    },
    /// There is no such stream (404).
    UnknownStream(StreamId),
    /// The command carries more than one event can hold (413).
    TooLarge {
        /// The most bytes of facts and personal parts an event takes.
        bytes_max: usize,
    },
    /// The queue is full: try again after a moment (503).
    Overloaded,
    /// Free disk space is below the floor: commands wait, reads go on (503).
    NoSpace {
        /// Bytes free.
        free: u64,
        /// Bytes that must be free.
        floor: u64,
    },
    /// The clock is in doubt: commands wait for an operator (503).
    Clock(ClockTrouble),
    /// The ledger is stopping or has stopped; nothing was recorded (503).
    ShuttingDown,
    /// A write failed while this command was on its way: whether it was recorded is known after the next start.
    /// Retry with the same key (503).
    Unknown,
    /// Stored events that the answer needs cannot be read back; nothing was recorded (500).
    Unreadable(HistoryError),
}

/// Why stored events could not be read back.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The bytes could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The bytes are no event this program knows how to read.
    #[error("the event at position {position} cannot be decoded; run `caseledger lint` with the release that wrote it")]
    Frame {
        /// Where it stands.
        position: Position,
        /// What the decoder met.
        source: BadFrame,
    },
    /// The log does not agree with what the sequencer holds in memory.
    #[error("{stream} has {found} events in the log and version {version} in memory; run `caseledger verify`")]
    Incomplete {
        /// The stream.
        stream: StreamId,
        /// Events found by following the links.
        found: usize,
        /// The version held in memory.
        version: Version,
    },
    /// A reading thread ended before its answer.
    #[error("reading was given up as the ledger stopped")]
    Stopped,
}

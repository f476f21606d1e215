//! Why the relay stops until somebody has looked, and what to do about it.

use std::fmt;

use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_proof::Hash;

/// A reason to stop publishing: going on could only make the stream worse.
///
/// The text says what was found and what to do; nothing in it is about a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Halt {
    /// The stream holds more than the log.
    Ahead {
        /// The stream's last sequence.
        stream: Position,
        /// The log's last position.
        log: Position,
        /// Whether the stream's message at the log's last position is ours; the rest then is what the log has lost.
        same_history: bool,
    },
    /// The stream holds other events than the log.
    Diverged {
        /// The first position that differs.
        position: Position,
        /// The chain hash there in the stream; `None` where the message names none.
        stream: Option<Hash>,
        /// The chain hash there in the log.
        log: Hash,
    },
    /// A stream under our name belongs to another ledger, or to no ledger.
    ForeignLedger {
        /// The ledger here.
        ours: LedgerId,
        /// The ledger the stream names; `None` where it names none.
        theirs: Option<LedgerId>,
    },
    /// The stream is of this ledger before or after a restore.
    OtherEpoch {
        /// The epoch here.
        ours: Epoch,
        /// The epoch the stream names; `None` where it names none.
        theirs: Option<Epoch>,
    },
    /// The stream does not begin with position 1.
    NotFromOne {
        /// Its first sequence.
        first: u64,
    },
    /// Messages are missing in the stream.
    Holes {
        /// How many it holds.
        messages: u64,
        /// Its last sequence.
        last: u64,
    },
    /// The stream is set up in another way than this service sets it up.
    ConfigDiffers {
        /// Each setting that differs.
        differences: Vec<String>,
    },
    /// An acknowledgement named another sequence than the position sent.
    AckMismatch {
        /// The position sent.
        position: Position,
        /// The sequence acknowledged.
        sequence: u64,
    },
    /// An event cannot go out.
    Poison {
        /// Its position.
        position: Position,
        /// Why.
        reason: String,
    },
    /// The broker refuses a message for a reason that will not pass.
    Refused {
        /// The position of the message.
        position: Position,
        /// The broker's error code.
        code: u64,
        /// What it says.
        text: String,
    },
    /// The log cannot be read.
    LogUnreadable {
        /// Why.
        reason: String,
    },
    /// The server is too old.
    ServerTooOld {
        /// Its version.
        version: String,
    },
}

impl Halt {
    /// Returns the name of the reason, for metrics and scripts.
    pub fn name(&self) -> &'static str {
        match self {
            Halt::Ahead { .. } => "ahead",
            Halt::Diverged { .. } => "diverged",
            Halt::ForeignLedger { .. } => "foreign_ledger",
            Halt::OtherEpoch { .. } => "other_epoch",
            Halt::NotFromOne { .. } => "not_from_one",
            Halt::Holes { .. } => "holes",
            Halt::ConfigDiffers { .. } => "config_differs",
            Halt::AckMismatch { .. } => "ack_mismatch",
            Halt::Poison { .. } => "poison",
            Halt::Refused { .. } => "refused",
            Halt::LogUnreadable { .. } => "log_unreadable",
            Halt::ServerTooOld { .. } => "server_too_old",
        }
    }

    fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Halt::Ahead { stream, log, same_history: true } => {
                write!(f, "the stream ends at {stream}, the log at {log}; up to there both hold the same events")
            }
            Halt::Ahead { stream, log, same_history: false } => {
                write!(f, "the stream ends at {stream}, the log at {log}, and at {log} they hold different events")
            }
            Halt::Diverged { position, stream: Some(stream), log } => {
                write!(
                    f,
                    "at position {position} the stream holds another event than the log (hash {stream}, not {log})"
                )
            }
            Halt::Diverged { position, stream: None, log } => {
                write!(
                    f,
                    "the message at sequence {position} of the stream is not one of this ledger (it names no hash; {log} is ours)"
                )
            }
            Halt::ForeignLedger { ours, theirs: Some(theirs) } => {
                write!(f, "the stream LEDGER belongs to ledger {theirs}; this is ledger {ours}")
            }
            Halt::ForeignLedger { theirs: None, .. } => {
                f.write_str("the stream LEDGER was not made by this service: it names no ledger")
            }
            Halt::OtherEpoch { ours, theirs: Some(theirs) } => {
                write!(f, "the stream is of epoch {theirs}, this ledger of epoch {ours}: a restore lies between them")
            }
            Halt::OtherEpoch { theirs: None, .. } => f.write_str("the stream LEDGER names no epoch"),
            Halt::NotFromOne { first } => write!(f, "the stream begins at sequence {first}, not 1"),
            Halt::Holes { messages, last } => {
                write!(
                    f,
                    "the stream holds {messages} messages up to sequence {last}: {} are missing",
                    last.saturating_sub(*messages)
                )
            }
            Halt::ConfigDiffers { differences } => {
                write!(f, "the stream is set up differently: {}", differences.join("; "))
            }
            Halt::AckMismatch { position, sequence } => {
                write!(f, "the broker stored position {position} under sequence {sequence}")
            }
            Halt::Poison { position, reason } => write!(f, "the event at position {position} cannot go out: {reason}"),
            Halt::Refused { position, code, text } => {
                write!(f, "the broker refuses the event at position {position}: {text} (code {code})")
            }
            Halt::LogUnreadable { reason } => write!(f, "the log cannot be read: {reason}"),
            Halt::ServerTooOld { version } => f.write_str(&crate::connection::too_old(version)),
        }
    }

    /// Returns what to do next; empty where the finding says it already.
    fn next_step(&self) -> &'static str {
        match self {
            Halt::Ahead { .. } | Halt::OtherEpoch { .. } => {
                "if this log was restored from a backup on purpose, run `caseledger nats rebuild`; if not, \
                 stop the service and find the newer log first: the stream knows events that this log does not"
            }
            Halt::Diverged { .. } | Halt::ForeignLedger { .. } => {
                "check that the service is connected to its own broker and data directory; if it is, \
                 run `caseledger nats rebuild` to make the stream anew from this log"
            }
            Halt::NotFromOne { .. } | Halt::Holes { .. } | Halt::AckMismatch { .. } => {
                "run `caseledger nats check` to see where, then `caseledger nats rebuild` to make the stream anew from the log"
            }
            Halt::ConfigDiffers { .. } => {
                "put the settings back, or run `caseledger nats rebuild` to make the stream anew; it is never changed by itself"
            }
            Halt::Poison { .. } => "run `caseledger lint` on the log; a newer program may have written this event",
            Halt::Refused { .. } => "compare the broker's limits with the nats.conf of this release",
            Halt::LogUnreadable { .. } => "run `caseledger verify`",
            Halt::ServerTooOld { .. } => "",
        }
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.found(f)?;
        match self.next_step() {
            "" => Ok(()),
            next => write!(f, ". Next: {next}"),
        }
    }
}

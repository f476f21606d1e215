//! What opening a ledger found and did.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use caseledger_events::ids::Position;

/// What opening found and did; prints as lines for an operator.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct OpenReport {
    /// Whether the last process had closed the ledger.
    pub clean: bool,
    /// The last position after opening.
    pub head: Position,
    /// Everything that was not as it should be, in the order it was met.
    pub findings: Vec<Finding>,
    /// How long opening took.
    pub took: Duration,
}

/// One thing that was not as it should be, and what was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// sled's unfinished snapshot files were removed before it was opened.
    Swept {
        /// How many.
        files: usize,
    },
    /// A group that was never acknowledged was cut off the end of the journal.
    TornTail {
        /// The last position kept.
        after: Position,
        /// How many bytes of it there were.
        bytes: u64,
    },
    /// The sled store lacked events that the journal had; they were replayed.
    SledBehind {
        /// The last position it had.
        had: Position,
        /// How many events were replayed.
        replayed: u64,
    },
    /// The journal lacked events that the sled store had; they were appended.
    JournalBehind {
        /// The last position it had.
        had: Position,
        /// How many events were appended.
        appended: u64,
    },
    /// The sled store was missing or broken and was rebuilt from the journal.
    SledRebuilt {
        /// What was wrong with it.
        why: String,
        /// Where the broken one lies now.
        moved_to: Option<PathBuf>,
        /// How many events were replayed.
        replayed: u64,
    },
    /// Part of the journal was missing or damaged and was rebuilt from the sled store.
    JournalRepaired {
        /// The segment file.
        file: PathBuf,
        /// The first position rebuilt.
        first: Position,
        /// The last position rebuilt.
        last: Position,
        /// What was wrong with it.
        why: &'static str,
    },
    /// Values of the sled store were missing or damaged; they are written again from the journal.
    SledRepaired {
        /// The first position served from the journal.
        first: Position,
        /// The last position served from the journal.
        last: Position,
        /// What was wrong.
        why: String,
    },
    /// Derived indexes of a segment were missing or damaged and were built again.
    SidecarRebuilt {
        /// The segment file.
        file: PathBuf,
        /// What was wrong.
        why: &'static str,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Swept { files } => write!(f, "removed {files} unfinished snapshot files of sled"),
            Finding::TornTail { after, bytes } => {
                write!(f, "cut {bytes} bytes of a group that was never acknowledged, after position {after}")
            }
            Finding::SledBehind { had, replayed } => {
                write!(f, "the sled store ended at position {had}: replayed {replayed} events from the journal")
            }
            Finding::JournalBehind { had, appended } => {
                write!(f, "the journal ended at position {had}: appended {appended} events from the sled store")
            }
            Finding::SledRebuilt { why, moved_to, replayed } => {
                write!(f, "the sled store was rebuilt with {replayed} events from the journal ({why})")?;
                moved_to.as_ref().map_or(Ok(()), |to| write!(f, "; the old one lies in {}", to.display()))
            }
            Finding::JournalRepaired { file, first, last, why } => {
                write!(f, "positions {first} to {last} of {} were rebuilt from the sled store ({why})", file.display())
            }
            Finding::SledRepaired { first, last, why } => {
                write!(f, "positions {first} to {last} of the sled store were served from the journal ({why})")
            }
            Finding::SidecarRebuilt { file, why } => {
                write!(f, "the indexes of {} were built again ({why})", file.display())
            }
        }
    }
}

impl fmt::Display for OpenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stop = if self.clean { "a clean stop" } else { "a stop without closing" };
        write!(f, "opened at position {} after {stop}, in {:?}", self.head, self.took)?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n- {finding}"))
    }
}

//! What a start finds and what can stop it.

use std::fmt;
use std::time::Duration;

use caseledger_events::codec::{BadFrame, FORMAT};
use caseledger_events::ids::{Position, StreamId, Version};

use crate::error::{CommitError, OpenError, ReadError};
use crate::ledger::outcome::HistoryError;
use crate::ledger::secret::SecretError;
use crate::report::OpenReport;

/// Why a ledger was not created or opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store underneath did not open.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The first event could not be written.
    #[error("the first event could not be written: {0}")]
    Commit(#[from] CommitError),
    /// The ledger secret is missing or damaged.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The directory holds a simulation and real time was asked for.
    #[error(
        "this directory holds a simulation, whose recorded times are not real: open it as a simulation, or name another directory for production"
    )]
    IsSimulated,
    /// The directory is on real time and a simulation was asked for.
    #[error(
        "this directory holds a ledger on real time, which no simulation may write to: name another directory for it"
    )]
    IsReal,
    /// Creation was interrupted before the first event.
    #[error("the ledger in this directory was never finished being created: create it again")]
    Unfinished,
    /// The first event is not one this program knows.
    #[error("position 1 does not say what ledger this is; run `caseledger verify`")]
    NotOurs,
    /// The stored format is another one.
    #[error(
        "the ledger was created with format {found} and this program knows {FORMAT}; open it with the release that wrote it, export there and import here"
    )]
    OtherFormat {
        /// The number found.
        found: u16,
    },
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A stream needed in memory could not be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// An event cannot be decoded or folded.
    #[error(
        "the event at position {position} cannot be folded into the state: {source}. Run `caseledger lint`, and open the ledger with the release that wrote the event"
    )]
    Unfoldable {
        /// Where it stands.
        position: Position,
        /// What the fold met.
        source: BadFrame,
    },
    /// An event does not follow the one before it in its stream.
    #[error(
        "the event at position {position} is version {found} of {stream}, which stood at version {version}: run `caseledger verify`"
    )]
    Gap {
        /// Where it stands.
        position: Position,
        /// Its stream.
        stream: StreamId,
        /// The version it carries.
        found: Version,
        /// The version its stream had.
        version: Version,
    },
    /// The file system refused something beside the store.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What the operating system answered.
        source: std::io::Error,
    },
}

/// What a start found and did; prints as lines for an operator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StartReport {
    /// What the store underneath found.
    pub store: OpenReport,
    /// How many of the 256 state snapshots were good.
    pub shards_loaded: usize,
    /// How many events were replayed on top of them.
    pub replayed: u64,
    /// How many streams were read whole because a snapshot did not hold their state.
    pub streams_read: usize,
    /// How many streams there are.
    pub streams: usize,
    /// Whether the ballast file was deleted to make room.
    pub ballast_dropped: bool,
    /// How long everything took.
    pub took: Duration,
}

impl fmt::Display for StartReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.store)?;
        write!(
            f,
            "{} streams; {} of 256 snapshots used, {} events replayed, {} streams read whole; ready after {:?}",
            self.streams, self.shards_loaded, self.replayed, self.streams_read, self.took
        )?;
        if self.ballast_dropped {
            write!(f, "\n- the disk was full: the ballast file was deleted; free some space")?;
        }
        Ok(())
    }
}

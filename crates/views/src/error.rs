//! What can go wrong with a view, and what to do about it.

use std::io;
use std::path::PathBuf;

use caseledger_events::ids::Position;
use caseledger_log::ReadError;

/// Why the views were not opened.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The operating system refused something.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system answered.
        source: io::Error,
    },
    /// A thread could not be started.
    #[error("a thread that reads the log for the views cannot be started: {source}; look at the limits of the process")]
    Thread {
        /// What the operating system answered.
        source: io::Error,
    },
    /// Another process keeps the files.
    #[error(
        "the read model {view} in {dir} is kept by another process: a service, a worker or a build; end that one first, or use another folder"
    )]
    Held {
        /// The view.
        view: &'static str,
        /// Where its files lie.
        dir: PathBuf,
    },
    /// The log could not be asked whether a view belongs to it.
    #[error("cannot compare the view {view} with the log: {source}")]
    Log {
        /// The view.
        view: &'static str,
        /// What the log answered.
        source: ReadError,
    },
    /// SQLite refused something that setting the file aside does not mend.
    #[error(
        "the view file {path} cannot be used: {reason}; views are made from the log, so the file may be moved away and is built again at the next start"
    )]
    Store {
        /// The view's file.
        path: PathBuf,
        /// What SQLite answered.
        reason: String,
    },
}

/// Why a read model was not rebuilt, switched, paused, resumed or dropped.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no such read model.
    #[error("0 read models have that name; there are: {known}")]
    Unknown {
        /// Those there are.
        known: String,
    },
    /// A file stands beside the one in use already.
    #[error("{view} has a file beside the one in use already ({state}); drop it first, or wait for it")]
    Busy {
        /// The read model.
        view: &'static str,
        /// What it is doing.
        state: &'static str,
    },
    /// No file stands beside the one in use.
    #[error("{view} has no file beside the one in use; begin with a rebuild")]
    Nothing {
        /// The read model.
        view: &'static str,
    },
    /// The file beside cannot be put into use yet.
    #[error("the file beside {view} is {state} and not ready to be put into use; wait until it is")]
    NotReady {
        /// The read model.
        view: &'static str,
        /// What it is doing.
        state: &'static str,
    },
    /// The view did not stop before that event.
    #[error(
        "the read model did not stop before position {position}; an event is passed over where it stops a read model alone"
    )]
    NotStalled {
        /// The event.
        position: Position,
    },
    /// The device has no room for a second file.
    #[error("the build needs about {needed} bytes and {free} are free: make room, or move the data")]
    NoSpace {
        /// What it is expected to need.
        needed: u64,
        /// What is free.
        free: u64,
    },
    /// The views directory or a file in it could not be used.
    #[error(transparent)]
    View(#[from] ViewError),
}

/// Why a query was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The cursor is none of this service, or was made for another list.
    #[error("the cursor {why}; ask for the first page without a cursor")]
    BadCursor {
        /// What is wrong with it.
        why: &'static str,
    },
    /// More was asked for than one page holds.
    #[error("a page holds 1 to {limit_max} rows, {limit} were asked for; follow `next` for more")]
    BadLimit {
        /// What was asked for.
        limit: u32,
        /// The most a page holds.
        limit_max: u32,
    },
    /// What was searched for holds no letter or digit.
    #[error("the search text holds no letter or digit; give at least one letter of a name")]
    EmptySearch,
    /// The view is being built and does not know every case yet.
    #[error("the view {view} is being built and has read {position} of {target} events; try again shortly")]
    Building {
        /// The view.
        view: &'static str,
        /// How far it has read.
        position: Position,
        /// How far it must read before it answers.
        target: Position,
    },
    /// The view's file could not be read.
    #[error(
        "the view {view} cannot be read: {reason}; the service rebuilds a damaged view by itself, try again shortly"
    )]
    Store {
        /// The view.
        view: &'static str,
        /// What SQLite answered; never row contents.
        reason: String,
    },
}

impl QueryError {
    /// Returns whether the same query may succeed a little later.
    pub fn retryable(&self) -> bool {
        match self {
            QueryError::Building { .. } | QueryError::Store { .. } => true,
            QueryError::BadCursor { .. } | QueryError::BadLimit { .. } | QueryError::EmptySearch => false,
        }
    }
}

/// The view has not reached a position in the time allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the view has read up to position {position} and not yet {wanted}; try again shortly")]
pub struct Behind {
    /// How far it has read.
    pub position: Position,
    /// How far it was to have read.
    pub wanted: Position,
}

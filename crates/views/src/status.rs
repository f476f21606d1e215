//! How a view stands: for `/readyz`, `/metrics` and `caseledger views status`.

use caseledger_events::ids::Position;
use schemars::JsonSchema;
use serde::Serialize;

use crate::skips::Skip;

/// What a view is doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ViewState {
    /// It reads a history it has never read, and does not answer queries until it has.
    Building {
        /// The position it must reach before it answers.
        target: Position,
    },
    /// It follows the log.
    Following,
    /// It could not go on and tries again by itself; queries are answered as of its position.
    Retrying {
        /// What went wrong.
        reason: String,
    },
    /// It stopped at an event it cannot take and waits for a newer build or a repair; queries are answered as of its
    /// position. An event is never passed over.
    Stalled {
        /// The position of that event.
        at: Position,
        /// Why it cannot be taken.
        reason: String,
    },
    /// It was shut down.
    Stopped,
}

/// One view, as operators see it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ViewStatus {
    /// The view's name.
    pub view: &'static str,
    /// The version of its shape.
    pub version: u32,
    /// The file it lives in, within the views directory.
    pub file: String,
    /// What it is doing.
    pub state: ViewState,
    /// How far it has read.
    pub position: Position,
    /// The last durable position of the log.
    pub head: Position,
    /// How many events it is behind.
    pub lag_events: u64,
    /// For how many seconds it has been behind without a break; 0 when it is not.
    pub lag_seconds: f64,
    /// Events a second over the last ten seconds.
    pub events_per_second: f64,
    /// The last thing that went wrong since the start, also when it is over.
    pub last_error: Option<String>,
    /// Files set aside since the start, each with the reason.
    pub set_aside: Vec<SetAside>,
    /// The events that an operator had it pass over, each with who said so and why.
    pub skips: Vec<Skip>,
    /// The file that is built or kept beside the one in use.
    pub beside: Option<BesideStatus>,
    /// Whether it answers queries.
    pub ready: bool,
}

/// What a file beside the one in use is doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum BesideState {
    /// It reads the history.
    Building,
    /// It waits until it is resumed; what it holds is kept, also over a restart.
    Paused,
    /// It holds the whole history and is compared with the file in use.
    Comparing,
    /// It holds the whole history and follows the log; it can be put into use.
    Ready,
    /// It was in use and follows the log, so that it can be put into use again at once.
    Previous,
    /// It was given up; its file is gone.
    Ended {
        /// Why.
        reason: String,
    },
}

impl BesideState {
    /// Returns the state as one word.
    pub fn name(&self) -> &'static str {
        match self {
            BesideState::Building => "building",
            BesideState::Paused => "paused",
            BesideState::Comparing => "comparing",
            BesideState::Ready => "ready",
            BesideState::Previous => "previous",
            BesideState::Ended { .. } => "ended",
        }
    }
}

/// What a rebuild is going to take, from building the first events as a sample.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct RebuildEstimate {
    /// The view.
    pub view: &'static str,
    /// The events to read.
    pub events: u64,
    /// The events that were built as a sample.
    pub sampled: u64,
    /// The seconds at the speed of the sample.
    pub seconds: f64,
    /// The bytes on disk while it is built: a file as large as the one in use, and its write-ahead log.
    pub disk_bytes: u64,
    /// The bytes free on the device.
    pub free_bytes: u64,
}

/// A file that is built or kept beside the one in use.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct BesideStatus {
    /// The read model.
    pub view: &'static str,
    /// The file, within the views directory.
    pub file: String,
    /// What it is doing.
    pub state: BesideState,
    /// How far it has read.
    pub position: Position,
    /// The last durable position of the log.
    pub head: Position,
    /// Events a second over the last ten seconds.
    pub events_per_second: f64,
    /// The seconds to the head at that rate; absent while nothing is read.
    pub seconds_left: Option<f64>,
    /// What comparing it with the file in use came to; absent before.
    pub parity: Option<Parity>,
}

/// Two files of one shape, compared at one position, row by row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Parity {
    /// Where both stood.
    pub position: Position,
    /// Whether every table holds the same rows.
    pub is_equal: bool,
    /// The tables.
    pub tables: Vec<TableParity>,
}

/// One table of two files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct TableParity {
    /// The table.
    pub table: String,
    /// Its rows in the file in use.
    pub rows_in_use: u64,
    /// Its rows in the file beside.
    pub rows_beside: u64,
    /// Whether the rows are the same, value by value.
    pub is_equal: bool,
}

/// A file that did not fit the log and was moved out of the way; the view was built anew.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SetAside {
    /// The file's new name, within the views directory.
    pub file: String,
    /// Why it did not fit.
    pub reason: String,
}

//! How a view stands: for `/readyz`, `/metrics` and `caseledger views status`.

use caseledger_events::ids::Position;
use schemars::JsonSchema;
use serde::Serialize;

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
    /// Whether it answers queries.
    pub ready: bool,
}

/// A file that did not fit the log and was moved out of the way; the view was built anew.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SetAside {
    /// The file's new name, within the views directory.
    pub file: String,
    /// Why it did not fit.
    pub reason: String,
}

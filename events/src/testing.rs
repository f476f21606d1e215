//! Given–when–then for the rules: a history, an act, and what comes of it.
//!
//! ```
//! # use caseledger_events::testing::*;
//! # use caseledger_events::actions::AssignCaseManager;
//! # use caseledger_events::event::AssignedToCaseManager;
//! given(ca_case())
//!     .by(lead())
//!     .when(AssignCaseManager { manager: code("M-2") })
//!     .then([AssignedToCaseManager { manager: code("M-2"), before: None }]);
//! ```
//!
//! Everything goes the road of the service: events are stored and read back, acts are decided by the `World`.

mod history;
mod people;
mod providers;
mod samples;
mod stage;

pub use history::*;
pub use people::*;
pub use providers::*;
pub use samples::*;
pub use stage::*;

use crate::dates::OccurredAt;
use crate::ids::Code;

/// Leaves parts as they are: tests of what is not about sealing store them in clear.
pub struct InClear;

impl crate::personal::Opener for InClear {
    fn open(&self, _: crate::ids::CorrelationId, _: &mut Vec<crate::personal::Part>) {}
}

/// Reads a code; tests name codes that are codes.
#[track_caller]
pub fn code(text: &str) -> Code {
    text.parse().expect("a test names a code")
}

/// Reads a date.
#[track_caller]
pub fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a test names a date")
}

/// Reads a date or a time with its offset.
#[track_caller]
pub fn time(text: &str) -> OccurredAt {
    text.parse().expect("a test names a date or a time")
}

/// Returns how many cases a property is tried on: a sample by default, a hundredfold when `CASELEDGER_LONG=1`.
pub fn cases(sample: u32) -> u32 {
    let long = std::env::var_os("CASELEDGER_LONG").is_some_and(|value| value == "1");
    if long { sample.saturating_mul(100) } else { sample }
}

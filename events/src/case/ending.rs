//! How a case ended, and from which moment on nothing is a late record of it (R40).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::dates::{OccurredAt, Timestamp, start_of_day};
use crate::envelope::Recorded;
use crate::event::ClosureReason;

/// How and when a case ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ending {
    /// Why.
    pub reason: ClosureReason,
    /// The Auckland day it occurred on.
    pub on: NaiveDate,
    /// The moment from which nothing is a late record any more.
    pub at: Timestamp,
}

impl Ending {
    /// A closing known by its day alone ended the case when that day was over, or when it was recorded.
    pub(super) fn new(reason: ClosureReason, times: Times) -> Ending {
        let on = times.occurred_at.auckland();
        let at = match times.occurred_at {
            OccurredAt::Instant(time) => time,
            OccurredAt::Day(day) => start_of_day(day.succ_opt().unwrap_or(day)).min(times.recorded_at),
        };
        Ending { reason, on, at }
    }

    /// Returns whether something occurred before the case ended; of a day alone, on the closing day or before it.
    pub fn follows(&self, occurred_at: OccurredAt) -> bool {
        match occurred_at {
            OccurredAt::Day(day) => day <= self.on,
            OccurredAt::Instant(time) => time < self.at,
        }
    }
}

/// The two times of an event: state keeps what later rules ask of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    pub recorded_at: Timestamp,
}

impl Times {
    /// Returns the times of a recorded event.
    pub fn of(event: &Recorded<'_>) -> Times {
        Times { occurred_at: event.occurred_at, recorded_at: event.recorded_at }
    }
}

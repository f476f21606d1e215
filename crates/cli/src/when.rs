//! Times on the command line: a day in New Zealand, or an RFC 3339 instant.

use caseledger_events::dates::{OccurredAt, Timestamp, start_of_day};

/// A border of a period.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct When(OccurredAt);

impl std::str::FromStr for When {
    type Err = String;
    fn from_str(text: &str) -> Result<When, String> {
        text.parse().map(When).map_err(|error: caseledger_events::dates::BadTime| error.to_string())
    }
}

impl When {
    /// Returns the first instant that counts when the period begins here.
    pub fn begin(self) -> Timestamp {
        match self.0 {
            OccurredAt::Day(day) => start_of_day(day),
            OccurredAt::Instant(time) => time,
        }
    }

    /// Returns the first instant that no longer counts when the period ends here; a day counts whole.
    pub fn end(self) -> Timestamp {
        match self.0 {
            OccurredAt::Day(day) => day.succ_opt().map_or(Timestamp(i64::MAX), start_of_day),
            OccurredAt::Instant(time) => Timestamp(time.0.saturating_add(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_whole_and_in_auckland() {
        let day: When = "2026-09-27".parse().unwrap();
        assert_eq!(day.begin().to_string(), "2026-09-26T12:00:00.000000Z");
        // The clocks go forward on that day: it has 23 hours.
        assert_eq!(day.end().to_string(), "2026-09-27T11:00:00.000000Z");
    }

    #[test]
    fn an_instant_counts_itself() {
        let time: When = "2026-03-01T09:00:00+13:00".parse().unwrap();
        assert_eq!(time.end().0 - time.begin().0, 1);
        assert!("soon".parse::<When>().is_err());
    }
}

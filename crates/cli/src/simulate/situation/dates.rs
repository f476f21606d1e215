//! The days of a situation, moved by whole weeks to where a ledger's clock stands.

use caseledger_events::dates::Timestamp;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Timelike, Utc};
use serde_json::{Value, json};

use super::super::{play, term};

/// By how many weeks the days of a file are moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Weeks(u64);

impl Weeks {
    /// Chooses the weeks that move a moment to one not before another.
    pub fn past(first: DateTime<Utc>, now: DateTime<Utc>) -> Weeks {
        let behind = (now - first).num_seconds().max(0) as u64;
        Weeks(behind.div_ceil(7 * 24 * 60 * 60))
    }

    /// Moves by so many weeks.
    pub fn of(weeks: u64) -> Weeks {
        Weeks(weeks)
    }

    /// Moves a day.
    pub fn day(self, day: NaiveDate) -> NaiveDate {
        day.checked_add_days(Days::new(7 * self.0)).unwrap_or(day)
    }

    /// Reads `2026-05-04 09:10`, in New Zealand, and moves it.
    pub fn instant(self, text: &str) -> Result<DateTime<Utc>, String> {
        let read = text.split_once(' ').and_then(|(day, time)| {
            let time: NaiveTime = format!("{time}:00").parse().ok()?;
            Some((day.parse::<NaiveDate>().ok()?, time))
        });
        let (day, time) = read.ok_or(format!("`{text}` is no day and time such as 2026-05-04 09:10"))?;
        Ok(term::at(self.day(day), time.hour() * 60 + time.minute()))
    }

    /// Reads a day, or a day and a time, and moves it; the text as the API takes it.
    pub fn moment(self, text: &str) -> Result<String, String> {
        if let Ok(day) = text.parse() {
            return Ok(self.day(day).to_string());
        }
        self.instant(text).map(play::rfc3339)
    }

    /// Moves every text of a value that is a day, or a day and a time, which becomes an instant as the API gives it.
    pub fn shift(self, value: &Value) -> Value {
        match value {
            Value::String(text) => match text.parse::<NaiveDate>() {
                Ok(day) if text.len() == 10 => Value::String(self.day(day).to_string()),
                _ => self.instant(text).map_or(value.clone(), |time| json!(Timestamp::from(time))),
            },
            Value::Array(list) => list.iter().map(|item| self.shift(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, field)| (name.clone(), self.shift(field))).collect())
            }
            _ => value.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_move_by_whole_weeks_and_keep_their_weekday_and_hour() {
        let first = Weeks::default().instant("2026-09-22 09:10").unwrap();
        assert_eq!(first.to_rfc3339(), "2026-09-21T21:10:00+00:00");
        let now = Weeks::default().instant("2026-09-22 09:11").unwrap();
        let weeks = Weeks::past(first, now);
        // Daylight saving begins in between: it is ten past nine all the same.
        assert_eq!(weeks.instant("2026-09-22 09:10").unwrap().to_rfc3339(), "2026-09-28T20:10:00+00:00");
        assert_eq!(Weeks::past(now, first), Weeks(0));
        let facts = weeks.shift(&json!({"effective_on": "2026-09-01", "barriers": ["HEALTH"], "n": 2}));
        assert_eq!(facts, json!({"effective_on": "2026-09-08", "barriers": ["HEALTH"], "n": 2}));
        assert_eq!(weeks.moment("2026-09-01").unwrap(), "2026-09-08");
        assert_eq!(weeks.shift(&json!("2026-09-22 09:10")), json!("2026-09-28T20:10:00.000000Z"));
        for text in ["2026-09-31 09:10", "9:10", "2026-09-01T09:10"] {
            assert!(weeks.instant(text).is_err(), "{text}");
        }
    }
}

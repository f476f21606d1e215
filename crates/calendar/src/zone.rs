//! The day an instant falls on: Pacific/Auckland, and Pacific/Chatham where a catchment says so (Q23).

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A time zone of New Zealand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Zone {
    /// Everywhere but the Chatham Islands.
    #[default]
    Auckland,
    /// The Chatham Islands, 45 minutes ahead.
    Chatham,
}

impl Zone {
    /// Returns the zone a catchment lives in, given which catchments are Chatham.
    pub fn of_catchment(catchment: Option<&str>, chatham: &[String]) -> Zone {
        match catchment {
            Some(code) if chatham.iter().any(|other| other == code) => Zone::Chatham,
            _ => Zone::Auckland,
        }
    }

    /// Returns the day an instant falls on.
    pub fn day_of(self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.tz()).date_naive()
    }

    /// Returns the first instant of a day.
    pub fn start_of(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        // Both zones change their clocks between two and four in the morning: midnight exists and is single.
        let local = self.tz().from_local_datetime(&midnight).earliest();
        local.map_or_else(|| midnight.and_utc(), |time| time.with_timezone(&Utc))
    }

    /// Returns the last second of a day, the last that still counts by the end of it.
    pub fn end_of(self, day: NaiveDate) -> DateTime<Utc> {
        self.start_of(day.succ_opt().unwrap_or(day)) - TimeDelta::seconds(1)
    }

    fn tz(self) -> Tz {
        match self {
            Zone::Auckland => Tz::Pacific__Auckland,
            Zone::Chatham => Tz::Pacific__Chatham,
        }
    }
}

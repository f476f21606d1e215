//! The two times of an event, and the day they fall on in New Zealand.
//!
//! `occurred_at` says when something happened in the world and may be a plain date; `recorded_at` says when
//! the ledger took it. They are never mixed: measures need both (M6, M7).

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeZone, Utc};
use chrono_tz::Pacific::Auckland;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// When the ledger recorded an event: microseconds since 1970-01-01 UTC, set by the sequencer, never going back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the time as chrono knows it; times chrono cannot hold become its last one.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Returns the date in Pacific/Auckland: the *today* of every rule (Q23).
    pub fn auckland(self) -> NaiveDate {
        // Asked for several times an event, mostly of the same hour; the table of the zone is a search each time. Days
        // begin, and clocks are put forward and back, at full hours of UTC: since 1946, and nothing here is older.
        let hour = self.0.div_euclid(HOUR);
        LAST_HOUR.with(|last| match last.get() {
            (known, day) if known == hour => day,
            _ => {
                let day = self.utc().with_timezone(&Auckland).date_naive();
                last.set((hour, day));
                day
            }
        })
    }
}

/// Microseconds.
const HOUR: i64 = 3_600_000_000;

thread_local! {
    /// The hour since 1970 that was asked for last, and its day.
    static LAST_HOUR: Cell<(i64, NaiveDate)> = const { Cell::new((i64::MIN, NaiveDate::MIN)) };
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Timestamp(time.timestamp_micros())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
            let time = DateTime::parse_from_rfc3339(&text).map_err(de::Error::custom)?;
            Ok(Timestamp::from(time.with_timezone(&Utc)))
        } else {
            i64::deserialize(d).map(Timestamp)
        }
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

/// When something happened in the world: an instant, or a date where only a date is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OccurredAt {
    /// A date in New Zealand; `2026-03-01`.
    Day(NaiveDate),
    /// An instant; RFC 3339 with its offset on the way in, UTC on the way out.
    Instant(Timestamp),
}

impl OccurredAt {
    /// Returns the date in Pacific/Auckland.
    pub fn auckland(self) -> NaiveDate {
        match self {
            OccurredAt::Day(day) => day,
            OccurredAt::Instant(time) => time.auckland(),
        }
    }

    /// Returns whether this lies after `now`, judged in Pacific/Auckland (Q23): a date by its day, an instant exactly.
    pub fn is_after(self, now: Timestamp) -> bool {
        match self {
            OccurredAt::Day(day) => day > now.auckland(),
            OccurredAt::Instant(time) => time > now,
        }
    }
}

impl fmt::Display for OccurredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OccurredAt::Day(day) => write!(f, "{day}"),
            OccurredAt::Instant(time) => write!(f, "{time}"),
        }
    }
}

impl fmt::Debug for OccurredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that says no time an event can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// It is neither a date nor an instant.
    #[error("neither a date (2026-03-01) nor an RFC 3339 time with an offset (2026-03-01T09:00:00+13:00)")]
    Form,
    /// The year is not one that history or plans lie in.
    #[error("the year lies outside {} to {}: check it", YEARS.start(), YEARS.end())]
    Year,
}

/// The years an event may lie in; a date outside them is a slip of the pen, not history (K7: cases over five years old).
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2100;

/// Reads a date that people send: `YYYY-MM-DD`, within the years history lies in.
pub(crate) fn day<'de, D: Deserializer<'de>>(d: D) -> Result<NaiveDate, D::Error> {
    Day::deserialize(d).map(|day| day.0)
}

/// Reads a date that may be absent.
pub(crate) fn maybe_day<'de, D: Deserializer<'de>>(d: D) -> Result<Option<NaiveDate>, D::Error> {
    Ok(Option::<Day>::deserialize(d)?.map(|day| day.0))
}

struct Day(NaiveDate);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match <std::borrow::Cow<'de, str>>::deserialize(d)?.parse() {
            Ok(OccurredAt::Day(day)) => Ok(Day(day)),
            Err(BadTime::Year) => Err(de::Error::custom(BadTime::Year)),
            Ok(OccurredAt::Instant(_)) | Err(BadTime::Form) => Err(de::Error::custom("not a date such as 2026-03-01")),
        }
    }
}

impl FromStr for OccurredAt {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        use chrono::Datelike;
        let read = match text.len() {
            10 => text.parse().map(OccurredAt::Day).map_err(|_| BadTime::Form),
            _ => DateTime::parse_from_rfc3339(text)
                .map(|time| OccurredAt::Instant(time.with_timezone(&Utc).into()))
                .map_err(|_| BadTime::Form),
        }?;
        if YEARS.contains(&read.auckland().year()) { Ok(read) } else { Err(BadTime::Year) }
    }
}

impl Serialize for OccurredAt {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            OccurredAt::Instant(time) if !s.is_human_readable() => s.serialize_i64(time.0),
            _ => s.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for OccurredAt {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl de::Visitor<'_> for Either {
            type Value = OccurredAt;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date or an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<OccurredAt, E> {
                v.parse().map_err(E::custom)
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<OccurredAt, E> {
                Ok(OccurredAt::Instant(Timestamp(v)))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<OccurredAt, E> {
                i64::try_from(v).map(|v| OccurredAt::Instant(Timestamp(v))).map_err(E::custom)
            }
        }
        if d.is_human_readable() { d.deserialize_str(Either) } else { d.deserialize_any(Either) }
    }
}

impl JsonSchema for OccurredAt {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OccurredAt".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A date (in New Zealand) or an RFC 3339 time with its offset.",
            "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
        })
    }
}

/// Returns the first instant of a day in Pacific/Auckland.
pub fn start_of_day(day: NaiveDate) -> Timestamp {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    // New Zealand changes its clocks at 2 and 3 in the morning: midnight exists and is single.
    match Auckland.from_local_datetime(&midnight).earliest() {
        Some(time) => Timestamp::from(time.with_timezone(&Utc)),
        None => Timestamp::from(midnight.and_utc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from(DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc))
    }

    #[test]
    fn the_future_is_judged_in_auckland() {
        // 12:30 UTC on 30 June is 00:30 on 1 July in Auckland (NZST, +12).
        let now = at("2026-06-30T12:30:00Z");
        for (text, future) in [
            ("2026-07-01", false),
            ("2026-07-02", true),
            ("2026-06-30T12:30:00Z", false),
            ("2026-07-01T00:30:01+12:00", true),
        ] {
            assert_eq!(text.parse::<OccurredAt>().unwrap().is_after(now), future, "{text}");
        }
    }

    #[test]
    fn daylight_saving_moves_the_day_border() {
        assert_eq!(at("2026-01-31T11:00:00Z").auckland().to_string(), "2026-02-01");
        assert_eq!(at("2026-06-30T11:59:59Z").auckland().to_string(), "2026-06-30");
        assert_eq!(start_of_day("2026-09-27".parse().unwrap()), at("2026-09-26T12:00:00Z"));
        assert_eq!(start_of_day("2026-09-28".parse().unwrap()), at("2026-09-27T11:00:00Z"));
    }

    /// Of all years that are taken: what `auckland` remembers an hour by.
    #[test]
    fn no_hour_of_utc_holds_a_border_of_days_in_auckland() {
        let by_the_table = |time: i64| Timestamp(time).utc().with_timezone(&Auckland).date_naive();
        let (first, last) = (at("1990-01-01T00:00:00Z").0, at("2101-01-01T00:00:00Z").0);
        for hour in (first..last).step_by(HOUR as usize) {
            let (begins, ends) = (by_the_table(hour), by_the_table(hour + HOUR - 1));
            assert_eq!((begins, Timestamp(hour + HOUR / 2).auckland()), (ends, ends), "{}", Timestamp(hour));
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in ["2026-02-29", "2026-13-01", "26-01-01", "2026-01-01T09:00:00", "", "yesterday"] {
            assert_eq!(text.parse::<OccurredAt>(), Err(BadTime::Form), "{text}");
        }
    }

    #[test]
    fn a_year_outside_history_is_told_as_such() {
        for text in ["1066-10-14", "1989-12-31", "2101-01-01", "9999-12-31", "1066-10-14T09:00:00Z"] {
            assert_eq!(text.parse::<OccurredAt>(), Err(BadTime::Year), "{text}");
        }
        assert_eq!(BadTime::Year.to_string(), "the year lies outside 1990 to 2100: check it");
    }

    #[test]
    fn both_forms_survive_storage() {
        for text in ["2026-03-01", "2026-03-01T09:00:00.000001+13:00"] {
            let time: OccurredAt = text.parse().unwrap();
            let stored = rmp_serde::to_vec_named(&time).unwrap();
            assert_eq!(rmp_serde::from_slice::<OccurredAt>(&stored).unwrap(), time);
        }
    }
}

//! Business days of the national calendar (Q7), counted once for all: a read model asks for millions of spans.

use std::sync::OnceLock;

use caseledger_calendar::{Calendar, Day};
use chrono::NaiveDate;

/// What a business day is (Q7).
const PROFILE: &str = "nz_national";

/// Where each day of the calendar stands in the count of business days.
pub struct BusinessDays {
    first: NaiveDate,
    /// For each day from the first on: how many business days there were up to its end.
    count: Vec<u32>,
}

impl BusinessDays {
    /// Returns the count over the newest calendar, made on first use.
    pub fn national() -> &'static BusinessDays {
        static NATIONAL: OnceLock<BusinessDays> = OnceLock::new();
        NATIONAL.get_or_init(|| BusinessDays::over(Calendar::newest()))
    }

    fn over(calendar: &'static Calendar) -> BusinessDays {
        let holidays = calendar.holidays();
        let days = calendar.days(PROFILE, None, None).ok();
        let mut so_far = 0;
        let count = holidays.first.iter_days().take_while(|day| *day <= holidays.last).map(|day| {
            so_far += u32::from(days.is_some_and(|days| days.judge(day) == Ok(Day::Counts)));
            so_far
        });
        BusinessDays { first: holidays.first, count: count.collect() }
    }

    /// Counts the business days after one day, up to and including another; none where the other lies before it.
    ///
    /// `None` where the calendar does not know both days.
    pub fn between(&self, start: NaiveDate, end: NaiveDate) -> Option<u32> {
        Some(self.at(end)?.saturating_sub(self.at(start)?))
    }

    /// Returns the day on which so many business days after a day are over; `None` where the calendar ends before.
    pub fn after(&self, start: NaiveDate, days: u32) -> Option<NaiveDate> {
        if days == 0 {
            return self.at(start).map(|_| start);
        }
        let wanted = self.at(start)? + days;
        let place = self.count.partition_point(|&count| count < wanted);
        (place < self.count.len()).then(|| self.first + chrono::Days::new(place as u64))
    }

    fn at(&self, day: NaiveDate) -> Option<u32> {
        let place = usize::try_from((day - self.first).num_days()).ok()?;
        self.count.get(place).copied()
    }
}

#[cfg(test)]
mod tests {
    use caseledger_events::testing::day;

    use super::*;

    #[test]
    fn spans_are_those_the_calendar_counts_one_by_one() {
        let days = Calendar::newest().days(PROFILE, None, None).unwrap();
        let national = BusinessDays::national();
        for start in day("2026-03-20").iter_days().take(60) {
            for length in [0, 1, 5, 10, 15] {
                let end = days.end_of(start, length).unwrap();
                assert_eq!(national.after(start, length), Some(end), "{start} + {length}");
                assert_eq!(national.between(start, end), Some(length), "{start} to {end}");
            }
        }
    }

    #[test]
    fn what_happened_before_took_no_days_and_what_the_calendar_does_not_hold_is_not_counted() {
        let national = BusinessDays::national();
        assert_eq!(national.between(day("2026-05-08"), day("2026-05-01")), Some(0));
        assert_eq!(national.between(day("1899-01-01"), day("2026-05-01")), None);
        assert_eq!(national.after(day("2026-05-01"), 1_000_000), None);
    }
}

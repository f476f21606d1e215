//! A school term on the calendar: its school days, and working hours in Auckland.

use std::sync::LazyLock;

use caseledger_calendar::{Calendar, Day};
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Pacific::Auckland;

/// A school term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    /// What it is called, `2026-T2`.
    pub name: &'static str,
    /// Its first day.
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
}

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => day,
        None => panic!("a date of the tables below does not exist"),
    }
}

/// The terms whose dates are known (domain §2.3); those of 2027 are not.
pub const TERMS: [Term; 3] = [
    Term { name: "2026-T2", first: day(2026, 4, 20), last: day(2026, 7, 3) },
    Term { name: "2026-T3", first: day(2026, 7, 20), last: day(2026, 9, 25) },
    Term { name: "2026-T4", first: day(2026, 10, 12), last: day(2026, 12, 18) },
];

/// The terms before them, in which many of their absences began; schools start and end these on different days.
const BEFORE: [Term; 2] = [
    Term { name: "2025-T4", first: day(2025, 10, 6), last: day(2025, 12, 19) },
    Term { name: "2026-T1", first: day(2026, 2, 2), last: day(2026, 4, 2) },
];

/// A school year, from the day services begin to work to the day the last schools close.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Year {
    /// What it is called, `2026`.
    pub name: &'static str,
    /// Its first day: services became operational on 5 January 2026 (P10).
    pub first: NaiveDate,
    /// Its last day.
    pub last: NaiveDate,
    /// Its terms.
    pub terms: [Term; 4],
}

/// The years all of whose terms are known.
pub const YEARS: [Year; 1] = [Year {
    name: "2026",
    first: day(2026, 1, 5),
    last: day(2026, 12, 18),
    terms: [BEFORE[1], TERMS[0], TERMS[1], TERMS[2]],
}];

/// The working days around these terms, as the calendar of the service has them, from the first of these days on.
static WORKING: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let calendar = Calendar::newest();
    let days = calendar.days("nz_national", None, None).expect("the calendar has the profile it is named after");
    let counts = |day| matches!(days.judge(day), Ok(Day::Counts));
    WORKING_FROM.iter_days().take(4 * 365).map(counts).collect()
});

const WORKING_FROM: NaiveDate = day(2025, 1, 1);

/// Returns whether people work on a day: no weekend, no holiday.
pub fn is_working_day(day: NaiveDate) -> bool {
    let n = (day - WORKING_FROM).num_days();
    usize::try_from(n).ok().and_then(|n| WORKING.get(n)).copied().unwrap_or(true)
}

/// Returns the day itself, or the next one that people work on.
pub fn working_day_from(day: NaiveDate) -> NaiveDate {
    let mut day = day;
    while !is_working_day(day) {
        day = day + Days::new(1);
    }
    day
}

/// Returns the `n`th working day after a day; the day itself where `n` is 0.
pub fn working_days_after(day: NaiveDate, n: u64) -> NaiveDate {
    (0..n).fold(day, |day, _| working_day_from(day + Days::new(1)))
}

/// Returns the `n`th working day before a day.
pub fn working_days_before(day: NaiveDate, n: u64) -> NaiveDate {
    let mut day = day;
    for _ in 0..n {
        day = day - Days::new(1);
        while !is_working_day(day) {
            day = day - Days::new(1);
        }
    }
    day
}

/// Returns whether schools are open on a day.
pub fn is_school_day(day: NaiveDate) -> bool {
    let in_term = BEFORE.into_iter().chain(TERMS).any(|term| (term.first..=term.last).contains(&day));
    in_term && is_working_day(day)
}

/// Returns the `n`th school day before a day; the first one known where there are not so many.
pub fn school_days_before(day: NaiveDate, n: u64) -> NaiveDate {
    let mut day = day;
    for _ in 0..n {
        day = day - Days::new(1);
        while !is_school_day(day) && day > BEFORE[0].first {
            day = day - Days::new(1);
        }
    }
    day.max(BEFORE[0].first)
}

/// Returns a minute of a day in Auckland as an instant.
pub fn at(day: NaiveDate, minute_of_day: u32) -> DateTime<Utc> {
    let local = day.and_hms_opt(minute_of_day / 60, minute_of_day % 60, 0).unwrap_or_default();
    // Clocks change at two and three in the morning; nobody here works then.
    Auckland.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |time| time.with_timezone(&Utc))
}

impl Year {
    /// Finds a year by its name.
    pub fn named(name: &str) -> Option<Year> {
        YEARS.into_iter().find(|year| year.name == name)
    }
}

impl Term {
    /// Finds a term by its name.
    pub fn named(name: &str) -> Option<Term> {
        TERMS.into_iter().find(|term| term.name == name)
    }

    /// Returns the term of these that a day lies in, or the last one before it; the first where there is none.
    pub fn around(terms: &[Term; 4], day: NaiveDate) -> Term {
        terms.iter().rev().find(|term| term.first <= day).copied().unwrap_or(terms[0])
    }

    /// Returns how many half-days schools were open in this term, up to a day and with it.
    pub fn open_half_days(&self, until: NaiveDate) -> u16 {
        let days = self.first.iter_days().take_while(|&day| day <= until.min(self.last));
        2 * days.filter(|&day| is_working_day(day)).count() as u16
    }

    /// Returns how many working days the term has.
    pub fn working_days(&self) -> u64 {
        u64::from(self.open_half_days(self.last)) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn term_two_of_2026_has_53_open_days() {
        assert_eq!(TERMS[0].working_days(), 53);
        assert_eq!(TERMS[0].open_half_days(day(2026, 4, 28)), 12, "Anzac Day is observed on Monday 27 April");
        assert!(TERMS.iter().all(|term| is_working_day(term.first) && is_working_day(term.last)));
    }

    #[test]
    fn the_days_people_work_on_are_those_of_the_calendar() {
        let closed =
            [(2026, 1, 2), (2026, 2, 6), (2026, 4, 3), (2026, 4, 6), (2026, 4, 27), (2026, 7, 10), (2026, 12, 28)];
        assert!(closed.into_iter().all(|(y, m, d)| !is_working_day(day(y, m, d))));
        assert!([(2026, 1, 5), (2026, 4, 7), (2026, 12, 24)].into_iter().all(|(y, m, d)| is_working_day(day(y, m, d))));
    }

    #[test]
    fn the_terms_of_a_year_follow_each_other_within_it() {
        for year in YEARS {
            assert!(year.terms.is_sorted_by_key(|term| term.first) && year.first < year.terms[0].first);
            assert_eq!(year.terms[3].last, year.last);
            assert_eq!(Term::around(&year.terms, day(2026, 7, 10)).name, "2026-T2", "in the holidays, the term before");
        }
    }

    #[test]
    fn weekends_and_holidays_are_no_working_days() {
        assert_eq!(working_days_after(day(2026, 4, 24), 1), day(2026, 4, 28));
        assert_eq!(working_days_before(day(2026, 4, 28), 1), day(2026, 4, 24));
        assert_eq!(working_days_after(day(2026, 5, 29), 5), day(2026, 6, 8));
    }

    #[test]
    fn twenty_school_days_reach_back_into_the_term_before() {
        assert_eq!(school_days_before(day(2026, 5, 18), 20), day(2026, 4, 2), "domain §2.3");
        assert_eq!(school_days_before(day(2026, 4, 21), 1), day(2026, 4, 20));
        assert_eq!(school_days_before(day(2026, 1, 12), 1), day(2025, 12, 19), "over the summer");
    }

    #[test]
    fn a_minute_of_a_day_is_one_in_auckland() {
        assert_eq!(at(day(2026, 5, 4), 9 * 60 + 10).to_rfc3339(), "2026-05-03T21:10:00+00:00");
    }
}

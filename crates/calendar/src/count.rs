//! Counting business days: the day it starts on is never counted, the day it ends on is (Q23).

use chrono::NaiveDate;

use crate::days::{Day, Days, Why};
use crate::error::NoSuchDay;

/// A count with everything it went over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Count<'a> {
    /// The day it starts on, not counted.
    pub start: NaiveDate,
    /// The day it ends on, counted.
    pub end: NaiveDate,
    /// The days that were counted, in order.
    pub counted: Vec<NaiveDate>,
    /// The days that were skipped, in order.
    pub skipped: Vec<Skipped<'a>>,
}

/// A day that was not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Skipped<'a> {
    /// The day.
    pub day: NaiveDate,
    /// Why.
    pub why: Why<'a>,
}

impl<'a> Days<'a> {
    /// Goes on by a number of business days; none at all leads back to the day it starts on.
    pub fn add(&self, start: NaiveDate, days: u32) -> Result<Count<'a>, NoSuchDay> {
        self.go(start, |count, _| count.counted.len() < days as usize)
    }

    /// Counts the business days after one day, up to and including another.
    pub fn between(&self, start: NaiveDate, end: NaiveDate) -> Result<Count<'a>, NoSuchDay> {
        self.go(start, |_, last| last < end)
    }

    /// Returns where so many business days lead, without the account of it.
    pub fn end_of(&self, start: NaiveDate, days: u32) -> Result<NaiveDate, NoSuchDay> {
        let (mut day, mut left) = (start, days);
        self.calendar.holidays().hold(day)?;
        while left > 0 {
            day = self.next(day)?;
            left -= u32::from(self.judge(day)? == Day::Counts);
        }
        Ok(day)
    }

    fn go(
        &self,
        start: NaiveDate,
        mut more: impl FnMut(&Count<'a>, NaiveDate) -> bool,
    ) -> Result<Count<'a>, NoSuchDay> {
        self.calendar.holidays().hold(start)?;
        let mut count = Count { start, end: start, counted: Vec::new(), skipped: Vec::new() };
        while more(&count, count.end) {
            count.end = self.next(count.end)?;
            match self.judge(count.end)? {
                Day::Counts => count.counted.push(count.end),
                Day::Skipped(why) => count.skipped.push(Skipped { day: count.end, why }),
            }
        }
        Ok(count)
    }

    fn next(&self, day: NaiveDate) -> Result<NaiveDate, NoSuchDay> {
        let holidays = self.calendar.holidays();
        let outside = NoSuchDay::Outside { day, version: holidays.version, first: holidays.first, last: holidays.last };
        day.succ_opt().ok_or(outside)
    }
}

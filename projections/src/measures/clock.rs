//! When a clock starts and ends: business days by a profile, weeks, or a date.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::NaiveDate;

use caseledger_calendar::count::Count;
use caseledger_calendar::{Days, NoSuchDay};
use caseledger_events::policy::{ClockStart, Measures, MigratedReferral, Weeks};

use super::fact::What;
use super::list::{Clock, Start};
use super::unit::{Dated, Unit};

/// When a clock started and when it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The day it starts on, which is not counted (Q23); `None` where a date alone ends it.
    pub start: Option<NaiveDate>,
    /// The last day on which it can be achieved, to its end.
    pub due: NaiveDate,
}

/// Why a clock does not run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoClock {
    /// What starts it has not happened.
    NotStarted,
    /// The calendar does not say.
    Calendar(NoSuchDay),
}

/// Clocks by one calendar and one policy; remembers what it has counted.
pub struct Clocks<'a> {
    days: Days<'a>,
    school_days: Days<'a>,
    settings: &'a Measures,
    counted: RefCell<HashMap<(NaiveDate, u32), Result<NaiveDate, NoSuchDay>>>,
}

impl<'a> Clocks<'a> {
    /// Makes the clocks of a run.
    pub fn new(days: Days<'a>, school_days: Days<'a>, settings: &'a Measures) -> Clocks<'a> {
        Clocks { days, school_days, settings, counted: RefCell::default() }
    }

    /// Returns when the clock of a measure runs for a unit; `start_by` replaces the allocation as its start (Q19).
    pub fn span(
        &self,
        clock: &Clock,
        unit: &Unit,
        facts: &[Dated],
        start_by: Option<NaiveDate>,
    ) -> Result<Span, NoClock> {
        let Some(start) = self.start(clock, unit, start_by)? else {
            // Without a count, loading made sure of a date.
            let due = clock.by.ok_or(NoClock::NotStarted)?;
            return Ok(Span { start: None, due });
        };
        let counted = self.end(clock, start, facts).map_err(NoClock::Calendar)?;
        Ok(Span { start: Some(start), due: clock.by.map_or(counted, |by| by.min(counted)) })
    }

    fn start(&self, clock: &Clock, unit: &Unit, start_by: Option<NaiveDate>) -> Result<Option<NaiveDate>, NoClock> {
        let allocated = start_by.unwrap_or(unit.allocated);
        let start = match clock.start {
            None => return Ok(None),
            Some(Start::Allocation) => Some(allocated),
            Some(Start::ByQ6) => match self.settings.clock_start {
                ClockStart::Allocated => Some(allocated),
                ClockStart::Submitted => Some(unit.submitted),
                ClockStart::Assigned => unit.assigned,
            },
            Some(Start::ReferralByQ9) => match self.settings.migrated_referral {
                MigratedReferral::ListDate => clock.referred_on,
                MigratedReferral::OwnDate => unit.migrated,
            },
        };
        start.map(Some).ok_or(NoClock::NotStarted)
    }

    fn end(&self, clock: &Clock, start: NaiveDate, facts: &[Dated]) -> Result<NaiveDate, NoSuchDay> {
        // Where the first day counts (Q23), the count begins on the day before.
        let from = if self.settings.start_day_counts { start.pred_opt().unwrap_or(start) } else { start };
        let resting = if self.settings.pausing_stops_clocks { resting(facts) } else { Vec::new() };
        if !resting.is_empty() {
            return self.end_with_rests(clock, from, &resting);
        }
        match (clock.business_days, clock.weeks, self.settings.weeks) {
            (Some(days), ..) => self.business_days(from, days),
            (None, Some(weeks), Weeks::SevenDays) => Ok(from + chrono::Days::new(u64::from(weeks) * 7)),
            // A week of school has five days on which it is open.
            (None, Some(weeks), Weeks::SchoolWeeks) => self.school_days.end_of(from, weeks * 5),
            (None, None, _) => Ok(from),
        }
    }

    fn business_days(&self, from: NaiveDate, days: u32) -> Result<NaiveDate, NoSuchDay> {
        self.counted.borrow_mut().entry((from, days)).or_insert_with(|| self.days.end_of(from, days)).clone()
    }

    /// Counts day by day, leaving out those on which work rested (Q20, where policy says so).
    fn end_with_rests(
        &self,
        clock: &Clock,
        from: NaiveDate,
        resting: &[(NaiveDate, NaiveDate)],
    ) -> Result<NaiveDate, NoSuchDay> {
        use caseledger_calendar::Day;
        let by_week = self.settings.weeks == Weeks::SevenDays;
        let (mut left, days) = match (clock.business_days, clock.weeks) {
            (Some(days), _) => (days, Some(self.days)),
            (None, Some(weeks)) if by_week => (weeks * 7, None),
            (None, weeks) => (weeks.unwrap_or(0) * 5, Some(self.school_days)),
        };
        let mut day = from;
        while left > 0 {
            day = day + chrono::Days::new(1);
            // A rest without an end would hold the clock for ever: the calendar's end says so.
            self.days.calendar.holidays().hold(day)?;
            let rests = resting.iter().any(|(begin, end)| begin <= &day && &day < end);
            let counts = !rests && days.is_none_or(|days| days.judge(day) == Ok(Day::Counts));
            left -= u32::from(counts);
        }
        Ok(day)
    }

    /// Returns the version of the calendar.
    pub fn calendar(&self) -> u32 {
        self.days.calendar.version()
    }

    /// Returns the account of a count of business days, for an explanation.
    pub fn account(&self, start: NaiveDate, until: NaiveDate) -> Result<Count<'a>, NoSuchDay> {
        let from = if self.settings.start_day_counts { start.pred_opt().unwrap_or(start) } else { start };
        self.days.between(from, until)
    }
}

/// Returns the stretches in which work rested, from the first day on until the day it went on.
fn resting(facts: &[Dated]) -> Vec<(NaiveDate, NaiveDate)> {
    let mut stretches: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for fact in facts {
        match fact.what {
            What::Resting(true) | What::NotLocated(true) => stretches.push((fact.on, NaiveDate::MAX)),
            What::Resting(false) | What::NotLocated(false) => {
                if let Some(open) = stretches.iter_mut().rev().find(|stretch| stretch.1 == NaiveDate::MAX) {
                    open.1 = fact.on;
                }
            }
            _ => {}
        }
    }
    stretches
}

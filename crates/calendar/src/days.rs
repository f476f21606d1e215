//! Whether a day counts, by one profile, in one region, at one school, and why not.

use std::fmt;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::calendar::Calendar;
use crate::error::NoSuchDay;
use crate::holidays::Region;
use crate::profile::{OnAnniversary, Profile};
use crate::terms::{InTerm, School, in_term};

/// A definition of the business day at work: a profile over a calendar, with what it leaves open.
#[derive(Clone, Copy)]
pub struct Days<'a> {
    /// The tables.
    pub calendar: &'a Calendar,
    /// The definition.
    pub profile: &'a Profile,
    /// The region whose anniversary day is skipped, where the profile asks.
    pub region: Option<&'a Region>,
    /// The school whose own days are kept, where the profile asks.
    pub school: Option<&'a School>,
}

/// What a day is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Day<'a> {
    /// It counts.
    Counts,
    /// It is skipped.
    Skipped(Why<'a>),
}

/// Why a day does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why<'a> {
    /// Saturday or Sunday.
    Weekend(Weekday),
    /// A national public holiday, as observed.
    Holiday(&'a str),
    /// The anniversary day of the region, by name.
    Anniversary(&'a str),
    /// The profile counts no day of this stretch of the year.
    Closed(&'a str),
    /// Schools are closed on the day after Easter Monday.
    EasterTuesday,
    /// Between two terms.
    BetweenTerms,
    /// This school is closed on it, for the reason it gave.
    SchoolClosed(&'a str),
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Weekend(Weekday::Sat) => f.write_str("Saturday"),
            Why::Weekend(_) => f.write_str("Sunday"),
            Why::Holiday(name) => f.write_str(name),
            Why::Anniversary(region) => write!(f, "anniversary day of {region}"),
            Why::Closed(name) => f.write_str(name),
            Why::EasterTuesday => f.write_str("Easter Tuesday"),
            Why::BetweenTerms => f.write_str("between terms"),
            Why::SchoolClosed(why) => write!(f, "school closed: {why}"),
        }
    }
}

impl<'a> Days<'a> {
    /// Returns what a day is; an error where the tables do not say.
    pub fn judge(&self, day: NaiveDate) -> Result<Day<'a>, NoSuchDay> {
        let (holidays, profile) = (self.calendar.holidays(), self.profile);
        holidays.hold(day)?;
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            return Ok(Day::Skipped(Why::Weekend(day.weekday())));
        }
        if let Some(name) = holidays.national(day) {
            return Ok(Day::Skipped(Why::Holiday(name)));
        }
        if let Some(window) = profile.closed.iter().find(|window| window.holds(day)) {
            return Ok(Day::Skipped(Why::Closed(&window.name)));
        }
        if profile.school
            && let Some(why) = self.school_closed(day)?
        {
            return Ok(Day::Skipped(why));
        }
        self.anniversary(day)
    }

    fn school_closed(&self, day: NaiveDate) -> Result<Option<Why<'a>>, NoSuchDay> {
        if self.calendar.holidays().is_easter_tuesday(day) {
            return Ok(Some(Why::EasterTuesday));
        }
        if let Some(closed) = self.school.and_then(|school| school.closed.iter().find(|closed| closed.day == day)) {
            return Ok(Some(Why::SchoolClosed(&closed.why)));
        }
        match in_term(self.calendar.terms(), self.school, day) {
            InTerm::Open => Ok(None),
            InTerm::Between => Ok(Some(Why::BetweenTerms)),
            InTerm::Differs(term) => Err(NoSuchDay::DiffersBySchool { day, term }),
            InTerm::Unknown => Err(NoSuchDay::NoTerms { day, year: day.year() }),
        }
    }

    fn anniversary(&self, day: NaiveDate) -> Result<Day<'a>, NoSuchDay> {
        match (self.profile.anniversary, self.region) {
            (OnAnniversary::Never, _) | (OnAnniversary::OnRequest, None) => Ok(Day::Counts),
            (_, Some(region)) if region.observes(day) => Ok(Day::Skipped(Why::Anniversary(&region.name))),
            (_, Some(_)) => Ok(Day::Counts),
            (OnAnniversary::Needed, None) => {
                let regions = self.calendar.holidays().regions().iter().filter(|region| region.observes(day));
                let names: Vec<&str> = regions.map(|region| region.name.as_str()).collect();
                if names.is_empty() {
                    return Ok(Day::Counts);
                }
                Err(NoSuchDay::DiffersByRegion { day, regions: names.join(", ") })
            }
        }
    }
}

//! What no single field of a list shows.

use chrono::NaiveDate;
use toml::Spanned;

use caseledger_calendar::Calendar;
use caseledger_calendar::quarters::Quarter;

use super::{Achieved, Clock, FORMAT, List, Measure, Migrated, Start};
use crate::measures::settings;

/// An offset in the text and what is wrong there.
type Wrong = (usize, String);

/// Migrated cases are not reassessed in a quarter that begins after this day, the end of Q2 2026 (S2).
const LAST_OF_MIGRATED: NaiveDate = NaiveDate::from_ymd_opt(2026, 7, 3).expect("a day of the calendar");

pub(super) fn check(list: &List) -> Result<(), Wrong> {
    if list.format != FORMAT {
        return Err((0, format!("format {} is not known; this program reads {FORMAT}", list.format)));
    }
    let calendar = Calendar::of_version(*list.calendar.get_ref());
    let calendar = calendar.map_err(|error| (list.calendar.span().start, error.to_string()))?;
    let at = list.quarter.span().start;
    let mut known = false;
    for table in calendar.quarter_tables() {
        let Ok(quarter) = table.quarter(list.quarter()) else { continue };
        known = true;
        // A deadline may lie well after the quarter; a calendar that ends within a year of it would fail some case.
        let far = quarter.to.checked_add_days(chrono::Days::new(366)).unwrap_or(quarter.to);
        for day in [quarter.from, far] {
            calendar.holidays().hold(day).map_err(|error| (at, format!("a gap in the calendar: {error}")))?;
        }
        for (n, measure) in list.measure.iter().enumerate() {
            one(list, n, measure.span().start, measure.get_ref(), quarter)?;
        }
    }
    if !known {
        return Err((at, format!("no table of quarters of calendar {} has {}", calendar.version(), list.quarter())));
    }
    if let Some(fixed) = &list.settings {
        settings::overlay(&Default::default(), fixed.get_ref()).map_err(|reason| (fixed.span().start, reason))?;
    }
    Ok(())
}

fn one(list: &List, n: usize, at: usize, measure: &Measure, quarter: &Quarter) -> Result<(), Wrong> {
    let id = &measure.id;
    let wrong = |reason: &str| Err((at, format!("{id}: {reason}")));
    if !(id.starts_with('M') && id.len() > 1 && id[1..].bytes().all(|b| b.is_ascii_digit())) {
        return wrong("the id of a measure is M and a number");
    }
    if list.measure[..n].iter().any(|other| other.get_ref().id == *id) {
        return wrong("stands in the list twice");
    }
    if let Some(threshold) = measure.threshold.as_ref().filter(|threshold| !(1..=100).contains(threshold.get_ref())) {
        let reason = format!("{id}: a threshold is a percentage from 1 to 100, not {}", threshold.get_ref());
        return Err((threshold.span().start, reason));
    }
    match (measure.narrative, &measure.threshold, &measure.clock, &measure.achieved) {
        (Some(_), None, None, None) => return Ok(()),
        (Some(_), ..) => return wrong("a narrative has no threshold, no clock and nothing that achieves it"),
        (None, Some(_), Some(clock), Some(achieved)) => {
            clocked(id, clock, measure, quarter)?;
            some_test(id, achieved)?;
        }
        (None, ..) => return wrong("it needs `threshold`, `clock` and `achieved`, or a `narrative`"),
    }
    if measure.sticky && list.reassesses.is_none() {
        return wrong("it is sticky, and the list does not say which quarter it reassesses");
    }
    if measure.sticky && measure.preliminary {
        return wrong("a preliminary result is never sticky");
    }
    let migrated = matches!(measure.of.migrated, Migrated::Only | Migrated::OnlyByQ10);
    if migrated && quarter.from > LAST_OF_MIGRATED {
        return wrong("migrated cases are not reassessed after Q2 2026 (S2)");
    }
    Ok(())
}

fn clocked(id: &str, spanned: &Spanned<Clock>, measure: &Measure, quarter: &Quarter) -> Result<(), Wrong> {
    let clock = spanned.get_ref();
    let wrong = |reason: String| Err((spanned.span().start, format!("{id}: {reason}")));
    match (clock.business_days, clock.weeks, clock.by) {
        (Some(_), Some(_), _) => return wrong("business days and weeks contradict each other".to_owned()),
        (None, None, None) => return wrong("a clock needs `business_days`, `weeks` or `by`".to_owned()),
        _ => {}
    }
    let counts = clock.business_days.or(clock.weeks);
    if counts.is_some() != clock.start.is_some() {
        return wrong("a count needs a start, and a start needs a count".to_owned());
    }
    if counts == Some(0) {
        return wrong("a count of none ends before anything can be done".to_owned());
    }
    if (clock.start == Some(Start::ReferralByQ9)) != clock.referred_on.is_some() {
        return wrong("`referred_on` belongs to the start `referral_by_q9`, and that needs it".to_owned());
    }
    if let Some(by) = clock.by.filter(|by| *by > quarter.to && !measure.preliminary) {
        return wrong(format!(
            "{by} lies after {quarter}: only a preliminary result can be judged before its deadline"
        ));
    }
    if measure.also_by_quarter_end && (counts.is_some() || clock.by.is_none()) {
        return wrong("only a deadline that is a date can be extended to the end of the quarter".to_owned());
    }
    Ok(())
}

fn some_test(id: &str, achieved: &Spanned<Achieved>) -> Result<(), Wrong> {
    let Achieved { all, any } = achieved.get_ref();
    if all.is_empty() == any.is_empty() {
        return Err((achieved.span().start, format!("{id}: what achieves it is either `all` or `any` of something")));
    }
    Ok(())
}

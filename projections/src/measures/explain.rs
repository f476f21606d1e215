//! Why a case is counted as it is: in words, with the days that were counted and skipped, and the events that decided.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Code, Position};
use caseledger_events::number::CaseNumber;
use caseledger_events::policy::ClockStart;

use super::fold::Fold;
use super::judge::Judge;
use super::list::{Clock, List, Measure, Recorded, Start, mode_name};
use super::run::{Frame, NoRun, Together};
use super::student::OfStudent;
use super::unit::Unit;
use super::verdict::{Exclusion, Judgement, SecondBy, Verdict};

/// The explanation of one verdict.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Explained {
    /// The measure.
    pub measure: String,
    /// What it asks for.
    pub title: String,
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// The provider that is judged.
    pub provider: Code,
    /// The verdict's name.
    pub verdict: &'static str,
    /// Why, for those that need a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether it counts as achieved.
    pub achieved: bool,
    /// The day the clock started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<NaiveDate>,
    /// The due date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<NaiveDate>,
    /// The day it was achieved on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<NaiveDate>,
    /// The day that was recorded on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<NaiveDate>,
    /// The days that were counted, where business days were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<NaiveDate>,
    /// The days that were skipped, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedDay>,
    /// The events that decided it.
    pub decided_by: Vec<Position>,
    /// All of this in words.
    pub words: Vec<String>,
}

/// A day that was not counted.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SkippedDay {
    /// The day.
    pub day: NaiveDate,
    /// Why.
    pub why: String,
}

/// Explains every verdict of a case under a list, or those of one measure.
pub fn explain(
    fold: &Fold,
    list: &List,
    case: CaseId,
    measure: Option<&str>,
    as_at: Option<Timestamp>,
) -> Result<Vec<Explained>, NoRun> {
    let frame = Frame::new(fold, list)?;
    let judge = frame.judge(as_at.unwrap_or(fold.as_at()).auckland())?;
    let together = Together::new(fold);
    let Some(named) = fold.case(fold.survivor(case)).or_else(|| fold.case(case)) else { return Ok(Vec::new()) };
    // Where a student counts once, the student's other cases decide too.
    let OfStudent { units, verdicts } = OfStudent::new(fold, &judge, &together, list, fold.student(named.student));
    let mut explained = Vec::new();
    let asked =
        list.measures().zip(&verdicts).filter(|(one, _)| measure.is_none_or(|id| one.id.eq_ignore_ascii_case(id)));
    for (measure, said) in asked {
        let here = |unit: &Unit| fold.survivor(unit.case) == named.id || unit.case == named.id;
        for (at, judgement) in said.iter().filter(|(at, _)| here(&units[*at])) {
            explained.push(one(fold, &judge, measure, &units[*at], judgement));
        }
    }
    Ok(explained)
}

fn one(fold: &Fold, judge: &Judge<'_>, measure: &Measure, unit: &Unit, judgement: &Judgement) -> Explained {
    let mut words = Vec::new();
    let (mut counted, mut skipped) = (Vec::new(), Vec::new());
    if let (Some(clock), Some(due)) = (measure.clock.as_ref().map(toml::Spanned::get_ref), judgement.due) {
        words.push(of_clock(judge, clock, judgement, due));
        let start = judgement.start.filter(|_| clock.business_days.is_some());
        if let Some(Ok(count)) = start.map(|start| judge.clocks.account(start, due)) {
            skipped = count.skipped.iter().map(|s| SkippedDay { day: s.day, why: s.why.to_string() }).collect();
            counted = count.counted;
        }
    }
    words.push(of_verdict(measure, judgement));
    if let Some(second) = &judgement.second {
        words.push(of_second(second.by, &second.first, &second.second));
    }
    Explained {
        measure: measure.id.clone(),
        title: measure.title.clone(),
        case: unit.case,
        number: unit.number,
        provider: fold.code(unit.provider),
        verdict: judgement.verdict.name(),
        reason: judgement.verdict.reason(),
        achieved: judgement.achieved,
        start: judgement.start,
        due: judgement.due,
        on: judgement.on,
        recorded: judgement.recorded,
        counted,
        skipped,
        decided_by: judgement.decided_by.clone(),
        words,
    }
}

fn of_clock(judge: &Judge<'_>, clock: &Clock, judgement: &Judgement, due: NaiveDate) -> String {
    let Some(start) = judgement.start else { return format!("Due by {due}, the date the list names.") };
    let started = match clock.start {
        Some(Start::ReferralByQ9) if clock.referred_on == Some(start) => "the referral date of the list (Q9)",
        Some(Start::ReferralByQ9) => "its own referral date (Q9)",
        Some(Start::ByQ6) if judge.settings.clock_start == ClockStart::Submitted => "the request was submitted (Q6)",
        Some(Start::ByQ6) if judge.settings.clock_start == ClockStart::Assigned => "a case manager was assigned (Q6)",
        _ => "the allocation was recorded (Q6)",
    };
    let profile = &judge.settings.calendar_profile;
    let calendar = judge.clocks.calendar();
    let first = if judge.settings.start_day_counts { "counted" } else { "not counted" };
    let length = match (clock.business_days, clock.weeks) {
        (Some(days), _) => format!("{days} business days by {profile}, calendar {calendar}"),
        (None, Some(weeks)) => format!("{weeks} weeks (Q24)"),
        (None, None) => "no count".to_owned(),
    };
    format!("On {start} {started}; that day {first} (Q23), {length}, so due by the end of {due}.")
}

fn of_verdict(measure: &Measure, judgement: &Judgement) -> String {
    let day = |day: Option<NaiveDate>| day.map_or_else(|| "an unknown day".to_owned(), |day| day.to_string());
    let (on, recorded) = (day(judgement.on), day(judgement.recorded));
    let how = judgement.mode.map(|mode| format!(" ({})", mode_name(mode).replace('_', " "))).unwrap_or_default();
    let by = if judgement.by_source { ", by what the source system says of its recording" } else { "" };
    match &judgement.verdict {
        Verdict::Met => format!("Achieved on {on}{how}, recorded on {recorded}{by}."),
        Verdict::MetLateRecorded => {
            let asked = match measure.recorded {
                Recorded::Shown => "which counts: the measure asks when it happened",
                Recorded::BothTimes => "which does not count: the measure asks that it is done and recorded by then",
                Recorded::Alone => "which does not count: the measure asks that it is recorded by then",
            };
            format!("Done in time, on {on}{how}, and recorded after the due date, on {recorded}{by}, {asked}.")
        }
        Verdict::NotMet if judgement.mode.is_some() => {
            format!("Not achieved: there was a meeting{how}, and that mode does not count (Q11).")
        }
        Verdict::NotMet => "Not achieved: nothing on record that happened in time does.".to_owned(),
        Verdict::NotYetDue => "Not achieved so far, and not due yet.".to_owned(),
        Verdict::Excluded(why) => format!("Left out: {}.", of_exclusion(*why)),
        Verdict::NotAssessable(missing) => format!("Not assessable: {missing}."),
    }
}

fn of_exclusion(why: Exclusion) -> String {
    match why {
        Exclusion::InSchool => "an in-school provider has the case; those are reported apart (Q22)".to_owned(),
        Exclusion::Reallocated => "the case was passed on before it was due (Q19)".to_owned(),
        Exclusion::AllocatedAfterDeadline => "the provider got the case after the deadline (Q19)".to_owned(),
        Exclusion::Merged => {
            "merged into a referral that this provider had earlier, which counts once (Q39)".to_owned()
        }
        Exclusion::SameStudent => "another referral of the same student counts (Q39)".to_owned(),
        Exclusion::NoContactDetails => "no contact details that were held within the clock (Q15)".to_owned(),
        Exclusion::NotLocated => "the student could not be located (Q20)".to_owned(),
        Exclusion::Closed(reason) => {
            let reason = super::verdict::closure_name(reason).replace('_', " ");
            format!("closed before the due date, {reason}, and not achieved by then (Q21)")
        }
        Exclusion::Exempt => "a valid exemption by the due date (Q21)".to_owned(),
    }
}

fn of_second(by: SecondBy, first: &Judgement, second: &Judgement) -> String {
    let say = |judgement: &Judgement| {
        let due = judgement.due.map(|due| format!(" by {due}")).unwrap_or_default();
        let why = judgement.verdict.reason().map(|why| format!(" ({})", why.replace('_', " "))).unwrap_or_default();
        format!("{}{why}{due}", judgement.verdict.name().replace('_', " "))
    };
    match by {
        SecondBy::QuarterEnd => {
            format!("By the original deadline: {}; by the end of the quarter: {} (Q13).", say(first), say(second))
        }
        SecondBy::FirstAllocation => {
            format!("By the clock of the first allocation it would be: {} (Q19).", say(second))
        }
    }
}

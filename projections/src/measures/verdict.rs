//! What is said of one unit under one measure, and why.

use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

use caseledger_events::event::{ClosureReason, Mode};
use caseledger_events::ids::Position;

use super::clock::NoClock;

/// What is said of one unit under one measure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Achieved: it happened, and was recorded, in time.
    Met,
    /// It happened in time and was recorded after; whether that is achieved is the measure's to say.
    MetLateRecorded,
    /// Not achieved.
    NotMet,
    /// Not achieved so far, and the due date is not over.
    NotYetDue,
    /// Not in the population.
    Excluded(Exclusion),
    /// It cannot be said.
    NotAssessable(Missing),
}

/// Why a unit is not in the population, where that is worth listing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Exclusion {
    /// An in-school provider has it; reported apart (Q22).
    InSchool,
    /// It was passed on before it was due (Q19).
    Reallocated,
    /// The provider got it after the deadline.
    AllocatedAfterDeadline,
    /// It went into another case of the same provider (Q39).
    Merged,
    /// Another referral of the same student counts (Q39, M9).
    SameStudent,
    /// No contact details were held within the clock (Q15).
    NoContactDetails,
    /// The student could not be located (Q20).
    NotLocated,
    /// It was closed before the due date for a reason that leaves it out (Q21).
    Closed(ClosureReason),
    /// The student had a valid exemption by the due date (Q21, M4).
    Exempt,
}

/// What is missing for a verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// What starts the clock has not happened.
    ClockStart,
    /// The calendar does not hold a day that is asked of it.
    Calendar(String),
}

/// A verdict with what decided it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// What is said.
    pub verdict: Verdict,
    /// Whether it counts as achieved.
    pub achieved: bool,
    /// The day the clock started, where one did.
    pub start: Option<NaiveDate>,
    /// The last day on which it could be achieved, where one is known.
    pub due: Option<NaiveDate>,
    /// The day it was achieved on.
    pub on: Option<NaiveDate>,
    /// The day that was recorded on.
    pub recorded: Option<NaiveDate>,
    /// Whether that is what a source system said of its recording.
    pub by_source: bool,
    /// How, for meetings; of one that does not count, the mode it was held in (Q11).
    pub mode: Option<Mode>,
    /// The events that decided it.
    pub decided_by: Vec<Position>,
    /// Whether contact details were held at the deadline too, where they are asked for (Q15).
    pub details_at_deadline: Option<bool>,
    /// The other verdict where two are asked for (Q13, Q19).
    pub second: Option<Box<Second>>,
}

/// A second verdict beside the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Second {
    /// What it goes by.
    pub by: SecondBy,
    /// The verdict by the first way.
    pub first: Judgement,
    /// The verdict by the second.
    pub second: Judgement,
}

/// What a second verdict goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondBy {
    /// The end of the quarter instead of the original deadline; a pass is either (Q13).
    QuarterEnd,
    /// The first allocation of the referral instead of this provider's; only the latter counts (Q19).
    FirstAllocation,
}

impl Judgement {
    /// Makes a bare verdict.
    pub(super) fn bare(verdict: Verdict) -> Judgement {
        Judgement {
            verdict,
            achieved: false,
            start: None,
            due: None,
            on: None,
            recorded: None,
            by_source: false,
            mode: None,
            decided_by: Vec::new(),
            details_at_deadline: None,
            second: None,
        }
    }

    /// Leaves the unit out, by an event where one says so.
    pub(super) fn excluded(mut self, why: Exclusion, by: Option<Position>) -> Judgement {
        self.verdict = Verdict::Excluded(why);
        self.achieved = false;
        self.decided_by = by.into_iter().collect();
        self
    }
}

impl From<NoClock> for Missing {
    fn from(no_clock: NoClock) -> Missing {
        match no_clock {
            NoClock::NotStarted => Missing::ClockStart,
            NoClock::Calendar(error) => Missing::Calendar(error.to_string()),
        }
    }
}

impl Verdict {
    /// Returns the name it has in data.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Met => "met",
            Verdict::MetLateRecorded => "met_late_recorded",
            Verdict::NotMet => "not_met",
            Verdict::NotYetDue => "not_yet_due",
            Verdict::Excluded(_) => "excluded",
            Verdict::NotAssessable(_) => "not_assessable",
        }
    }

    /// Returns why, for those that need a reason.
    pub fn reason(&self) -> Option<String> {
        match self {
            Verdict::Excluded(why) => Some(why.name()),
            Verdict::NotAssessable(missing) => Some(missing.to_string()),
            _ => None,
        }
    }
}

impl Exclusion {
    /// Returns the name it has in data.
    pub fn name(self) -> String {
        match self {
            Exclusion::InSchool => "in_school".to_owned(),
            Exclusion::Reallocated => "reallocated".to_owned(),
            Exclusion::AllocatedAfterDeadline => "allocated_after_deadline".to_owned(),
            Exclusion::Merged => "merged".to_owned(),
            Exclusion::SameStudent => "same_student".to_owned(),
            Exclusion::NoContactDetails => "no_contact_details".to_owned(),
            Exclusion::NotLocated => "not_located".to_owned(),
            Exclusion::Closed(reason) => format!("closed_{}", closure_name(reason)),
            Exclusion::Exempt => "exempt".to_owned(),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::ClockStart => f.write_str("what starts the clock has not happened"),
            Missing::Calendar(error) => f.write_str(error),
        }
    }
}

/// Returns the name a closing reason has in data.
pub fn closure_name(reason: ClosureReason) -> &'static str {
    match reason {
        ClosureReason::ReturnedToAttendance => "returned_to_attendance",
        ClosureReason::Enrolled => "enrolled",
        ClosureReason::AlternativeEducation => "alternative_education",
        ClosureReason::HomeEducation => "home_education",
        ClosureReason::FifteenExemption => "fifteen_exemption",
        ClosureReason::OutOfCountry => "out_of_country",
        ClosureReason::TurnedSixteen => "turned_sixteen",
        ClosureReason::TransferredToOtherProvider => "transferred_to_other_provider",
        ClosureReason::ReferredInError => "referred_in_error",
        ClosureReason::Deceased => "deceased",
        ClosureReason::ProsecutionOutcome => "prosecution_outcome",
        ClosureReason::Other => "other",
    }
}

//! The closed vocabulary of predicates: what each test asks of the facts, and the state of a case on a day.
//!
//! A test names candidates: the events that would do, each with the day it happened and the day it was recorded. Which
//! of them decides is the same for all tests ([`best`]): one that happened and was recorded in time, else one that
//! happened in time, the earliest first. So the order in which events were recorded changes nothing but the second time.

use chrono::NaiveDate;

use caseledger_events::event::{ClosureReason, Mode, Pathway};
use caseledger_events::ids::Position;
use caseledger_events::policy::{DetailsHeld, Engaged, EnrolledFrom, Measures};

use super::fact::What;
use super::list::{Test, school_role};
use super::unit::{Dated, Unit};

/// An event that would do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The day it happened on, or takes effect.
    pub on: NaiveDate,
    /// The day it was recorded on.
    pub recorded: NaiveDate,
    /// Whether that is what a source system said.
    pub by_source: bool,
    /// How, for meetings and engagements.
    pub mode: Option<Mode>,
    /// The event.
    pub position: Position,
}

/// What a test needs to know beside the facts.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The unit it is asked for.
    pub unit: &'a Unit,
    /// What policy says.
    pub settings: &'a Measures,
    /// The first day that counts; `None` where any does.
    pub not_before: Option<NaiveDate>,
}

impl Candidate {
    fn of(fact: &Dated, on: NaiveDate) -> Candidate {
        Candidate { on, recorded: fact.recorded, by_source: fact.by_source, mode: None, position: fact.position }
    }

    fn by(fact: &Dated, mode: Mode) -> Candidate {
        Candidate { mode: Some(mode), ..Candidate::of(fact, fact.on) }
    }
}

/// Returns the candidate that decides: happened and recorded by the due date, else happened by it, the earliest first.
pub fn best(candidates: impl Iterator<Item = Candidate>, due: NaiveDate) -> Option<Candidate> {
    candidates
        .filter(|candidate| candidate.on <= due)
        .min_by_key(|candidate| (candidate.recorded > due, candidate.on, candidate.recorded, candidate.position))
}

/// Names the candidates of a test, one list for each thing it asks for.
pub fn candidates(test: Test, facts: &[Dated], asking: Asking<'_>) -> Vec<Vec<Candidate>> {
    let permitted = |mode: Mode| asking.settings.meeting_modes.contains(&mode);
    let counts = |candidate: &Candidate| asking.not_before.is_none_or(|first| candidate.on >= first);
    let of = |pick: &dyn Fn(&Dated) -> Option<Candidate>| facts.iter().filter_map(pick).filter(counts).collect();
    let plain = |what: What| of(&|fact| (fact.what == what).then(|| Candidate::of(fact, fact.on)));
    match test {
        Test::Reviewed => vec![plain(What::Reviewed)],
        Test::Assigned => vec![plain(What::Assigned)],
        Test::PlanRecorded => vec![plain(What::PlanRecorded)],
        Test::SchoolMet => {
            vec![of(&|fact| met_school(fact, asking.unit).filter(|met| met.mode.is_some_and(permitted)))]
        }
        Test::CaregiverMet => vec![of(&|fact| met_caregiver(fact).filter(|met| met.mode.is_some_and(permitted)))],
        Test::Enrolled => vec![enrolled(facts, asking)],
        Test::PathwayEnrolled => vec![pathway(facts, Pathway::Enrolled, &[])],
        Test::AlternativeEducation => {
            vec![pathway(facts, Pathway::AlternativeEducation, &[ClosureReason::AlternativeEducation])]
        }
        Test::Exempt => vec![exempt(facts)],
        Test::Engaged => {
            let (student, caregiver) = (of(&engaged_student), of(&engaged_caregiver));
            match asking.settings.engaged {
                Engaged::Both => vec![student, caregiver],
                Engaged::Either => vec![[student, caregiver].concat()],
            }
        }
    }
}

/// Returns meetings a test would take but for their mode, which is counted apart (Q11).
pub fn by_other_mode(test: Test, facts: &[Dated], asking: Asking<'_>, due: NaiveDate) -> Option<Mode> {
    let met = |fact: &Dated| match test {
        Test::SchoolMet => met_school(fact, asking.unit),
        Test::CaregiverMet => met_caregiver(fact),
        _ => None,
    };
    let counts = |met: &Candidate| met.on <= due && asking.not_before.is_none_or(|first| met.on >= first);
    facts.iter().filter_map(met).filter(counts).min_by_key(|met| (met.on, met.position))?.mode
}

/// For a migrated case any school's meeting is the initial one (Q10); else it is the school of the referral (M10).
fn met_school(fact: &Dated, unit: &Unit) -> Option<Candidate> {
    match fact.what {
        What::SchoolMet(role, mode) if unit.migrated.is_some() || role == school_role(unit.kind) => {
            Some(Candidate::by(fact, mode))
        }
        _ => None,
    }
}

fn met_caregiver(fact: &Dated) -> Option<Candidate> {
    match fact.what {
        What::CaregiverMet { mode, .. } => Some(Candidate::by(fact, mode)),
        _ => None,
    }
}

fn engaged_student(fact: &Dated) -> Option<Candidate> {
    match fact.what {
        What::StudentEngaged(mode) | What::CaregiverMet { mode, with_student: true } => Some(Candidate::by(fact, mode)),
        _ => None,
    }
}

/// A meeting with caregivers is also an engagement; an engagement is not a meeting (E9).
fn engaged_caregiver(fact: &Dated) -> Option<Candidate> {
    match fact.what {
        What::CaregiverEngaged(mode) | What::CaregiverMet { mode, .. } => Some(Candidate::by(fact, mode)),
        _ => None,
    }
}

/// Enrolment by the register, from its effective date (Q25); an older enrolment than the one that ended is none.
fn enrolled(facts: &[Dated], asking: Asking<'_>) -> Vec<Candidate> {
    let taken_back = |on: NaiveDate, position: Position| {
        facts.iter().any(|later| {
            later.position > position && later.what == What::Enrolment { enrolled: false, effective_on: on }
        })
    };
    let since = |on: NaiveDate| asking.unit.gone_from.is_none_or(|gone| on >= gone);
    let mut found = Vec::new();
    for fact in facts {
        let What::Enrolment { enrolled: true, effective_on } = fact.what else { continue };
        if since(effective_on) && !taken_back(effective_on, fact.position) {
            let on = match asking.settings.enrolled_from {
                EnrolledFrom::Effective => effective_on,
                EnrolledFrom::Recorded => fact.recorded.max(effective_on),
            };
            found.push(Candidate::of(fact, on));
        }
    }
    found
}

fn pathway(facts: &[Dated], pathway: Pathway, closings: &[ClosureReason]) -> Vec<Candidate> {
    let of = |fact: &Dated| match fact.what {
        What::OnPathway(outcome, from) if outcome == pathway => Some(Candidate::of(fact, from)),
        What::Closed(reason) if closings.contains(&reason) => Some(Candidate::of(fact, fact.on)),
        _ => None,
    };
    facts.iter().filter_map(of).collect()
}

/// The closing reasons that say the student is exempt.
pub const EXEMPT: [ClosureReason; 2] = [ClosureReason::HomeEducation, ClosureReason::FifteenExemption];

/// Names the events that say a valid exemption exists; one revoked from its first day was never valid.
pub fn exempt(facts: &[Dated]) -> Vec<Candidate> {
    let revoked = |from: NaiveDate, position: Position| {
        facts
            .iter()
            .any(|later| later.position > position && matches!(later.what, What::ExemptionRevoked(on) if on <= from))
    };
    let mut found = pathway(facts, Pathway::ValidExemption, &EXEMPT);
    for fact in facts {
        match fact.what {
            What::Exempt(from) if !revoked(from, fact.position) => found.push(Candidate::of(fact, from)),
            _ => {}
        }
    }
    found
}

/// Returns why and by which event the case stood closed at the end of a day.
pub fn closed_on(facts: &[Dated], day: NaiveDate) -> Option<(ClosureReason, Position)> {
    let turn = |fact: &&Dated| fact.on <= day && matches!(fact.what, What::Closed(_) | What::Reopened);
    // Of one day, what was recorded later holds.
    let last = facts.iter().filter(turn).max_by_key(|fact| (fact.on, fact.position))?;
    match last.what {
        What::Closed(reason) => Some((reason, last.position)),
        _ => None,
    }
}

/// Returns the event by which the student counted as not located at the end of a day (Q20).
pub fn not_located_on(facts: &[Dated], day: NaiveDate) -> Option<Position> {
    let turn = |fact: &&Dated| fact.on <= day && matches!(fact.what, What::NotLocated(_));
    let last = facts.iter().filter(turn).max_by_key(|fact| (fact.on, fact.position))?;
    (last.what == What::NotLocated(true)).then_some(last.position)
}

/// Whether contact details were held (Q15).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// At some time from the start of the clock to its end.
    pub any_time: bool,
    /// At its end.
    pub at_the_end: bool,
}

impl Held {
    /// Returns what policy asks for.
    pub fn as_asked(self, settings: &Measures) -> bool {
        match settings.details_held {
            DetailsHeld::AnyTime => self.any_time,
            DetailsHeld::AtDeadline => self.at_the_end,
        }
    }
}

/// Returns whether contact details were held within a clock: what an attempt showed to be wrong never was (Q15, E46).
pub fn details_held(facts: &[Dated], start: NaiveDate, due: NaiveDate) -> Held {
    let mut turns: Vec<&Dated> = facts
        .iter()
        .filter(|fact| fact.on <= due)
        .filter(|fact| matches!(fact.what, What::DetailsRecorded | What::DetailsOutOfDate | What::DetailsWrong))
        .collect();
    turns.sort_by_key(|fact| (fact.on, fact.position));
    // From after the last attempt that failed on them; what was marked out of date before the start is gone too.
    let wrong = turns.iter().rposition(|fact| fact.what == What::DetailsWrong);
    let sound = &turns[wrong.map_or(0, |at| at + 1)..];
    let mut held = Held::default();
    for (at, fact) in sound.iter().enumerate() {
        let until = sound[at + 1..].iter().find(|later| later.what == What::DetailsOutOfDate).map(|later| later.on);
        if fact.what == What::DetailsRecorded {
            held.any_time |= until.is_none_or(|until| until >= start);
            held.at_the_end |= until.is_none();
        }
    }
    held
}

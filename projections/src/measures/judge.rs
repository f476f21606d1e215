//! The judgement of one unit under one measure.
//!
//! In this order: is it in the population; does its clock run; is it this quarter's; was it passed on; was it achieved;
//! and if not, does closing, an exemption or *Not Located* leave it out, or is it not due yet. Achieved stays achieved.

use chrono::NaiveDate;

use caseledger_calendar::quarters::Quarter;
use caseledger_events::event::CaseKind;
use caseledger_events::ids::Position;
use caseledger_events::policy::{ClosedEarly, Cohort, InSchool, Measures, Moved, Reassessed};

use super::clock::{Clocks, Span};
use super::evidence::{self, Asking, Candidate};
use super::list::{Achieved, Measure, Migrated, Test};
use super::unit::{Dated, Unit};
use super::verdict::{Exclusion, Judgement, Second, SecondBy, Verdict};

/// What all judgements of a run share.
pub struct Judge<'a> {
    /// The clocks.
    pub clocks: Clocks<'a>,
    /// What policy and list say.
    pub settings: &'a Measures,
    /// The quarter.
    pub quarter: &'a Quarter,
    /// The day as at which it is judged.
    pub today: NaiveDate,
}

impl Judge<'_> {
    /// Judges a unit; `None` where the measure has nothing to do with it in this quarter.
    pub fn judge(&self, measure: &Measure, unit: &Unit, facts: &[Dated]) -> Option<Judgement> {
        let clock = measure.clock.as_ref()?.get_ref();
        if !self.in_population(measure, unit) {
            return None;
        }
        let span = match self.clocks.span(clock, unit, facts, None) {
            Ok(span) => span,
            // What cannot be dated is told in the quarter it would have begun in.
            Err(_) if !self.quarter.holds(unit.allocated) => return None,
            Err(no_clock) => return Some(Judgement::bare(Verdict::NotAssessable(no_clock.into()))),
        };
        if !self.in_cohort(measure, span, unit) {
            return None;
        }
        let first = self.by(measure, unit, facts, span);
        if measure.also_by_quarter_end && self.settings.reassessed == Reassessed::Either {
            let second = self.by(measure, unit, facts, Span { due: self.quarter.to, ..span });
            return Some(either(first, second));
        }
        let Some(began) = unit.first_allocated.filter(|_| !measure.has_fixed_deadline()) else { return Some(first) };
        let by_first = self.clocks.span(clock, unit, facts, Some(began));
        let second = by_first.map(|span| self.by(measure, &Unit { allocated: began, ..unit.clone() }, facts, span));
        Some(match second {
            Ok(second) => {
                let both = Second { by: SecondBy::FirstAllocation, first: first.clone(), second };
                Judgement { second: Some(Box::new(both)), ..first }
            }
            Err(_) => first,
        })
    }

    fn in_population(&self, measure: &Measure, unit: &Unit) -> bool {
        let migrated = unit.migrated.is_some();
        let by_migration = match measure.of.migrated {
            Migrated::Any => true,
            Migrated::Only => migrated,
            Migrated::OnlyByQ10 => migrated || !self.settings.meetings_of_migrated_alone,
            Migrated::NotByQ39 => !migrated || self.settings.migrated_in_referred,
        };
        by_migration && measure.of.kind.is_none_or(|kind: CaseKind| kind == unit.kind)
    }

    /// Each referral is judged once (Q18): in the quarter it is due, or in the one it was allocated in.
    fn in_cohort(&self, measure: &Measure, span: Span, unit: &Unit) -> bool {
        if measure.has_fixed_deadline() {
            return true;
        }
        match self.settings.cohort {
            Cohort::Due => self.quarter.holds(span.due),
            Cohort::Allocated => self.quarter.holds(unit.allocated),
        }
    }

    fn by(&self, measure: &Measure, unit: &Unit, facts: &[Dated], span: Span) -> Judgement {
        let mut judgement = Judgement::bare(Verdict::NotMet);
        (judgement.start, judgement.due) = (span.start, Some(span.due));
        if let Some((why, by)) = self.left_out(measure, unit, facts, span, &mut judgement) {
            return judgement.excluded(why, by);
        }
        let Some(achieved) = &measure.achieved else { return judgement };
        let asking = Asking { unit, settings: self.settings, not_before: self.not_before(measure, unit, span) };
        if let Some(found) = find(achieved.get_ref(), facts, asking, span.due) {
            self.found(measure, &mut judgement, &found, span.due);
        } else if let Some(&test) = achieved.get_ref().all.first() {
            judgement.mode = evidence::by_other_mode(test, facts, asking, span.due);
        }
        if judgement.achieved {
            return judgement;
        }
        if let Some((why, by)) = self.excused(measure, facts, span.due) {
            return judgement.excluded(why, Some(by));
        }
        if judgement.verdict == Verdict::NotMet && self.today <= span.due {
            judgement.verdict = Verdict::NotYetDue;
        }
        judgement
    }

    /// Leaves out what is not in the population whatever was achieved.
    fn left_out(
        &self,
        measure: &Measure,
        unit: &Unit,
        facts: &[Dated],
        span: Span,
        judgement: &mut Judgement,
    ) -> Option<(Exclusion, Option<Position>)> {
        if unit.in_school && self.settings.in_school == InSchool::Apart {
            return Some((Exclusion::InSchool, Some(unit.began)));
        }
        if unit.merged_away {
            return Some((Exclusion::Merged, None));
        }
        if measure.has_fixed_deadline() && unit.allocated > span.due && unit.first_allocated.is_some() {
            return Some((Exclusion::AllocatedAfterDeadline, Some(unit.began)));
        }
        let passed_on = unit.handed_over.is_some_and(|on| match self.settings.moved {
            Moved::Each => on <= span.due,
            Moved::Receiver => true,
        });
        if passed_on {
            return Some((Exclusion::Reallocated, None));
        }
        if measure.of.details_held {
            let held = evidence::details_held(facts, span.start.unwrap_or(unit.allocated), span.due);
            judgement.details_at_deadline = Some(held.at_the_end);
            if !held.as_asked(self.settings) {
                return Some((Exclusion::NoContactDetails, None));
            }
        }
        None
    }

    /// The first day that counts: a meeting before allocation does not, one before migration does by Q12.
    fn not_before(&self, measure: &Measure, unit: &Unit, span: Span) -> Option<NaiveDate> {
        let meeting = |test: &Test| matches!(test, Test::SchoolMet | Test::CaregiverMet | Test::Engaged);
        let achieved = measure.achieved.as_ref()?.get_ref();
        if !achieved.all.iter().chain(&achieved.any).any(meeting) {
            return None;
        }
        if measure.has_fixed_deadline() {
            return unit.migrated_on.filter(|_| !self.settings.meeting_before_migration);
        }
        span.start
    }

    fn found(&self, measure: &Measure, judgement: &mut Judgement, found: &[Candidate], due: NaiveDate) {
        judgement.on = found.iter().map(|one| one.on).max();
        judgement.recorded = found.iter().map(|one| one.recorded).max();
        judgement.by_source = found.iter().any(|one| one.by_source);
        judgement.mode = found.iter().find_map(|one| one.mode);
        judgement.decided_by = found.iter().map(|one| one.position).collect();
        judgement.decided_by.sort_unstable();
        judgement.decided_by.dedup();
        let in_time = judgement.recorded.is_some_and(|recorded| recorded <= due);
        let happened = judgement.on.is_some_and(|on| on <= due);
        judgement.verdict = match (in_time, happened) {
            (true, _) => Verdict::Met,
            (false, true) => Verdict::MetLateRecorded,
            (false, false) => Verdict::NotMet,
        };
        judgement.achieved = in_time || (happened && measure.late_recording_counts());
    }

    /// What leaves out a unit that was not achieved (Q20, Q21).
    fn excused(&self, measure: &Measure, facts: &[Dated], due: NaiveDate) -> Option<(Exclusion, Position)> {
        let day = due.min(self.today);
        if self.settings.closed_early == ClosedEarly::PerMeasure {
            let closed = evidence::closed_on(facts, day);
            if let Some((reason, by)) = closed.filter(|(reason, _)| measure.closing_excludes.contains(reason)) {
                return Some((Exclusion::Closed(reason), by));
            }
            let exempt = || evidence::exempt(facts).into_iter().filter(|one| one.on <= day).min_by_key(|one| one.on);
            if let Some(exempt) = measure.exemption_excludes.then(exempt).flatten() {
                return Some((Exclusion::Exempt, exempt.position));
            }
        }
        let not_located = || evidence::not_located_on(facts, day).map(|by| (Exclusion::NotLocated, by));
        measure.not_located_excludes.then(not_located).flatten()
    }
}

/// Finds what decides: for `all` one of each, for `any` the best of all.
fn find(achieved: &Achieved, facts: &[Dated], asking: Asking<'_>, due: NaiveDate) -> Option<Vec<Candidate>> {
    if !achieved.any.is_empty() {
        let each = achieved.any.iter().filter_map(|test| one_of_each(*test, facts, asking, due));
        return each.min_by_key(|found| {
            let on = found.iter().map(|one| one.on).max();
            let recorded = found.iter().map(|one| one.recorded).max();
            (recorded.is_some_and(|recorded| recorded > due), on, recorded, found.first().map(|one| one.position))
        });
    }
    let mut found = Vec::new();
    for test in &achieved.all {
        found.extend(one_of_each(*test, facts, asking, due)?);
    }
    Some(found)
}

fn one_of_each(test: Test, facts: &[Dated], asking: Asking<'_>, due: NaiveDate) -> Option<Vec<Candidate>> {
    evidence::candidates(test, facts, asking).into_iter().map(|each| evidence::best(each.into_iter(), due)).collect()
}

/// Q13: by the original deadline and by the end of the quarter; a pass is either, and both stay shown.
fn either(first: Judgement, second: Judgement) -> Judgement {
    let rank = |judgement: &Judgement| match judgement.verdict {
        _ if judgement.achieved => 0,
        Verdict::Met => 0,
        Verdict::NotYetDue => 1,
        Verdict::MetLateRecorded => 2,
        Verdict::NotMet => 3,
        Verdict::NotAssessable(_) => 4,
        Verdict::Excluded(_) => 5,
    };
    let taken = if rank(&second) < rank(&first) { second.clone() } else { first.clone() };
    Judgement { second: Some(Box::new(Second { by: SecondBy::QuarterEnd, first, second })), ..taken }
}

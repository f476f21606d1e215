//! The unit that is judged: one referral allocated to one provider (Q39), with the dated facts of its case.

use chrono::NaiveDate;

use caseledger_calendar::Zone;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::Source;
use caseledger_events::event::CaseKind;
use caseledger_events::ids::{CaseId, Position, StudentId};
use caseledger_events::number::CaseNumber;

use super::fact::{CaseFacts, Fact, What};
use super::fold::{CodeRef, Fold};

/// A fact with the days its two times fall on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dated {
    /// Where the event stands in the ledger.
    pub position: Position,
    /// The day it happened on.
    pub on: NaiveDate,
    /// The day it was recorded on.
    pub recorded: NaiveDate,
    /// Whether that is the time a source system gave, as the list allows.
    pub by_source: bool,
    /// What happened.
    pub what: What,
}

/// One referral allocated to one provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unit {
    /// The case.
    pub case: CaseId,
    /// Its number.
    pub number: CaseNumber,
    /// The student.
    pub student: StudentId,
    /// The event that began it: an allocation, or the attachment of a referral (Q4).
    pub began: Position,
    /// The provider.
    pub provider: CodeRef,
    /// The catchment.
    pub catchment: Option<CodeRef>,
    /// Whether the provider is in-school provision (Q22).
    pub in_school: bool,
    /// What kind of referral it is.
    pub kind: CaseKind,
    /// The first referral of a migrated case (Q9).
    pub migrated: Option<NaiveDate>,
    /// The day a migrated case was carried over.
    pub migrated_on: Option<NaiveDate>,
    /// The day its beginning was recorded: the start of the clock by default (Q6).
    pub allocated: NaiveDate,
    /// The day the referral happened.
    pub submitted: NaiveDate,
    /// The day a case manager first had it at this provider.
    pub assigned: Option<NaiveDate>,
    /// The day the first allocation of the referral was recorded, where this is a later one (Q19).
    pub first_allocated: Option<NaiveDate>,
    /// The day the provider passed it on (Q19).
    pub handed_over: Option<NaiveDate>,
    /// The day the student left the roll, where it is known.
    pub gone_from: Option<NaiveDate>,
    /// Whether another unit of the same student and provider, by merge, began before it (Q39).
    pub merged_away: bool,
}

/// What turns two times into days: the zone, and which sources are believed about recording.
#[derive(Clone, Copy)]
pub struct Dating<'a> {
    /// The catchments on Chatham time.
    pub chatham: &'a [String],
    /// The sources whose own recorded time counts.
    pub believed: &'a [Source],
}

/// The units of a case and the facts they are judged by.
pub struct Judged {
    /// The facts, in the order of recording.
    pub facts: Vec<Dated>,
    /// The units, in the order they began.
    pub units: Vec<Unit>,
}

/// Returns the units of a case; with the facts of every case that went into it.
pub fn units(fold: &Fold, case: &CaseFacts, absorbed: &[&CaseFacts], dating: Dating<'_>) -> Judged {
    let mut facts = dated(fold, case, dating);
    let mut units = of_one(case, &facts);
    for other in absorbed {
        let theirs = dated(fold, other, dating);
        let merged_on = fold.merged(other.id).map(|merge| zone(fold, other, dating).day_of(merge.recorded_at.utc()));
        for mut unit in of_one(other, &theirs) {
            // What was still with the other case's provider was passed on by the merge.
            let same = units.iter().any(|kept| kept.provider == unit.provider);
            unit.handed_over = unit.handed_over.or(if same { None } else { merged_on });
            units.push(unit);
        }
        facts.extend(theirs);
    }
    if !absorbed.is_empty() {
        facts.sort_by_key(|fact| fact.position);
        units.sort_by_key(|unit| unit.began);
        keep_the_earliest(&mut units);
    }
    Judged { facts, units }
}

/// Of units that a merge brought together at one provider, the earliest allocation counts, once (Q39).
fn keep_the_earliest(units: &mut [Unit]) {
    for later in 1..units.len() {
        let (before, rest) = units.split_at_mut(later);
        let unit = &mut rest[0];
        unit.merged_away = before.iter().any(|other| other.provider == unit.provider && other.case != unit.case);
    }
}

fn zone(fold: &Fold, case: &CaseFacts, dating: Dating<'_>) -> Zone {
    if dating.chatham.is_empty() {
        return Zone::Auckland;
    }
    let catchment = case.facts.iter().rev().find_map(|fact| match fact.what {
        What::Allocated { catchment, .. } => catchment,
        _ => None,
    });
    let code = catchment.map(|code| fold.code(code));
    Zone::of_catchment(code.as_ref().map(|code| code.as_str()), dating.chatham)
}

fn dated(fold: &Fold, case: &CaseFacts, dating: Dating<'_>) -> Vec<Dated> {
    let zone = zone(fold, case, dating);
    let day = |time: Timestamp| zone.day_of(time.utc());
    let mut last: Option<(Timestamp, NaiveDate)> = None;
    let one = |fact: &Fact| {
        // Events of one command share their time: the day is looked up once.
        let own = match last {
            Some((time, on)) if time == fact.recorded_at => on,
            _ => day(fact.recorded_at),
        };
        last = Some((fact.recorded_at, own));
        let believed = match fold.source_recorded(fact.position) {
            Some((source, time)) if dating.believed.contains(&source) => Some(day(time)),
            _ => None,
        };
        let on = match fact.occurred_at {
            OccurredAt::Day(on) => on,
            OccurredAt::Instant(time) if time == fact.recorded_at => own,
            OccurredAt::Instant(time) => day(time),
        };
        let (recorded, by_source) = (believed.unwrap_or(own), believed.is_some());
        Dated { position: fact.position, on, recorded, by_source, what: fact.what }
    };
    case.facts.iter().map(one).collect()
}

/// What is known of a case on the way through its facts.
struct Walk {
    kind: CaseKind,
    migrated: Option<NaiveDate>,
    migrated_on: Option<NaiveDate>,
    submitted: NaiveDate,
    gone_from: Option<NaiveDate>,
    holder: Option<(CodeRef, Option<CodeRef>, bool)>,
    first_allocated: Option<NaiveDate>,
    /// The unit of an attached notification that waits for its check.
    unchecked: Option<usize>,
    /// The units of notifications that were not referred.
    void: Vec<usize>,
    /// The units that were last passed to CIT.
    at_cit: Vec<usize>,
}

fn of_one(case: &CaseFacts, facts: &[Dated]) -> Vec<Unit> {
    let Some(first) = facts.first() else { return Vec::new() };
    let mut walk = Walk {
        kind: CaseKind::ChronicAbsence,
        migrated: None,
        migrated_on: None,
        submitted: first.on,
        gone_from: None,
        holder: None,
        first_allocated: None,
        unchecked: None,
        void: Vec::new(),
        at_cit: Vec::new(),
    };
    let mut units: Vec<Unit> = Vec::new();
    for fact in facts {
        walk.step(case, fact, &mut units);
    }
    let kept = units.into_iter().enumerate().filter(|(at, _)| !walk.void.contains(at));
    kept.map(|(_, unit)| unit).collect()
}

impl Walk {
    fn step(&mut self, case: &CaseFacts, fact: &Dated, units: &mut Vec<Unit>) {
        match fact.what {
            What::Referred { kind, attached, gone_from } => {
                self.referred(case, fact, units, (kind, attached, gone_from))
            }
            What::Migrated { kind, referred_on } => {
                (self.kind, self.migrated, self.migrated_on) = (kind, Some(referred_on), Some(fact.on));
                self.submitted = referred_on;
            }
            What::Checked { refer } => {
                // A notification that is not referred ends in no measure (E4).
                if let Some(at) = self.unchecked.take().filter(|_| !refer) {
                    self.void.push(at);
                }
            }
            What::KindChanged(to) => self.kind = to,
            What::Allocated { provider, catchment, in_school } => {
                hand_over(units, fact.recorded);
                let unit = self.unit(case, fact, (provider, catchment, in_school), self.first_allocated);
                units.push(unit);
                self.first_allocated = self.first_allocated.or(Some(fact.recorded));
                self.holder = Some((provider, catchment, in_school));
                self.unchecked = None;
            }
            What::Assigned => {
                for unit in units.iter_mut().filter(|unit| unit.handed_over.is_none()) {
                    unit.assigned = unit.assigned.or(Some(fact.on));
                }
            }
            What::ToCit => {
                self.at_cit = hand_over(units, fact.recorded);
                self.holder = None;
            }
            What::BackFromCit => self.come_back(units),
            _ => {}
        }
    }

    fn referred(
        &mut self,
        case: &CaseFacts,
        fact: &Dated,
        units: &mut Vec<Unit>,
        (kind, attached, gone_from): (CaseKind, bool, Option<NaiveDate>),
    ) {
        let was = self.kind;
        if !attached {
            (self.kind, self.submitted) = (kind, fact.on);
        }
        self.gone_from = gone_from.or(self.gone_from);
        // A notification attached to an active CA case is a referral of its own (Q39).
        let new = attached && kind == CaseKind::NonEnrolment && was == CaseKind::ChronicAbsence;
        if let Some(holder) = self.holder.filter(|_| new) {
            let (kind, submitted) = (std::mem::replace(&mut self.kind, kind), self.submitted);
            self.submitted = fact.on;
            let unit = self.unit(case, fact, holder, None);
            (self.kind, self.submitted) = (kind, submitted);
            self.unchecked = Some(units.len());
            units.push(unit);
        }
    }

    fn unit(
        &self,
        case: &CaseFacts,
        fact: &Dated,
        (provider, catchment, in_school): (CodeRef, Option<CodeRef>, bool),
        first_allocated: Option<NaiveDate>,
    ) -> Unit {
        Unit {
            case: case.id,
            number: case.number,
            student: case.student,
            began: fact.position,
            provider,
            catchment,
            in_school,
            kind: self.kind,
            migrated: self.migrated,
            migrated_on: self.migrated_on,
            allocated: fact.recorded,
            submitted: self.submitted,
            assigned: None,
            first_allocated,
            handed_over: None,
            gone_from: self.gone_from,
            merged_away: false,
        }
    }

    /// CIT declined: the sender has the case again, as if it had never been passed on.
    fn come_back(&mut self, units: &mut [Unit]) {
        for at in std::mem::take(&mut self.at_cit) {
            let unit = &mut units[at];
            unit.handed_over = None;
            self.holder = Some((unit.provider, unit.catchment, unit.in_school));
        }
    }
}

/// Ends the units that still run, and returns which they were.
fn hand_over(units: &mut [Unit], on: NaiveDate) -> Vec<usize> {
    let running = units.iter_mut().enumerate().filter(|(_, unit)| unit.handed_over.is_none());
    running
        .map(|(at, unit)| {
            unit.handed_over = Some(on);
            at
        })
        .collect()
}

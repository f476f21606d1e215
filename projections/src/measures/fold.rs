//! The fold: from recorded events to what the measures need, a few bytes an event, case by case.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use caseledger_events::codec::BadFrame;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Recorded, Source};
use caseledger_events::event::{CaseEvent, CasesMerged};
use caseledger_events::ids::{CaseId, Code, Position, StudentId};
use caseledger_events::number::CaseNumber;
use caseledger_events::policy::Policies;
use caseledger_events::provider::ProviderEvent;

use super::fact::{self, CaseFacts, Fact, What};
use super::list::Narrative;
use super::publish::PublishedRuns;
use super::read::{Asked, OfCase, Taken};

/// A provider or catchment as a number; [`Fold::code`] gives it back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CodeRef(u32);

/// What the measures know of a ledger up to a position.
#[derive(Default)]
pub struct Fold {
    cases: Vec<CaseFacts>,
    by_id: HashMap<CaseId, usize>,
    /// Which cases a student has, by the id each was begun with.
    by_student: HashMap<StudentId, Vec<u32>>,
    codes: Codes,
    providers: BTreeSet<CodeRef>,
    /// Which case each merged case went into.
    merged: BTreeMap<CaseId, Merge>,
    /// Ids that stand for another student's, by merge.
    same_student: HashMap<StudentId, StudentId>,
    /// The same the other way round: which ids stand for a student's.
    also_known_as: HashMap<StudentId, Vec<StudentId>>,
    /// What a source system said of its own recording.
    source_recorded: HashMap<Position, (Source, Timestamp)>,
    policies: Policies,
    narratives: Vec<Told>,
    published: PublishedRuns,
    position: Position,
    as_at: Timestamp,
}

/// Which verdicts an event may change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touched {
    /// None.
    Nothing,
    /// Those of the student of one case.
    Case(CaseId),
    /// Any: what they are judged by changed, or which cases belong together.
    All,
}

/// What a provider told of itself for a quarter (M1–M3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Told {
    /// The provider.
    pub provider: Code,
    /// The quarter.
    pub quarter: Code,
    /// What it is about.
    pub about: Narrative,
    /// The event.
    pub position: Position,
}

/// Where a merged case went, and when that was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Merge {
    /// The case that goes on.
    pub survivor: CaseId,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The student's other id, where the cases had two.
    other_student: Option<StudentId>,
}

#[derive(Default)]
struct Codes {
    all: Vec<Code>,
    by_code: HashMap<Code, CodeRef>,
}

impl Codes {
    fn number(&mut self, code: Code) -> CodeRef {
        *self.by_code.entry(code).or_insert_with(|| {
            self.all.push(code);
            CodeRef(u32::try_from(self.all.len() - 1).expect("fewer providers and catchments than four billion"))
        })
    }
}

impl Fold {
    /// Begins with an empty ledger.
    pub fn new() -> Fold {
        Fold::default()
    }

    /// Takes the next event in and says whose verdicts it may change.
    pub fn take(&mut self, event: &Recorded<'_>) -> Result<Touched, BadFrame> {
        Taken::read(event).map(|taken| self.put(taken))
    }

    /// Takes in what was read of the next event, and says whose verdicts it may change.
    pub fn put(&mut self, taken: Taken) -> Touched {
        let Taken { position, recorded_at, what } = taken;
        self.position = position;
        self.as_at = self.as_at.max(recorded_at);
        match what {
            Asked::Nothing => Touched::Nothing,
            Asked::Case(of) => self.of_case(position, recorded_at, &of),
            Asked::Provider(provider, told) => {
                self.of_provider(position, provider, &told);
                Touched::Nothing
            }
            Asked::Policy(set) => {
                self.policies.apply(set);
                Touched::All
            }
            Asked::Published(correlation, run) => {
                self.published.take(position, correlation, run);
                Touched::Nothing
            }
        }
    }

    /// Passes over an event of which only the position is known.
    pub fn pass(&mut self, position: Position) {
        self.position = position;
    }

    fn of_case(&mut self, position: Position, recorded_at: Timestamp, of: &OfCase) -> Touched {
        let id = of.id;
        let touched = match &of.event {
            CaseEvent::CasesMerged(merge) => {
                self.merge(merge, recorded_at);
                Touched::All
            }
            CaseEvent::CaseUnmerged(e) => {
                self.unmerge(e.merged);
                Touched::All
            }
            _ => Touched::Case(id),
        };
        let Some(what) = fact::read(&of.event, |code| self.codes.number(code)) else { return touched };
        if let What::Allocated { provider, .. } = what {
            self.providers.insert(provider);
        }
        // A case always begins with one of the events that say whose it is.
        let known = self.by_id.get(&id).copied().or_else(|| begun(&of.event).map(|begun| self.begin(id, begun)));
        let Some(at) = known else { return touched };
        if let Some(recorded) = of.source_recorded_at {
            self.source_recorded.insert(position, (of.source, recorded));
        }
        self.cases[at].facts.push(Fact { position, occurred_at: of.occurred_at, recorded_at, what });
        touched
    }

    fn begin(&mut self, id: CaseId, (number, student): (CaseNumber, StudentId)) -> usize {
        let place = self.cases.len();
        let at = u32::try_from(place).expect("fewer cases than four billion");
        self.by_id.insert(id, place);
        self.by_student.entry(student).or_default().push(at);
        self.cases.push(CaseFacts { id, number, student, facts: Vec::with_capacity(8) });
        place
    }

    fn merge(&mut self, merge: &CasesMerged, recorded_at: Timestamp) {
        let CasesMerged { survivor, merged, same_student } = *merge;
        self.merged.insert(merged, Merge { survivor, recorded_at, other_student: same_student.map(|same| same.other) });
        if let Some(same) = same_student {
            self.stands_for(same.other, Some(same.kept));
        }
    }

    fn unmerge(&mut self, merged: CaseId) {
        // Told in the streams of both cases; the second telling changes nothing.
        let other = self.merged.remove(&merged).and_then(|merge| merge.other_student);
        if let Some(other) = other {
            self.stands_for(other, None);
        }
    }

    /// Has an id stand for another student's, or for its own again.
    fn stands_for(&mut self, other: StudentId, kept: Option<StudentId>) {
        let before = match kept {
            Some(kept) => self.same_student.insert(other, kept),
            None => self.same_student.remove(&other),
        };
        if let Some(ids) = before.and_then(|kept| self.also_known_as.get_mut(&kept)) {
            ids.retain(|id| *id != other);
        }
        if let Some(kept) = kept {
            self.also_known_as.entry(kept).or_default().push(other);
        }
    }

    fn of_provider(&mut self, position: Position, provider: Code, told: &ProviderEvent) {
        let (quarter, about) = match told {
            ProviderEvent::KeyActionProgressRecorded(e) => (e.quarter, Narrative::ServiceDeliveryPlan),
            ProviderEvent::ProviderRiskUpdated(e) => (e.quarter, Narrative::RiskUpdate),
            ProviderEvent::InitiativeRecorded(e) => (e.quarter, Narrative::Initiatives),
            _ => return,
        };
        self.narratives.push(Told { provider, quarter, about, position });
    }

    /// Returns what providers told of themselves, in the order of recording.
    pub fn narratives(&self) -> &[Told] {
        &self.narratives
    }

    /// Returns the last position taken in.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns the latest recorded time taken in: the *as at* of figures when nothing else is said.
    pub fn as_at(&self) -> Timestamp {
        self.as_at
    }

    /// Returns every case, in the order they began.
    pub fn cases(&self) -> &[CaseFacts] {
        &self.cases
    }

    /// Returns one case.
    pub fn case(&self, id: CaseId) -> Option<&CaseFacts> {
        self.by_id.get(&id).map(|&at| &self.cases[at])
    }

    /// Returns where a case, or the one it went into, stands among all cases.
    pub fn place(&self, id: CaseId) -> Option<usize> {
        self.by_id.get(&self.survivor(id)).or_else(|| self.by_id.get(&id)).copied()
    }

    /// Returns the cases of a student under every id that stands for the student's, in the order they began.
    pub fn cases_of(&self, student: StudentId) -> impl Iterator<Item = &CaseFacts> {
        let others = self.also_known_as.get(&student).into_iter().flatten().copied();
        let ids = others.chain([student].into_iter().filter(|id| self.student(*id) == student));
        let mut all: Vec<u32> = ids.filter_map(|id| self.by_student.get(&id)).flatten().copied().collect();
        all.sort_unstable();
        all.into_iter().map(|at| &self.cases[at as usize])
    }

    /// Returns the case with a number.
    pub fn case_by_number(&self, number: CaseNumber) -> Option<&CaseFacts> {
        self.cases.iter().find(|case| case.number == number)
    }

    /// Returns the code behind a number.
    pub fn code(&self, code: CodeRef) -> Code {
        self.codes.all[code.0 as usize]
    }

    /// Returns every provider that a case was ever allocated to.
    pub fn providers(&self) -> BTreeSet<Code> {
        self.providers.iter().map(|provider| self.code(*provider)).collect()
    }

    /// Returns where a case went by a merge.
    pub fn merged(&self, id: CaseId) -> Option<Merge> {
        self.merged.get(&id).copied()
    }

    /// Returns the case that goes on for a case that was merged, over as many merges as there were.
    pub fn survivor(&self, id: CaseId) -> CaseId {
        let mut survivor = id;
        // A chain of merges is as long as there are merges; cases that went into each other stay what they are.
        for _ in 0..self.merged.len() {
            match self.merged.get(&survivor) {
                Some(merge) if merge.survivor == id => return id,
                Some(merge) => survivor = merge.survivor,
                None => break,
            }
        }
        survivor
    }

    /// Returns the cases that went into others, in the order they began.
    pub fn merged_cases(&self) -> impl Iterator<Item = &CaseFacts> {
        let mut all: Vec<usize> = self.merged.keys().filter_map(|id| self.by_id.get(id)).copied().collect();
        all.sort_unstable();
        all.into_iter().map(|at| &self.cases[at])
    }

    /// Returns the one id of a student whose cases were merged.
    pub fn student(&self, id: StudentId) -> StudentId {
        self.same_student.get(&id).copied().unwrap_or(id)
    }

    /// Returns when a source system recorded an event, where it said so.
    pub fn source_recorded(&self, position: Position) -> Option<(Source, Timestamp)> {
        self.source_recorded.get(&position).copied()
    }

    /// Returns the runs published so far.
    pub fn published(&self) -> &PublishedRuns {
        &self.published
    }

    /// Returns the policies set so far.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }
}

fn begun(event: &CaseEvent) -> Option<(CaseNumber, StudentId)> {
    match event {
        CaseEvent::SupportRequestSubmitted(e) => Some((e.number, e.student)),
        CaseEvent::NonEnrolmentNotified(e) => Some((e.number, e.student)),
        CaseEvent::UnenrolledStudentReported(e) => Some((e.number, e.student)),
        CaseEvent::CaseMigrated(e) => Some((e.number, e.student)),
        _ => None,
    }
}

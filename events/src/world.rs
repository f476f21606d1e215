//! The state all decisions are taken on: the active cases, who they are about, and the reference data.
//!
//! One owner, the sequencer, so that rules across cases (R20, R27) are free of races. Closed cases are dropped
//! and folded again from their history when somebody speaks of one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::access::{self, AccessAct, Grants};
use crate::action::{At, CaseAction, Pair};
use crate::case::{Case, Times};
use crate::codec::BadFrame;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Actor, Recorded};
use crate::event::{CaseEvent, CaseMergedInto};
use crate::ids::{CaseId, Code, StreamId, StudentId, Version};
use crate::keys::{KeyCommand, KeyEvent, KeyState};
use crate::machine::{Context, Declined, Draft, Machine, Sealed};
use crate::measured::PublishRun;
use crate::number::CaseNumber;
use crate::opening::{Onto, Opening, RecentClosure};
use crate::policy::{Policies, PolicySet, SecondReferral, SetPolicy};
use crate::provider::{ProviderAct, ProviderEvent};
use crate::reference::{Entry, Reference};
use crate::refusal::Refusal;
use crate::viewed::{AccessHeadEvent, AccessHeadRecorded};

use drafts::{drafts, scope_of};
use shards::{ById, Shards};
use students::Students;

mod drafts;
mod saving;
mod shards;
mod students;
#[cfg(test)]
mod tests;

/// The most the facts of one event may take, so that its broadcast stays within 16 KiB (design §5).
pub const FACTS_BYTES_MAX: usize = 12 * 1024;

/// What may be asked of the ledger.
#[derive(Clone, Debug)]
pub enum Command {
    /// Open a case, or attach a referral to the student's active one.
    Open {
        /// How.
        opening: Opening,
        /// The student, found through the blind index.
        student: StudentId,
        /// When it happened; `None` for the moment it is recorded.
        occurred_at: Option<OccurredAt>,
    },
    /// Do something with a case.
    Act {
        /// Which case.
        case: CaseId,
        /// What.
        action: CaseAction,
        /// When it happened; `None` for the moment it is recorded.
        occurred_at: Option<OccurredAt>,
    },
    /// Report something about a provider, by itself.
    Provider {
        /// Which provider.
        provider: Code,
        /// What.
        act: ProviderAct,
        /// When it happened; `None` for the moment it is recorded.
        occurred_at: Option<OccurredAt>,
    },
    /// Set another policy.
    Policy(SetPolicy),
    /// Record reference data; rows that are held already are passed over.
    Reference {
        /// The rows.
        entries: Vec<Entry>,
        /// When they were issued; `None` for the moment they are recorded.
        occurred_at: Option<OccurredAt>,
    },
    /// Do something about a student's keys.
    Keys(KeyCommand),
    /// Grant or revoke a role.
    Access(AccessAct),
    /// Publish a run of the quarterly measures (E44).
    Measures(Box<PublishRun>),
    /// Record how far the access ledger reaches; the ledger itself alone does.
    AccessHead(AccessHeadRecorded),
}

impl Command {
    /// Returns the other case it speaks of with the version of it that was seen, where it says one.
    pub fn also_expected(&self) -> Vec<(StreamId, Version)> {
        let Command::Act { action, .. } = self else { return Vec::new() };
        action.other().and_then(|(case, saw)| Some((StreamId::Case(case), saw?))).into_iter().collect()
    }
}

/// The decision state of the whole ledger.
#[derive(Default)]
pub struct World {
    cases: Shards,
    /// The active cases of each student, the eldest first.
    active: ById<StudentId, Vec<CaseId>>,
    students: Students,
    /// The cases carried over, by their id in the predecessor system: an index over all shards.
    carried_over: ById<Code, CaseId>,
    reference: Reference,
    policies: Policies,
    keys: KeyState,
    grants: Grants,
    /// Cases that may be dropped at the next settling.
    ended: Vec<CaseId>,
    /// Cases reopened in a replay that did not hold them.
    wanted: BTreeSet<CaseId>,
    /// Of these, the ones closed again, with the day.
    closed_unheld: BTreeMap<CaseId, NaiveDate>,
}

impl World {
    /// Returns the state of a case that is held.
    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(id)
    }

    /// Returns the active cases of a student.
    pub fn active_cases(&self, student: StudentId) -> &[CaseId] {
        self.active.get(&student).map_or(&[], Vec::as_slice)
    }

    /// Returns the reference data.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Returns the policies, by the day they are in force.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Returns what is unusual about students' keys.
    pub fn keys(&self) -> &KeyState {
        &self.keys
    }

    /// Returns who holds which role.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Returns how many cases are held in memory.
    pub fn cases_held(&self) -> usize {
        self.cases.len()
    }

    fn next_number(&self) -> CaseNumber {
        CaseNumber(self.cases.highest_number().saturating_add(1))
    }

    /// Returns every id of a student: more than one after a merge said that two students are one (R28).
    pub fn ids_of(&self, student: StudentId) -> Vec<StudentId> {
        self.students.ids_of(student)
    }

    /// Decides about keys; a student is disposed of under every id, and a hold on any of them holds all.
    fn about_keys(&self, command: &KeyCommand, by: Code) -> Result<Vec<KeyEvent>, Refusal> {
        let active = self.active_of(command.student()).first().copied();
        let others: Vec<StudentId> =
            self.ids_of(command.student()).into_iter().filter(|&id| id != command.student()).collect();
        if matches!(command, KeyCommand::ProposeDisposal { .. } | KeyCommand::ApproveDisposal { .. })
            && let Some(hold) = others.iter().find_map(|&other| self.keys.hold(other))
        {
            return Err(Refusal::LegalHold { hold });
        }
        let mut told: Vec<KeyEvent> = command.decide(&self.keys, active, by)?.into_iter().collect();
        if let Some(&KeyEvent::StudentDisposed { authority, proposed_by, .. }) = told.first() {
            let left = others.into_iter().filter(|&other| !self.keys.is_disposed(other));
            told.extend(left.map(|student| KeyEvent::StudentDisposed { student, authority, proposed_by }));
        }
        Ok(told)
    }

    /// Returns the active cases of a student under every id the student has, the eldest first (R27, R28).
    fn active_of(&self, student: StudentId) -> Vec<CaseId> {
        let mut cases: Vec<CaseId> =
            self.ids_of(student).into_iter().flat_map(|id| self.active_cases(id).iter().copied()).collect();
        cases.sort_by_key(|&id| self.cases.get(id).map(|case| case.number));
        cases
    }

    fn open(&self, opening: &Opening, student: StudentId, at: &At<'_>) -> Result<Vec<Draft>, Refusal> {
        let student = self.students.kept(student);
        let active = self.active_of(student).first().copied();
        let closed = self.students.last_closure(student);
        let carried_over = opening.former().and_then(|former| self.carried_over.get(&former)).copied();
        let because = opening.separate_because();
        let attaches = because.is_none() && at.policy.duplicates.second_referral == SecondReferral::Attach;
        let (id, onto) = match active.filter(|_| attaches) {
            Some(other) => {
                let case = self.cases.get(other);
                let number = case.map_or(self.next_number(), |case| case.number);
                (other, Onto { number, student, attach: case, beside: None, active, closed, carried_over })
            }
            None => {
                let (number, beside) = (self.next_number(), active.map(|other| (other, because)));
                (at.context.new_case, Onto { number, student, attach: None, beside, active, closed, carried_over })
            }
        };
        let scope = onto.attach.map(|case| scope_of(case, at.today())).unwrap_or_default();
        let events = opening.decide(onto, at)?;
        drafts(id, events, scope, at.occurred_at, OccurredAt::Instant(at.context.now))
    }

    fn act(&self, id: CaseId, action: &CaseAction, at: &At<'_>) -> Result<Vec<Draft>, Declined<Refusal>> {
        let stream = StreamId::Case(id);
        let case = self.cases.get(id).ok_or(Declined::Cold(stream))?;
        let is_other = |sealed: Sealed| self.students.kept(sealed.student) != self.students.kept(case.student);
        if at.context.sealed.is_some_and(is_other) {
            return Err(Declined::Refused(Refusal::SealedForAnother));
        }
        action.before_the_rule(case, at).map_err(Declined::Refused)?;
        let other = action.other().map(|(other, _)| other).filter(|&other| other != id);
        let pair = other.map(|other| match self.cases.get(other) {
            Some(other) => Ok(Pair { this_id: id, other }),
            None => Err(Declined::Cold(StreamId::Case(other))),
        });
        let at = &At { pair: pair.transpose()?, ..*at };
        let (here, there) = action.rule(case, at).map_err(Declined::Refused)?;
        if here.iter().any(|event| matches!(event, CaseEvent::CaseReopened(_))) {
            self.may_be_active_again(id, case).map_err(Declined::Refused)?;
        }
        let told = |id: CaseId, case: &Case, events: Vec<CaseEvent>| {
            drafts(id, events, scope_of(case, at.today()), at.occurred_at, at.occurred_at).map_err(Declined::Refused)
        };
        let mut all = told(id, case, here)?;
        if let (Some(other), Some(pair)) = (other, at.pair) {
            let there = told(other, pair.other, there)?;
            all.extend(there.into_iter().map(|draft| Draft { carries_parts: false, ..draft }));
        }
        Ok(all)
    }

    /// K9: of the cases a provider ties its report to, each is one it holds.
    fn report(&self, provider: Code, act: &ProviderAct, at: &At<'_>) -> Result<Vec<Draft>, Declined<Refusal>> {
        let state = self.cases.provider(provider).cloned().unwrap_or_default();
        let event = act.decide(provider, &state, at).map_err(Declined::Refused)?;
        for &id in act.cases() {
            let case = self.cases.get(id).ok_or(Declined::Cold(StreamId::Case(id)))?;
            match case.provider() {
                Some(holder) if holder == provider => {}
                Some(holder) => return Err(Declined::Refused(Refusal::NotTheCurrentProvider { holder })),
                None => return Err(Declined::Refused(Refusal::NotWithAProvider)),
            }
        }
        Ok(vec![event.draft(provider, at.occurred_at)])
    }

    /// Refuses what was sealed under a key that is out of use: the text would be lost, or outlive its disposal.
    fn key_in_use(&self, context: &Context) -> Result<(), Refusal> {
        match context.sealed {
            Some(sealed) if self.keys.is_disposed(sealed.student) => Err(Refusal::StudentDisposed),
            Some(sealed) if sealed.key == Sealed::NO_KEY => Err(Refusal::KeyMissing),
            Some(sealed) if self.keys.is_replaced(sealed.key) => Err(Refusal::KeyReplaced),
            _ => Ok(()),
        }
    }

    /// E47: from the first grant in the log on, a command is an act of somebody who holds a live one.
    fn is_granted(&self, command: &Command, context: &Context) -> Result<(), Refusal> {
        let may = match command {
            Command::AccessHead(_) => access::is_the_ledger(context),
            Command::Access(_) if access::is_the_ledger(context) => true,
            _ => self.grants.may_act(context.actor, context.now),
        };
        if may {
            return Ok(());
        }
        let Actor { role, organisation, .. } = context.actor;
        Err(Refusal::NoGrant { role: role.name(), organisation })
    }

    /// R27: a case is reopened only when the student has no other active one.
    fn may_be_active_again(&self, id: CaseId, case: &Case) -> Result<(), Refusal> {
        match self.active_of(case.student).into_iter().find(|&other| other != id) {
            Some(other) => Err(Refusal::StudentHasActiveCase { case: other }),
            None => Ok(()),
        }
    }

    fn fold_in(&mut self, id: CaseId, event: &CaseEvent, times: Times) {
        self.remember(id, event, times);
        match self.cases.get_mut(id) {
            Some(case) => {
                let student = case.student;
                let was_active = case.status.is_active();
                case.evolve(event, times);
                // As most events leave it: it stands in the index as it is.
                if was_active && case.status.is_active() && case.student == student {
                    return;
                }
            }
            None => match Case::open(event, times) {
                Some(case) => self.cases.insert(id, case),
                // Only cases that ended are not held; of what happens to them, what begins them again needs their state.
                None => {
                    if matches!(event, CaseEvent::CaseReopened(_) | CaseEvent::CaseUnmerged(_)) {
                        self.wanted.insert(id);
                    }
                    return;
                }
            },
        }
        self.index(id);
    }

    /// Keeps what a new referral of the same student asks for, also once the case itself is dropped.
    fn remember(&mut self, id: CaseId, event: &CaseEvent, times: Times) {
        match event {
            CaseEvent::CaseClosed(_) => {
                let on = times.occurred_at.auckland();
                match self.cases.get(id) {
                    Some(case) => self.has_closed(RecentClosure::of(id, case, on)),
                    // Reopened and closed again in a replay that does not hold it: known once it is folded.
                    None => drop(self.closed_unheld.insert(id, on)),
                }
            }
            CaseEvent::CaseMigrated(migrated) => {
                self.carried_over.insert(migrated.former, id);
                self.cases.of_case_mut(id).carried_over.insert(migrated.former, id);
            }
            CaseEvent::CaseReopened(_) => {
                self.closed_unheld.remove(&id);
                self.students.reopened(self.cases.of_case_mut(id), id);
            }
            CaseEvent::CaseMergedInto(CaseMergedInto { same_student: Some(same), .. }) => {
                self.students.are_one(self.cases.of_case_mut(id), id, *same);
            }
            CaseEvent::CaseUnmerged(unmerge) if unmerge.merged == id => {
                self.students.are_two(self.cases.of_case_mut(id), id);
            }
            _ => {}
        }
    }

    fn has_closed(&mut self, closure: RecentClosure) {
        self.students.closed(self.cases.of_case_mut(closure.case), closure);
    }

    fn index(&mut self, id: CaseId) {
        let Some(case) = self.cases.get(id) else { return };
        let (student, is_active) = (case.student, case.status.is_active());
        if !is_active {
            self.forget_active(student, id);
            self.ended.push(id);
            return;
        }
        let cases = self.active.entry(student).or_default();
        if !cases.contains(&id) {
            cases.push(id);
            // By number, so that the eldest comes first whatever order snapshots brought them back in.
            cases.sort_by_key(|&id| self.cases.get(id).map(|case| case.number));
        }
    }

    fn forget_active(&mut self, student: StudentId, id: CaseId) {
        if let Some(cases) = self.active.get_mut(&student) {
            cases.retain(|&other| other != id);
            if cases.is_empty() {
                self.active.remove(&student);
            }
        }
    }
}

impl Machine for World {
    const STATE: u32 = 6;
    type Command = Command;
    type Refusal = Refusal;
    type Warm = Case;

    fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Draft>, Declined<Refusal>> {
        let when = |occurred_at: Option<OccurredAt>| occurred_at.unwrap_or(OccurredAt::Instant(context.now));
        let (_, policy) = self.policies.in_force(context.now.auckland());
        let reference = &self.reference;
        let at = |occurred_at| At { context, occurred_at: when(occurred_at), reference, policy, pair: None };
        self.is_granted(command, context).map_err(Declined::Refused)?;
        self.key_in_use(context).map_err(Declined::Refused)?;
        match command {
            Command::Open { opening, student, occurred_at } => {
                self.open(opening, *student, &at(*occurred_at)).map_err(Declined::Refused)
            }
            Command::Act { case, action, occurred_at } => self.act(*case, action, &at(*occurred_at)),
            Command::Provider { provider, act, occurred_at } => self.report(*provider, act, &at(*occurred_at)),
            Command::Policy(set) => {
                let set = set.decide(&self.policies, context).map_err(Declined::Refused)?;
                Ok(set.map(|set| set.draft(when(None))).into_iter().collect())
            }
            Command::Reference { entries, occurred_at } => {
                let fresh: Vec<Entry> = entries.iter().filter(|entry| !self.reference.holds(entry)).copied().collect();
                self.reference.check(&fresh, context.now.auckland()).map_err(Declined::Refused)?;
                Ok(fresh.iter().map(|entry| entry.draft(when(*occurred_at))).collect())
            }
            Command::Keys(command) => {
                let told = self.about_keys(command, context.actor.person).map_err(Declined::Refused)?;
                Ok(told.into_iter().map(|event| event.draft(when(None))).collect())
            }
            Command::Measures(run) => run.decide(&context.actor, context.now).map_err(Declined::Refused),
            Command::AccessHead(head) => Ok(vec![AccessHeadEvent::AccessHeadRecorded(*head).draft(context.now)]),
            Command::Access(act) => {
                let event = act.decide(&self.grants, context, &self.reference).map_err(Declined::Refused)?;
                Ok(event.map(|event| event.draft(when(None))).into_iter().collect())
            }
        }
    }

    fn evolve(&mut self, event: &Recorded<'_>) -> Result<(), BadFrame> {
        if let StreamId::Case(id) = event.stream {
            if let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? {
                self.fold_in(id, &read, Times::of(event));
            }
            return Ok(());
        }
        if let Some(entry) = Entry::read(event)? {
            self.reference.apply(entry);
            return Ok(());
        }
        if let Some(read) = KeyEvent::read(event)? {
            self.keys.apply(&read, event.actor.person);
            return Ok(());
        }
        if let Some(set) = PolicySet::read(event)? {
            self.policies.apply(set);
            return Ok(());
        }
        if let (StreamId::Provider(provider), Some(read)) = (event.stream, ProviderEvent::read(event)?) {
            self.cases.provider_mut(provider).evolve(&read);
            return Ok(());
        }
        self.grants.evolve(event)
    }

    fn settle(&mut self) {
        for id in self.ended.drain(..) {
            if self.cases.get(id).is_some_and(|case| !case.status.is_active()) {
                self.cases.remove(id);
            }
        }
    }

    fn fold(history: &[Recorded<'_>]) -> Result<Case, BadFrame> {
        let mut folded: Option<Case> = None;
        for event in history {
            let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? else { continue };
            match &mut folded {
                Some(case) => case.evolve(&read, Times::of(event)),
                None => folded = Case::open(&read, Times::of(event)),
            }
        }
        folded.ok_or_else(|| BadFrame { reason: "the history does not begin with a referral".to_owned() })
    }

    fn install(&mut self, stream: StreamId, state: Case) {
        if let StreamId::Case(id) = stream {
            if let Some(on) = self.closed_unheld.remove(&id) {
                self.has_closed(RecentClosure::of(id, &state, on));
            }
            self.cases.insert(id, state);
            self.index(id);
        }
    }

    fn wanted(&mut self) -> Vec<StreamId> {
        std::mem::take(&mut self.wanted).into_iter().map(StreamId::Case).collect()
    }

    fn policy(&self, now: Timestamp) -> u32 {
        self.policies.in_force(now.auckland()).0
    }

    fn save(&self, shard: u8, out: &mut Vec<u8>) {
        self.save_shard(shard, out);
    }

    fn load(&mut self, shard: u8, bytes: &[u8]) -> Result<(), BadFrame> {
        self.load_shard(shard, bytes)
    }
}

//! The state all decisions are taken on: the active cases, who they are about, and the reference data.
//!
//! One owner, the sequencer, so that rules across cases (R20, R27) are free of races. Closed cases are dropped
//! and folded again from their history when somebody speaks of one.

use std::collections::{BTreeSet, HashMap};

use crate::access::{self, ACCESS_STREAM, AccessAct, Grants};
use crate::action::{At, CaseAction};
use crate::case::{Case, Times};
use crate::codec::BadFrame;
use crate::dates::OccurredAt;
use crate::envelope::{Actor, Recorded};
use crate::event::CaseEvent;
use crate::ids::{CaseId, StreamId, StudentId};
use crate::keys::{KEYS_STREAM, KeyCommand, KeyEvent, KeyState};
use crate::machine::{Context, Declined, Draft, Machine, Sealed, shard_of};
use crate::number::CaseNumber;
use crate::opening::{Onto, Opening};
use crate::reference::{Entry, REFERENCE_STREAM, Reference};
use crate::refusal::Refusal;
use crate::viewed::{AccessHeadEvent, AccessHeadRecorded};

use drafts::{drafts, scope_of};
use shards::{Shard, Shards};

mod drafts;
mod shards;
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
    /// Record how far the access ledger reaches; the ledger itself alone does.
    AccessHead(AccessHeadRecorded),
}

/// The decision state of the whole ledger.
#[derive(Default)]
pub struct World {
    cases: Shards,
    /// The active cases of each student, the eldest first.
    active: HashMap<StudentId, Vec<CaseId>>,
    reference: Reference,
    keys: KeyState,
    grants: Grants,
    /// Cases that may be dropped at the next settling.
    ended: Vec<CaseId>,
    /// Cases reopened in a replay that did not hold them.
    wanted: BTreeSet<CaseId>,
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

    fn open(&self, opening: &Opening, student: StudentId, at: &At<'_>) -> Result<Vec<Draft>, Refusal> {
        let other = self.active_cases(student).first().copied();
        let (id, onto) = match (other, opening.separate_because()) {
            (Some(other), None) => {
                let case = self.cases.get(other);
                let number = case.map_or(self.next_number(), |case| case.number);
                (other, Onto { number, student, attach: case, beside: None })
            }
            (other, because) => {
                let beside = other.zip(because);
                (at.context.new_case, Onto { number: self.next_number(), student, attach: None, beside })
            }
        };
        let scope = onto.attach.map(|case| scope_of(case, at.today())).unwrap_or_default();
        let events = opening.decide(onto, at)?;
        drafts(id, events, scope, at.occurred_at, OccurredAt::Instant(at.context.now))
    }

    fn act(&self, id: CaseId, action: &CaseAction, at: &At<'_>) -> Result<Vec<Draft>, Declined<Refusal>> {
        let stream = StreamId::Case(id);
        let case = self.cases.get(id).ok_or(Declined::Cold(stream))?;
        if at.context.sealed.is_some_and(|sealed| sealed.student != case.student) {
            return Err(Declined::Refused(Refusal::SealedForAnother));
        }
        let events = action.decide(case, at).map_err(Declined::Refused)?;
        if events.iter().any(|event| matches!(event, CaseEvent::CaseReopened(_))) {
            self.may_be_active_again(id, case).map_err(Declined::Refused)?;
        }
        drafts(id, events, scope_of(case, at.today()), at.occurred_at, at.occurred_at).map_err(Declined::Refused)
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
        match self.active_cases(case.student).iter().find(|&&other| other != id) {
            Some(&other) => Err(Refusal::StudentHasActiveCase { case: other }),
            None => Ok(()),
        }
    }

    fn fold_in(&mut self, id: CaseId, event: &CaseEvent, times: Times) {
        match self.cases.get_mut(id) {
            Some(case) => case.evolve(event, times),
            None => match Case::open(event, times) {
                Some(case) => self.cases.insert(id, case),
                // Only closed cases are not held; of what happens to them, reopening alone needs their state.
                None => {
                    if matches!(event, CaseEvent::CaseReopened(_)) {
                        self.wanted.insert(id);
                    }
                    return;
                }
            },
        }
        self.index(id);
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

    /// Puts another state in the place of a shard's.
    fn replace(&mut self, shard: u8, with: Shard) {
        let before = std::mem::replace(self.cases.shard_mut(shard), with);
        for (id, case) in before.cases {
            self.forget_active(case.student, id);
        }
        let ids: Vec<CaseId> = self.cases.shard(shard).cases.keys().copied().collect();
        ids.into_iter().for_each(|id| self.index(id));
        if holds(REFERENCE_STREAM, shard) {
            self.reference = Reference::default();
        }
        if holds(KEYS_STREAM, shard) {
            self.keys = KeyState::default();
        }
        if holds(ACCESS_STREAM, shard) {
            self.grants = Grants::default();
        }
    }
}

impl Machine for World {
    const STATE: u32 = 2;
    type Command = Command;
    type Refusal = Refusal;
    type Warm = Case;

    fn decide(&self, command: &Command, context: &Context) -> Result<Vec<Draft>, Declined<Refusal>> {
        let when = |occurred_at: Option<OccurredAt>| occurred_at.unwrap_or(OccurredAt::Instant(context.now));
        let at = |occurred_at| At { context, occurred_at: when(occurred_at), reference: &self.reference };
        self.is_granted(command, context).map_err(Declined::Refused)?;
        self.key_in_use(context).map_err(Declined::Refused)?;
        match command {
            Command::Open { opening, student, occurred_at } => {
                self.open(opening, *student, &at(*occurred_at)).map_err(Declined::Refused)
            }
            Command::Act { case, action, occurred_at } => self.act(*case, action, &at(*occurred_at)),
            Command::Reference { entries, occurred_at } => {
                let fresh = entries.iter().filter(|entry| !self.reference.holds(entry));
                Ok(fresh.map(|entry| entry.draft(when(*occurred_at))).collect())
            }
            Command::Keys(command) => {
                let active = self.active_cases(command.student()).first().copied();
                let event = command.decide(&self.keys, active, context.actor.person).map_err(Declined::Refused)?;
                Ok(event.map(|event| event.draft(when(None))).into_iter().collect())
            }
            Command::AccessHead(head) => Ok(vec![AccessHeadEvent::AccessHeadRecorded(*head).draft(context.now)]),
            Command::Access(act) => {
                let event = act.decide(&self.grants, context, &self.reference).map_err(Declined::Refused)?;
                Ok(event.map(|event| event.draft(when(None))).into_iter().collect())
            }
        }
    }

    fn evolve(&mut self, event: &Recorded<'_>) -> Result<(), BadFrame> {
        if let Some(entry) = Entry::read(event)? {
            self.reference.apply(entry);
            return Ok(());
        }
        if let Some(read) = KeyEvent::read(event)? {
            self.keys.apply(&read, event.actor.person);
            return Ok(());
        }
        let StreamId::Case(id) = event.stream else { return self.grants.evolve(event) };
        if let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? {
            self.fold_in(id, &read, Times::of(event));
        }
        Ok(())
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
            self.cases.insert(id, state);
            self.index(id);
        }
    }

    fn wanted(&mut self) -> Vec<StreamId> {
        std::mem::take(&mut self.wanted).into_iter().map(StreamId::Case).collect()
    }

    fn policy(&self) -> u32 {
        1
    }

    fn save(&self, shard: u8, out: &mut Vec<u8>) {
        let reference = holds(REFERENCE_STREAM, shard).then_some(&self.reference);
        let keys = holds(KEYS_STREAM, shard).then_some(&self.keys);
        let grants = holds(ACCESS_STREAM, shard).then_some(&self.grants);
        let mut writer = rmp_serde::Serializer::new(out);
        serde::Serialize::serialize(&(self.cases.shard(shard).lasting(), reference, keys, grants), &mut writer)
            .expect("state is plain data of known length");
    }

    fn load(&mut self, shard: u8, bytes: &[u8]) -> Result<(), BadFrame> {
        self.replace(shard, Shard::default());
        let (held, reference, keys, grants): Saved = rmp_serde::from_slice(bytes)?;
        self.replace(shard, held);
        if let Some(reference) = reference {
            self.reference = reference;
        }
        if let Some(keys) = keys {
            self.keys = keys;
        }
        if let Some(grants) = grants {
            self.grants = grants;
        }
        Ok(())
    }
}

/// What a shard is saved as: its cases, and what the system streams say that are saved with it.
type Saved = (Shard, Option<Reference>, Option<KeyState>, Option<Grants>);

/// Returns whether what a system stream says is saved with a shard.
fn holds(stream: &'static str, shard: u8) -> bool {
    shard == shard_of(StreamId::system(stream))
}

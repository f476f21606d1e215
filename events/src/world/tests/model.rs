//! A second, much simpler telling of the rules, held against the first: what is accepted, what is nothing to do, what is
//! refused, and where every case stands then, over many cases and students at once while the clock moves.
//!
//! The model knows neither events nor dates. It was written from the domain's rules (R20, R22, R26–R28, R40, R41, E4, E6,
//! E38, Q4, Q5), not from the code.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::case::Status;
use crate::envelope::{Actor, Role};
use crate::ids::{CaseId, StudentId};
use crate::machine::{Context, Declined};
use crate::testing::*;
use crate::world::Command;

/// What came of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Came {
    Accepted,
    Nothing,
    Refused,
}

/// What somebody does; cases and students by number.
#[derive(Clone, Copy, Debug)]
enum Does {
    Refer { student: u8, apart: bool },
    Notify { student: u8 },
    Check { case: usize, refers: bool },
    Assign { case: usize, manager: u8 },
    Pause { case: usize },
    Resume { case: usize },
    Ask { case: usize, inz: bool },
    Answer { case: usize },
    Move { case: usize, to: u8 },
    Close { case: usize },
    Reopen { case: usize },
    Merge { case: usize, other: usize },
    Unmerge { case: usize, other: usize },
}

/// A case as the model sees it.
#[derive(Clone, Debug)]
struct Modelled {
    student: u8,
    status: Status,
    provider: Option<u8>,
    manager: Option<u8>,
    check_pending: bool,
    /// Requests that wait for an answer, by their number, with whether Immigration NZ was asked.
    asking: BTreeMap<u16, bool>,
    /// Those that were withdrawn when the case ended; they may be answered all the same (R40).
    withdrawn: BTreeMap<u16, bool>,
    asked: u16,
    into: Option<usize>,
    before: Option<Status>,
}

impl Modelled {
    fn new(student: u8, status: Status, provider: Option<u8>) -> Modelled {
        let check_pending = status == Status::Notified;
        let (asking, withdrawn, asked) = (BTreeMap::new(), BTreeMap::new(), 0);
        let (manager, into, before) = (None, None, None);
        Modelled { student, status, provider, manager, check_pending, asking, withdrawn, asked, into, before }
    }

    /// Returns the first request that was not answered.
    fn unanswered(&self) -> Option<(u16, bool)> {
        let first = |of: &BTreeMap<u16, bool>| of.first_key_value().map(|(&number, &inz)| (number, inz));
        first(&self.asking).or(first(&self.withdrawn))
    }

    fn ends(&mut self, status: Status) {
        self.withdrawn.append(&mut self.asking);
        self.status = status;
    }

    fn has_ended(&self) -> bool {
        !self.status.is_active() || self.into.is_some()
    }
}

#[derive(Default)]
struct Model(Vec<Modelled>);

impl Model {
    fn eldest_active(&self, student: u8) -> Option<usize> {
        self.0.iter().position(|case| case.student == student && case.status.is_active())
    }

    fn open(&mut self, student: u8, apart: bool, referred: bool) -> Came {
        let (status, provider) = if referred { (Status::Allocated, Some(1)) } else { (Status::Notified, None) };
        match self.eldest_active(student).filter(|_| !apart) {
            None => self.0.push(Modelled::new(student, status, provider)),
            Some(at) => {
                let case = &mut self.0[at];
                case.check_pending |= !referred;
                if referred && case.status == Status::Notified {
                    (case.status, case.provider) = (status, provider);
                }
            }
        }
        Came::Accepted
    }

    fn does(&mut self, does: Does) -> Came {
        match does {
            Does::Refer { student, apart } => return self.open(student, apart, true),
            Does::Notify { student } => return self.open(student, false, false),
            Does::Reopen { case } => return self.reopen(case),
            Does::Merge { case, other } => return self.merge(case, other),
            Does::Unmerge { case, other } => return self.unmerge(case, other),
            _ => {}
        }
        let (Does::Check { case, .. }
        | Does::Assign { case, .. }
        | Does::Pause { case }
        | Does::Resume { case }
        | Does::Ask { case, .. }
        | Does::Answer { case }
        | Does::Move { case, .. }
        | Does::Close { case }) = does
        else {
            return Came::Refused;
        };
        self.0[case].does(does)
    }

    /// R26, R27: a person reopens a closed case whose student has no other active one.
    fn reopen(&mut self, case: usize) -> Came {
        let other = self.eldest_active(self.0[case].student);
        let case = &mut self.0[case];
        if case.status != Status::Closed || case.into.is_some() || other.is_some() {
            return Came::Refused;
        }
        case.status = if case.manager.is_some() { Status::Active } else { Status::Allocated };
        Came::Accepted
    }

    /// R28: of one student, into a case that is not itself part of another; an active one never into one that ended.
    fn merge(&mut self, case: usize, other: usize) -> Came {
        let (here, there) = (&self.0[case], &self.0[other]);
        if case == other || here.into.is_some() {
            return Came::Refused;
        }
        if there.into == Some(case) {
            return Came::Nothing;
        }
        let loses = there.status.is_active() && !here.status.is_active();
        if there.into.is_some() || loses || !there.asking.is_empty() || here.student != there.student {
            return Came::Refused;
        }
        let there = &mut self.0[other];
        (there.into, there.before) = (Some(case), Some(there.status));
        if there.status.is_active() {
            there.status = Status::Merged;
        }
        Came::Accepted
    }

    fn unmerge(&mut self, case: usize, other: usize) -> Came {
        let there = &mut self.0[other];
        if case == other || there.into != Some(case) {
            return Came::Refused;
        }
        there.into = None;
        there.status = there.before.take().unwrap();
        Came::Accepted
    }
}

impl Modelled {
    fn does(&mut self, does: Does) -> Came {
        if let Does::Answer { .. } = does {
            // R40: also of a case that has ended; closing withdraws what is asked, and an answer may come all the same.
            let Some((number, _)) = self.unanswered() else { return Came::Refused };
            self.asking.remove(&number);
            self.withdrawn.remove(&number);
            return Came::Accepted;
        }
        let by_provider = !matches!(does, Does::Check { .. } | Does::Move { .. });
        if self.has_ended() || (by_provider && self.provider.is_none()) {
            return Came::Refused;
        }
        match (does, self.status) {
            (Does::Check { .. }, _) if !self.check_pending => return Came::Refused,
            (Does::Check { refers, .. }, status) => {
                self.check_pending = false;
                match (status, refers) {
                    (Status::Notified, true) => (self.status, self.provider) = (Status::Allocated, Some(1)),
                    (Status::Notified, false) => self.ends(Status::NotReferred),
                    _ => {}
                }
            }
            (Does::Assign { manager, .. }, _) if self.manager == Some(manager) => return Came::Nothing,
            (Does::Assign { manager, .. }, status) => {
                self.manager = Some(manager);
                self.status = if status == Status::Paused { status } else { Status::Active };
            }
            (Does::Pause { .. }, Status::Active) => self.status = Status::Paused,
            (Does::Pause { .. }, Status::Paused) | (Does::Resume { .. }, Status::Active) => return Came::Nothing,
            (Does::Resume { .. }, Status::Paused) => self.status = Status::Active,
            (Does::Pause { .. } | Does::Resume { .. }, _) => return Came::Refused,
            (Does::Ask { inz, .. }, _) if self.asking.values().any(|&asked| asked == inz) => return Came::Refused,
            (Does::Ask { inz, .. }, _) => {
                self.asked += 1;
                self.asking.insert(self.asked, inz);
            }
            // R20 comes before everything the move itself says.
            (Does::Move { .. }, _) if !self.asking.is_empty() => return Came::Refused,
            (Does::Move { .. }, Status::Notified) => return Came::Refused,
            (Does::Move { to, .. }, _) if self.provider == Some(to) => return Came::Nothing,
            (Does::Move { to, .. }, _) => {
                (self.provider, self.manager, self.status) = (Some(to), None, Status::Allocated);
            }
            (Does::Close { .. }, _) => self.ends(Status::Closed),
            _ => return Came::Refused,
        }
        Came::Accepted
    }
}

/// Says a deed of the model as a client would.
fn said(does: Does, model: &Model, ids: &[CaseId]) -> (Command, Actor) {
    let of = |case: usize, name: &str, facts: Value, personal: Value, actor: Actor| {
        (Command::Act { case: ids[case], action: action_sent(name, &facts, &personal), occurred_at: None }, actor)
    };
    let lead_of = |case: usize| {
        let provider = model.0[case].provider.unwrap_or(1);
        person(Role::WorkflowLead, "L-1", &format!("ASP-{provider}"))
    };
    let (none, note) = (json!({}), json!({"note": {"text": "So it was."}}));
    let open = |opening, student: u8, actor| {
        (Command::Open { opening, student: StudentId([student; 16]), occurred_at: None }, actor)
    };
    match does {
        Does::Refer { student, apart } => {
            let because = if apart { json!("APART") } else { Value::Null };
            open(requested(json!({ "separate_because": because })), student, school())
        }
        Does::Notify { student } => open(notice_sent(json!({})), student, enrol()),
        Does::Check { case, refers } => {
            let outcome = if refers { "refer" } else { "do_not_refer_enrolled" };
            of(case, "complete-ministry-check", json!({"enrolled": !refers, "outcome": outcome}), none, cit())
        }
        Does::Assign { case, manager } => {
            of(case, "assign-case-manager", json!({"manager": format!("M-{manager}")}), none, lead_of(case))
        }
        Does::Pause { case } => of(case, "pause", json!({"reason": "health"}), none, lead_of(case)),
        Does::Resume { case } => of(case, "resume", none.clone(), none, lead_of(case)),
        Does::Ask { case, inz } => {
            let agency = if inz { "inz" } else { "msd" };
            of(case, "open-information-request", json!({"agency": agency}), none, lead_of(case))
        }
        Does::Answer { case } => {
            let (number, is_inz) = model.0[case].unanswered().unwrap_or((u16::MAX, true));
            let by = if is_inz { inz() } else { msd() };
            let answer = json!({"answer": {"code": "IN"}});
            of(case, "answer-information-request", json!({"request": number}), answer, by)
        }
        Does::Move { case, to } => of(case, "allocate", json!({"provider": format!("ASP-{to}")}), none, cit()),
        Does::Close { case } => of(case, "close", json!({"reason": "returned_to_attendance"}), none, lead_of(case)),
        Does::Reopen { case } => of(case, "reopen", json!({"reason": "absent_again"}), note, service_desk()),
        Does::Merge { case, other } => of(case, "merge", json!({"merged": ids[other]}), note, service_desk()),
        Does::Unmerge { case, other } => of(case, "unmerge", json!({"merged": ids[other]}), note, service_desk()),
    }
}

/// Draws a deed; one on a case while there is none is a referral.
fn deed(draw: (u8, u8, usize, usize, bool), cases: usize) -> Does {
    let (what, small, case, other, flag) = draw;
    let student = small % 4;
    if cases == 0 || what < 2 {
        return Does::Refer { student, apart: flag && small.is_multiple_of(3) };
    }
    let (case, other) = (case % cases, other % cases);
    match what {
        2 => Does::Notify { student },
        3 | 4 => Does::Check { case, refers: flag },
        5..=7 => Does::Assign { case, manager: small % 2 },
        8 => Does::Pause { case },
        9 => Does::Resume { case },
        10 | 11 => Does::Ask { case, inz: flag },
        12 | 13 => Does::Answer { case },
        14 | 15 => Does::Move { case, to: 1 + small % 2 },
        16 => Does::Close { case },
        17 => Does::Reopen { case },
        18 => Does::Merge { case, other },
        _ => Does::Unmerge { case, other },
    }
}

fn agree(stage: &Stage, model: &Model, ids: &[CaseId]) -> Result<(), TestCaseError> {
    for (modelled, &id) in model.0.iter().zip(ids) {
        let case = stage.world.case(id).unwrap();
        let provider = modelled.provider.map(|provider| code(&format!("ASP-{provider}")));
        let manager = modelled.manager.map(|manager| code(&format!("M-{manager}")));
        prop_assert_eq!((case.status, case.provider()), (modelled.status, provider), "{}", id);
        prop_assert_eq!((case.manager, case.check_pending), (manager, modelled.check_pending), "{}", id);
        prop_assert_eq!(case.merged_into, modelled.into.map(|into| ids[into]), "{}", id);
        let is_held_active = stage.world.active_cases(case.student).contains(&id);
        prop_assert_eq!(is_held_active, modelled.status.is_active(), "{}", id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(300), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_rules_say_what_the_model_says(
        draws in prop::collection::vec(((0..20_u8, any::<u8>(), any::<usize>(), any::<usize>(), any::<bool>()), 1..30_000_i64), 1..150),
    ) {
        let (mut stage, mut model, mut ids) = (Stage::new(), Model::default(), Vec::new());
        let mut now = noon(day("2026-02-16"));
        for (n, (draw, minutes)) in (1_u32..).zip(draws) {
            now.0 += minutes * 60_000_000;
            let does = deed(draw, ids.len());
            let (command, actor) = said(does, &model, &ids);
            let mut id = [0; 16];
            id[..4].copy_from_slice(&n.to_be_bytes());
            let source = source_of(actor.role);
            let context = Context { actor, on_behalf_of: None, source, now, new_case: CaseId(id), sealed: None };
            let before = model.0.len();
            let expected = model.does(does);
            let came = match stage.carry_out(&command, &context) {
                Ok(drafts) if drafts.is_empty() => Came::Nothing,
                Ok(_) => Came::Accepted,
                Err(Declined::Refused(_)) => Came::Refused,
                Err(Declined::Cold(stream)) => panic!("{stream} was never dropped"),
            };
            if model.0.len() > before {
                ids.push(CaseId(id));
            }
            prop_assert_eq!(came, expected, "{:?} at step {}", does, n);
            agree(&stage, &model, &ids)?;
        }
    }
}

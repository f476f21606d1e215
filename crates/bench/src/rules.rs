//! The rules alone: how many commands one core decides and folds in, and what the state of 650,000 cases takes.

use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use caseledger_events::action::CaseAction;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role, Source};
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StudentId, Version};
use caseledger_events::machine::{Context, Draft, Machine};
use caseledger_events::opening::Opening;
use caseledger_events::reference::Entry;
use caseledger_events::world::{Command, World};

/// When the first command is recorded: 2 February 2026.
const BEGIN: i64 = 1_769_983_200_000_000;

/// Microseconds between two new cases, 65,000 a year: what is remembered of closed ones is a matter of months (Q3).
const BETWEEN_CASES: i64 = 365 * 86_400_000_000 / 65_000;

/// What people do to a case once it is open, in turn.
const DEEDS: [(&str, &str, &str); 6] = [
    ("assign-case-manager", r#"{"manager": "M-1"}"#, "{}"),
    ("hold-school-meeting", r#"{"mode": "in_person"}"#, "{}"),
    ("attempt-contact", r#"{"with": "caregiver", "mode": "phone", "outcome": "not_reached"}"#, "{}"),
    ("engage-student", r#"{"mode": "phone"}"#, "{}"),
    ("update-risk", r#"{"level": "MEDIUM"}"#, "{}"),
    ("add-task", r#"{"kind": "contact", "due_on": "2099-01-01"}"#, "{}"),
];

/// Decides and folds in; positions and times as the sequencer gives them.
struct Play {
    world: World,
    position: u64,
    commands: u64,
    now: i64,
}

fn code(text: &str) -> Result<Code> {
    text.parse().with_context(|| format!("{text} is no code"))
}

fn actor(role: Role, organisation: &str) -> Result<Actor> {
    Ok(Actor { person: code("P-1")?, role, organisation: code(organisation)? })
}

impl Play {
    fn new() -> Result<Play> {
        let from = "2026-01-01".parse().context("a constant that is a date")?;
        let (school, catchment, provider) = (code("S-1")?, code("C-1")?, code("ASP-1")?);
        let entries = vec![Entry::School { school, catchment, from }, Entry::Catchment { catchment, provider, from }];
        let mut play = Play { world: World::default(), position: 0, commands: 0, now: BEGIN };
        let command = Command::Reference { entries, occurred_at: None };
        play.carry_out(&command, actor(Role::Operator, "MOE")?, CaseId([0; 16]))?;
        Ok(play)
    }

    fn carry_out(&mut self, command: &Command, actor: Actor, new_case: CaseId) -> Result<()> {
        self.commands += 1;
        self.now += 1_000;
        let now = Timestamp(self.now);
        let context = Context { actor, on_behalf_of: None, source: Source::Person, now, new_case, sealed: None };
        let drafts = match self.world.decide(command, &context) {
            Ok(drafts) => drafts,
            Err(declined) => bail!("command {} was declined: {declined:?}", self.commands),
        };
        for draft in &drafts {
            self.position += 1;
            let event = recorded(draft, Position(self.position), actor, now);
            self.world.evolve(&event).context("an event just decided reads back")?;
        }
        self.world.settle();
        Ok(())
    }
}

fn recorded<'a>(draft: &'a Draft, position: Position, actor: Actor, now: Timestamp) -> Recorded<'a> {
    Recorded {
        position,
        stream: draft.stream,
        version: Version(1),
        previous: Position(0),
        kind: draft.kind,
        schema: draft.schema,
        occurred_at: draft.occurred_at,
        recorded_at: now,
        source_recorded_at: None,
        actor,
        on_behalf_of: None,
        source: Source::Person,
        scope: draft.scope,
        policy: 1,
        correlation: CorrelationId([0; 16]),
        causation: None,
        tag: None,
        salt: [0; 16],
        facts: &draft.facts,
        parts: Vec::new(),
    }
}

fn id(n: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[8..].copy_from_slice(&n.to_be_bytes());
    bytes
}

/// Measures: `cases` are opened, all but `active` are closed again, and those that are left are worked on.
pub fn run(cases: u64, active: u64) -> Result<()> {
    let facts = r#"{"school": "S-1", "absent_half_days": 34, "open_half_days": 90, "engagement": "partly",
        "school_steps_taken": true}"#;
    let personal = r#"{"student": {"family_name": "A", "given_names": "B", "birth_date": "2013-07-09"}}"#;
    let read = Opening::parse("submit-support-request", facts, personal).context("a way to open a case")?;
    let opening = read.map_err(|bad| anyhow::anyhow!("{}: {}", bad.pointer, bad.what))?.opening;
    let deeds: Vec<CaseAction> = DEEDS.iter().map(action).collect::<Result<_>>()?;
    let close = action(&("close", r#"{"reason": "returned_to_attendance"}"#, "{}"))?;
    let (school, lead) = (actor(Role::AttendanceLead, "S-1")?, actor(Role::WorkflowLead, "ASP-1")?);
    let mut play = Play::new()?;
    let before = resident()?;
    let started = Instant::now();
    for n in 0..cases {
        let (case, student) = (CaseId(id(n)), StudentId(id(n)));
        play.now += BETWEEN_CASES;
        let command = Command::Open { opening: opening.clone(), student, occurred_at: None };
        play.carry_out(&command, school, case)?;
        if n >= active {
            let command = Command::Act { case: CaseId(id(n - active)), action: close.clone(), occurred_at: None };
            play.carry_out(&command, lead, case)?;
        }
    }
    let opened = (play.commands, started.elapsed().as_secs_f64());
    let held = resident()?.saturating_sub(before);
    let started = Instant::now();
    let commands = play.commands;
    for (round, deed) in deeds.iter().cycle().take(deeds.len() * 2).enumerate() {
        for n in cases - active.min(cases)..cases {
            let occurred_at = (round % 2 == 1).then_some(OccurredAt::Instant(Timestamp(BEGIN)));
            let command = Command::Act { case: CaseId(id(n)), action: deed.clone(), occurred_at };
            play.carry_out(&command, lead, CaseId([0; 16]))?;
        }
    }
    let worked = (play.commands - commands, started.elapsed().as_secs_f64());
    let rate = |(count, seconds): (u64, f64)| count as f64 / seconds.max(1e-9);
    println!("the rules alone, one core, {cases} cases of which {active} stay active");
    println!("  opened and closed     {:>10.0} commands/s", rate(opened));
    println!("  worked on             {:>10.0} commands/s (to reach: 1,000,000)", rate(worked));
    println!("  state in memory       {:>10.0} MiB (to reach: 286)", held as f64 / f64::from(1 << 20));
    println!("  cases held            {:>10}", play.world.cases_held());
    Ok(())
}

fn action(&(name, facts, personal): &(&str, &str, &str)) -> Result<CaseAction> {
    let read = CaseAction::parse(name, facts, personal).with_context(|| format!("there is no action {name}"))?;
    read.map(|(action, _)| action).map_err(|bad| anyhow::anyhow!("{name}: {}: {}", bad.pointer, bad.what))
}

/// Returns the resident bytes of this process.
fn resident() -> Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").context("reading /proc/self/statm")?;
    let pages: u64 = statm.split_whitespace().nth(1).context("a second number")?.parse()?;
    Ok(pages * 4096)
}

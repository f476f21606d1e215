//! Plays steps against the rules alone, in memory: the first check of every term and every situation, in milliseconds.
//!
//! No log, no HTTP: `decide` and `evolve` of the core, and as much of keys and versions as the steps speak of.

use std::collections::HashMap;
use std::time::Duration;

use caseledger_events::access::{Grants, Operation, Standing, authorise};
use caseledger_events::action::{CaseAction, Who};
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Source};
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, CorrelationId, Position, StreamId, StudentId, Version};
use caseledger_events::input::BadInput;
use caseledger_events::machine::{Context, Declined, Draft, Machine};
use caseledger_events::opening::{Opening, ReadOpening};
use caseledger_events::reference::{Entry, Reference};
use caseledger_events::refusal::Refusal;
use caseledger_events::world::{Command, World};
use serde_json::{Value, json};

use super::outcome::Outcome;
use super::play::{Cast, Performed};
use super::step::{Key, On, Step};

/// The rules, and what they were told so far.
#[derive(Default)]
pub struct Rehearsal {
    world: World,
    students: HashMap<String, StudentId>,
    casts: HashMap<u32, Cast>,
    standings: HashMap<CaseId, Standing>,
    heads: HashMap<StreamId, (Version, Position)>,
    position: Position,
    keys: HashMap<(u32, u16), (Box<str>, Outcome)>,
}

impl Rehearsal {
    /// Begins with these rows of reference data.
    pub fn new(entries: &[Value]) -> Rehearsal {
        let mut rehearsal = Rehearsal::default();
        let entries: Vec<Entry> = entries.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
        let now = Timestamp::from(super::term::TERMS[0].first.and_time(chrono::NaiveTime::MIN).and_utc());
        let context = rehearsal.context("SIM-1/operator/MOE", now);
        let command = Command::Reference { entries, occurred_at: None };
        let drafts = rehearsal.world.decide(&command, &context).expect("reference data is taken");
        rehearsal.record(&drafts, &context);
        rehearsal
    }

    /// Returns the id of a story's case.
    pub fn case(&self, story: u32, name: &str) -> Option<CaseId> {
        self.casts.get(&story)?.get(name)?.parse().ok()
    }

    /// Performs one step.
    pub fn perform(&mut self, step: &Step) -> Performed {
        let key = match step.key {
            Key::Own => (step.story, step.number),
            Key::Of(number) => (step.story, number),
        };
        let told = self.keys.get(&key).cloned();
        let (outcome, kinds) = match told {
            Some((body, outcome)) if body == step.body => (Some(again(outcome)), vec![]),
            Some(_) => (Some(problem(409, "idempotency-key-reused", None)), vec![]),
            None => self.decide(step),
        };
        if let (On::New(name), Some(case)) = (&step.on, outcome.as_ref().and_then(Outcome::case)) {
            self.casts.entry(step.story).or_default().insert(name.clone(), case.to_owned());
        }
        if let Some(recorded @ Outcome::Recorded { .. }) = &outcome {
            self.keys.insert(key, (step.body.clone(), recorded.clone()));
        }
        Performed { outcome, kinds, took: Duration::ZERO, tried_again: 0 }
    }

    fn decide(&mut self, step: &Step) -> (Option<Outcome>, Vec<String>) {
        let now = Timestamp::from(step.at);
        let command = match self.command(step) {
            Ok(Some(command)) => command,
            Ok(None) => return (None, vec![]),
            Err(bad) => return (Some(problem(400, "bad-input", Some(bad.pointer))), vec![]),
        };
        if let (Command::Act { case, .. }, Some(saw)) = (&command, step.saw) {
            let head = self.heads.get(&StreamId::Case(*case)).map_or(0, |(version, _)| version.0);
            if head != saw {
                return (Some(problem(412, "stale", None)), vec![]);
            }
        }
        let context = self.context(&step.actor, now);
        if self.is_unnamed(&command, &context) {
            return (Some(refused(&Refusal::UnknownCase)), vec![]);
        }
        let outcome = match self.world.decide(&command, &context) {
            Ok(drafts) if drafts.is_empty() => Outcome::Nothing { case: text_of(&command) },
            Ok(drafts) => {
                let kinds = drafts.iter().map(|draft| draft.kind.to_owned()).collect();
                return (Some(self.record(&drafts, &context)), kinds);
            }
            Err(Declined::Refused(refusal)) => match self.may_know(&command, &context) {
                true => refused(&refusal),
                false => refused(&Refusal::UnknownCase),
            },
            Err(Declined::Cold(stream)) => panic!("{stream} is not held, and nothing is dropped here"),
        };
        (Some(outcome), vec![])
    }

    /// Reads a step as the HTTP interface would.
    fn command(&mut self, step: &Step) -> Result<Option<Command>, BadInput> {
        let body = self.casts.get(&step.story).map_or_else(|| step.body.as_ref().into(), |cast| step.body_in(cast));
        let body: Value = serde_json::from_str(&body).unwrap();
        let part = |name: &str| if body[name].is_null() { "{}".to_owned() } else { body[name].to_string() };
        let (facts, personal) = (part("facts"), part("personal"));
        let occurred_at = match body["occurred_at"].as_str() {
            Some(text) => {
                let read: Result<OccurredAt, _> = text.parse();
                Some(read.map_err(|_| BadInput::new("/occurred_at", "no time"))?)
            }
            None => None,
        };
        let On::Case(name) = &step.on else {
            let read = Opening::parse(&step.action, &facts, &personal);
            let ReadOpening { opening, nsn, .. } = read.unwrap_or_else(|| panic!("{} opens nothing", step.action))?;
            let fresh = StudentId((1 << 100 | self.students.len() as u128).to_be_bytes());
            let student = match nsn {
                Some(nsn) => *self.students.entry(nsn.reveal().clone()).or_insert(fresh),
                None => *self.students.entry(format!("no number, {} {}", step.story, step.number)).or_insert(fresh),
            };
            return Ok(Some(Command::Open { opening, student, occurred_at }));
        };
        let read = CaseAction::parse(&step.action, &facts, &personal);
        let (action, _) = read.unwrap_or_else(|| panic!("there is no action {}", step.action))?;
        let case = self.case(step.story, name);
        Ok(case.map(|case| Command::Act { case, action, occurred_at }))
    }

    fn context(&self, actor: &str, now: Timestamp) -> Context {
        let fields: Vec<&str> = actor.split('/').collect();
        let role = serde_json::from_value(json!(fields[1])).unwrap_or_else(|_| panic!("{actor}: no such role"));
        let actor = Actor { person: fields[0].parse().unwrap(), role, organisation: fields[2].parse().unwrap() };
        let new_case = CaseId((1 << 110 | u128::from(self.position.0)).to_be_bytes());
        Context { actor, on_behalf_of: None, source: Source::Person, now, new_case, sealed: None }
    }

    /// Returns whether the actor speaks of a move that does not name their provider: over HTTP there is no such case.
    fn is_unnamed(&self, command: &Command, context: &Context) -> bool {
        let Command::Act { case, action, .. } = command else { return false };
        action.info().who.contains(&Who::AnyProvider) && !self.may(&[Operation::Act], *case, context)
    }

    /// Returns whether the actor may know of the case: others are told that there is none, as over HTTP.
    fn may_know(&self, command: &Command, context: &Context) -> bool {
        let Command::Act { case, .. } = command else { return true };
        self.may(&[Operation::Act, Operation::OpenCase], *case, context)
    }

    fn may(&self, operations: &[Operation], case: CaseId, context: &Context) -> bool {
        let Some(standing) = self.standings.get(&case) else { return false };
        let admitted = Grants::default().admit(context.actor, true, context.now, &Reference::default());
        let asker = admitted.expect("a ledger without any grant enforces none");
        let today = context.now.auckland();
        operations.iter().any(|may| authorise(&asker, *may, standing, today).is_ok())
    }

    fn stand(&mut self, event: &Recorded<'_>) {
        let StreamId::Case(case) = event.stream else { return };
        let read = CaseEvent::read(event.kind, event.schema, event.facts).expect("an event just decided reads back");
        if let Some(read) = read
            && let Some(standing) = Standing::evolve(self.standings.remove(&case), event, &read)
        {
            self.standings.insert(case, standing);
        }
    }

    fn record(&mut self, drafts: &[Draft], context: &Context) -> Outcome {
        for draft in drafts {
            self.position = self.position.next();
            let (version, previous) = self.heads.get(&draft.stream).copied().unwrap_or_default();
            let event = Recorded {
                position: self.position,
                stream: draft.stream,
                version: version.next(),
                previous,
                kind: draft.kind,
                schema: draft.schema,
                occurred_at: draft.occurred_at,
                recorded_at: context.now,
                source_recorded_at: None,
                actor: context.actor,
                on_behalf_of: None,
                source: context.source,
                scope: draft.scope,
                policy: 1,
                correlation: CorrelationId([0; 16]),
                causation: None,
                tag: None,
                salt: [0; 16],
                facts: &draft.facts,
                parts: vec![],
            };
            self.world.evolve(&event).expect("an event just decided reads back");
            self.stand(&event);
            self.heads.insert(draft.stream, (version.next(), self.position));
        }
        let case = match drafts[0].stream {
            StreamId::Case(case) => case.to_string(),
            _ => String::new(),
        };
        Outcome::Recorded { case, repeated: false, receipt: json!({"position": self.position}) }
    }
}

fn text_of(command: &Command) -> String {
    match command {
        Command::Act { case, .. } => case.to_string(),
        _ => String::new(),
    }
}

fn again(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Recorded { case, receipt, .. } => Outcome::Recorded { case, repeated: true, receipt },
        other => other,
    }
}

fn refused(refusal: &Refusal) -> Outcome {
    Outcome::Refused { rule: refusal.rule().into(), code: refusal.code().into(), detail: refusal.to_string() }
}

fn problem(status: u16, code: &str, pointer: Option<String>) -> Outcome {
    Outcome::Problem { status, code: code.into(), pointer, detail: String::new() }
}

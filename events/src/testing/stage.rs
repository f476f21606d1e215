//! The stage a specification plays on: a world with a history, an actor, a day, and what comes of an act.

use super::{Past, STUDENT, day, lead, noon, reference, source_of, time};
use crate::action::CaseAction;
use crate::case::Case;
use crate::codec;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Actor, Recorded, Scope, Source};
use crate::event::CaseEvent;
use crate::ids::{CaseId, CorrelationId, Position, StreamId, StudentId, Version};
use crate::machine::{Context, Declined, Draft, Machine};
use crate::opening::Opening;
use crate::policy::PolicySet;
use crate::refusal::Refusal;
use crate::world::{Command, World};

/// The case of the tests.
pub const CASE: CaseId = CaseId([7; 16]);

/// Another case, where there is one.
pub const OTHER_CASE: CaseId = CaseId([9; 16]);

/// The id of a case that an opening makes.
pub const NEW_CASE: CaseId = CaseId([8; 16]);

/// A world with the reference data of the tests, on which commands are carried out one after another.
#[derive(Default)]
pub struct Stage {
    /// The state held.
    pub world: World,
    /// Everything recorded, as stored.
    pub frames: Vec<Vec<u8>>,
}

impl Stage {
    /// Sets the stage with the reference data of the tests.
    pub fn new() -> Stage {
        let mut stage = Stage::default();
        let from = OccurredAt::Day(day(super::REFERENCE_FROM));
        for entry in reference() {
            stage.record(&entry.draft(from), noon(from.auckland()));
        }
        stage
    }

    /// Records a draft: stores it, reads it back, and folds it in.
    pub fn record(&mut self, draft: &Draft, recorded_at: Timestamp) {
        let position = Position(self.frames.len() as u64 + 1);
        let mut frame = Vec::new();
        codec::encode(&recorded(draft, position, recorded_at), &mut frame);
        self.frames.push(frame);
        let event = codec::decode(self.frames.last().expect("one was just pushed")).expect("a frame just made");
        self.world.evolve(&event).expect("an event just made");
    }

    /// Records what has happened to a case.
    pub fn remember(&mut self, case: CaseId, past: &Past) {
        let draft = Draft {
            stream: StreamId::Case(case),
            kind: past.event.kind(),
            schema: past.event.schema(),
            facts: past.event.facts(),
            occurred_at: past.times.occurred_at,
            scope: Scope::default(),
            carries_parts: false,
        };
        self.record(&draft, past.times.recorded_at);
    }

    /// Decides a command and records what comes of it.
    pub fn carry_out(&mut self, command: &Command, context: &Context) -> Result<Vec<Draft>, Declined<Refusal>> {
        let drafts = self.world.decide(command, context)?;
        drafts.iter().for_each(|draft| self.record(draft, context.now));
        Ok(drafts)
    }
}

/// An event with an envelope that tests do not look at.
pub fn recorded<'a>(draft: &'a Draft, position: Position, recorded_at: Timestamp) -> Recorded<'a> {
    Recorded {
        position,
        stream: draft.stream,
        version: Version(1),
        previous: Position(0),
        kind: draft.kind,
        schema: draft.schema,
        occurred_at: draft.occurred_at,
        recorded_at,
        source_recorded_at: None,
        actor: lead(),
        on_behalf_of: None,
        source: Source::Person,
        scope: draft.scope,
        policy: 1,
        correlation: CorrelationId([3; 16]),
        causation: None,
        tag: None,
        salt: [0; 16],
        facts: &draft.facts,
        parts: vec![],
    }
}

/// A history, with who acts and when.
pub struct Given {
    stage: Stage,
    case: CaseId,
    actor: Actor,
    source: Option<Source>,
    now: Timestamp,
    occurred_at: Option<OccurredAt>,
}

/// Begins a specification with what has happened to [`CASE`]; the workflow lead of `ASP-1` acts, on 1 June 2026.
pub fn given(history: impl IntoIterator<Item = Past>) -> Given {
    let now = noon(day("2026-06-01"));
    Given { stage: Stage::new(), case: CASE, actor: lead(), source: None, now, occurred_at: None }.and(history)
}

/// Begins a specification with what has come of another, on the same day.
pub fn given_on(stage: Stage) -> Given {
    Given { stage, ..given([]) }
}

/// Begins a specification with nothing but the reference data.
pub fn given_nothing() -> Given {
    given([])
}

impl Given {
    /// Adds to the history.
    #[must_use]
    pub fn and(mut self, history: impl IntoIterator<Item = Past>) -> Given {
        history.into_iter().for_each(|past| self.stage.remember(CASE, &past));
        self
    }

    /// Says under which policy it is decided: the defaults, with these settings in the place of theirs.
    ///
    /// # Panics
    /// For what is no policy.
    #[must_use]
    pub fn under(mut self, changes: serde_json::Value) -> Given {
        let policy = serde_json::from_value(changes).expect("a test names settings");
        let effective_on = day(super::REFERENCE_FROM);
        let set = PolicySet { version: 2, effective_on, policy };
        self.stage.record(&set.draft(OccurredAt::Day(effective_on)), noon(effective_on));
        self
    }

    /// Adds what has happened to another case.
    #[must_use]
    pub fn and_of(mut self, case: CaseId, history: impl IntoIterator<Item = Past>) -> Given {
        history.into_iter().for_each(|past| self.stage.remember(case, &past));
        self
    }

    /// Says which case is acted on, where it is another than [`CASE`].
    #[must_use]
    pub fn of(self, case: CaseId) -> Given {
        Given { case, ..self }
    }

    /// Says who acts.
    #[must_use]
    pub fn by(self, actor: Actor) -> Given {
        Given { actor, ..self }
    }

    /// Says where the command comes from, where the role does not.
    #[must_use]
    pub fn through(self, source: Source) -> Given {
        Given { source: Some(source), ..self }
    }

    /// Says when the act is recorded: a time, or noon of a day.
    #[track_caller]
    #[must_use]
    pub fn at(self, now: &str) -> Given {
        let now = match time(now) {
            OccurredAt::Day(day) => noon(day),
            OccurredAt::Instant(time) => time,
        };
        Given { now, ..self }
    }

    /// Says when it happened; else when it is recorded.
    #[track_caller]
    #[must_use]
    pub fn occurred(self, at: &str) -> Given {
        Given { occurred_at: Some(time(at)), ..self }
    }

    /// Does something with the case.
    pub fn when(self, action: impl Into<CaseAction>) -> Outcome {
        let (case, occurred_at) = (self.case, self.occurred_at);
        self.decide(Command::Act { case, action: action.into(), occurred_at })
    }

    /// Does what a client asks for, read as it would come in.
    #[track_caller]
    pub fn when_sent(self, name: &str, facts: serde_json::Value, personal: serde_json::Value) -> Outcome {
        self.when(super::action_sent(name, &facts, &personal))
    }

    /// Opens a case for the student of the tests.
    pub fn when_opening(self, opening: Opening) -> Outcome {
        self.when_opening_for(STUDENT, opening)
    }

    /// Opens a case for a student.
    pub fn when_opening_for(self, student: StudentId, opening: Opening) -> Outcome {
        let occurred_at = self.occurred_at;
        self.decide(Command::Open { opening, student, occurred_at })
    }

    /// Has a provider report something about itself, read as it would come in.
    #[track_caller]
    pub fn when_reporting(self, provider: &str, name: &str, facts: serde_json::Value) -> Outcome {
        let read = crate::provider::ProviderAct::parse(name, &facts.to_string());
        let act = read.expect("a test names an act").expect("a test sends what can be read");
        let (provider, occurred_at) = (super::code(provider), self.occurred_at);
        self.decide(Command::Provider { provider, act, occurred_at })
    }

    fn decide(mut self, command: Command) -> Outcome {
        let source = self.source.unwrap_or_else(|| source_of(self.actor.role));
        let context =
            Context { actor: self.actor, on_behalf_of: None, source, now: self.now, new_case: NEW_CASE, sealed: None };
        let result = match self.stage.carry_out(&command, &context) {
            Ok(drafts) => Ok(drafts),
            Err(Declined::Refused(refusal)) => Err(refusal),
            Err(Declined::Cold(stream)) => panic!("{stream} is not held"),
        };
        Outcome { stage: self.stage, result }
    }

    /// Returns the state of the case.
    #[track_caller]
    pub fn case(&self) -> &Case {
        self.case_of(CASE)
    }

    /// Returns the state of a case.
    #[track_caller]
    pub fn case_of(&self, case: CaseId) -> &Case {
        self.stage.world.case(case).expect("the history opens the case")
    }
}

/// What came of an act.
pub struct Outcome {
    /// The stage after it.
    pub stage: Stage,
    /// The events, or the refusal.
    pub result: Result<Vec<Draft>, Refusal>,
}

impl Outcome {
    /// Expects these events and no others; the first carries what was written.
    #[track_caller]
    pub fn then<E: Into<CaseEvent>>(self, expected: impl IntoIterator<Item = E>) -> Outcome {
        let expected: Vec<CaseEvent> = expected.into_iter().map(Into::into).collect();
        assert_eq!(self.events(), expected);
        let drafts = self.result.as_ref().expect("events were just read from it");
        assert!(drafts.iter().enumerate().all(|(i, draft)| draft.carries_parts == (i == 0)));
        self
    }

    /// Expects a refusal.
    #[track_caller]
    pub fn then_refused(self, expected: Refusal) -> Outcome {
        assert_eq!(self.result.as_ref().map(|_| self.events()).map_err(Clone::clone), Err(expected));
        self
    }

    /// Expects that there is nothing to do.
    #[track_caller]
    pub fn then_nothing(self) -> Outcome {
        assert_eq!(self.events(), vec![]);
        self
    }

    /// Expects something of the case afterwards.
    #[track_caller]
    pub fn then_case(self, holds: impl FnOnce(&Case) -> bool) -> Outcome {
        let case = self.stage.world.case(CASE).expect("the history opens the case");
        assert!(holds(case), "{case:#?}");
        self
    }

    /// Expects something of the case that was opened.
    #[track_caller]
    pub fn then_case_of_new(self, holds: impl FnOnce(&Case) -> bool) -> Outcome {
        let case = self.stage.world.case(NEW_CASE).unwrap_or_else(|| panic!("no case was opened: {:?}", self.result));
        assert!(holds(case), "{case:#?}");
        self
    }

    /// Returns the events that came of it.
    #[track_caller]
    pub fn events(&self) -> Vec<CaseEvent> {
        match &self.result {
            Ok(drafts) => drafts.iter().map(event_of).collect(),
            Err(refusal) => panic!("refused: {} ({}, {refusal:?})", refusal, refusal.rule()),
        }
    }

    /// Returns the provider each event stands under.
    #[track_caller]
    pub fn providers(&self) -> Vec<Option<crate::ids::Code>> {
        self.result.as_ref().expect("not refused").iter().map(|draft| draft.scope.provider).collect()
    }
}

/// Reads the event of a draft.
pub fn event_of(draft: &Draft) -> CaseEvent {
    let read = CaseEvent::read(draft.kind, draft.schema, &draft.facts);
    read.expect("facts just made").expect("an event type of this build")
}

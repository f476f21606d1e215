//! Ledgers in memory for tests: events as stored, with versions and links as the sequencer gives them.

mod samples;
mod term;

use std::collections::HashMap;

use caseledger_events::case::Times;
use caseledger_events::codec;
use caseledger_events::envelope::{Actor, Recorded, Scope, Source};
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, CorrelationId, Position, StreamId, Version};
use caseledger_events::machine::Draft;
use caseledger_events::personal::Part;
use caseledger_events::testing::{Past, lead};

pub use samples::*;
pub use term::*;

/// Invents a term of so many events.
pub fn term_of(seed: u64, events: usize) -> Tape {
    let mut tape = Tape::new();
    Term::new(seed, 20).play(&mut tape, events);
    tape
}

/// Who wrote what: everything of an event but its place.
pub struct Written {
    /// What happened, and when.
    pub past: Past,
    /// Who acted.
    pub actor: Actor,
    /// The personal parts.
    pub parts: Vec<Part>,
}

impl From<Past> for Written {
    fn from(past: Past) -> Written {
        Written { past, actor: lead(), parts: Vec::new() }
    }
}

/// Adds who acted and what they wrote.
pub fn written(past: Past, actor: Actor, parts: impl IntoIterator<Item = Part>) -> Written {
    Written { past, actor, parts: parts.into_iter().collect() }
}

/// Events as stored, from position 1.
#[derive(Clone, Default)]
pub struct Tape {
    frames: Vec<Vec<u8>>,
    heads: HashMap<StreamId, (Version, Position)>,
}

impl Tape {
    /// Begins an empty ledger.
    pub fn new() -> Tape {
        Tape::default()
    }

    /// Records what has happened to a case.
    pub fn case(&mut self, case: CaseId, written: impl Into<Written>) -> Position {
        let Written { past: Past { event, times }, actor, parts } = written.into();
        let draft = Draft {
            stream: StreamId::Case(case),
            kind: event.kind(),
            schema: event.schema(),
            facts: event.facts(),
            occurred_at: times.occurred_at,
            scope: Scope::default(),
            carries_parts: !parts.is_empty(),
        };
        self.draft(&draft, times, actor, parts)
    }

    /// Records a draft of any stream.
    pub fn draft(&mut self, draft: &Draft, times: Times, actor: Actor, parts: Vec<Part>) -> Position {
        let position = Position(self.frames.len() as u64 + 1);
        let (version, previous) = self.heads.get(&draft.stream).copied().unwrap_or_default();
        let version = version.next();
        self.heads.insert(draft.stream, (version, position));
        let event = Recorded {
            position,
            stream: draft.stream,
            version,
            previous,
            kind: draft.kind,
            schema: draft.schema,
            occurred_at: draft.occurred_at,
            recorded_at: times.recorded_at,
            source_recorded_at: None,
            actor,
            on_behalf_of: None,
            source: Source::Person,
            scope: draft.scope,
            policy: 1,
            correlation: CorrelationId([3; 16]),
            causation: None,
            tag: None,
            salt: [0; 16],
            facts: &draft.facts,
            parts,
        };
        let mut frame = Vec::with_capacity(512);
        codec::encode(&event, &mut frame);
        self.frames.push(frame);
        position
    }

    /// Records bytes as they are; versions and links go on from what was recorded properly.
    pub fn raw<'a>(&mut self, frames: impl IntoIterator<Item = &'a [u8]>) {
        self.frames.extend(frames.into_iter().map(<[u8]>::to_vec));
    }

    /// Returns the first events alone.
    pub fn first(&self, events: usize) -> Tape {
        let mut first = Tape::new();
        first.raw(self.frames[..events].iter().map(Vec::as_slice));
        first
    }

    /// Returns everything recorded, as stored.
    pub fn frames(&self) -> &[Vec<u8>] {
        &self.frames
    }

    /// Returns everything recorded, read back.
    pub fn events(&self) -> impl Iterator<Item = Recorded<'_>> {
        self.frames.iter().map(|frame| codec::decode(frame).expect("a frame just made"))
    }

    /// Returns the case events recorded, read back.
    pub fn case_events(&self) -> impl Iterator<Item = (Recorded<'_>, CaseEvent)> {
        self.events().filter_map(|event| {
            let read = CaseEvent::read(event.kind, event.schema, event.facts).expect("facts just made")?;
            Some((event, read))
        })
    }
}

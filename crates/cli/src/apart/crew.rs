//! The read models that are fed together: each event decoded once, each file written by a thread of its own.

use std::path::Path;
use std::time::Instant;

use caseledger_events::ids::Position;
use caseledger_log::LedgerIdentity;
use caseledger_proof::Hash;
use caseledger_views::{Apart, ApartError};
use serde::Serialize;

use super::chunk::Chunk;
use crate::exit::{Exit, Failure};

/// The files that are fed.
pub struct Crew {
    hands: Vec<Hand>,
    head: Position,
    started: Instant,
    taken: u64,
}

/// One file; one that stopped before an event is fed no more, and the others go on.
struct Hand {
    apart: Apart,
    stopped: Option<(Position, String)>,
}

/// How one read model stands: a line of the status file.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct HandStatus {
    /// The read model.
    pub view: &'static str,
    /// Its file.
    pub file: String,
    /// `following`, `building` or `stalled`.
    pub state: &'static str,
    /// The last position it holds.
    pub position: Position,
    /// The last position known of.
    pub head: Position,
    /// How many events it is behind.
    pub lag_events: u64,
    /// Events a second since the start, of all read models together.
    pub events_per_second: u64,
    /// Before which event it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Position>,
    /// Why it stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Crew {
    /// Opens the files of some read models in a directory, or begins them; all that can be built apart where none is named.
    pub fn open(dir: &Path, views: &[String], identity: LedgerIdentity, head: Position) -> Result<Crew, Failure> {
        let all: Vec<String> = Apart::names().into_iter().map(str::to_owned).collect();
        let views = if views.is_empty() { &all } else { views };
        let mut hands = Vec::new();
        for view in views {
            let (apart, aside) = Apart::open(dir, view, identity, head)?;
            aside.iter().for_each(|aside| tracing::warn!(file = aside.file, reason = aside.reason, "set aside"));
            hands.push(Hand { apart, stopped: None });
        }
        Ok(Crew { hands, head, started: Instant::now(), taken: 0 })
    }

    /// Returns where each file stands, with the chain hash there.
    pub fn stand_at(&self) -> Vec<(Position, Hash)> {
        self.hands.iter().map(|hand| hand.apart.stands_at()).collect()
    }

    /// Sets those aside that hold another history than the log: `chain` tells the hash at a position, where there is one.
    pub fn settle(&mut self, known: &[(Position, Option<Hash>)]) -> Result<(), Failure> {
        for hand in &mut self.hands {
            let (at, ours) = hand.apart.stands_at();
            let theirs = known.iter().find(|(position, _)| *position == at).and_then(|(_, hash)| *hash);
            if at > Position(0) && theirs != Some(ours) {
                let reason = format!("the log tells another history up to position {at}, or ends before it");
                let aside = hand.apart.begin_anew(self.head, reason)?;
                tracing::warn!(file = aside.file, reason = aside.reason, "set aside, and built anew");
            }
        }
        Ok(())
    }

    /// Returns the first position that somebody still needs.
    pub fn next(&self) -> Position {
        let at = self.going().map(|hand| hand.apart.stands_at().0).min();
        at.unwrap_or(self.head).next()
    }

    /// Returns whether somebody goes on.
    pub fn goes_on(&self) -> bool {
        self.going().next().is_some()
    }

    fn going(&self) -> impl Iterator<Item = &Hand> {
        self.hands.iter().filter(|hand| hand.stopped.is_none())
    }

    /// Feeds a chunk to everybody that goes on; what stops one stops no other, a full disk stops all.
    pub fn take(&mut self, chunk: &Chunk) -> Result<(), Failure> {
        let Some(last) = chunk.last() else { return Ok(()) };
        self.head = self.head.max(last);
        let events = chunk.handed();
        self.taken += events.len() as u64;
        let fed = std::thread::scope(|scope| {
            let going = self.hands.iter_mut().filter(|hand| hand.stopped.is_none());
            let feeding: Vec<_> = going.map(|hand| scope.spawn(|| hand.take(&events))).collect();
            feeding.into_iter().map(|fed| fed.join().unwrap_or_else(|_| Err(panicked()))).collect::<Vec<_>>()
        });
        fed.into_iter().collect()
    }

    /// Says how everybody stands.
    pub fn status(&self) -> Vec<HandStatus> {
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let told = self.hands.iter().map(|hand| {
            let position = hand.apart.stands_at().0;
            let state = match &hand.stopped {
                Some(_) => "stalled",
                None if position < self.head => "building",
                None => "following",
            };
            HandStatus {
                view: hand.apart.name(),
                file: hand.apart.path().display().to_string(),
                state,
                position,
                head: self.head,
                lag_events: self.head.0.saturating_sub(position.0),
                events_per_second: (self.taken as f64 / seconds) as u64,
                stopped_at: hand.stopped.as_ref().map(|(at, _)| *at),
                reason: hand.stopped.as_ref().map(|(_, reason)| reason.clone()),
            }
        });
        told.collect()
    }

    /// Closes the files.
    pub fn close(self) {
        self.hands.into_iter().for_each(|hand| hand.apart.close());
    }
}

impl Hand {
    fn take(&mut self, events: &[caseledger_views::Handed<'_>]) -> Result<(), Failure> {
        match self.apart.take(events) {
            Ok(()) => Ok(()),
            Err(ApartError::Stopped { at, reason, view }) => {
                tracing::error!(view, position = at.0, reason, "stopped before an event; the others go on");
                self.stopped = Some((at, reason));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn panicked() -> Failure {
    Failure::new(Exit::Internal, "a read model could not be written: its thread ended in a panic")
}

impl From<ApartError> for Failure {
    fn from(error: ApartError) -> Failure {
        let exit = match &error {
            ApartError::Unknown { .. } => Exit::NoData,
            ApartError::Stopped { .. } => Exit::FoundWrong,
            ApartError::Store { .. } | ApartError::View(_) => Exit::Internal,
        };
        Failure::new(exit, error)
    }
}

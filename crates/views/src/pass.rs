//! One pass over the log for all read models that are built: each event is read, decoded and opened once.
//!
//! A thread reads ahead and hands chunks of decoded events to the threads that fold and load, each by a bounded channel of
//! its own. A read model that stops, is paused or given up leaves the pass; the others go on. What the pass ends before
//! (the head moves while it runs) each reads by itself.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use caseledger_events::codec;
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;
use caseledger_events::personal::Opener;
use caseledger_log::{ReadError, Reader};
use caseledger_proof::Hash;

use crate::error::ViewError;
use crate::handed::{Handed, What};
use crate::model::Model;

/// The events of a chunk: some milliseconds of work.
const CHUNK_EVENTS: usize = 2_048;
/// The chunks that wait for a read model that is slower than the others, or commits.
const CHUNKS_AHEAD: usize = 12;
/// How often a read model that waits for the next chunk looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a pass reads, and from where.
struct Pass {
    reader: Reader,
    /// Opens what is personal; `None` where no read model of the pass shows it.
    opener: Option<Arc<dyn Opener>>,
    /// The first position that one of them lacks.
    from: Position,
}

/// A read model's end of the pass.
pub(crate) struct Member(Receiver<Arc<Chunk>>);

/// Events that follow each other, decoded.
#[derive(Default)]
pub(crate) struct Chunk {
    /// Their types and their facts, each one after the other.
    kinds: String,
    facts: Vec<u8>,
    events: Vec<Event>,
}

struct Event {
    position: Position,
    /// The chain hash before it, and at it.
    chain: (Hash, Hash),
    read: Result<Decoded, String>,
}

/// An event but for its type and its facts, and where these lie in the chunk.
struct Decoded {
    event: Recorded<'static>,
    kind: Range<usize>,
    facts: Range<usize>,
}

/// Begins a pass for read models that stand at some positions; returns an end for each, and the thread that reads ahead.
pub(crate) fn over(
    reader: &Reader,
    opener: &Arc<dyn Opener>,
    built: Vec<(&'static Model, Position)>,
) -> Result<(Vec<Member>, Option<JoinHandle<()>>), ViewError> {
    let Some(from) = built.iter().map(|(_, position)| position.next()).min() else { return Ok((Vec::new(), None)) };
    let is_shown = built.iter().any(|(model, _)| (model.keeper)().reads_personal());
    let opener = is_shown.then(|| Arc::clone(opener));
    let started = Pass { reader: reader.clone(), opener, from }.start(built.len());
    let (members, thread) = started.map_err(|source| ViewError::Thread { source })?;
    Ok((members, Some(thread)))
}

impl Pass {
    fn start(self, members: usize) -> io::Result<(Vec<Member>, JoinHandle<()>)> {
        let (hands, ends): (Vec<_>, Vec<_>) = (0..members).map(|_| sync_channel(CHUNKS_AHEAD)).unzip();
        let thread = thread::Builder::new().name("view-pass".to_owned()).spawn(move || {
            caseledger_log::step_back();
            if let Err(error) = self.run(hands) {
                // Each read model meets the same on its own way, and says so in its status.
                tracing::warn!(%error, "read models that are built go on each by itself");
            }
        })?;
        Ok((ends.into_iter().map(Member).collect(), thread))
    }

    fn run(self, mut hands: Vec<SyncSender<Arc<Chunk>>>) -> Result<(), ReadError> {
        let mut next = self.from;
        let mut before = self.reader.chain_at(Position(next.0 - 1))?;
        while next.0 + (CHUNK_EVENTS as u64) <= self.reader.durable().0 || next == self.from {
            let mut chunk = Chunk::default();
            let mut scan = self.reader.scan(next);
            while let Some(group) = scan.next_group()? {
                for (position, frame, chain) in group.chained() {
                    chunk.push(position, frame, (before, chain), self.opener.as_deref());
                    before = chain;
                }
                if chunk.events.len() >= CHUNK_EVENTS {
                    hand_out(std::mem::take(&mut chunk), &mut hands);
                    if hands.is_empty() {
                        return Ok(());
                    }
                }
            }
            hand_out(chunk, &mut hands);
            let reached = scan.position();
            if reached == next {
                break;
            }
            next = reached;
        }
        Ok(())
    }
}

/// Hands a chunk to everybody who is still there; waits for those who have enough for now.
fn hand_out(chunk: Chunk, hands: &mut Vec<SyncSender<Arc<Chunk>>>) {
    let chunk = Arc::new(chunk);
    hands.retain(|hand| hand.send(Arc::clone(&chunk)).is_ok());
}

impl Member {
    /// Waits for the next chunk; `None` when the pass ended, or when it is time to stop.
    pub fn next(&self, is_stopping: impl Fn() -> bool) -> Option<Arc<Chunk>> {
        loop {
            match self.0.recv_timeout(LOOK_EVERY) {
                Ok(chunk) => return Some(chunk),
                Err(RecvTimeoutError::Timeout) if !is_stopping() => {}
                Err(_) => return None,
            }
        }
    }
}

impl Chunk {
    fn push(&mut self, position: Position, frame: &[u8], chain: (Hash, Hash), opener: Option<&dyn Opener>) {
        let read = match codec::decode(frame) {
            Ok(event) => {
                let (kind, facts) = (self.kinds.len(), self.facts.len());
                self.kinds.push_str(event.kind);
                self.facts.extend(event.facts);
                let (kind, facts) = (kind..self.kinds.len(), facts..self.facts.len());
                let mut event = Recorded { kind: "", facts: &[], ..event };
                if let Some(opener) = opener {
                    opener.open(event.correlation, &mut event.parts);
                }
                Ok(Decoded { event, kind, facts })
            }
            Err(error) => Err(error.to_string()),
        };
        self.events.push(Event { position, chain, read });
    }

    /// Hands each event over in order, with its personal parts where they are asked for.
    pub fn each<E>(&self, with_parts: bool, mut take: impl FnMut(Handed<'_>) -> Result<(), E>) -> Result<(), E> {
        self.events.iter().try_for_each(|event| {
            let what = match &event.read {
                Ok(decoded) => What::Recorded(decoded.recorded(self, with_parts)),
                Err(reason) => What::Unreadable(reason.clone()),
            };
            let (before, chain) = event.chain;
            take(Handed { position: event.position, before: Some(before), chain, what })
        })
    }
}

impl Decoded {
    fn recorded<'a>(&self, chunk: &'a Chunk, with_parts: bool) -> Recorded<'a> {
        Recorded {
            kind: &chunk.kinds[self.kind.clone()],
            facts: &chunk.facts[self.facts.clone()],
            parts: if with_parts { self.event.parts.clone() } else { Vec::new() },
            ..self.event
        }
    }
}

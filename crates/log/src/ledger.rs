//! The ledger as its users see it: a command goes in, an answer comes out.
//!
//! The road of a command: `execute` (reads what must be read) → `desk` (the bounded queue) → `sequencer` and `decide`
//! (one thread: tag, If-Match, rules, events, numbers) → `committer` (both copies durable) → the answer. A start goes
//! through `open`, `snapshot` and `replay`.

mod clock;
mod committer;
mod create;
mod decide;
mod desk;
mod errands;
mod execute;
mod fatal;
mod heads;
mod history;
mod idempotency;
mod open;
mod options;
mod origin;
mod outcome;
mod pace;
mod replay;
mod running;
mod salts;
mod secret;
mod sequencer;
mod series;
mod shared;
mod snapshot;
mod space;
mod start;
mod state_hash;
mod status;
mod work;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{Position, StreamId, Tag, Version};
use caseledger_events::machine::{Machine, Submission};
use tokio::sync::oneshot;

pub use clock::{CLOCK_TOLERANCE, Clock, ClockStatus, ClockTrouble, SimulationError, SystemClock};
pub use fatal::{FATAL_EXIT, FatalError, FatalHook, end_process};
pub use idempotency::REQUEST_PART;
pub use options::LedgerOptions;
pub use outcome::{HistoryError, Outcome};
pub(crate) use salts::Salts;
pub use secret::{LedgerSecret, SECRET_FILE, SecretError};
pub use series::{Decided, Due, Series};
pub use snapshot::SNAPSHOT_DIR;
pub(crate) use space::Space;
pub use space::{BALLAST_FILE, SpaceProbe, free_space};
pub use start::{StartError, StartReport};
pub use state_hash::state_hash;
pub use status::LedgerStatus;

use crate::identity::LedgerIdentity;
use crate::reader::Reader;
use desk::NotTaken;
use running::Running;
use work::{Message, Verdict};

/// An open ledger; cheap to clone, usable from any number of tasks and threads.
///
/// It stops when [`Ledger::shutdown`] is called, or without snapshots when the last clone is dropped.
pub struct Ledger<M: Machine> {
    pub(crate) running: Arc<Running<M>>,
}

impl<M: Machine> Clone for Ledger<M> {
    fn clone(&self) -> Self {
        Ledger { running: Arc::clone(&self.running) }
    }
}

impl<M: Machine> Ledger<M> {
    /// Creates a ledger, position 1 included; finishes a creation that was interrupted.
    ///
    /// Blocks; opening it is a second step.
    pub fn create(dir: &Path, options: &LedgerOptions) -> Result<LedgerIdentity, StartError> {
        create::create(dir, options)
    }

    /// Opens a ledger: mends its copies, restores the state of `machine` (which comes empty), starts its threads.
    ///
    /// Blocks until commands can be taken.
    pub fn open(dir: &Path, options: LedgerOptions, machine: M) -> Result<(Ledger<M>, StartReport), StartError> {
        let (running, report) = open::open(dir, options, machine)?;
        Ok((Ledger { running: Arc::new(running) }, report))
    }

    /// Has a command decided, recorded and made durable, and returns the answer.
    ///
    /// The command is decided even when the returned future is dropped.
    pub async fn execute(&self, submission: Submission<M::Command>) -> Outcome<M::Refusal> {
        self.running.execute(submission).await
    }

    /// Returns the idempotency tag K of a command: a keyed hash of actor, command name and the client's key.
    pub fn tag(&self, actor: &Actor, command: &str, key: &str) -> Tag {
        self.running.secret.tag(actor, command, key)
    }

    /// Returns a reader of everything durable.
    pub fn reader(&self) -> Reader {
        self.running.shared.reader.clone()
    }

    /// Returns which ledger this is.
    pub fn identity(&self) -> LedgerIdentity {
        self.running.shared.reader.identity()
    }

    /// Returns whether recorded times are those of a simulation.
    pub fn is_simulated(&self) -> bool {
        self.running.simulated
    }

    /// Returns version and position of a stream's last durable event.
    pub fn head(&self, stream: StreamId) -> Option<(Version, Position)> {
        self.running.shared.heads.get(stream).map(|head| (head.version, head.position))
    }

    /// Returns what operators want to know.
    pub fn status(&self) -> LedgerStatus {
        let shared = &self.running.shared;
        LedgerStatus {
            queued: shared.desk.queued(),
            durable: shared.settled(),
            last_group_events: shared.last_group.load(Ordering::Relaxed),
            streams: shared.heads.len(),
            free_bytes: shared.space.free(),
            floor_bytes: shared.space.floor(),
            clock: shared.timekeeper.lock().status(),
            last_snapshot: Position(shared.last_snapshot.load(Ordering::Relaxed)),
            takes_commands: shared.desk.is_open(),
            died_of: shared.died.get().cloned(),
        }
    }

    /// Returns what the ledger thinks of its clock.
    pub fn clock(&self) -> ClockStatus {
        self.running.shared.timekeeper.lock().status()
    }

    /// Returns the ledger's time, simulated or real: what *today* is for those who ask.
    pub fn now(&self) -> Timestamp {
        self.running.shared.timekeeper.lock().at_present()
    }

    /// Believes the wall clock again on an operator's word, which is recorded; nothing to do where it was not doubted.
    pub async fn confirm_clock(&self, operator: Actor) -> Outcome<M::Refusal> {
        let (reply, verdict) = oneshot::channel();
        if let Err((_, why)) = self.running.shared.desk.post(Message::ConfirmClock(operator, reply)) {
            return not_taken(why);
        }
        match verdict.await {
            Ok(Verdict::Final(outcome)) => outcome,
            _ => Outcome::Unknown,
        }
    }

    /// Moves simulated time forward; every command decided from now on is recorded at this time or just after it.
    pub fn set_simulated_time(&self, time: Timestamp) -> Result<(), SimulationError> {
        self.running.shared.timekeeper.lock().set_simulated(time)
    }

    /// Looks at the state between two commands; `None` where the ledger stops first.
    ///
    /// The sequencer waits while `look` runs, so it must be quick; the state may hold events that are not durable yet.
    pub async fn inspect<T: Send + 'static>(&self, look: impl FnOnce(&M) -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let look = Box::new(move |machine: &M| drop(reply.send(look(machine))));
        self.running.shared.desk.post(Message::Inspect(look)).ok()?;
        answer.await.ok()
    }

    /// Stops: refuses commands, finishes those queued, writes snapshots, closes both copies of the log.
    ///
    /// Blocks until everything is closed; a second call returns at once or waits for the first. Readers given out
    /// stay valid but see nothing new.
    pub fn shutdown(&self) {
        self.running.stop();
    }
}

/// Says why the queue did not take a command.
pub(crate) fn not_taken<R>(why: NotTaken) -> Outcome<R> {
    match why {
        NotTaken::Full => Outcome::Overloaded,
        NotTaken::Closed => Outcome::ShuttingDown,
    }
}

//! From the log to the sender: a thread that reads on, builds messages, and waits when there is no more.

use std::time::{Duration, Instant};

use caseledger_events::ids::Position;
use caseledger_events::public;
use caseledger_log::ReadError;
use caseledger_proof::Hash;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::halt::Halt;
use crate::log_source::LogSource;
use crate::outgoing::{Outgoing, outgoing};

/// Messages handed over at once while there are many; one alone is handed over at once as well.
const BATCH: usize = 64;
/// Batches that may wait for the sender: the log is the buffer, not the memory.
const BATCHES: usize = 8;

/// The least time between two looks at the log while the feed keeps up: what arrives meanwhile goes out together, which
/// leaves the processors to those who acknowledge.
const PACE: Duration = Duration::from_millis(4);

/// Messages in order of position, without a gap, from the one asked for.
pub(crate) struct Feed {
    batches: mpsc::Receiver<Result<Vec<Outgoing>, Halt>>,
}

impl Feed {
    /// Starts the feeding thread; it ends when the feed is dropped, or at the end of a log that does not grow.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn start(log: LogSource, from: Position) -> Feed {
        let (sender, batches) = mpsc::channel(BATCHES);
        let runtime = Handle::current();
        let feeding = move || {
            caseledger_log::step_back();
            if let Err(Stop::Halt(halt)) = Feeder::new(log, sender.clone(), runtime).run(from) {
                // Nobody waits for it any more when this fails.
                let _ = sender.blocking_send(Err(halt));
            }
        };
        std::thread::Builder::new()
            .name("bus-feed".to_owned())
            .spawn(feeding)
            .expect("the system gives one more thread to a service that starts");
        Feed { batches }
    }

    /// Returns the next messages, at least one; `None` at the end of a log that does not grow.
    pub(crate) async fn next(&mut self) -> Option<Result<Vec<Outgoing>, Halt>> {
        self.batches.recv().await
    }
}

struct Feeder {
    log: LogSource,
    source: String,
    sender: mpsc::Sender<Result<Vec<Outgoing>, Halt>>,
    runtime: Handle,
    batch: Vec<Outgoing>,
}

enum Stop {
    /// Nobody takes messages any more.
    Unwanted,
    Halt(Halt),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Stop::Halt(Halt::LogUnreadable { reason: error.to_string() })
    }
}

impl Feeder {
    fn new(log: LogSource, sender: mpsc::Sender<Result<Vec<Outgoing>, Halt>>, runtime: Handle) -> Feeder {
        let identity = log.identity();
        let source = public::source(identity.ledger, identity.epoch);
        Feeder { log, source, sender, runtime, batch: Vec::with_capacity(BATCH) }
    }

    fn run(&mut self, from: Position) -> Result<(), Stop> {
        let ended = self.read_on(from);
        if matches!(ended, Err(Stop::Halt(_))) {
            // What stands before the place of trouble still goes out.
            self.hand_over()?;
        }
        ended
    }

    fn read_on(&mut self, from: Position) -> Result<(), Stop> {
        let mut before = self.log.chain_at(Position(from.0 - 1))?;
        let mut next = from;
        loop {
            let begun = Instant::now();
            (next, before) = self.drain(next, before)?;
            std::thread::sleep(PACE.saturating_sub(begun.elapsed()));
            if !self.wait_for(next)? {
                return Ok(());
            }
        }
    }

    /// Hands over everything that is durable now; returns what comes next and the chain hash before it.
    fn drain(&mut self, mut next: Position, mut before: Hash) -> Result<(Position, Hash), Stop> {
        let mut scan = self.log.scan(next);
        while let Some(group) = scan.next_group()? {
            for (position, frame, hash) in group.chained() {
                self.batch.push(outgoing(position, frame, &self.source, before, hash).map_err(Stop::Halt)?);
                (next, before) = (position.next(), hash);
                if self.batch.len() == BATCH {
                    self.hand_over()?;
                }
            }
        }
        self.hand_over()?;
        Ok((next, before))
    }

    fn hand_over(&mut self) -> Result<(), Stop> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.sender.blocking_send(Ok(batch)).map_err(|_| Stop::Unwanted)
    }

    /// Waits until a position is durable; returns false where that cannot come.
    fn wait_for(&self, position: Position) -> Result<bool, Stop> {
        let Some(mut durable) = self.log.watch() else { return Ok(false) };
        self.runtime.block_on(async {
            tokio::select! {
                // An error says that the store was closed: nothing more comes.
                grown = durable.wait_for(|last| *last >= position) => Ok(grown.is_ok()),
                () = self.sender.closed() => Err(Stop::Unwanted),
            }
        })
    }
}

//! Reading the log from a position, for streams over HTTP: bounded blocks read on a blocking thread.

use caseledger_events::ids::Position;
use caseledger_log::{Entry, ReadError, Reader};
use caseledger_proof::Hash;
use tokio::sync::watch;

/// One event with the chain hash at its position.
pub type Read = (Entry, Hash);

/// Reads on from a position, block by block.
pub struct Tail {
    reader: Reader,
    durable: watch::Receiver<Position>,
    next: Position,
}

/// How many events one block holds: enough to make the thread's turn worth while, little enough to hold in memory.
const BLOCK_EVENTS: u64 = 1_000;

impl Tail {
    /// Begins at a position.
    pub fn new(reader: Reader, from: Position) -> Tail {
        Tail { durable: reader.watch(), reader, next: Position(from.0.max(1)) }
    }

    /// Returns the next block of at most `most` events up to what is durable; empty at the end.
    pub async fn block(&mut self, most: u64) -> Result<Vec<Read>, ReadError> {
        let durable = *self.durable.borrow_and_update();
        if self.next > durable || most == 0 {
            return Ok(Vec::new());
        }
        let (reader, from) = (self.reader.clone(), self.next);
        let wanted = (durable.0 - from.0 + 1).min(BLOCK_EVENTS).min(most) as usize;
        let read = tokio::task::spawn_blocking(move || {
            reader.scan(from).entries().take(wanted).collect::<Result<Vec<_>, _>>()
        });
        let block = match read.await {
            Ok(block) => block?,
            // The runtime is going down: the stream ends here.
            Err(_) => Vec::new(),
        };
        self.next = block.last().map_or(self.next, |(entry, _)| entry.position.next());
        Ok(block)
    }

    /// Waits until there is something after what was read; `false` when the ledger is gone.
    pub async fn wait(&mut self) -> bool {
        let next = self.next;
        self.durable.wait_for(|durable| *durable >= next).await.is_ok()
    }
}

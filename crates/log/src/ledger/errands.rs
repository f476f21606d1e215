//! Reads on behalf of requests: two threads, so that neither the sequencer nor the async runtime waits for a disk.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

type Errand = Box<dyn FnOnce() + Send>;

/// sled answers point reads well from no more threads than this.
const THREADS: usize = 2;

/// Runs blocking reads, first come first served.
pub(crate) struct Errands {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Desk {
    list: Mutex<List>,
    wake: Condvar,
}

#[derive(Default)]
struct List {
    waiting: VecDeque<Errand>,
    closed: bool,
}

impl Errands {
    pub(crate) fn start() -> std::io::Result<Errands> {
        let desk = Arc::new(Desk::default());
        let threads = (1..=THREADS)
            .map(|n| {
                let desk = Arc::clone(&desk);
                thread::Builder::new().name(format!("ledger-reads-{n}")).spawn(move || desk.run())
            })
            .collect::<Result<_, _>>()?;
        Ok(Errands { desk, threads })
    }

    /// Runs a read and returns what it gives; `None` where the ledger has stopped or the read panicked.
    pub(crate) async fn run<T: Send + 'static>(&self, read: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        {
            let mut list = self.desk.list.lock();
            if list.closed {
                return None;
            }
            list.waiting.push_back(Box::new(move || drop(reply.send(read()))));
        }
        self.desk.wake.notify_one();
        answer.await.ok()
    }
}

impl Drop for Errands {
    fn drop(&mut self) {
        let waiting = {
            let mut list = self.desk.list.lock();
            list.closed = true;
            std::mem::take(&mut list.waiting)
        };
        drop(waiting);
        self.desk.wake.notify_all();
        let me = thread::current().id();
        for thread in self.threads.drain(..).filter(|thread| thread.thread().id() != me) {
            // A reading thread catches its errands' panics, so there is nothing to learn from its end.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn run(&self) {
        while let Some(errand) = self.next() {
            // The waiting side learns of a panic from its closed channel.
            let _ = catch_unwind(AssertUnwindSafe(errand));
        }
    }

    fn next(&self) -> Option<Errand> {
        let mut list = self.list.lock();
        loop {
            if let Some(errand) = list.waiting.pop_front() {
                return Some(errand);
            }
            if list.closed {
                return None;
            }
            self.wake.wait(&mut list);
        }
    }
}

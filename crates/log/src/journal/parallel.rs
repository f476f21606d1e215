//! A scan decoded by several threads, delivered in order.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};

use caseledger_events::ids::Position;
use parking_lot::Mutex;

use super::block::Block;
use super::scan::Scan;
use crate::error::ReadError;

/// A block on its way, numbered in log order.
struct Numbered<T> {
    number: u64,
    block: Block,
    mapped: Mapped<T>,
}

enum Mapped<T> {
    Done(T),
    /// Some group of the block does not hold.
    Damaged,
    /// The caller's function panicked; so does the calling thread.
    Panicked(Box<dyn Any + Send>),
}

impl Scan {
    /// Reads blocks, has `threads` threads turn each into a `T`, and hands these to `each` in log order.
    ///
    /// Checking and mapping run in parallel; `each` runs on the calling thread and may stop the scan.
    pub fn parallel<T: Send>(
        mut self,
        threads: usize,
        map: impl Fn(&Block) -> T + Sync,
        mut each: impl FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let threads = threads.max(1);
        let (to_workers, work) = channel();
        let (to_us, done) = channel();
        let work = Mutex::new(work);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let to_us = to_us.clone();
                scope.spawn(|| map_blocks(&work, to_us, &map));
            }
            drop(to_us);
            let result = self.deliver(2 * threads as u64 + 1, &to_workers, &done, &map, &mut each);
            // The threads end when nothing more can come.
            drop(to_workers);
            result
        })
    }

    /// Has `threads` threads make a `T` of each event up to a position, and hands these over in log order: those of a block
    /// with the last position of it. Ends with the first event of which none can be made.
    pub fn parallel_events<T: Send, E: From<ReadError> + Send>(
        self,
        threads: usize,
        to: Position,
        make: impl Fn(Position, &[u8]) -> Result<T, E> + Sync,
        mut each: impl FnMut(Position, Vec<T>),
    ) -> Result<(), E> {
        let map = |block: &Block| {
            let asked = block.frames().take_while(|(position, _)| *position <= to);
            let made: Result<Vec<T>, E> = asked.map(|(position, frame)| make(position, frame)).collect();
            (block.last().min(to), made)
        };
        let mut failed = None;
        self.parallel(threads, map, |(last, made)| {
            match made {
                Ok(made) => each(last, made),
                Err(error) => failed = Some(error),
            }
            if failed.is_some() || last == to { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        failed.map_or(Ok(()), Err)
    }

    fn deliver<T>(
        &mut self,
        in_flight_max: u64,
        to_workers: &Sender<(u64, Block)>,
        done: &Receiver<Numbered<T>>,
        map: &impl Fn(&Block) -> T,
        each: &mut impl FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let (mut sent, mut delivered) = (0, 0);
        let mut early: BTreeMap<u64, Numbered<T>> = BTreeMap::new();
        let mut spare: Vec<Block> = Vec::new();
        loop {
            while sent - delivered < in_flight_max && !self.is_complete() {
                let mut block = spare.pop().unwrap_or_default();
                self.fill(&mut block)?;
                let _ = to_workers.send((sent, block));
                sent += 1;
            }
            if sent == delivered {
                return Ok(());
            }
            let Ok(numbered) = done.recv() else { return Ok(()) };
            early.insert(numbered.number, numbered);
            while let Some(Numbered { block, mapped, .. }) = early.remove(&delivered) {
                delivered += 1;
                let flow = match mapped {
                    Mapped::Done(mapped) => each(mapped),
                    Mapped::Damaged => self.deliver_repaired(&block, map, each)?,
                    Mapped::Panicked(payload) => resume_unwind(payload),
                };
                if flow.is_break() {
                    return Ok(());
                }
                spare.push(block);
            }
        }
    }

    /// Has a damaged block repaired, and delivers its groups one by one.
    fn deliver_repaired<T>(
        &self,
        block: &Block,
        map: &impl Fn(&Block) -> T,
        each: &mut impl FnMut(T) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ReadError> {
        let Some(bad) = (0..block.groups()).find(|&n| !block.holds(n)) else { return Ok(ControlFlow::Continue(())) };
        let mut again = self.again(block, bad)?;
        while let Some(view) = again.next_group()? {
            if each(map(&Block::of_group(view))).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

fn map_blocks<T>(work: &Mutex<Receiver<(u64, Block)>>, to_us: Sender<Numbered<T>>, map: &impl Fn(&Block) -> T) {
    loop {
        // The guard ends with this statement, so one thread waits for work while the others map.
        let Ok((number, block)) = work.lock().recv() else { return };
        let holds = (0..block.groups()).all(|n| block.holds(n));
        let mapped = match holds.then(|| catch_unwind(AssertUnwindSafe(|| map(&block)))) {
            Some(Ok(mapped)) => Mapped::Done(mapped),
            Some(Err(payload)) => Mapped::Panicked(payload),
            None => Mapped::Damaged,
        };
        if to_us.send(Numbered { number, block, mapped }).is_err() {
            return;
        }
    }
}

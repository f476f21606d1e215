//! The committer: one thread that writes what has queued as one group, syncs it once, and then answers.

use std::sync::Arc;

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Version;
use caseledger_events::viewed::ViewPlace;

use super::queue::{Queue, Waiting};
use super::reader::Shelf;
use super::{AccessLogError, ViewReceipt};
use crate::frame_group::Group;
use crate::journal::writer::{JournalWriter, WriteFailed};
use crate::ledger::{Salts, Space};

/// What the thread owns.
pub(super) struct Committer {
    pub queue: Arc<Queue>,
    pub shelf: Arc<Shelf>,
    pub writer: JournalWriter,
    pub space: Space,
    pub salts: Salts,
    pub group: Group,
    /// When the last view was recorded; time never goes back behind it.
    pub last_at: Timestamp,
    pub views_max: usize,
}

/// Refuses whoever waits and comes when the thread ends, in whatever way.
struct RefuseAtEnd(Arc<Queue>);

impl Drop for RefuseAtEnd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail(&AccessLogError::Stopped);
        }
    }
}

impl Committer {
    /// Commits groups until the queue ends or a write fails.
    pub fn run(mut self) {
        let _refuse = RefuseAtEnd(Arc::clone(&self.queue));
        while let Some(waiting) = self.queue.take(self.views_max) {
            if !self.commit(waiting) {
                return;
            }
        }
    }

    /// Commits one group and answers; returns whether more may be written.
    fn commit(&mut self, waiting: Vec<Waiting>) -> bool {
        if let Err(below) = self.space.check() {
            let error = AccessLogError::NoSpace { free: below.free, floor: below.floor };
            waiting.into_iter().for_each(|view| view.answer(Err(error.clone())));
            return true;
        }
        let receipts = self.fill(&waiting);
        if let Err(failed) = self.writer.append(&self.group).and_then(|()| self.writer.sync()) {
            let error = error_of(failed);
            tracing::error!(%error, "views can no longer be put on record");
            // First, so that nobody who is told of it finds the queue open.
            self.queue.fail(&error);
            waiting.into_iter().for_each(|view| view.answer(Err(error.clone())));
            return false;
        }
        self.writer.publish(&self.group, &[]);
        *self.shelf.head.lock() = (self.group.last(), self.group.after());
        self.shelf.durable.send_replace(self.group.last());
        waiting.into_iter().zip(receipts).for_each(|(view, receipt)| view.answer(Ok(receipt)));
        self.group.restart(self.group.next(), self.group.after());
        true
    }

    /// Encodes the views at the next positions.
    fn fill(&mut self, waiting: &[Waiting]) -> Vec<ViewReceipt> {
        let mut receipts = Vec::with_capacity(waiting.len());
        for Waiting { view, facts, .. } in waiting {
            let position = self.group.next();
            self.last_at = self.last_at.max(view.at);
            let place = ViewPlace {
                position,
                version: Version(u32::try_from(position.0).unwrap_or(u32::MAX)),
                recorded_at: self.last_at,
                salt: self.salts.next(),
            };
            let chain = self.group.push_with(|out| codec::encode(&view.recorded(place, facts), out));
            receipts.push(ViewReceipt { position, chain, recorded_at: self.last_at });
        }
        receipts
    }
}

fn error_of(failed: WriteFailed) -> AccessLogError {
    let WriteFailed { action, path, source } = failed;
    AccessLogError::Failed { action, path, reason: source.to_string() }
}

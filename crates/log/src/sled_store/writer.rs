//! The thread that feeds sled while the calling thread writes the journal.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::{SharedSled, SledFault};
use crate::frame_group::{Body, Group};

/// Hands groups to sled one at a time.
pub(crate) struct SledWriter {
    groups: Option<SyncSender<Arc<Body>>>,
    results: Receiver<Result<(), SledFault>>,
    thread: Option<JoinHandle<()>>,
}

impl SledWriter {
    /// Starts the thread.
    pub fn spawn(sled: SharedSled) -> io::Result<SledWriter> {
        let (groups, to_write) = sync_channel::<Arc<Body>>(1);
        let (done, results) = sync_channel(1);
        let run = move || {
            while let Ok(body) = to_write.recv() {
                let result = sled.apply(&body);
                // The group's owner may empty it for the next commit only once this thread lets go of it.
                drop(body);
                if done.send(result).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("sled-writer".into()).spawn(run)?;
        Ok(SledWriter { groups: Some(groups), results, thread: Some(thread) })
    }

    /// Starts writing a group.
    pub fn begin(&self, group: &Group) -> Result<(), SledFault> {
        let groups = self.groups.as_ref().ok_or(SledFault::Closed)?;
        groups.send(group.shared_body()).map_err(|_| SledFault::Closed)
    }

    /// Waits until the group begun is durable.
    pub fn finish(&self) -> Result<(), SledFault> {
        self.results.recv().unwrap_or(Err(SledFault::Closed))
    }
}

impl Drop for SledWriter {
    fn drop(&mut self) {
        self.groups = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

//! Views that wait for the committer.

use std::collections::VecDeque;

use caseledger_events::viewed::NewView;
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::{AccessLogError, ViewReceipt};

/// The longest facts of a view; a frame may have twice as many bytes.
const FACTS_BYTES_MAX: usize = 512 << 10;
/// The bytes of facts at which a group takes no further view.
const GROUP_BYTES_MAX: usize = 1 << 20;

/// A view that is not yet on disk.
pub(super) struct Waiting {
    pub view: NewView,
    pub facts: Vec<u8>,
    pub reply: oneshot::Sender<Result<ViewReceipt, AccessLogError>>,
}

/// The queue between those who look and the committer.
pub(super) struct Queue {
    room: usize,
    inner: Mutex<Inner>,
    news: Condvar,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Waiting>,
    /// Nothing more is taken in; what waits is still written.
    ended: bool,
    /// Why nothing can be written any more.
    failed: Option<AccessLogError>,
}

impl Waiting {
    pub fn answer(self, answer: Result<ViewReceipt, AccessLogError>) {
        // Whoever asked may have gone; the view is on record or not all the same.
        let _ = self.reply.send(answer);
    }
}

impl Queue {
    pub fn new(room: usize) -> Queue {
        Queue { room, inner: Mutex::default(), news: Condvar::new() }
    }

    /// Takes a view in, or answers at once why not.
    pub fn offer(&self, view: Waiting) {
        let refused = {
            let mut inner = self.inner.lock();
            match inner.refusal(&view, self.room) {
                Some(refused) => refused,
                None => {
                    inner.waiting.push_back(view);
                    drop(inner);
                    self.news.notify_one();
                    return;
                }
            }
        };
        view.answer(Err(refused));
    }

    /// Waits for views and takes those of one group; `None` when no more will come.
    pub fn take(&self, views_max: usize) -> Option<Vec<Waiting>> {
        let mut inner = self.inner.lock();
        while inner.waiting.is_empty() {
            if inner.ended || inner.failed.is_some() {
                return None;
            }
            self.news.wait(&mut inner);
        }
        let mut bytes = 0;
        let fits = |view: &&Waiting| {
            bytes += view.facts.len();
            bytes <= GROUP_BYTES_MAX
        };
        let count = inner.waiting.iter().take(views_max.max(1)).take_while(fits).count().max(1);
        Some(inner.waiting.drain(..count).collect())
    }

    /// Refuses everything from here on, and what waits already.
    pub fn fail(&self, why: &AccessLogError) {
        let waiting = {
            let mut inner = self.inner.lock();
            inner.failed.get_or_insert_with(|| why.clone());
            std::mem::take(&mut inner.waiting)
        };
        waiting.into_iter().for_each(|view| view.answer(Err(why.clone())));
        self.news.notify_all();
    }

    /// Takes nothing more in.
    pub fn end(&self) {
        self.inner.lock().ended = true;
        self.news.notify_all();
    }

    pub fn failure(&self) -> Option<AccessLogError> {
        self.inner.lock().failed.clone()
    }
}

impl Inner {
    fn refusal(&self, view: &Waiting, room: usize) -> Option<AccessLogError> {
        let (bytes, waiting) = (view.facts.len(), self.waiting.len());
        match &self.failed {
            Some(failed) => Some(failed.clone()),
            None if self.ended => Some(AccessLogError::Stopped),
            None if bytes > FACTS_BYTES_MAX => Some(AccessLogError::TooLong { bytes }),
            None if waiting >= room => Some(AccessLogError::Busy { waiting }),
            None => None,
        }
    }
}

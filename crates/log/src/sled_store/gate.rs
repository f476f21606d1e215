//! Lets two threads at a time into sled: more readers beside the writer have met deadlocks (sled issue 1412).

use parking_lot::{Condvar, Mutex};

const READERS_MAX: u32 = 2;

/// A door for [`READERS_MAX`] threads.
#[derive(Default)]
pub(crate) struct Gate {
    inside: Mutex<u32>,
    left: Condvar,
}

/// Leaves the gate when dropped.
pub(crate) struct Inside<'a>(&'a Gate);

impl Gate {
    /// Waits for a place.
    pub fn enter(&self) -> Inside<'_> {
        let mut inside = self.inside.lock();
        self.left.wait_while(&mut inside, |inside| *inside >= READERS_MAX);
        *inside += 1;
        Inside(self)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        *self.0.inside.lock() -= 1;
        self.0.left.notify_one();
    }
}

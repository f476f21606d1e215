//! A few read-only connections, lent to queries.

use std::path::{Path, PathBuf};

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use crate::store;

/// Connections to the file in use; a query waits while all are lent.
pub(crate) struct Pool {
    inner: Mutex<Inner>,
    returned: Condvar,
}

struct Inner {
    path: PathBuf,
    /// Raised when another file comes into use: connections of an older one are not lent again.
    generation: u64,
    idle: Vec<Connection>,
    lent: usize,
    max: usize,
}

impl Pool {
    pub fn new(path: &Path, max: usize) -> Pool {
        let inner = Inner { path: path.to_owned(), generation: 0, idle: Vec::new(), lent: 0, max: max.max(1) };
        Pool { inner: Mutex::new(inner), returned: Condvar::new() }
    }

    /// Lends a connection to a query.
    pub fn with<T>(&self, query: impl FnOnce(&Connection) -> T) -> rusqlite::Result<T> {
        let lent = self.lend()?;
        Ok(query(lent.connection.as_ref().expect("it is taken when it goes back")))
    }

    /// Returns the file in use.
    pub fn path(&self) -> PathBuf {
        self.inner.lock().path.clone()
    }

    /// Returns the number of the file in use: raised by every change.
    pub fn generation(&self) -> u64 {
        self.inner.lock().generation
    }

    /// Puts another file into use.
    pub fn switch(&self, path: &Path) {
        let mut inner = self.inner.lock();
        inner.path = path.to_owned();
        inner.generation += 1;
        inner.idle.clear();
    }

    /// Closes what is idle; what is lent is closed when it comes back.
    pub fn close(&self) {
        let mut inner = self.inner.lock();
        inner.generation += 1;
        inner.idle.clear();
    }

    fn lend(&self) -> rusqlite::Result<Lent<'_>> {
        let mut inner = self.inner.lock();
        self.returned.wait_while(&mut inner, |inner| inner.lent >= inner.max);
        let generation = inner.generation;
        let connection = match inner.idle.pop() {
            Some(connection) => connection,
            None => store::reader(&inner.path)?,
        };
        inner.lent += 1;
        Ok(Lent { pool: self, generation, connection: Some(connection) })
    }
}

/// A connection that goes back when the query ends, also when it ends in a panic.
struct Lent<'a> {
    pool: &'a Pool,
    generation: u64,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take();
        let mut inner = self.pool.inner.lock();
        inner.lent -= 1;
        if inner.generation == self.generation {
            inner.idle.extend(connection);
        }
        self.pool.returned.notify_one();
    }
}

//! The road of every write and sync to the disk.
//!
//! In the service an [`Io`] only passes calls on. Tests give it a [`Fault`] plan: the N-th operation of a kind
//! then fails with the error of a broken or full disk, without a stand-in for any part of the product.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::io::Errno;

/// Passes writes and syncs on to the operating system, or fails the one a test has chosen.
#[derive(Clone, Default, Debug)]
pub struct Io {
    plan: Option<Arc<Plan>>,
    /// Set in the control run of the power-cut test alone, which must lose events.
    without_fdatasync: bool,
}

/// Which operation fails, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Counted from 1 over all operations of the store; the ones after it fail as well.
    pub nth: u64,
    /// The error the operating system would give, such as `EIO` or `ENOSPC`.
    pub errno: Errno,
}

#[derive(Debug)]
struct Plan {
    fault: Fault,
    done: AtomicU64,
}

impl Io {
    /// Returns a road on which the N-th operation and all after it fail.
    pub fn failing(fault: Fault) -> Io {
        Io { plan: Some(Arc::new(Plan { fault, done: AtomicU64::new(0) })), without_fdatasync: false }
    }

    /// Returns a road that only counts operations.
    pub fn counting() -> Io {
        Io::failing(Fault { nth: u64::MAX, errno: Errno::IO })
    }

    /// Returns this road with or without the sync of every commit.
    pub(crate) fn with_fdatasync(&self, fdatasync: bool) -> Io {
        Io { without_fdatasync: !fdatasync, ..self.clone() }
    }

    /// Returns how many operations were asked for so far; 0 on a road without a plan.
    pub fn operations(&self) -> u64 {
        self.plan.as_ref().map_or(0, |plan| plan.done.load(Ordering::Relaxed))
    }

    /// Counts one operation; fails when it is the chosen one or comes after it.
    pub(crate) fn step(&self) -> io::Result<()> {
        let Some(plan) = &self.plan else { return Ok(()) };
        if plan.done.fetch_add(1, Ordering::Relaxed) + 1 >= plan.fault.nth {
            return Err(plan.fault.errno.into());
        }
        Ok(())
    }

    pub(crate) fn write_all_at(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.step()?;
        file.write_all_at(bytes, offset)
    }

    pub(crate) fn fdatasync(&self, file: &File) -> io::Result<()> {
        self.step()?;
        if self.without_fdatasync { Ok(()) } else { file.sync_data() }
    }

    pub(crate) fn fsync(&self, file: &File) -> io::Result<()> {
        self.step()?;
        file.sync_all()
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        std::fs::rename(from, to)
    }

    /// Makes names created, renamed or removed in a directory durable.
    pub(crate) fn fsync_dir(&self, dir: &Path) -> io::Result<()> {
        self.step()?;
        File::open(dir)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_operation_and_all_after_it_fail_with_the_chosen_error() {
        let io = Io::failing(Fault { nth: 2, errno: Errno::NOSPC });
        let file = tempfile::tempfile().unwrap();
        io.write_all_at(&file, b"1", 0).unwrap();
        for _ in 0..2 {
            let error = io.write_all_at(&file, b"2", 1).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        }
        assert_eq!(io.operations(), 3);
        assert_eq!(file.metadata().unwrap().len(), 1);
    }
}

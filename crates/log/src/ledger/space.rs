//! Free disk space: a floor below which commands wait, and a ballast file that can be thrown overboard.
//!
//! A full disk is refused before it does harm. The ballast is taken at creation; an operator may delete it to
//! get room, and opening deletes it by itself where the disk is so full that sled could not open.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The ballast file's name in the data directory.
pub const BALLAST_FILE: &str = "ballast";

/// Tells how many bytes are free for us in the file system that holds a directory.
pub type SpaceProbe = Arc<dyn Fn(&Path) -> io::Result<u64> + Send + Sync>;

/// Asks the file system itself.
pub fn free_space(dir: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(dir)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Watches one directory's file system.
#[derive(Clone)]
pub(crate) struct Space {
    dir: PathBuf,
    probe: SpaceProbe,
    floor: u64,
}

/// Too little space for commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BelowFloor {
    pub free: u64,
    pub floor: u64,
}

impl Space {
    pub(crate) fn new(dir: &Path, probe: SpaceProbe, floor: u64) -> Space {
        Space { dir: dir.to_owned(), probe, floor }
    }

    /// Returns the bytes that must be free.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Returns the bytes free; none where the file system does not say.
    pub(crate) fn free(&self) -> u64 {
        (self.probe)(&self.dir).unwrap_or_else(|error| {
            tracing::error!(%error, "the file system does not say how much space is free; commands wait");
            0
        })
    }

    /// Refuses while there is less than the floor.
    pub(crate) fn check(&self) -> Result<(), BelowFloor> {
        let free = self.free();
        if free < self.floor { Err(BelowFloor { free, floor: self.floor }) } else { Ok(()) }
    }

    /// Takes the ballast where it is missing and room enough is left; returns whether it is there.
    pub(crate) fn take_ballast(&self, bytes: u64) -> io::Result<bool> {
        let path = self.dir.join(BALLAST_FILE);
        if bytes == 0 || path.exists() {
            return Ok(bytes > 0);
        }
        if self.free() < self.floor.saturating_add(bytes.saturating_mul(2)) {
            return Ok(false);
        }
        let part = self.dir.join(format!("{BALLAST_FILE}.part"));
        let file = File::create(&part)?;
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes)?;
        file.sync_all()?;
        fs::rename(&part, &path)?;
        Ok(true)
    }

    /// Throws the ballast overboard where fewer bytes than it holds are free; returns whether it did.
    pub(crate) fn drop_ballast_if_full(&self) -> io::Result<bool> {
        let path = self.dir.join(BALLAST_FILE);
        match fs::metadata(&path) {
            Ok(found) if self.free() < found.len() => self.drop_ballast(),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Throws the ballast overboard; returns whether there was one.
    pub(crate) fn drop_ballast(&self) -> io::Result<bool> {
        match fs::remove_file(self.dir.join(BALLAST_FILE)) {
            Ok(()) => {
                tracing::warn!(dir = %self.dir.display(), "the disk is full: the ballast file was deleted to make room for opening");
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

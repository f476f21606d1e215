//! Open files of the journal, kept for reading.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

/// How many files are kept open; far below the usual limit of 1,024 a process.
const OPEN_MAX: usize = 256;

/// A small cache of files opened for reading.
#[derive(Default, Debug)]
pub(crate) struct Files {
    open: Mutex<HashMap<PathBuf, Arc<File>>>,
}

impl Files {
    /// Returns the file, opening it if it is not open.
    pub fn get(&self, path: &Path) -> io::Result<Arc<File>> {
        if let Some(file) = self.open.lock().get(path) {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(path)?);
        let mut open = self.open.lock();
        if open.len() >= OPEN_MAX {
            open.clear();
        }
        open.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// Drops a file whose name now means other bytes.
    pub fn forget(&self, path: &Path) {
        self.open.lock().remove(path);
    }

    /// Reads exactly `bytes` from an offset.
    pub fn read_exact_at(&self, path: &Path, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.get(path)?.read_exact_at(bytes, offset)
    }
}

/// Reads as much of `bytes` as the file has from an offset on, and returns how much that was.
pub(crate) fn read_up_to_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < bytes.len() {
        match file.read_at(&mut bytes[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

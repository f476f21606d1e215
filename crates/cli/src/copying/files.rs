//! Directories and secrets of a copy: complete when it has its name, durable, closed to others.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use caseledger_log::{ACCESS_DIR, SECRET_FILE};

use crate::exit::{Exit, Failure};
use crate::service::KEYS_DIR;

/// A new directory under a temporary name beside its final one; removed again unless it is finished.
pub struct NewDir {
    part: PathBuf,
    dir: PathBuf,
    finished: bool,
}

impl NewDir {
    /// Makes the directory; the final name must be free.
    pub fn create(dir: &Path) -> Result<NewDir, Failure> {
        if dir.exists() {
            return Err(Failure::new(
                Exit::Usage,
                format_args!("{} is there already; nothing is overwritten", dir.display()),
            )
            .next("name a directory that does not exist yet"));
        }
        let mut part = dir.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let failed = |error| Failure::file("make", &part, &error);
        match fs::remove_dir_all(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&part).map_err(failed)?;
        Ok(NewDir { part, dir: dir.to_owned(), finished: false })
    }

    /// Returns where to write meanwhile.
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// Gives the directory its name, durable.
    pub fn finish(mut self) -> Result<(), Failure> {
        let named = sync_dir(&self.part).and_then(|()| fs::rename(&self.part, &self.dir));
        let named = named.and_then(|()| sync_dir(parent(&self.dir)));
        named.map_err(|error| Failure::file("make", &self.dir, &error))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for NewDir {
    fn drop(&mut self) {
        if !self.finished {
            // What is left is named .part and is removed by the next attempt.
            let _ = fs::remove_dir_all(&self.part);
        }
    }
}

/// Copies the ledger secret, the key store, after the log: they know everyone the log speaks of.
///
/// Returns how many files; a file that is not there yet is not missed.
pub fn copy_secrets(from: &Path, to: &Path) -> Result<usize, Failure> {
    let mut copied = usize::from(copy_file(&from.join(SECRET_FILE), &to.join(SECRET_FILE))?);
    let (keys, new_keys) = (from.join(KEYS_DIR), to.join(KEYS_DIR));
    let entries = match fs::read_dir(&keys) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(copied),
        entries => entries.map_err(|error| Failure::file("read", &keys, &error))?,
    };
    let failed = |error| Failure::file("make", &new_keys, &error);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&new_keys).map_err(failed)?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file("read", &keys, &error))?;
        copied += usize::from(copy_file(&entry.path(), &new_keys.join(entry.file_name()))?);
    }
    sync_dir(&new_keys).map_err(failed)?;
    Ok(copied)
}

/// Copies the access ledger, after the log: its newest segment may end within a view that was being written, which the
/// next opening cuts off. Returns how many segments; none where there is no access ledger.
pub fn copy_access(from: &Path, to: &Path) -> Result<usize, Failure> {
    let (journal, new) = (from.join(ACCESS_DIR).join("journal"), to.join(ACCESS_DIR).join("journal"));
    let entries = match fs::read_dir(&journal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(|error| Failure::file("read", &journal, &error))?,
    };
    let failed = |error| Failure::file("make", &new, &error);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&new).map_err(failed)?;
    let mut copied = 0;
    for entry in entries {
        let name = entry.map_err(|error| Failure::file("read", &journal, &error))?.file_name();
        // What indexes a segment is derived, and what is being made has no name yet.
        if Path::new(&name).extension().is_some_and(|ending| ending == "seg") {
            copied += usize::from(copy_file(&journal.join(&name), &new.join(&name))?);
        }
    }
    sync_dir(&new).map_err(failed)?;
    Ok(copied)
}

/// Copies a key that must be there, private and durable.
pub fn copy_secret(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = fs::read(from).map_err(|error| Failure::file("read", from, &error))?;
    write_private(to, &bytes)
}

/// Copies one file, private and durable; false where there is none.
fn copy_file(from: &Path, to: &Path) -> Result<bool, Failure> {
    match fs::read(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::file("read", from, &error)),
        Ok(bytes) => write_private(to, &bytes).map(|()| true),
    }
}

/// Writes a private file, durable.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| Failure::file("write", path, &error))
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn parent(dir: &Path) -> &Path {
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_copy_has_its_name_only_when_it_is_finished() {
        let top = tempfile::tempdir().unwrap();
        let dir = top.path().join("copy");
        let new = NewDir::create(&dir).unwrap();
        let part = new.path().to_owned();
        drop(new);
        assert!(!part.exists() && !dir.exists());
        NewDir::create(&dir).unwrap().finish().unwrap();
        assert!(dir.is_dir() && !part.exists());
        assert_eq!(fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(NewDir::create(&dir).err().unwrap().exit, Exit::Usage);
    }

    #[test]
    fn secrets_are_copied_and_stay_private() {
        let top = tempfile::tempdir().unwrap();
        let (from, to) = (top.path().join("from"), top.path().join("to"));
        for dir in [&from.join(KEYS_DIR), &to] {
            fs::create_dir_all(dir).unwrap();
        }
        assert_eq!(copy_secrets(&from, &to).unwrap(), 0);
        fs::write(from.join(SECRET_FILE), "s").unwrap();
        fs::write(from.join(KEYS_DIR).join("students.keys"), "k").unwrap();
        assert_eq!(copy_secrets(&from, &to).unwrap(), 2);
        let mode = fs::metadata(to.join(KEYS_DIR).join("students.keys")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

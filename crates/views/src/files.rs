//! The files of a view: one per version of its shape and build, and a pointer that names the one in use.
//!
//! `case_view.v1.3.sqlite` is the third build of version 1; `case_view.current` holds the name of the file in use,
//! so that a rebuild beside it ends with one rename. A file that has no tables yet is `….sqlite.new`: a kill leaves
//! none that looks like a build and is damaged. Everything is for the owner's eyes alone.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::ViewError;

/// What the name of a file without tables ends with.
const NEW: &str = ".new";

/// The files of one view in the views directory.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    dir: PathBuf,
    view: &'static str,
}

/// Creates the views directory, or takes it away from other eyes.
pub(crate) fn prepare_dir(dir: &Path) -> Result<(), ViewError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io_error("create directory", dir))?;
    fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(io_error("restrict directory", dir))
}

impl Files {
    pub fn new(dir: &Path, view: &'static str) -> Files {
        Files { dir: dir.to_owned(), view }
    }

    /// Holds the files of a version for this process until the lock is dropped; refused while another one does.
    ///
    /// Each version has its own: a new release builds its files while the old one runs.
    pub fn hold(&self, version: u32) -> Result<File, ViewError> {
        let path = self.dir.join(format!("{}.lock.v{version}", self.view));
        let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let lock = opened.map_err(io_error("open", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(ViewError::Held { view: self.view, dir: self.dir.clone() }),
            Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
        }
    }

    /// Returns the file in use for a version of the shape: the one the pointer names, else the newest build.
    pub fn current(&self, version: u32) -> Result<Option<PathBuf>, ViewError> {
        let pointer = self.pointer();
        let named = match fs::read_to_string(&pointer) {
            Ok(text) => Some(text.trim().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(io_error("read", &pointer)(error)),
        };
        let builds = self.builds()?;
        let ours = |name: &str| builds.iter().any(|build| build.version == version && build.name == name);
        let name = named.filter(|name| ours(name)).or_else(|| {
            let newest = builds.iter().filter(|build| build.version == version).max_by_key(|build| build.number);
            newest.map(|build| build.name.clone())
        });
        Ok(name.map(|name| self.dir.join(name)))
    }

    /// Returns the newest build of a version that is later than the one in use: begun beside it and left behind.
    pub fn left_behind(&self, version: u32, in_use: &str) -> Result<Option<PathBuf>, ViewError> {
        let in_use = self.build(in_use).map_or(0, |build| build.number);
        let later = self.builds()?.into_iter().filter(|build| build.version == version && build.number > in_use);
        Ok(later.max_by_key(|build| build.number).map(|build| self.dir.join(build.name)))
    }

    /// Removes the builds of a version that are older than the one in use: nobody feeds them any more.
    pub fn remove_older(&self, version: u32, in_use: &str) -> Result<(), ViewError> {
        let in_use = self.build(in_use).map_or(0, |build| build.number);
        let older = self.builds()?.into_iter().filter(|build| build.version == version && build.number < in_use);
        older.into_iter().try_for_each(|build| remove(&self.dir.join(build.name)))
    }

    /// Creates the empty file of the next build, which nobody takes for one until it is [`finished`](Self::finish).
    pub fn create(&self, version: u32) -> Result<PathBuf, ViewError> {
        let number = self.builds()?.iter().map(|build| build.number).max().unwrap_or(0) + 1;
        let path = self.dir.join(format!("{}.v{version}.{number}.sqlite{NEW}", self.view));
        // SQLite gives its side files the permissions of the main one.
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(io_error("create view file", &path))?;
        Ok(path)
    }

    /// Names a created file, which has its tables and is closed, a build; returns its path from now on.
    pub fn finish(&self, created: &Path) -> Result<PathBuf, ViewError> {
        let path = self.dir.join(name_of(created).trim_end_matches(NEW));
        fs::rename(created, &path).map_err(io_error("name", created))?;
        Ok(path)
    }

    /// Removes what a kill left behind before it was a build. Only whoever begins to use the directory may.
    pub fn remove_unfinished(&self) -> Result<(), ViewError> {
        let unfinished = self.builds()?.into_iter().filter(|build| build.name.ends_with(NEW));
        unfinished.into_iter().try_for_each(|build| remove(&self.dir.join(build.name)))
    }

    /// Makes a file the one in use.
    pub fn point(&self, path: &Path) -> Result<(), ViewError> {
        let pointer = self.pointer();
        let fresh = pointer.with_extension("current.new");
        let error = |error| io_error("write", &pointer)(error);
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh).map_err(error)?;
        writeln!(file, "{}", name_of(path)).and_then(|()| file.sync_all()).map_err(error)?;
        fs::rename(&fresh, &pointer).map_err(error)?;
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(error)
    }

    /// Moves a file that does not fit the log out of the way, with its side files, and returns its new name.
    pub fn set_aside(&self, path: &Path) -> Result<String, ViewError> {
        let name = name_of(path);
        let aside = (1u32..)
            .map(|n| format!("{name}.set-aside-{n}"))
            .find(|aside| !self.dir.join(aside).exists())
            .expect("a directory holds fewer than 2^32 files");
        for side in ["", "-wal", "-shm"] {
            let from = self.dir.join(format!("{name}{side}"));
            match fs::rename(&from, self.dir.join(format!("{aside}{side}"))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error("set aside", &from)(error));
                }
                _ => {}
            }
        }
        Ok(aside)
    }

    fn pointer(&self) -> PathBuf {
        self.dir.join(format!("{}.current", self.view))
    }

    /// Returns every build of the view, also those set aside, so that no number is used twice.
    fn builds(&self) -> Result<Vec<Build>, ViewError> {
        let error = |error| io_error("read directory", &self.dir)(error);
        let mut builds = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(error)? {
            let name = entry.map_err(error)?.file_name();
            builds.extend(name.to_str().and_then(|name| self.build(name)));
        }
        Ok(builds)
    }

    fn build(&self, name: &str) -> Option<Build> {
        let rest = name.strip_prefix(self.view)?.strip_prefix(".v")?;
        let (version, rest) = rest.split_once('.')?;
        let (number, rest) = rest.split_once('.')?;
        let (version, number) = (version.parse().ok()?, number.parse().ok()?);
        // One that was set aside is never taken back into use, one without tables not yet.
        let version = if rest == "sqlite" { version } else { u32::MAX };
        rest.starts_with("sqlite").then(|| Build { name: name.to_owned(), version, number })
    }
}

/// Removes a file with its side files.
pub(crate) fn remove(path: &Path) -> Result<(), ViewError> {
    for side in ["", "-wal", "-shm"] {
        let path = path.with_file_name(format!("{}{side}", name_of(path)));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", &path)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Removes every other build of a view: those of earlier versions and those set aside may hold what is to be gone.
pub(crate) fn remove_others(in_use: &Path) -> Result<(), ViewError> {
    let name = name_of(in_use);
    let (Some(dir), Some((view, _))) = (in_use.parent(), name.split_once(".v")) else { return Ok(()) };
    let of_view = format!("{view}.v");
    let kept = ["", "-wal", "-shm"].map(|side| format!("{name}{side}"));
    let error = |error| io_error("read directory", dir)(error);
    for entry in fs::read_dir(dir).map_err(error)? {
        let entry = entry.map_err(error)?.file_name();
        let Some(other) = entry.to_str().filter(|other| other.starts_with(&of_view)) else { continue };
        if !kept.iter().any(|kept| kept == other) {
            let path = dir.join(other);
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}

struct Build {
    name: String,
    version: u32,
    number: u64,
}

/// Returns the name of a view file within its directory.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub(crate) fn io_error<'a>(action: &'static str, path: &'a Path) -> impl Fn(io::Error) -> ViewError + 'a {
    move |source| ViewError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, Files) {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path(), "case_view");
        (dir, files)
    }

    fn build(files: &Files, version: u32) -> PathBuf {
        files.finish(&files.create(version).unwrap()).unwrap()
    }

    #[test]
    fn a_file_without_tables_is_no_build_and_removed_by_the_next_start_and_its_number_not_used_beside_it() {
        let (dir, files) = files();
        let unfinished = files.create(1).unwrap();
        assert_eq!((files.current(1).unwrap(), files.left_behind(1, "").unwrap()), (None, None));
        let other = build(&files, 1);
        assert_eq!(name_of(&other), "case_view.v1.2.sqlite");
        fs::write(dir.path().join("case_view.v1.1.sqlite.new-wal"), b"").unwrap();
        files.remove_unfinished().unwrap();
        assert_eq!((unfinished.exists(), other.exists()), (false, true));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_pointer_decides_between_builds_and_without_it_the_newest_is_used() {
        let (_dir, files) = files();
        assert_eq!(files.current(1).unwrap(), None);
        let first = build(&files, 1);
        let second = build(&files, 1);
        assert_eq!(files.current(1).unwrap().as_ref(), Some(&second));
        files.point(&first).unwrap();
        assert_eq!(files.current(1).unwrap().as_ref(), Some(&first));
        assert_eq!(name_of(&first), "case_view.v1.1.sqlite");
    }

    #[test]
    fn the_files_of_a_version_are_held_by_one_and_those_of_another_by_another() {
        let (_dir, files) = files();
        let held = files.hold(1).unwrap();
        files.hold(2).unwrap();
        let refused = files.hold(1).unwrap_err().to_string();
        assert!(refused.contains("case_view") && refused.contains("another folder"), "{refused}");
        drop(held);
        files.hold(1).unwrap();
    }

    #[test]
    fn a_file_of_another_shape_is_left_alone() {
        let (_dir, files) = files();
        let old = build(&files, 1);
        files.point(&old).unwrap();
        assert_eq!(files.current(2).unwrap(), None);
        let new = build(&files, 2);
        files.point(&new).unwrap();
        assert_eq!(files.current(2).unwrap(), Some(new));
        assert_eq!(files.current(1).unwrap(), Some(old), "the older build finds its own file");
    }

    #[test]
    fn a_file_set_aside_keeps_its_number_and_is_not_used_again() {
        let (dir, files) = files();
        let file = build(&files, 1);
        fs::write(dir.path().join("case_view.v1.1.sqlite-wal"), b"").unwrap();
        assert_eq!(files.set_aside(&file).unwrap(), "case_view.v1.1.sqlite.set-aside-1");
        assert_eq!(files.current(1).unwrap(), None);
        assert!(dir.path().join("case_view.v1.1.sqlite.set-aside-1-wal").exists());
        assert_eq!(name_of(&build(&files, 1)), "case_view.v1.2.sqlite");
    }
}

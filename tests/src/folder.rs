//! A temporary folder that stays when the test panics.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

/// How many lines of a log are shown when a test panics.
const LOG_LINES: usize = 40;

/// A temporary folder: removed with the value, kept and named on standard error when the test panics.
pub struct Folder {
    dir: TempDir,
    what: &'static str,
}

impl Folder {
    /// Makes an empty folder; `what` stands in its name and in what is printed of it.
    pub fn new(what: &'static str) -> Self {
        let prefix = format!("caseledger-{what}-");
        let dir = tempfile::Builder::new().prefix(&prefix).tempdir();
        Self { dir: dir.expect("a temporary folder can be made"), what }
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        self.dir.disable_cleanup(true);
        eprintln!("the folder of {} is kept: {}", self.what, self.path().display());
        for log in logs_in(self.path()) {
            let text = fs::read_to_string(&log).unwrap_or_default();
            eprintln!("-- end of {}", log.display());
            let lines: Vec<&str> = text.lines().collect();
            for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
                eprintln!("{line}");
            }
        }
    }
}

fn logs_in(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect()
}

//! Events that an operator had a view pass over: each named, with who said so and why, kept beside the view's files.
//!
//! A view that meets an event it cannot take stops before it (`docs/views.md`). A newer program or an upcaster is the
//! cure; where there is none, an operator has the one event passed over, on record, and every later build of the view
//! passes over it alike.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{Code, Position};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ViewError;
use crate::files::io_error;

/// That a view passes over one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Skip {
    /// The event.
    pub position: Position,
    /// Why, by code: a ticket, a decision.
    pub reason: Code,
    /// Who said so.
    pub by: Code,
    /// When.
    pub at: Timestamp,
}

/// The events that one view passes over.
#[derive(Debug, Default)]
pub(crate) struct Skips {
    path: PathBuf,
    known: Mutex<BTreeMap<Position, Skip>>,
}

impl Skips {
    /// Reads those of a view in a directory.
    pub fn load(dir: &Path, view: &str) -> Result<Skips, ViewError> {
        let path = dir.join(format!("{view}.skips"));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io_error("read", &path)(error)),
        };
        let mut known = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let skip: Skip = serde_json::from_str(line)
                .map_err(|error| io_error("read", &path)(io::Error::other(format!("a line is no skip: {error}"))))?;
            known.insert(skip.position, skip);
        }
        Ok(Skips { path, known: Mutex::new(known) })
    }

    /// Keeps one more; durable on return.
    pub fn add(&self, skip: Skip) -> Result<(), ViewError> {
        let failed = |error| io_error("write", &self.path)(error);
        let line = serde_json::to_string(&skip).expect("a skip is plain data");
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path).map_err(failed)?;
        writeln!(file, "{line}").and_then(|()| file.sync_all()).map_err(failed)?;
        self.known.lock().insert(skip.position, skip);
        Ok(())
    }

    pub fn is_skipped(&self, position: Position) -> bool {
        self.known.lock().contains_key(&position)
    }

    /// Returns all of them, by position.
    pub fn all(&self) -> Vec<Skip> {
        self.known.lock().values().copied().collect()
    }
}

//! What a demo remembers of itself: that its term is played, and what came of it.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::copying::files::write_private;
use crate::exit::{Exit, Failure};

/// The file in a data directory that a demo leaves when its term is played to the end.
const MARKER_FILE: &str = "demo.json";

/// A term that was played to the end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Played {
    /// The seed.
    pub seed: u64,
    /// How many cases were asked for.
    pub cases: u32,
    /// What came of it, as it was printed.
    pub lines: Vec<String>,
    /// The last position of it.
    pub position: u64,
}

impl Played {
    /// Reads what an earlier demo left; `None` where none was played to the end.
    pub fn read(dir: &Path) -> Option<Played> {
        serde_json::from_slice(&fs::read(dir.join(MARKER_FILE)).ok()?).ok()
    }

    /// Leaves it for the next demo.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec(self).map_err(|error| Failure::new(Exit::Internal, error))?;
        write_private(&dir.join(MARKER_FILE), &text)
    }
}

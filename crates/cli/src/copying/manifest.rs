//! What a backup says of itself.

use std::fs;
use std::io;
use std::path::Path;

use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_log::JournalReader;
use serde::{Deserialize, Serialize};

use super::files::write_private;
use crate::exit::{Exit, Failure};

/// The file in a backup that says what it is a copy of; a directory with it is not served.
pub const MANIFEST_FILE: &str = "backup.json";

/// What a backup is a copy of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its epoch.
    pub epoch: Epoch,
    /// The last position copied.
    pub position: Position,
    /// The chain hash there, 64 hex digits.
    pub chain_hash: String,
    /// Whether recorded times are those of a simulation.
    pub simulated: bool,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// The release that made it.
    pub written_by: String,
    /// How many files of keys and secrets lie beside the log.
    pub secrets: usize,
}

impl Manifest {
    /// Writes it into a backup, last.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        let path = dir.join(MANIFEST_FILE);
        let text = serde_json::to_vec_pretty(self).map_err(|error| Failure::new(Exit::Internal, error))?;
        write_private(&path, &text)
    }

    /// Reads it; `None` where the directory is no backup.
    pub fn read(dir: &Path) -> Result<Option<Manifest>, Failure> {
        let path = dir.join(MANIFEST_FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| Failure::file("read", &path, &error))?,
        };
        serde_json::from_slice(&text).map(Some).map_err(|error| {
            Failure::new(Exit::FoundWrong, format_args!("{} does not read as a manifest: {error}", path.display()))
        })
    }

    /// Says where a backup's journal is not what the manifest says; `None` where it is.
    pub fn differs(&self, journal: &JournalReader) -> Result<Option<(Position, String)>, Failure> {
        let identity = journal.identity();
        if (identity.ledger, identity.epoch) != (self.ledger, self.epoch) {
            let of = format!("ledger {} epoch {}", self.ledger, self.epoch);
            return Ok(Some((Position(1), format!("the backup was made of {of}, its journal is of {identity}"))));
        }
        if journal.last() != self.position {
            let (last, position) = (journal.last(), self.position);
            let what = format!("the backup was made up to position {position}, its journal reads up to {last}");
            return Ok(Some((last.min(position).next(), what)));
        }
        let chain = journal.chain_at(self.position)?.to_string();
        let what = || format!("the backup was made at hash {}, its journal has {chain}", self.chain_hash);
        Ok((chain != self.chain_hash).then(|| (self.position, what())))
    }
}

/// Refuses to treat a backup as a ledger to write to: two of the same epoch would part ways unseen.
pub fn refuse_backup(dir: &Path) -> Result<(), Failure> {
    if !dir.join(MANIFEST_FILE).exists() {
        return Ok(());
    }
    let what = format!("{} is a backup, and nothing may be written to it", dir.display());
    Err(Failure::new(Exit::Usage, what)
        .next(format_args!("make a ledger of it with `caseledger restore {} --data <new directory>`", dir.display())))
}

//! `caseledger backup`.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use caseledger_events::ids::Position;
use chrono::{DateTime, SecondsFormat, Utc};

use crate::cli::Global;
use crate::copying::copy_log;
use crate::copying::files::{NewDir, copy_access, copy_secrets};
use crate::copying::manifest::{Manifest, refuse_backup};
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::{Output, count};

/// Copy the log and its keys to a new directory, also while the server runs
///
/// Copies every event up to the last that is durable now, checking each on the way, then the keys, then a manifest;
/// everything is on disk when the directory has its name. `caseledger verify --data BACKUP` checks it at any time. Keep
/// it as safe as the ledger itself: it holds the same personal data, and the secret that idempotency keys are hashed with.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Example:
  caseledger backup /backups/2026-11-22 && caseledger verify --data /backups/2026-11-22

Exit codes: 0 done · 1 the log is damaged, its position is printed · 2 the directory is there already · 4 no such ledger"
)]
pub struct Args {
    /// The directory to make; it must not exist
    #[arg(value_name = "BACKUP")]
    to_dir: PathBuf,
}

/// The folder of the sled store, which a start builds again from the journal.
const SLED_DIR: &str = "sled";

/// Copies the log, then the keys, then says what it is a copy of.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    refuse_backup(&global.data)?;
    let journal = journal::open(&global.data)?;
    let (identity, last) = (journal.identity(), journal.last());
    if last == Position(0) {
        return Err(Failure::new(Exit::NoData, "there is nothing to back up: the ledger has no event yet"));
    }
    let new = NewDir::create(&args.to_dir)?;
    let walk = copy_log(&journal, "backup", last, new.path(), identity, |_| Vec::new())?;
    let sled = new.path().join(SLED_DIR);
    fs::remove_dir_all(&sled).map_err(|error| Failure::file("remove", &sled, &error))?;
    copy_access(&global.data, new.path())?;
    let secrets = copy_secrets(&global.data, new.path())?;
    let manifest = Manifest {
        ledger: identity.ledger,
        epoch: identity.epoch,
        position: last,
        chain_hash: walk.head().1.to_string(),
        simulated: walk.is_simulated(),
        made_at: DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Secs, true),
        written_by: format!("caseledger {}", env!("CARGO_PKG_VERSION")),
        secrets,
    };
    manifest.write(new.path())?;
    new.finish()?;
    if output.json {
        output.json_line(&manifest);
    } else {
        let to = args.to_dir.display();
        output.line(format_args!("{} {} of {identity} in {to}", output.style.good("ok:"), count(last.0, "event")));
        output.line(format_args!("head: position {last}, hash {}", manifest.chain_hash));
    }
    Ok(Exit::Ok)
}

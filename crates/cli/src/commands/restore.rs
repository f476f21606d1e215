//! `caseledger restore`.

use std::path::PathBuf;
use std::time::SystemTime;

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Recorded, Source};
use caseledger_events::ids::{CorrelationId, Position, StreamId};
use caseledger_events::system::{LEDGER_STREAM, LedgerEvent, ledger_actor};
use caseledger_log::{JournalReader, LedgerIdentity};
use caseledger_seal::KekFile;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::cli::Global;
use crate::copying::copy_log;
use crate::copying::files::{NewDir, copy_access, copy_secret, copy_secrets};
use crate::copying::manifest::Manifest;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::keys::kek_path;
use crate::output::{Output, count};
use crate::settings;
use crate::verifying::walk::Walk;

/// Make a ledger from a backup, in a new directory
///
/// Every event is checked while it is copied. Events recorded after the backup are lost, and those who have seen them
/// must learn it: unless you say that there are none (--complete, or --known-head), the epoch is raised, and the first
/// event of the new epoch says which positions were given up. Readers, read models and the broadcast then notice by
/// themselves; `caseledger nats rebuild` makes the broadcast's copy anew.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger restore /backups/2026-11-22 --data ./restored --kek ./.caseledger.kek
  caseledger restore /backups/2026-11-22 --data ./restored --known-head 48213   the stream's last sequence, or a receipt
  caseledger restore /backups/2026-11-22 --data ./before --to 48000            give up what follows position 48000

Exit codes: 0 done · 1 the backup is damaged, its position is printed · 2 the directory is there already · 4 no such backup"
)]
pub struct Args {
    /// The backup; a data directory whose sled store is lost will do as well
    #[arg(value_name = "BACKUP")]
    from_dir: PathBuf,

    /// Keep events up to this position and give up the rest
    #[arg(long, value_name = "POSITION")]
    to: Option<u64>,

    /// The highest position known to have existed: a receipt's, or the last sequence of the broadcast
    #[arg(long, value_name = "POSITION")]
    known_head: Option<u64>,

    /// Nothing was recorded after the backup was made, so no history is lost
    #[arg(long, conflicts_with_all = ["to", "known_head"])]
    complete: bool,

    /// Copy this key-encryption key beside the new directory; a backup never holds it
    #[arg(long, value_name = "FILE")]
    kek: Option<PathBuf>,
}

/// What a restore keeps and what it gives up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Plan {
    /// The last position kept.
    kept: Position,
    /// The highest position known to have existed, 0 where it is not known; `None` where nothing is lost.
    lost: Option<Position>,
}

/// Copies what is kept, and says in the log what was given up.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let journal = journal::open(&args.from_dir)?;
    check_manifest(args, &journal)?;
    let plan = plan(args, journal.last())?;
    let old = journal.identity();
    let identity = match plan.lost {
        Some(_) => LedgerIdentity { epoch: old.epoch.next(), ..old },
        None => old,
    };
    let kek = args.kek.as_ref().map(|path| KekFile::open(path, false).map(|_| path)).transpose()?;
    let new = NewDir::create(&global.data)?;
    let walk = copy_log(&journal, "restore", plan.kept, new.path(), identity, |walk| {
        plan.lost.map(|head_before| history_restored(walk, old, head_before)).into_iter().collect()
    })?;
    copy_access(&args.from_dir, new.path())?;
    let secrets = copy_secrets(&args.from_dir, new.path())?;
    new.finish()?;
    if let Some(kek) = kek {
        copy_secret(kek, &kek_path(&global.data, &settings::Keys::default()))?;
    }
    report(&journal, &walk, plan, identity, secrets, global, output);
    if args.kek.is_none() && secrets > 0 && !output.json {
        let place = kek_path(&global.data, &settings::Keys::default());
        output.line(format_args!(
            "next: put the key-encryption key of the origin at {} (or start over with --kek FILE): without it nothing \
             personal can be read and the server does not start",
            place.display()
        ));
    }
    Ok(Exit::Ok)
}

/// Refuses a backup that is not what its manifest says; whoever names a position knows that some of it may be lost.
fn check_manifest(args: &Args, journal: &JournalReader) -> Result<(), Failure> {
    let Some(manifest) = Manifest::read(&args.from_dir)?.filter(|_| args.to.is_none()) else { return Ok(()) };
    match manifest.differs(journal)? {
        None => Ok(()),
        Some((position, what)) => {
            Err(Failure::new(Exit::FoundWrong, format_args!("damage at position {position}: {what}"))
                .next("use another backup, or keep what holds with --to; `caseledger verify` says how far that is"))
        }
    }
}

fn plan(args: &Args, last: Position) -> Result<Plan, Failure> {
    let kept = args.to.map_or(last, Position);
    if kept > last || kept == Position(0) {
        return Err(Failure::new(
            Exit::Usage,
            format_args!("the backup holds positions 1 to {last}; --to {kept} is none of them"),
        ));
    }
    let known = args.known_head.map(Position);
    let lost = if kept < last {
        Some(known.map_or(last, |known| known.max(last)))
    } else if args.complete {
        None
    } else {
        match known {
            Some(known) if known > kept => Some(known),
            Some(_) => None,
            None => Some(Position(0)),
        }
    };
    Ok(Plan { kept, lost })
}

/// Makes the first event of the new epoch.
fn history_restored(walk: &Walk, old: LedgerIdentity, head_before: Position) -> Vec<u8> {
    let (head_kept, _) = walk.head();
    let now = Timestamp::from(DateTime::<Utc>::from(SystemTime::now()));
    // Simulated time stands where its last event left it; real time never goes back.
    let now = if walk.is_simulated() { walk.recorded_at() } else { now.max(walk.recorded_at()) };
    let draft = LedgerEvent::HistoryRestored { epoch_before: old.epoch, head_before, head_kept }.draft(now);
    let (version, previous) = walk.stream(StreamId::system(LEDGER_STREAM));
    let event = Recorded {
        position: head_kept.next(),
        stream: draft.stream,
        version: version.next(),
        previous,
        kind: draft.kind,
        schema: draft.schema,
        occurred_at: draft.occurred_at,
        recorded_at: now,
        source_recorded_at: None,
        actor: ledger_actor(),
        on_behalf_of: None,
        source: Source::Ledger,
        scope: draft.scope,
        policy: 0,
        correlation: CorrelationId(uuid::Uuid::new_v4().into_bytes()),
        causation: None,
        tag: None,
        salt: rand::random(),
        facts: &draft.facts,
        parts: Vec::new(),
    };
    let mut frame = Vec::new();
    codec::encode(&event, &mut frame);
    frame
}

fn report(
    journal: &JournalReader,
    walk: &Walk,
    plan: Plan,
    identity: LedgerIdentity,
    secrets: usize,
    global: &Global,
    output: &mut Output,
) {
    let (kept, chain) = walk.head();
    if output.json {
        output.json_line(&json!({
            "data": global.data, "ledger": identity.ledger, "epoch": identity.epoch,
            "epoch_before": journal.identity().epoch, "kept": kept, "chain_hash_kept": chain.to_string(),
            "head_before": plan.lost, "secrets": secrets,
        }));
        return;
    }
    let dir = global.data.display();
    output.line(format_args!(
        "{} {} in {dir}, hash {chain} at position {kept}",
        output.style.good("ok:"),
        count(kept.0, "event")
    ));
    match plan.lost {
        None => output.line(format_args!("nothing was given up: still epoch {}", identity.epoch)),
        Some(head) => {
            let known = if head == Position(0) {
                "how many were lost is not known".to_owned()
            } else {
                format!("positions {} to {head} were given up", kept.next())
            };
            output.line(format_args!("epoch {} begins at position {}: {known}", identity.epoch, kept.next()));
            output.line("next: start the server on it, then `caseledger nats rebuild` where events are broadcast");
        }
    }
    if secrets == 0 {
        output.line(format_args!(
            "{} no keys lay beside the log: the server will not start without its secret",
            output.style.notable("note:")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(to: Option<u64>, known_head: Option<u64>, complete: bool) -> Args {
        Args { from_dir: PathBuf::new(), to, known_head, complete, kek: None }
    }

    #[test]
    fn history_counts_as_lost_unless_somebody_says_otherwise() {
        let table = [
            (args(None, None, false), 10, Some(0), "nobody knows"),
            (args(None, None, true), 10, None, "nothing was recorded afterwards"),
            (args(None, Some(10), false), 10, None, "the highest position known is kept"),
            (args(None, Some(12), false), 10, Some(12), "a receipt for position 12 exists"),
            (args(Some(7), None, false), 7, Some(10), "the backup itself holds more"),
            (args(Some(7), Some(12), false), 7, Some(12), "and even more was known"),
            (args(Some(10), None, false), 10, Some(0), "--to the end says nothing of what followed"),
        ];
        for (args, kept, lost, why) in table {
            let expected = Plan { kept: Position(kept), lost: lost.map(Position) };
            assert_eq!(plan(&args, Position(10)).unwrap(), expected, "{why}");
        }
        for to in [0, 11] {
            assert_eq!(plan(&args(Some(to), None, false), Position(10)).unwrap_err().exit, Exit::Usage);
        }
    }
}

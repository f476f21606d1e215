//! `caseledger verify`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use caseledger_events::ids::Position;
use caseledger_log::{Block, Compared, JournalReader, LedgerIdentity, compare_copies};
use caseledger_proof::Hash;
use serde_json::json;

use crate::cli::Global;
use crate::copying::manifest::Manifest;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::{Output, count};
use crate::progress::Progress;
use crate::verifying::receipts::{self, KeptReceipt};
use crate::verifying::views::{self, Views};
use crate::verifying::walk::{Damage, Seen, Walk, look};

/// Check that nothing in the log was lost, altered or put in another order
///
/// Walks the whole journal, also while a server runs: checksums, positions and versions without gaps, links to the
/// previous event of each stream, chain hash, recorded times that never go back, ledger and epoch, every event read.
/// After an orderly stop the sled store is compared with it, event by event. Nothing is changed. Prints what was checked and the hash at the head; compare it with one you kept, and nothing before it was changed.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger verify
  caseledger verify --receipts receipts.ndjson   every receipt handed out is found, with its hash
  caseledger verify --access                     the access ledger too: nobody who looked was taken out of it

Exit codes: 0 everything holds · 1 something does not, its position is printed · 4 no such ledger"
)]
pub struct Args {
    /// Receipts clients kept, one JSON object a line: each must stand at its position with its hash
    #[arg(long, value_name = "FILE")]
    receipts: Option<PathBuf>,

    /// Walk the access ledger too, and look in it for every head of it that the log recorded
    #[arg(long)]
    access: bool,
}

/// What was found; everything holds when both lists are empty.
struct Found {
    identity: LedgerIdentity,
    walk: Walk,
    damage: Option<Damage>,
    /// How the sled store compares; `None` where the journal itself does not hold.
    sled: Option<Compared>,
    receipts: Option<u64>,
    bad_receipts: Vec<(KeptReceipt, String)>,
    /// The access ledger, where it was asked for.
    views: Option<Views>,
}

impl Found {
    fn holds(&self) -> bool {
        let views = self.views.as_ref().is_none_or(|views| views.damage.is_none());
        self.damage.is_none() && self.bad_receipts.is_empty() && views
    }
}

/// Walks the journal and reports.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let kept = args.receipts.as_deref().map(receipts::read).transpose()?;
    let journal = journal::open(&global.data)?;
    let mut wanted: Vec<Position> = kept.iter().flatten().map(|receipt| receipt.position).collect();
    wanted.sort_unstable();
    let (walk, mut damage) = walk(&journal, Walk::new(wanted))?;
    if let (None, Some(manifest)) = (&damage, Manifest::read(&global.data)?) {
        damage = manifest.differs(&journal)?.map(|(position, what)| Damage { position, what });
    }
    let sled = if damage.is_none() { Some(compare(&global.data, &journal)?) } else { None };
    if let Some(Compared::Differ { position, what }) = &sled {
        damage = Some(Damage { position: *position, what: what.clone() });
    }
    let bad_receipts = kept.as_deref().map(|kept| judge(kept, &journal, &walk)).unwrap_or_default();
    let receipts = kept.map(|kept| kept.len() as u64);
    let identity = journal.identity();
    let views = args.access.then(|| views::check(&global.data, identity, walk.access_heads())).transpose()?;
    let found = Found { identity, walk, damage, sled, receipts, bad_receipts, views };
    if output.json {
        print_json(&found, output)
    } else {
        print_text(&found, output)
    }
    Ok(if found.holds() { Exit::Ok } else { Exit::FoundWrong })
}

/// Walks the whole journal of a directory; for commands that check what they have done.
pub fn check(dir: &Path) -> Result<(Walk, Option<Damage>), Failure> {
    walk(&journal::open(dir)?, Walk::new(Vec::new()))
}

/// What one block of the journal holds: where its groups start and what they link to, and its events.
struct SeenBlock {
    links: Vec<(Position, Hash)>,
    events: Vec<Seen>,
}

fn look_at(block: &Block) -> SeenBlock {
    SeenBlock {
        links: block.links().collect(),
        events: block.frames().map(|(position, frame)| look(position, frame)).collect(),
    }
}

fn step_through(walk: &mut Walk, block: SeenBlock) -> Result<(), Damage> {
    let mut links = block.links.into_iter().peekable();
    for seen in block.events {
        if let Some((first, named)) = links.next_if(|(first, _)| *first == seen.position()) {
            walk.check_link(first, named)?;
        }
        walk.step(seen)?;
    }
    Ok(())
}

/// Walks the journal up to its end or its first damage.
pub fn walk(journal: &JournalReader, mut walk: Walk) -> Result<(Walk, Option<Damage>), Failure> {
    let mut damage = None;
    let mut progress = Progress::events("verify", journal.last().0);
    let threads = available_parallelism().map_or(2, std::num::NonZero::get);
    let read = journal.scan(Position(1)).parallel(threads, look_at, |block| {
        damage = step_through(&mut walk, block).err();
        progress.set(walk.head().0.0);
        if damage.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.finish();
    match read {
        Ok(()) => {}
        Err(error) if damage.is_none() => damage = Some(damage_of(error, &walk)?),
        Err(_) => {}
    }
    if damage.is_none() {
        damage = check_end(journal, &walk)?;
    }
    Ok((walk, damage))
}

/// Turns damaged bytes into a finding; other trouble ends the command.
fn damage_of(error: caseledger_log::ReadError, walk: &Walk) -> Result<Damage, Failure> {
    match error {
        caseledger_log::ReadError::Damaged { position, .. } => Ok(Damage { position, what: error.to_string() }),
        caseledger_log::ReadError::Broken { position, .. } => Ok(Damage { position, what: error.to_string() }),
        error => Err(Failure::from(error).next(format!("positions up to {} hold", walk.head().0))),
    }
}

/// Holds what the walk computed against what the journal says of itself.
fn check_end(journal: &JournalReader, walk: &Walk) -> Result<Option<Damage>, Failure> {
    let (last, chain) = walk.head();
    let damage = |position, what| Ok(Some(Damage { position, what }));
    if last != journal.last() {
        return damage(
            last.next(),
            format!("the journal says it ends at {}, its events end at {last}", journal.last()),
        );
    }
    let stored = journal.chain_at(last)?;
    if stored != chain {
        return damage(last, format!("the chain hash computed there is {chain}, the journal says {stored}"));
    }
    let epoch = journal.identity().epoch;
    if walk.epoch() != epoch {
        return damage(last, format!("the events tell of epoch {}, the journal is of epoch {epoch}", walk.epoch()));
    }
    Ok(None)
}

/// Compares the sled store with the journal where nobody runs.
fn compare(dir: &Path, journal: &JournalReader) -> Result<Compared, Failure> {
    let mut progress = Progress::events("verify, sled store", journal.last().0);
    let compared = compare_copies(dir, journal, |at| progress.set(at.0));
    progress.finish();
    Ok(compared?)
}

fn judge(kept: &[KeptReceipt], journal: &JournalReader, walk: &Walk) -> Vec<(KeptReceipt, String)> {
    let found = |position: Position| {
        let at = walk.found().binary_search_by_key(&position, |found| found.0).ok()?;
        Some(walk.found()[at].1)
    };
    let judged = kept.iter().filter_map(|receipt| {
        let why = receipts::check(receipt, journal.identity(), found(receipt.position))?;
        Some((receipt.clone(), why))
    });
    judged.collect()
}

fn print_json(found: &Found, output: &mut Output) {
    let (last, chain) = found.walk.head();
    let damage = found.damage.as_ref().map(|damage| json!({"position": damage.position, "what": damage.what}));
    let views = found.views.as_ref().map(|Views { head, heads, damage }| {
        let damage = damage.as_ref().map(|damage| json!({"position": damage.position, "what": damage.what}));
        json!({"views": head.0, "chain_hash": head.1.to_string(), "recorded_heads": heads, "damage": damage})
    });
    let bad = found.bad_receipts.iter().map(|(receipt, why)| json!({"position": receipt.position, "why": why}));
    output.json_line(&json!({
        "holds": found.holds(),
        "ledger": found.identity.ledger, "epoch": found.identity.epoch, "simulated": found.walk.is_simulated(),
        "events": last, "streams": found.walk.streams(), "chain_hash": chain.to_string(), "damage": damage,
        "sled": match &found.sled {
            Some(Compared::Agree(_)) => "agrees",
            Some(Compared::Differ { .. }) => "differs",
            Some(Compared::Skipped(_)) | None => "not-compared",
        },
        "receipts": found.receipts, "bad_receipts": bad.collect::<Vec<_>>(),
        "access": views,
    }));
}

/// How many receipts that do not hold are printed one by one.
const SHOWN_MAX: usize = 20;

fn print_text(found: &Found, output: &mut Output) {
    let style = output.style;
    let (last, chain) = found.walk.head();
    let simulated = if found.walk.is_simulated() { ", simulated time" } else { "" };
    output.line(format_args!("{}{simulated}", found.identity));
    if let Some(Damage { position, what }) = &found.damage {
        output.line(format_args!("{} at position {position}: {what}", style.bad("damage")));
        output.line(format_args!("positions 1 to {last} hold, hash {chain}"));
        output.line(
            "next: a stopped server repairs one copy from the other when it starts; if it cannot, restore a backup",
        );
    } else {
        let (events, streams) = (count(last.0, "event"), count(found.walk.streams() as u64, "stream"));
        output.line(format_args!(
            "{} {events} of {streams}: checksums, positions, versions, links, times, chain, facts",
            style.good("ok:")
        ));
    }
    match &found.sled {
        Some(Compared::Agree(_)) => {
            output.line(format_args!("{} the sled store holds the same events", style.good("ok:")))
        }
        Some(Compared::Skipped(why)) => {
            output.line(format_args!("{}", style.dim(format_args!("sled store not compared: {why}"))))
        }
        Some(Compared::Differ { .. }) | None => {}
    }
    for (receipt, why) in found.bad_receipts.iter().take(SHOWN_MAX) {
        output.line(format_args!("{} for position {}: {why}", style.bad("receipt"), receipt.position));
    }
    match (found.receipts, found.bad_receipts.len() as u64) {
        (None, _) => {}
        (Some(all), 0) => {
            output.line(format_args!("{} {} found, each with its hash", style.good("ok:"), count(all, "receipt")))
        }
        (Some(all), bad) => {
            output.line(format_args!(
                "{} {} of {} do not hold",
                style.bad("not ok:"),
                count(bad, "receipt"),
                count(all, "receipt")
            ));
        }
    }
    found.views.iter().for_each(|views| print_views(views, output));
    if found.damage.is_none() {
        output.line(format_args!("head: position {last}, hash {}", style.bold(chain)));
    }
}

fn print_views(Views { head: (last, chain), heads, damage }: &Views, output: &mut Output) {
    let style = output.style;
    let views = count(last.0, "view");
    if let Some(Damage { position, what }) = damage {
        let bad = style.bad("damage");
        output.line(format_args!("{bad} at position {position} of the access ledger: {what}"));
        output.line("next: restore the access ledger from a backup; it has no second copy");
        return;
    }
    let heads = count(*heads as u64, "recorded head");
    output.line(format_args!("{} {views} of the access ledger, hash {chain}; {heads} found in it", style.good("ok:")));
}

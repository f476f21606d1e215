//! Prints the figures of the storage half on this machine: `storage_figures DIR EVENTS`.
//!
//! Each step runs in the directory given, which is made and left behind; run it on the disk that matters.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use caseledger_events::codec;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role, Scope, Source};
use caseledger_events::ids::{CaseId, CorrelationId, Epoch, LedgerId, Position, StreamId, Tag, Version};
use caseledger_log::{Group, JournalReader, LedgerIdentity, Store, StoreOptions};
use caseledger_proof::leaf;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Events of one scattered case among all of them.
const SCATTERED: u64 = 500;

fn main() -> Outcome {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(events)) = (args.next(), args.next()) else {
        return Err("usage: storage_figures DIR EVENTS [CACHE_MIB]".into());
    };
    let (dir, events): (&Path, u64) = (dir.as_ref(), events.parse()?);
    let cache_bytes = args.next().map_or(Ok(64), |mib| mib.parse::<u64>())? << 20;
    let options = StoreOptions { cache_bytes, ..StoreOptions::default() };
    single_commits(&dir.join("single"), &options)?;
    let bulk = dir.join("bulk");
    if !bulk.exists() {
        ready_frames(&bulk, &options, events)?;
    }
    reopen(&bulk, &options, "open after a stop without closing")?;
    let store = reopen(&bulk, &options, "open again")?;
    reads(&store, events)?;
    store.close()?;
    let store = reopen(&bulk, &options, "open after a clean stop")?;
    offline(&bulk)?;
    store.close()?;
    Ok(())
}

fn identity() -> LedgerIdentity {
    LedgerIdentity { ledger: LedgerId([7; 16]), epoch: Epoch(0) }
}

/// An event as the service stores them: about 550 bytes; every `every`-th belongs to one scattered case.
fn frame(position: u64, every: u64, out: &mut Vec<u8>) {
    let scattered = position.is_multiple_of(every);
    let case = if scattered { 0 } else { position / 15 + 1 };
    let mut id = [0; 16];
    id[..8].copy_from_slice(&case.to_be_bytes());
    let (version, previous) = match scattered {
        true => ((position / every) as u32, position - every),
        false => (1, 0),
    };
    let mut tag = [0; 16];
    tag.copy_from_slice(&leaf(&position.to_le_bytes()).0[..16]);
    let mut facts = [0x5a; 230];
    facts[..8].copy_from_slice(&position.to_le_bytes());
    let event = Recorded {
        position: Position(position),
        stream: StreamId::Case(CaseId(id)),
        version: Version(version),
        previous: Position(previous),
        kind: "contact_attempt_recorded",
        schema: 1,
        occurred_at: OccurredAt::Instant(Timestamp(1_772_000_000_000_000)),
        recorded_at: Timestamp(1_772_000_000_000_000 + position as i64),
        source_recorded_at: None,
        actor: Actor { person: code("P-000123"), role: Role::CaseManager, organisation: code("ASP-0042") },
        on_behalf_of: None,
        source: Source::Person,
        scope: Scope { provider: Some(code("ASP-0042")), catchment: Some(code("C-17")), school: Some(code("1234")) },
        policy: 1,
        correlation: CorrelationId(tag),
        causation: None,
        tag: Some(Tag(tag)),
        salt: tag,
        facts: &facts,
        parts: vec![],
    };
    codec::encode(&event, out);
}

fn code(text: &str) -> caseledger_events::ids::Code {
    text.parse().expect("a constant that is a code")
}

fn single_commits(dir: &Path, options: &StoreOptions) -> Outcome {
    let mut store = Store::create(dir, identity(), options)?;
    let mut times = Vec::new();
    let mut bytes = 0;
    let before = disk_bytes(&dir.join("sled"))?;
    let mut group = Group::new(Position(1), store.head().1);
    for position in 1..=20_000 {
        group.restart(Position(position), store.head().1);
        group.push_with(|out| frame(position, u64::MAX, out));
        bytes += group.bytes() - 8;
        let began = Instant::now();
        store.commit(&group)?;
        times.push(began.elapsed());
    }
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("one event a commit: p50 {p50:?}, p99 {p99:?} ({} byte frames)", bytes / 20_000);
    // sled's cleaner works twice a second; let it come to rest.
    std::thread::sleep(Duration::from_secs(3));
    let sled = (disk_bytes(&dir.join("sled"))? - before) as f64 / bytes as f64;
    let journal = used_bytes(&dir.join("journal"))? as f64 / bytes as f64;
    println!(
        "one event a commit, bytes on disk a frame byte: {:.2} (sled {sled:.2}, journal {journal:.2})",
        sled + journal
    );
    store.close()?;
    Ok(())
}

fn ready_frames(dir: &Path, options: &StoreOptions, events: u64) -> Outcome {
    let mut store = Store::create(dir, identity(), options)?;
    let every = events / SCATTERED;
    let (mut spent, mut done) = (Duration::ZERO, 0);
    while done < events {
        let mut frames = Vec::new();
        for position in done + 1..=(done + 200_000).min(events) {
            let mut bytes = Vec::with_capacity(600);
            frame(position, every, &mut bytes);
            frames.push(bytes);
        }
        let began = Instant::now();
        done = store.append_frames(frames.iter().map(Vec::as_slice))?.0;
        spent += began.elapsed();
        println!("  {done} events, {:.0} events/s, resident {} MiB", done as f64 / spent.as_secs_f64(), resident_mib());
    }
    println!("ready frames, durable: {:.0} events/s", events as f64 / spent.as_secs_f64());
    println!("disk: {:.2} GB, of it sled {:.2} GB", gb(disk_bytes(dir)?), gb(disk_bytes(&dir.join("sled"))?));
    Ok(())
}

fn reopen(dir: &Path, options: &StoreOptions, what: &str) -> Outcome<Store> {
    let (store, report) = Store::open(dir, options)?;
    println!("{what}: {report}; resident {} MiB", resident_mib());
    Ok(store)
}

fn reads(store: &Store, events: u64) -> Outcome {
    let reader = store.reader();
    let every = events / SCATTERED;
    for round in ["first", "second"] {
        let began = Instant::now();
        let history = reader.history(Position(every * SCATTERED))?;
        println!("history of {} scattered events, {round} time: {:?}", history.len(), began.elapsed());
    }
    let began = Instant::now();
    for n in 1..=SCATTERED {
        reader.get(Position(n * every))?;
    }
    println!("{SCATTERED} scattered reads through sled: {:?}", began.elapsed());
    let began = Instant::now();
    let absent = (0..20_000_u64).filter(|n| {
        let mut tag = [0; 16];
        tag.copy_from_slice(&leaf(&(u64::MAX - n).to_le_bytes()).0[..16]);
        reader.may_hold_tag(Tag(tag))
    });
    let passed = absent.count();
    println!("absent tag: {:?} a question, {passed} of 20000 pass the filters", began.elapsed() / 20_000);
    let began = Instant::now();
    for n in 1..=1000 {
        let mut tag = [0; 16];
        let position = n * (events / 1000);
        tag.copy_from_slice(&leaf(&position.to_le_bytes()).0[..16]);
        assert_eq!(reader.find_tag(Tag(tag))?, Some(Position(position)));
    }
    println!("present tag: {:?} a question", began.elapsed() / 1000);
    let began = Instant::now();
    let mut scan = reader.scan(Position(1));
    let mut count = 0;
    while let Some(group) = scan.next_group()? {
        count += group.frames().count();
    }
    println!("scan, checked, not decoded: {:.2} M events/s", rate(count, began));
    for threads in [1, 2] {
        let began = Instant::now();
        let (mut count, mut sum) = (0, 0);
        let map = |block: &caseledger_log::Block| {
            block.frames().fold((0, 0), |(count, sum), (_, frame)| {
                let event = codec::decode(frame).expect("an event made above");
                (count + 1, sum + event.recorded_at.0 as u64)
            })
        };
        reader.scan(Position(1)).parallel(threads, map, |(n, s): (usize, u64)| {
            count += n;
            sum ^= s;
            ControlFlow::Continue(())
        })?;
        println!("scan decoded by {threads} threads: {:.2} M events/s ({sum:x})", rate(count, began));
    }
    println!("resident {} MiB", resident_mib());
    Ok(())
}

fn offline(dir: &Path) -> Outcome {
    let began = Instant::now();
    let journal = JournalReader::open(dir)?;
    println!("journal opened beside a live store: {:?}", began.elapsed());
    let began = Instant::now();
    let (mut scan, mut count) = (journal.scan(Position(1)), 0);
    let mut chain = None;
    while let Some(group) = scan.next_group()? {
        assert!(chain.is_none_or(|chain| chain == group.before()));
        chain = Some(group.after());
        count += group.frames().count();
    }
    println!("scan with every hash, one thread: {:.2} M events/s", rate(count, began));
    Ok(())
}

fn rate(count: usize, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64() / 1e6
}

fn gb(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

/// Bytes in use on disk, without what is preallocated for later.
fn disk_bytes(path: &Path) -> Outcome<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut sum = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        let prepared = entry.path().extension().is_some_and(|e| e == "tmp");
        sum += match meta.is_dir() {
            true => disk_bytes(&entry.path())?,
            false if prepared => 0,
            false => meta.blocks() * 512,
        };
    }
    Ok(sum)
}

/// Bytes of a journal in use, without the zeros its newest segment is preallocated with.
fn used_bytes(journal: &Path) -> Outcome<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(journal)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension != "tmp") {
            sum += std::fs::read(path)?.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1) as u64;
        }
    }
    Ok(sum)
}

fn resident_mib() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4 / 1024
}

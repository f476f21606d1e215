//! Figures of the views on this machine: catching up, seeing what was just recorded, asking for a case.
//!
//! `cargo run --release -p caseledger-views --example view_figures -- [events]` (1,000,000 by default).

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use caseledger_events::access::*;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Role;
use caseledger_events::ids::{CaseId, Epoch, LedgerId, Position, StreamId};
use caseledger_events::reference::Reference;
use caseledger_events::testing::{InClear, person};
use caseledger_log::{Group, LedgerIdentity, Store, StoreOptions};
use caseledger_projections::testing::{Tape, Term};
use caseledger_views::{CaseQuery, CaseView, ViewOptions, Views, WhichCase};
use chrono::NaiveDate;

const EVENTS_PER_CASE: u64 = 40;

fn main() {
    let events = std::env::args().nth(1).map_or(1_000_000, |n| n.parse().expect("a number of events"));
    let dir = std::env::temp_dir().join(format!("caseledger-view-figures-{}", std::process::id()));
    figures(&dir, events);
    std::fs::remove_dir_all(&dir).expect("the directory was just made");
}

fn figures(dir: &Path, events: usize) {
    let identity = LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(0) };
    let mut store = Store::create(&dir.join("ledger"), identity, &StoreOptions::default()).expect("an empty directory");
    let (mut tape, mut term) = (Tape::new(), Term::new(1, EVENTS_PER_CASE));
    term.play(&mut tape, events);
    store.append_frames(tape.frames().iter().map(Vec::as_slice)).expect("the ledger takes them");
    let bytes: usize = tape.frames().iter().map(Vec::len).sum();
    println!("{events} events of {} bytes", bytes / events);

    println!("on the processor since the start: {:.1} s", processor_seconds());
    let begun = Instant::now();
    let views = Views::open(&dir.join("views"), store.reader(), Arc::new(InClear), ViewOptions::default())
        .expect("a new directory");
    while views.case_view().position() < Position(events as u64) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!("catching up: {:.0} events/s ({seconds:.1} s)", events as f64 / seconds);
    println!("on the processor since the start: {:.1} s", processor_seconds());
    let cases: Vec<CaseId> = tape
        .events()
        .filter(|event| event.version.0 == 1)
        .filter_map(|event| if let StreamId::Case(case) = event.stream { Some(case) } else { None })
        .collect();
    println!("cases: {}; file: {} MB", cases.len(), file_bytes(&dir.join("views")) >> 20);

    seen(&mut store, views.case_view(), &mut tape, &mut term, 1_000, Duration::from_secs(20));
    asked(&mut store, views.case_view(), &mut tape, &mut term, &cases);
    lists(views.case_view());
}

/// Seconds this process spent on processors, from the kernel's account in ticks of 10 ms.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 = stat.split_whitespace().skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / 100.0
}

fn file_bytes(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).expect("the views are there");
    files.filter_map(|file| file.ok()?.metadata().ok()).map(|meta| meta.len()).sum()
}

/// Records one event a commit at a rate, and calls back with each position once it is durable.
fn record(
    store: &mut Store,
    tape: &mut Tape,
    term: &mut Term,
    per_second: u32,
    length: Duration,
    durable: impl Fn(Position, Instant),
) {
    let begun = Instant::now();
    let mut count = 0_u32;
    while begun.elapsed() < length {
        let due = begun + Duration::from_secs(1) * count / per_second;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        term.play(tape, 1);
        let (head, chain) = store.head();
        let mut group = Group::new(head.next(), chain);
        group.push(tape.frames().last().expect("one was just played"));
        store.commit(&group).expect("the ledger takes it");
        durable(group.last(), Instant::now());
        count += 1;
    }
}

/// From durable to visible.
fn seen(store: &mut Store, view: &CaseView, tape: &mut Tape, term: &mut Term, per_second: u32, length: Duration) {
    let pending: Mutex<Vec<(Position, Instant)>> = Mutex::new(Vec::new());
    let ended = AtomicBool::new(false);
    let begun = Instant::now();
    let recorded_before = tape.frames().len();
    let mut waits = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut waits = Vec::new();
            loop {
                let (position, now) = (view.position(), Instant::now());
                let mut pending = pending.lock().expect("no thread panics");
                pending.retain(|(at, durable)| {
                    let visible = *at <= position;
                    if visible {
                        waits.push(now.saturating_duration_since(*durable));
                    }
                    !visible
                });
                if ended.load(Ordering::Relaxed) && pending.is_empty() {
                    return waits;
                }
                drop(pending);
                std::thread::sleep(Duration::from_micros(200));
            }
        });
        record(store, tape, term, per_second, length, |position, at| {
            pending.lock().expect("no thread panics").push((position, at));
        });
        ended.store(true, Ordering::Relaxed);
        watching.join().expect("no thread panics")
    });
    let rate = (tape.frames().len() - recorded_before) as f64 / begun.elapsed().as_secs_f64();
    print("durable to visible", &mut waits, &format!("at {rate:.0} events/s"));
}

/// A case asked for at random, while 500 events a second are recorded.
fn asked(store: &mut Store, view: &CaseView, tape: &mut Tape, term: &mut Term, cases: &[CaseId]) {
    let ended = AtomicBool::new(false);
    let begun = Instant::now();
    let (mut case, mut timeline, count) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut case, mut timeline) = (Vec::new(), Vec::new());
            let mut count = 0_u32;
            while !ended.load(Ordering::Relaxed) {
                let due = begun + Duration::from_secs(1) * count / 1_000;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let id = cases[(count as usize).wrapping_mul(7_919) % cases.len()];
                let asked = Instant::now();
                if count.is_multiple_of(4) {
                    view.timeline(WhichCase::Id(id), grant, None, None).expect("it answers");
                    timeline.push(asked.elapsed());
                } else {
                    view.case(WhichCase::Id(id), grant).expect("it answers");
                    case.push(asked.elapsed());
                }
                count += 1;
            }
            (case, timeline, count)
        });
        record(store, tape, term, 500, Duration::from_secs(20), |_, _| {});
        ended.store(true, Ordering::Relaxed);
        asking.join().expect("no thread panics")
    });
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    let note = format!("at {rate:.0} queries/s beside 500 events/s");
    print("one case", &mut case, &note);
    print("its timeline, 50 entries", &mut timeline, &note);
}

/// The day of asking; what was invented lies before it.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, 1).expect("a day there is")
}

/// Admits somebody to a ledger that asks for no grant.
fn somebody(role: Role) -> Principal {
    let admitted = Grants::default().admit(person(role, "A-1", "MOE"), true, Timestamp(0), &Reference::default());
    admitted.expect("a ledger without any grant enforces none")
}

fn grant(case: &Standing) -> Result<Grant, Denied> {
    break_glass(&somebody(Role::Auditor), GlassReason::ComplaintOrAudit, case, today())
}

fn lists_of(role: Role, operation: Operation) -> Vec<Scope> {
    scopes(&somebody(role), operation, today()).expect("the role has such lists")
}

/// Pages of 50 with their totals.
fn lists(view: &CaseView) {
    let (everything, by_name) =
        (lists_of(Role::Auditor, Operation::List), lists_of(Role::ServiceDesk, Operation::Search));
    let page = view.list(&everything, &CaseQuery::default()).expect("it answers");
    let row = page.items[0].clone().case().expect("an auditor sees the case itself").row;
    let some = CaseQuery::default();
    for (name, query) in [
        ("list: everything, newest first", some.clone()),
        ("list: one provider", CaseQuery { provider: row.provider, ..some.clone() }),
        ("list: one school", CaseQuery { school: Some(row.school), ..some.clone() }),
        (
            "list: everything active, latest event first",
            CaseQuery {
                status: Some(caseledger_projections::case_view::CaseStatus::Active),
                sort: caseledger_views::Sort::ActivityNewest,
                ..some
            },
        ),
    ] {
        let mut waits = Vec::new();
        for _ in 0..50 {
            let asked = Instant::now();
            view.list(&everything, &query).expect("it answers");
            waits.push(asked.elapsed());
        }
        print(name, &mut waits, &format!("of {}", page.total));
    }
    for text in ["parata", "hemi te", "k"] {
        let mut waits = Vec::new();
        for _ in 0..50 {
            let asked = Instant::now();
            view.search(&by_name, text, 50).expect("it answers");
            waits.push(asked.elapsed());
        }
        print(&format!("search: {text}"), &mut waits, "");
    }
}

fn print(what: &str, waits: &mut [Duration], note: &str) {
    waits.sort_unstable();
    let at = |part: f64| waits[((waits.len() - 1) as f64 * part) as usize].as_secs_f64() * 1_000.0;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms {note}", at(0.5), at(0.99), at(1.0));
}

//! A large ledger: what it takes on disk and in memory, how fast it starts after a kill, one scattered case.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use caseledger_events::ids::Epoch;
use caseledger_log::LedgerIdentity;
use serde_json::Value;

use crate::figures::{Figures, millis, thousands};
use crate::service::Service;
use crate::{frames, load};

/// Runs and prints.
pub fn run(dir: &Path, events: u64) -> Result<()> {
    let data = tempfile::tempdir_in(dir)?;
    let ledger = data.path().join("ledger");
    std::fs::create_dir_all(&ledger)?;
    println!("Writing {} events …", thousands(events as f64));
    let written = fill(&ledger, events)?;
    let log = ledger.clone();
    let (case, head) = written.history.long.context("no long case")?;
    let mut table = Figures::new(&["what", "figure"]);
    let on_disk = frames::bytes_under(&log)?;
    table.row(&[
        "log on disk".into(),
        format!("{:.1} GB, {:.2} × frame bytes", on_disk as f64 / 1e9, on_disk as f64 / written.frame_bytes as f64),
    ]);
    history(&log, head, &mut table)?;

    let started = Instant::now();
    let (service, _) = Service::start(&ledger, &[])?;
    table.row(&["first start (no snapshot yet)".into(), millis(started.elapsed().as_secs_f64())]);
    service.wait_ready(Duration::from_secs(3_600))?;
    table.row(&["… until the case view is built".into(), millis(started.elapsed().as_secs_f64())]);
    let cases = load::prepare(&service, 500)?;
    load::actions(&service, &cases, 64, Duration::from_secs(10), "warm")?;
    table.row(&["resident memory".into(), format!("{} MB", thousands(service.resident_bytes()? as f64 / 1e6))]);
    service.kill()?;
    let started = Instant::now();
    let (service, healthy) = Service::start(&ledger, &[])?;
    service.wait_ready(Duration::from_secs(3_600))?;
    table.row(&["start to healthy after kill -9".into(), millis(healthy.as_secs_f64())]);
    table.row(&["start to ready after kill -9".into(), millis(started.elapsed().as_secs_f64())]);
    let asked = Instant::now();
    // An auditor sees the facts of every case; an operator of none.
    let (status, answer) = service.get_as(&format!("/v1/cases/{case}"), "P-AUD/auditor/MOE")?;
    anyhow::ensure!(status == 200, "the case is not shown: {status} {answer}");
    table.row(&["that case from the view".into(), millis(asked.elapsed().as_secs_f64())]);
    table.print();
    Ok(())
}

/// Has the service make a ledger with its secret and keys, and puts a large log in the place of its own.
pub fn fill(ledger: &Path, events: u64) -> Result<frames::Written> {
    let (service, _) = Service::start(ledger, &[])?;
    let told: Value = serde_json::from_str(&service.get("/v1/ledger")?.1)?;
    service.kill()?;
    for part in ["journal", "sled", "snapshots", "views", "access"] {
        // A part that the service had not made yet is not missed.
        let _ = std::fs::remove_dir_all(ledger.join(part));
    }
    let identity = LedgerIdentity {
        ledger: told["ledger"].as_str().context("no ledger id")?.parse()?,
        epoch: Epoch(u32::try_from(told["epoch"].as_u64().context("no epoch")?)?),
    };
    frames::fill(ledger, identity, events)
}

fn history(log: &Path, head: caseledger_events::ids::Position, table: &mut Figures) -> Result<()> {
    let (store, _) = caseledger_log::Store::open(log, &caseledger_log::StoreOptions::default())?;
    let reader = store.reader();
    let mut best = f64::INFINITY;
    let mut events = 0;
    let cold = Instant::now();
    events += reader.history(head)?.len();
    let cold = cold.elapsed().as_secs_f64();
    for _ in 0..5 {
        let started = Instant::now();
        reader.history(head)?;
        best = best.min(started.elapsed().as_secs_f64());
    }
    drop(reader);
    store.close()?;
    table.row(&[
        format!("one case of {events} scattered events, first and best of six"),
        format!("{}, {}", millis(cold), millis(best)),
    ]);
    Ok(())
}

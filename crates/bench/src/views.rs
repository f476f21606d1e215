//! Read models: built, built anew while actions go on and readers ask, kept on another machine, asked.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::figures::{Figures, millis, quantile, thousands};
use crate::pace::{self, Pace};
use crate::service::{self, Service};
use crate::{eventsourcing, frames, large, load};

/// Cases that the actions of the measurement go to.
const CASES: usize = 500;
/// How long a build is waited for.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// Runs and prints.
pub fn run(dir: &Path, events: u64) -> Result<()> {
    let data = tempfile::tempdir_in(dir)?;
    let ledger = data.path().join("ledger");
    std::fs::create_dir_all(&ledger)?;
    println!("Writing {} events …", thousands(events as f64));
    let some = large::fill(&ledger, events)?.history.some;
    let cases: Vec<String> = some.iter().map(|(case, _)| case.to_string()).collect();
    let mut table = Figures::new(&["what", "figure", "seconds"]);

    let started = Instant::now();
    let (service, _) = Service::start(&ledger, &[])?;
    let (seconds, resident) = wait_until(&service, started, |views| views.iter().all(|view| view["lag_events"] == 0))?;
    table.row(&row("all read models from nothing, one pass", events, seconds));
    table.row(&mib("… resident memory of the server, at most", resident));
    table.row(&mib("… their files", frames::bytes_under(&ledger.join("views"))?));

    anew(&service, &cases, events, &mut table)?;
    queries(&service, &cases, &mut table)?;
    let address = service.address.clone();
    for origin in ["journal", "http"] {
        let into = data.path().join(origin);
        let seconds = remote(&ledger, &into, origin, &address)?;
        table.row(&row(&format!("remote worker catching up, --from {origin}"), events, seconds));
    }
    drop(service);
    match eventsourcing::rebuild(dir, events.min(eventsourcing::EVENTS_MAX)) {
        Ok((events, seconds)) => {
            table.row(&row("Python eventsourcing, one projection from its SQLite recorder", events, seconds));
        }
        Err(error) => println!("Python eventsourcing is not measured: {error:#}"),
    }
    table.print();
    println!("{} cases; one process per figure on {} processors.", thousands(events as f64 / 15.0), processors());
    Ok(())
}

fn row(what: &str, events: u64, seconds: f64) -> [String; 3] {
    [what.into(), format!("{} events/s", thousands(events as f64 / seconds)), format!("{seconds:.1}")]
}

fn mib(what: &str, bytes: u64) -> [String; 3] {
    [what.into(), format!("{} MiB", thousands((bytes >> 20) as f64)), String::new()]
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Asks how the read models stand until something holds; returns the seconds that took and the most memory seen.
fn wait_until(service: &Service, started: Instant, holds: impl Fn(&[Value]) -> bool) -> Result<(f64, u64)> {
    let mut resident = 0;
    while started.elapsed() < PATIENCE {
        resident = service.resident_bytes()?.max(resident);
        if holds(&views(service)?) {
            return Ok((started.elapsed().as_secs_f64(), resident));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the read models were not built in time")
}

fn views(service: &Service) -> Result<Vec<Value>> {
    let document: Value = serde_json::from_str(&service.get("/v1/views")?.1)?;
    Ok(document["items"].as_array().context("no views")?.clone())
}

/// All read models built anew beside those in use, while 500 actions a second go on and readers ask.
fn anew(service: &Service, cases: &[String], events: u64, table: &mut Figures) -> Result<()> {
    let own = load::prepare(service, CASES)?;
    let before = service.resident_bytes()?;
    let (is_over, address) = (Arc::new(AtomicBool::new(false)), service.address.clone());
    let acting = {
        let is_over = Arc::clone(&is_over);
        std::thread::spawn(move || acting(&address, &own, &is_over))
    };
    let started = Instant::now();
    let (status, body) = service.post("/v1/views/rebuild", "P-OPS/operator/MOE", "anew", r#"{"views":[]}"#)?;
    ensure!(status == 200, "a rebuild was refused: {status} {body}");
    let (mut last, mut asked) = (0, 0_usize);
    let mut resident = before;
    let (built, compared) = loop {
        let views = views(service)?;
        let beside = || views.iter().map(|view| &view["beside"]);
        let slowest = beside().filter_map(|beside| beside["position"].as_u64()).min().unwrap_or_default();
        ensure!(slowest >= last, "progress went back from {last} to {slowest}");
        last = slowest;
        resident = resident.max(service.resident_bytes()?);
        let (status, answer) =
            service.get_as(&format!("/v1/cases/{}", cases[asked % cases.len()]), "P-AUD/auditor/MOE")?;
        ensure!(status == 200, "a reader saw an error: {status} {answer}");
        asked += 1;
        if beside().all(|beside| beside["state"]["is"] == "ready") {
            let equal = beside().all(|beside| beside["parity"]["is_equal"] == true);
            ensure!(equal, "the files differ: {views:?}");
            break (last, started.elapsed().as_secs_f64());
        }
        ensure!(started.elapsed() < PATIENCE, "the build did not end");
        std::thread::sleep(Duration::from_millis(20));
    };
    let switching = Instant::now();
    let (status, body) = service.post("/v1/views/beside", "P-OPS/operator/MOE", "switch", r#"{"act":"switch"}"#)?;
    ensure!(status == 200, "a switch was refused: {status} {body}");
    let switched = switching.elapsed().as_secs_f64();
    is_over.store(true, Ordering::Relaxed);
    let mut waits = acting.join().map_err(|_| anyhow::anyhow!("a client panicked"))??;
    table.row(&row("all read models anew beside 500 actions/s, compared row by row", built.max(events), compared));
    table.row(&mib("… more memory than before", resident.saturating_sub(before)));
    table.row(&["… put into use".into(), millis(switched), String::new()]);
    let actions = format!("p50 {}, p99 {}", millis(quantile(&mut waits, 0.5)), millis(quantile(&mut waits, 0.99)));
    table.row(&["… an action meanwhile".into(), actions, String::new()]);
    table.row(&["… readers' questions meanwhile, without an error".into(), thousands(asked as f64), String::new()]);
    Ok(())
}

/// Sends 500 actions a second until it is over.
fn acting(address: &str, cases: &[String], is_over: &AtomicBool) -> Result<Vec<f64>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut waits = Vec::new();
        for round in 0.. {
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let own = cases.to_vec();
            let pace = Pace { per_second: 500, clients: 16, lasting: Duration::from_secs(1) };
            let make = move |n: u64| load::action(&own[n as usize % CASES], &format!("anew-{round}-{n}"));
            waits.extend(pace::send(address, pace, make).await?);
        }
        Ok(waits)
    })
}

fn queries(service: &Service, cases: &[String], table: &mut Figures) -> Result<()> {
    let (address, cases) = (service.address.clone(), cases.to_vec());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let pace = Pace { per_second: 500, clients: 16, lasting: Duration::from_secs(5) };
    let make = move |n: u64| {
        let case = &cases[(n as usize * 7_919) % cases.len()];
        load::question(&format!("/v1/cases/{case}"), "P-AUD/auditor/MOE")
    };
    let [p50, p99, longest] = pace::told(runtime.block_on(pace::send(&address, pace, make))?);
    table.row(&["a case, 500 a second".into(), format!("p50 {p50}, p99 {p99}, longest {longest}"), String::new()]);
    Ok(())
}

/// A worker of its own builds the read models of facts and ends.
fn remote(ledger: &Path, into: &PathBuf, origin: &str, address: &str) -> Result<f64> {
    let started = Instant::now();
    let done = Command::new(service::binary()?)
        .arg("--data")
        .arg(ledger)
        .args([
            "worker",
            "--once",
            "--from",
            origin,
            "--url",
            &format!("http://{address}"),
            "--as",
            "P-OPS/operator/MOE",
        ])
        .arg("--into")
        .arg(into)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    ensure!(done.status.success(), "the worker ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
    Ok(started.elapsed().as_secs_f64())
}

//! Python `eventsourcing`: the same number of events in its SQLite recorder, read back by its own projection runner's way.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The most events that are measured: its own rate does not change with their number.
pub const EVENTS_MAX: u64 = 200_000;

const SCRIPT: &str = include_str!("eventsourcing.py");

/// Rebuilds one projection of so many events; returns how many it read and the seconds that took.
///
/// Python is `EVENTSOURCING_PYTHON`, or `eventsourcing/bin/python` in the directory of the benchmarks: a virtual
/// environment with the package `eventsourcing` in it.
pub fn rebuild(dir: &Path, events: u64) -> Result<(u64, f64)> {
    let python = std::env::var_os("EVENTSOURCING_PYTHON")
        .map_or_else(|| dir.join("eventsourcing").join("bin").join("python"), Into::into);
    ensure!(
        python.exists(),
        "there is no {}; make it with `python3 -m venv {}` and install `eventsourcing` there",
        python.display(),
        dir.join("eventsourcing").display()
    );
    let data = tempfile::tempdir_in(dir)?;
    let done = Command::new(python)
        .args(["-c", SCRIPT])
        .arg(data.path().join("events.db"))
        .arg(events.to_string())
        .output()?;
    ensure!(done.status.success(), "its script failed: {}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8(done.stdout)?;
    let mut words = text.split_whitespace();
    let read = words.next().context("no count")?.parse()?;
    Ok((read, words.next().context("no seconds")?.parse()?))
}

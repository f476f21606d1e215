//! Ready frames into the log, durable in both copies: what a restore or a replica does.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use caseledger_events::ids::{Epoch, LedgerId};
use caseledger_log::{LedgerIdentity, Store, StoreOptions};

use crate::figures::{Figures, thousands};
use crate::floor;
use crate::synth::History;

/// Frames that are made before any is written, so that making them is not measured.
const BATCH: usize = 5_000;

/// What writing a made-up history took.
pub struct Written {
    /// Seconds spent in the log alone.
    pub seconds: f64,
    /// Bytes of the frames themselves.
    pub frame_bytes: u64,
    /// The history as it ended.
    pub history: History,
}

/// Which ledger a log of its own is said to be.
pub const ANY: LedgerIdentity = LedgerIdentity { ledger: LedgerId([7; 16]), epoch: Epoch(0) };

/// Fills a new log in `dir` with so many events.
pub fn fill(dir: &Path, identity: LedgerIdentity, events: u64) -> Result<Written> {
    let mut store = Store::create(dir, identity, &StoreOptions::default())?;
    let mut history = History::new(1, events, 500);
    let (mut seconds, mut frame_bytes) = (0.0, 0);
    let (mut bytes, mut ends) = (Vec::new(), Vec::new());
    let mut left = events;
    while left > 0 {
        bytes.clear();
        ends.clear();
        for _ in 0..(BATCH as u64).min(left) {
            history.next(&mut bytes);
            ends.push(bytes.len());
        }
        left -= ends.len() as u64;
        frame_bytes += bytes.len() as u64;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let frames = starts.zip(ends.iter().copied()).map(|(start, end)| &bytes[start..end]);
        let started = Instant::now();
        store.append_frames(frames)?;
        seconds += started.elapsed().as_secs_f64();
    }
    store.close()?;
    Ok(Written { seconds, frame_bytes, history })
}

/// Runs and prints.
pub fn run(dir: &Path, events: u64) -> Result<()> {
    let floor = floor::measure(dir, 1 << 20, Duration::from_secs(3))?;
    let data = tempfile::tempdir_in(dir)?;
    let written = fill(&data.path().join("log"), ANY, events)?;
    let on_disk = bytes_under(&data.path().join("log"))?;
    let mut table = Figures::new(&["what", "figure"]);
    table.row(&[
        "device: two 1 MiB write + fdatasync at once".into(),
        format!("{}/s", thousands(floor.pairs_per_second)),
    ]);
    table.row(&[
        "ready frames, durable in both copies".into(),
        format!("{} events/s", thousands(events as f64 / written.seconds)),
    ]);
    table.row(&["frame bytes an event".into(), format!("{:.0}", written.frame_bytes as f64 / events as f64)]);
    table.row(&[
        "bytes on disk, both copies".into(),
        format!("{:.2} × frame bytes", on_disk as f64 / written.frame_bytes as f64),
    ]);
    table.print();
    Ok(())
}

/// Returns the bytes that files under a directory take on disk.
pub fn bytes_under(dir: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { bytes_under(&entry.path())? } else { meta.blocks() * 512 };
    }
    Ok(bytes)
}

//! Reading the journal back: checksums checked, every envelope decoded.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use caseledger_events::codec;
use caseledger_events::ids::Position;
use caseledger_log::JournalReader;

use crate::figures::{Figures, thousands};
use crate::frames;

/// Runs and prints.
pub fn run(dir: &Path, events: u64) -> Result<()> {
    let data = tempfile::tempdir_in(dir)?;
    let log = data.path().join("log");
    frames::fill(&log, frames::ANY, events)?;
    let mut table = Figures::new(&["what", "events/s"]);
    for threads in [1, 2] {
        let reader = JournalReader::open(&log)?;
        let started = Instant::now();
        let mut count = 0;
        reader.scan(Position(1)).parallel(
            threads,
            |block| {
                block
                    .frames()
                    .filter(|(position, frame)| codec::decode(frame).is_ok_and(|e| e.position == *position))
                    .count()
            },
            |decoded| {
                count += decoded as u64;
                ControlFlow::Continue(())
            },
        )?;
        let seconds = started.elapsed().as_secs_f64();
        ensure!(count == events, "{count} of {events} events decoded");
        table.row(&[
            format!("replay from the journal, decoded, {threads} thread(s)"),
            thousands(events as f64 / seconds),
        ]);
    }
    table.print();
    Ok(())
}

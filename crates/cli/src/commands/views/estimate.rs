//! What building read models from the journal will take: the first events are built into files that are thrown away.

use std::path::{Path, PathBuf};
use std::time::Instant;

use caseledger_events::ids::Position;
use serde::Serialize;

use super::build::BuildArgs;
use crate::apart::crew::Crew;
use crate::apart::journal::FromJournal;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count, thousands};

/// The events that are built to say how long a build takes.
const SAMPLE: u64 = 20_000;

/// What a build will take.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
struct Estimate {
    events: u64,
    sampled: u64,
    seconds: f64,
    disk_bytes: u64,
    free_bytes: u64,
}

/// A directory that goes when it is let go of.
struct Thrown(PathBuf);

impl Drop for Thrown {
    fn drop(&mut self) {
        // Nobody looks for what is left where this fails.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Says what a build will take; leaves nothing behind.
pub(super) fn tell(
    args: &BuildArgs,
    journal: &FromJournal,
    head: Position,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let thrown = Thrown(std::env::temp_dir().join(format!("caseledger-estimate-{}", std::process::id())));
    let sampled = head.0.min(SAMPLE);
    let begun = Instant::now();
    let mut crew = Crew::open(&thrown.0, &args.views, journal.journal().identity(), Position(sampled))?;
    journal.read(Position(1), |chunk| {
        crew.take(chunk)?;
        Ok(crew.goes_on() && crew.next().0 <= sampled)
    })?;
    let sampled = crew.next().0 - 1;
    crew.close();
    let whole = head.0 as f64 / sampled.max(1) as f64;
    let estimate = Estimate {
        events: head.0,
        sampled,
        seconds: begun.elapsed().as_secs_f64() * whole,
        disk_bytes: (bytes_in(&thrown.0) as f64 * whole) as u64,
        free_bytes: free_bytes(&args.into)?,
    };
    if output.json {
        output.json_line(&estimate);
        return Ok(Exit::Ok);
    }
    output.line(format_args!(
        "{} to read, up to position {head}, about {:.0} s; about {} MiB in {}, {} MiB are free",
        count(estimate.events, "event"),
        estimate.seconds.ceil(),
        thousands((estimate.disk_bytes >> 20) + 1),
        args.into.display(),
        thousands(estimate.free_bytes >> 20),
    ));
    Ok(Exit::Ok)
}

fn bytes_in(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// Returns what is free where a directory is, or will be.
fn free_bytes(dir: &Path) -> Result<u64, Failure> {
    let there = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("."));
    caseledger_log::free_space(there).map_err(|error| Failure::file("look at", there, &error))
}

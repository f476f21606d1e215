//! Steering the file beside the one in use: begin, pause, resume, drop, put into use.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use caseledger_events::ids::Position;
use parking_lot::MutexGuard;
use rusqlite::Connection;

use crate::batch::{Feed, Feeder, Trouble};
use crate::beside::Beside;
use crate::error::{RebuildError, ViewError};
use crate::files::{self, Files, io_error, name_of};
use crate::opening::{self, Opened};
use crate::pass::{self, Member};
use crate::shared::Shared;
use crate::status::{BesideState, BesideStatus, RebuildEstimate};
use crate::store::{self, Mark};

/// The events that are built to say how long a build takes.
const SAMPLE: u64 = 20_000;
/// How long it is waited for a thread to put another file into use or to let one go: it finishes its transaction first.
const CHANGE_OVER: Duration = Duration::from_secs(30);

/// What can be asked of the file beside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Steer {
    /// Stop reading; what was read is kept.
    Pause,
    /// Read on.
    Resume,
    /// Give it up: its file goes.
    Drop,
    /// Put it into use; what was in use stays beside, for an instant way back.
    Switch,
}

/// A build that was begun: how it stands, and its thread.
type Begun = (BesideStatus, JoinHandle<()>);

/// Begins builds of some read models from one pass over the log, or resumes those that a restart left behind; returns also
/// the thread that reads ahead.
pub(crate) fn begin(
    chosen: &[&Arc<Shared>],
    dir: &Path,
    batch_events: usize,
    fresh: bool,
) -> Result<(Vec<Begun>, Option<JoinHandle<()>>), RebuildError> {
    let mut places = Vec::with_capacity(chosen.len());
    for shared in chosen {
        let place = shared.beside();
        if let Some(before) = place.as_ref().filter(|before| !before.is_gone()) {
            return Err(RebuildError::Busy { view: shared.model.name, state: before.state().name() });
        }
        places.push(place);
    }
    let needed = chosen.iter().map(|shared| needed_bytes(&shared.pool.path())).sum();
    let free = free_bytes(dir)?;
    if needed > free {
        return Err(RebuildError::NoSpace { needed, free });
    }
    let mut files = Vec::with_capacity(chosen.len());
    for shared in chosen {
        let opened = opening::build_beside(dir, shared.model, &shared.reader, &name_of(&shared.pool.path()), fresh)?;
        store::copies_back_by_itself(&opened.db, true).map_err(|error| failed(&opened.path, &error))?;
        files.push(opened);
    }
    let stand_at = files.iter().map(|opened| opened.mark.position);
    let (members, reading_ahead) = together(chosen.iter().map(|shared| shared.as_ref()).zip(stand_at).collect())?;
    let mut begun = Vec::with_capacity(chosen.len());
    for (((shared, place), opened), pass) in chosen.iter().zip(&mut places).zip(files).zip(members) {
        match Beside::start(Arc::clone(shared), opened, batch_events, Some(pass)) {
            Ok((beside, thread)) => {
                begun.push((beside.status(shared.reader.durable()), thread));
                **place = Some(beside);
            }
            Err(error) => {
                give_up(places, begun);
                return Err(io_error("start the building thread of", dir)(error).into());
            }
        }
    }
    Ok((begun, reading_ahead))
}

/// Ends what was begun, because not all of it could be.
fn give_up(places: Vec<MutexGuard<'_, Option<Arc<Beside>>>>, begun: Vec<Begun>) {
    places
        .iter()
        .filter_map(|place| place.as_ref())
        .for_each(|beside| beside.end("another could not be begun with it"));
    // Their threads may ask for these before they end.
    drop(places);
    begun.into_iter().for_each(|(_, thread)| drop(thread.join()));
}

/// Begins one pass over the log for some read models; returns an end for each, and the thread that reads ahead.
fn together(chosen: Vec<(&Shared, Position)>) -> Result<(Vec<Member>, Option<JoinHandle<()>>), ViewError> {
    let Some(&(Shared { reader, opener, .. }, _)) = chosen.first() else { return Ok((Vec::new(), None)) };
    pass::over(reader, opener, chosen.iter().map(|(shared, position)| (shared.model, *position)).collect())
}

/// Has what was paused on the way go on from one pass over the log.
pub(crate) fn resume_together(chosen: &[&Shared]) -> Result<Option<JoinHandle<()>>, RebuildError> {
    let mut paused = Vec::new();
    for &shared in chosen {
        let beside = shared.beside().clone();
        let is_paused = |beside: &Arc<Beside>| beside.state() == BesideState::Paused;
        paused.extend(beside.filter(is_paused).map(|beside| (shared, beside)));
    }
    let stand_at = paused.iter().map(|(shared, beside)| (*shared, beside.position()));
    let (members, reading_ahead) = together(stand_at.collect())?;
    paused.iter().zip(members).for_each(|((_, beside), member)| beside.join(member));
    Ok(reading_ahead)
}

/// Returns the file beside, if it can be steered so now.
pub(crate) fn steerable(shared: &Shared, steer: Steer) -> Result<Arc<Beside>, RebuildError> {
    let view = shared.model.name;
    let beside = shared.beside().clone().ok_or(RebuildError::Nothing { view })?;
    match (beside.state(), steer) {
        (BesideState::Ended { .. }, _) => Err(RebuildError::Nothing { view }),
        (BesideState::Ready | BesideState::Previous, Steer::Switch) => Ok(beside),
        (state, Steer::Switch) => Err(RebuildError::NotReady { view, state: state.name() }),
        _ => Ok(beside),
    }
}

/// Steers the file beside; putting it into use is waited for.
pub(crate) fn steer(shared: &Shared, steer: Steer) -> Result<BesideStatus, RebuildError> {
    let view = shared.model.name;
    let beside = steerable(shared, steer)?;
    match steer {
        Steer::Pause => beside.pause(),
        Steer::Resume => beside.resume(),
        Steer::Drop => {
            beside.end("it was dropped");
            wait_until(|| beside.is_gone());
        }
        Steer::Switch => {
            let changes = beside.changes();
            beside.switch();
            wait_until(|| beside.changes() > changes || matches!(beside.state(), BesideState::Ended { .. }));
            if beside.changes() == changes {
                return Err(RebuildError::NotReady { view, state: beside.state().name() });
            }
        }
    }
    Ok(beside.status(shared.reader.durable()))
}

fn wait_until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() && begun.elapsed() < CHANGE_OVER {
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Builds the first events into a file that is thrown away, and says what all of them will take.
pub(crate) fn estimate(shared: &Shared, dir: &Path, batch_events: usize) -> Result<RebuildEstimate, RebuildError> {
    let events = shared.reader.durable().0;
    let sampled = events.min(SAMPLE);
    let path = Files::new(dir, shared.model.name).create(shared.model.version)?;
    let built = sample(shared, &path, batch_events, Position(sampled));
    files::remove(&path)?;
    let seconds = built?.as_secs_f64() * events as f64 / sampled.max(1) as f64;
    let disk_bytes = needed_bytes(&shared.pool.path());
    Ok(RebuildEstimate { view: shared.model.name, events, sampled, seconds, disk_bytes, free_bytes: free_bytes(dir)? })
}

fn sample(shared: &Shared, path: &Path, batch_events: usize, until: Position) -> Result<Duration, ViewError> {
    let begun = Instant::now();
    let mark = Mark::start(shared.reader.identity(), until);
    let db = store::create(path, shared.model, mark).map_err(|error| failed(path, &error))?;
    let mut opened = Opened { path: path.to_owned(), db, mark };
    let mut keeper = (shared.model.keeper)();
    let alone = Alone(shared);
    let feed = Feed { until: Some(until), ..shared.feed(batch_events, &alone) };
    feed.run(&mut opened, keeper.as_mut()).map_err(|trouble| {
        let (Trouble::Refused { reason, .. }
        | Trouble::Unfit { reason, .. }
        | Trouble::Damage(reason)
        | Trouble::Passing(reason)) = trouble;
        ViewError::Store { path: path.to_owned(), reason }
    })?;
    Ok(begun.elapsed())
}

/// Feeds a file that nobody looks at.
struct Alone<'a>(&'a Shared);

impl Feeder for Alone<'_> {
    fn is_stopping(&self) -> bool {
        self.0.stopping()
    }

    fn committed(&self, _: &Connection, _: &Mark) {}

    fn purges(&self, _: &Path) -> Result<(), ViewError> {
        Ok(())
    }
}

/// A file as large as the one in use, and half of that again for its write-ahead log.
fn needed_bytes(in_use: &Path) -> u64 {
    let bytes = std::fs::metadata(in_use).map_or(0, |file| file.len());
    bytes + bytes / 2
}

fn free_bytes(dir: &Path) -> Result<u64, ViewError> {
    caseledger_log::free_space(dir).map_err(io_error("ask for the free space of", dir))
}

fn failed(path: &Path, error: &rusqlite::Error) -> ViewError {
    ViewError::Store { path: path.to_owned(), reason: error.to_string() }
}

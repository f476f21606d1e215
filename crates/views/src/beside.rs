//! A file beside the one in use: built from the log in daylight, compared, put into use, kept for the way back.
//!
//! One thread feeds it. It never answers a query and never stops one: the file in use goes on until its worker takes the
//! other up, and what was in use before is fed on here until somebody drops it.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use caseledger_events::ids::Position;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::watch;

use crate::batch::{Feed, Feeder, Trouble, give_up_transaction};
use crate::error::ViewError;
use crate::files::{self, name_of};
use crate::model::Keeper;
use crate::opening::Opened;
use crate::parity;
use crate::pass::Member;
use crate::shared::{Shared, rate, sample};
use crate::status::{BesideState, BesideStatus, Parity};
use crate::store::{self, Mark};

/// The least time between two transactions while it keeps up: nobody waits for what it holds.
const PACE: Duration = Duration::from_millis(50);
/// How long it sleeps when nothing wakes it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is tried to find both files at one position.
const MEETINGS: (u32, Duration) = (400, Duration::from_millis(5));

/// A file that is to take the place of the one in use, and where that one goes.
pub(crate) struct Offer {
    pub opened: Opened,
    pub give_back: mpsc::Sender<Opened>,
}

/// What is asked of the thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wish {
    Run,
    Pause,
    Switch,
    End,
}

/// The file beside, as those see it who ask about it and steer it.
pub(crate) struct Beside {
    view: &'static str,
    wish: watch::Sender<Wish>,
    told: Mutex<Told>,
    pass: Mutex<Seat>,
}

/// The pass over the log that its next reading is from.
enum Seat {
    /// It reads by itself.
    Empty,
    /// It reads from this one.
    Taken(Member),
    /// Its thread has ended: whoever takes a seat for it is not waited for.
    Gone,
}

impl Seat {
    /// Empties it, unless the thread has ended; the pass waits for nobody here.
    fn leave(&mut self) -> Option<Member> {
        match std::mem::replace(self, Seat::Empty) {
            Seat::Empty => None,
            Seat::Taken(member) => Some(member),
            Seat::Gone => {
                *self = Seat::Gone;
                None
            }
        }
    }
}

struct Told {
    file: String,
    state: BesideState,
    position: Position,
    samples: VecDeque<(Instant, u64)>,
    parity: Option<Parity>,
    /// How often it changed places with the file in use.
    changes: u64,
    /// Whether its thread has let go of it and its file is gone.
    is_gone: bool,
}

impl Beside {
    /// Takes a file over and feeds it in a thread of its own.
    pub fn start(
        shared: Arc<Shared>,
        opened: Opened,
        batch_events: usize,
        pass: Option<Member>,
    ) -> std::io::Result<(Arc<Beside>, thread::JoinHandle<()>)> {
        let told = Told {
            file: name_of(&opened.path),
            state: BesideState::Building,
            position: opened.mark.position,
            samples: VecDeque::new(),
            parity: None,
            changes: 0,
            is_gone: false,
        };
        let pass = Mutex::new(pass.map_or(Seat::Empty, Seat::Taken));
        let (wish, told) = (watch::Sender::new(Wish::Run), Mutex::new(told));
        let beside = Arc::new(Beside { view: shared.model.name, wish, told, pass });
        let keeper = (shared.model.keeper)();
        let name = format!("build-{}", shared.model.name);
        let mut builder = Builder { shared, beside: Arc::clone(&beside), opened: Some(opened), keeper, batch_events };
        let thread = thread::Builder::new().name(name).spawn(move || {
            caseledger_log::step_back();
            builder.run();
        })?;
        Ok((beside, thread))
    }

    pub fn status(&self, head: Position) -> BesideStatus {
        let told = self.told.lock();
        let per_second = match told.state {
            BesideState::Paused | BesideState::Ended { .. } => 0.0,
            _ => rate(&told.samples, Instant::now(), told.position, head),
        };
        let left = head.0.saturating_sub(told.position.0) as f64;
        BesideStatus {
            view: self.view,
            file: told.file.clone(),
            state: told.state.clone(),
            position: told.position,
            head,
            events_per_second: per_second,
            seconds_left: (per_second > 0.0).then(|| left / per_second),
            parity: told.parity.clone(),
        }
    }

    pub fn state(&self) -> BesideState {
        self.told.lock().state.clone()
    }

    /// Returns how often it changed places with the file in use.
    pub fn changes(&self) -> u64 {
        self.told.lock().changes
    }

    /// Returns whether its thread has let go of it and its file is gone.
    pub fn is_gone(&self) -> bool {
        self.told.lock().is_gone
    }

    pub fn pause(&self) {
        self.wish.send_replace(Wish::Pause);
    }

    pub fn resume(&self) {
        self.wish.send_replace(Wish::Run);
    }

    /// Returns how far it has read.
    pub fn position(&self) -> Position {
        self.told.lock().position
    }

    /// Has its next reading come from a pass; one whose thread has ended takes no part in it.
    pub fn join(&self, pass: Member) {
        let mut seat = self.pass.lock();
        if !matches!(*seat, Seat::Gone) {
            *seat = Seat::Taken(pass);
        }
    }

    pub fn switch(&self) {
        self.wish.send_replace(Wish::Switch);
    }

    /// Gives it up; its file goes.
    pub fn end(&self, because: &str) {
        let mut told = self.told.lock();
        if !matches!(told.state, BesideState::Ended { .. }) {
            told.state = BesideState::Ended { reason: because.to_owned() };
        }
        drop(told);
        self.wish.send_replace(Wish::End);
    }

    fn wish(&self) -> Wish {
        *self.wish.borrow()
    }

    /// Says what it is doing; one that was given up stays so.
    fn set(&self, state: BesideState) {
        let mut told = self.told.lock();
        if !matches!(told.state, BesideState::Ended { .. }) {
            told.state = state;
        }
    }
}

/// Feeds the file beside.
struct Feeding<'a> {
    shared: &'a Shared,
    beside: &'a Beside,
}

impl Feeder for Feeding<'_> {
    fn is_stopping(&self) -> bool {
        self.shared.stopping() || self.beside.wish() != Wish::Run
    }

    fn committed(&self, _: &Connection, mark: &Mark) {
        let mut told = self.beside.told.lock();
        told.position = mark.position;
        sample(&mut told.samples, Instant::now(), mark.position);
    }

    fn purges(&self, _: &Path) -> Result<(), ViewError> {
        // The worker of the file in use takes the others away when it comes to the same event; among them this one.
        Ok(())
    }
}

/// The thread that feeds the file.
struct Builder {
    shared: Arc<Shared>,
    beside: Arc<Beside>,
    /// `None` while the worker of the file in use has it.
    opened: Option<Opened>,
    keeper: Box<dyn Keeper>,
    batch_events: usize,
}

impl Drop for Builder {
    fn drop(&mut self) {
        // Whoever reads from the same pass must not wait for this one.
        *self.beside.pass.lock() = Seat::Gone;
    }
}

impl Builder {
    fn run(&mut self) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else {
            return self.remove("its timer could not be started");
        };
        let mut log = self.shared.reader.watch();
        let (mut wish, mut stop) = (self.beside.wish.subscribe(), self.shared.stop_signal());
        while !self.shared.stopping() {
            // Copied first: whoever wishes something else must not wait until this wish is done.
            let wished = *wish.borrow_and_update();
            let done = match wished {
                Wish::End => return self.remove("it was given up"),
                Wish::Pause => {
                    // Whoever reads from the same pass must not wait for this one.
                    self.beside.pass.lock().leave();
                    self.beside.set(BesideState::Paused);
                    Ok(())
                }
                Wish::Switch => self.change_places(),
                Wish::Run => self.go_on(),
            };
            let is_paused = match done {
                Ok(()) => *wish.borrow() == Wish::Pause,
                Err(Trouble::Passing(reason)) => {
                    tracing::warn!(view = self.shared.model.name, reason, "the file beside could not go on");
                    thread::sleep(LOOK_EVERY);
                    false
                }
                Err(Trouble::Refused { reason, at } | Trouble::Unfit { reason, at }) => {
                    return self.remove(&format!("position {at} cannot be taken in: {reason}"));
                }
                Err(Trouble::Damage(reason)) => return self.remove(&reason),
            };
            runtime.block_on(async {
                tokio::select! {
                    Ok(()) = log.changed(), if !is_paused => {}
                    Ok(()) = wish.changed() => {}
                    Ok(_) = stop.wait_for(|stop| *stop) => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            });
            thread::sleep(PACE);
        }
    }

    fn feed<'a>(&'a self, feeding: &'a Feeding<'a>, until: Option<Position>) -> Feed<'a> {
        Feed { until, ..self.shared.feed(self.batch_events, feeding) }
    }

    /// Reads on to the head; the first time it gets there the two files are compared.
    fn go_on(&mut self) -> Result<(), Trouble> {
        if matches!(self.beside.state(), BesideState::Paused) {
            let is_done = self.beside.told.lock().parity.is_some();
            self.beside.set(if is_done { BesideState::Ready } else { BesideState::Building });
        }
        self.read_on(None)?;
        let Some(opened) = &self.opened else { return Ok(()) };
        let is_there = opened.mark.position >= self.shared.reader.durable();
        if is_there && self.beside.state() == BesideState::Building {
            self.beside.set(BesideState::Comparing);
            let parity = self.compare()?;
            if self.beside.wish() != Wish::Run {
                self.beside.set(BesideState::Building);
                return Ok(());
            }
            let equal = parity.as_ref().map(|parity| parity.is_equal);
            tracing::info!(view = self.shared.model.name, equal, "a view was built beside the one in use");
            self.beside.told.lock().parity = parity;
            self.beside.set(BesideState::Ready);
        }
        Ok(())
    }

    fn read_on(&mut self, until: Option<Position>) -> Result<(), Trouble> {
        let Some(mut opened) = self.opened.take() else { return Ok(()) };
        let (shared, beside) = (Arc::clone(&self.shared), Arc::clone(&self.beside));
        let feeding = Feeding { shared: &shared, beside: &beside };
        let mut keeper = std::mem::replace(&mut self.keeper, (shared.model.keeper)());
        let feed = self.feed(&feeding, until);
        let pass = if until.is_none() { beside.pass.lock().leave() } else { None };
        let read = match pass {
            Some(pass) => feed.run_with(&pass, &mut opened, keeper.as_mut()),
            None => feed.run(&mut opened, keeper.as_mut()),
        };
        if read.is_err() {
            keeper.forget();
            give_up_transaction(&opened.db);
        }
        self.keeper = keeper;
        self.opened = Some(opened);
        read
    }

    /// Compares both files at a position where both stand; `None` where they do not meet, or somebody wants otherwise.
    fn compare(&mut self) -> Result<Option<Parity>, Trouble> {
        let failed = |error: rusqlite::Error| Trouble::Passing(format!("the files cannot be compared: {error}"));
        for _ in 0..MEETINGS.0 {
            let in_use = store::reader(&self.shared.pool.path()).map_err(failed)?;
            let theirs = in_use.unchecked_transaction().map_err(failed)?;
            let position = store::as_of(&theirs).map_err(failed)?.position;
            let ours = self.opened.as_ref().map_or(Position(0), |opened| opened.mark.position);
            if position >= ours {
                self.read_on(Some(position))?;
                return self.compare_with(&theirs, position).map_err(failed);
            }
            thread::sleep(MEETINGS.1);
        }
        Ok(None)
    }

    fn compare_with(&self, in_use: &Connection, position: Position) -> rusqlite::Result<Option<Parity>> {
        let Some(opened) = self.opened.as_ref().filter(|opened| opened.mark.position == position) else {
            return Ok(None);
        };
        let stop = || self.shared.stopping() || self.beside.wish() != Wish::Run;
        let tables = parity::compare(in_use, &opened.db, &stop)?;
        Ok(tables.map(|tables| Parity { position, is_equal: tables.iter().all(|table| table.is_equal), tables }))
    }

    /// Gives the file to the worker of the one in use, and takes that one in its stead.
    fn change_places(&mut self) -> Result<(), Trouble> {
        let Some(opened) = self.opened.take() else { return Ok(()) };
        let (give_back, given_back) = mpsc::channel();
        self.shared.offer(Offer { opened, give_back });
        let before = loop {
            match given_back.recv_timeout(LOOK_EVERY) {
                Ok(opened) => break opened,
                Err(mpsc::RecvTimeoutError::Timeout) if !self.shared.stopping() => {}
                Err(_) => return Err(Trouble::Damage("the file in use was not replaced; the log says why".to_owned())),
            }
        };
        self.keeper.forget();
        let mut told = self.beside.told.lock();
        told.file = name_of(&before.path);
        told.position = before.mark.position;
        told.samples.clear();
        told.parity = None;
        told.state = BesideState::Previous;
        told.changes += 1;
        drop(told);
        self.opened = Some(before);
        self.beside.wish.send_if_modified(|wish| {
            let is_switch = *wish == Wish::Switch;
            if is_switch {
                *wish = Wish::Run;
            }
            is_switch
        });
        Ok(())
    }

    /// Takes the file away.
    fn remove(&mut self, because: &str) {
        self.beside.end(because);
        if let Some(Opened { path, db, .. }) = self.opened.take() {
            drop(db);
            if let Err(error) = files::remove(&path) {
                tracing::warn!(view = self.shared.model.name, %error, "a file beside the one in use was not removed");
            }
        }
        self.beside.told.lock().is_gone = true;
    }
}

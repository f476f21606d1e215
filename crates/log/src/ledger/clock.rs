//! Where recorded times come from: an injected clock that never makes them go back (design: "Clock").
//!
//! Within a run a real ledger follows the monotonic clock from the wall clock's reading at start. A wall clock
//! that moves more than a minute away from it, or that stood more than a minute behind the last event at start,
//! stops commands until an operator confirms. A simulated ledger is told its time and never looks at a clock.

use std::sync::Arc;
use std::time::Duration;

use caseledger_events::dates::Timestamp;

/// How far the wall clock may stand from the time the ledger follows.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// A source of wall-clock and steadily running time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the wall clock's reading, which people and time servers may set.
    fn wall(&self) -> Timestamp;

    /// Returns the time passed since some fixed moment, time asleep included; nobody sets it.
    fn elapsed(&self) -> Duration;
}

/// The machine's own clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
        Timestamp(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)
    }

    fn elapsed(&self) -> Duration {
        // The boot clock goes on while the machine sleeps: a laptop that wakes up has not changed its wall clock.
        #[cfg(target_os = "linux")]
        let id = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let id = rustix::time::ClockId::Monotonic;
        let now = rustix::time::clock_gettime(id);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
    }
}

/// What the ledger thinks of its clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClockStatus {
    /// The wall clock and the ledger agree.
    Running,
    /// The ledger's time is a simulation's.
    Simulated,
    /// Commands have stopped until an operator confirms the clock.
    Stopped(ClockTrouble),
}

/// A wall clock the ledger does not believe.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the wall clock says {wall}, the ledger's time is {ledger}: check the machine's clock, then let an operator confirm it"
)]
pub struct ClockTrouble {
    /// The time the ledger follows: the last event's at start, else the monotonic clock's.
    pub ledger: Timestamp,
    /// What the wall clock said when the difference was seen.
    pub wall: Timestamp,
}

/// A simulated time that cannot be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SimulationError {
    /// The ledger runs on real time.
    #[error("this ledger runs on real time; only a ledger created for simulation can be told its time")]
    RealTime,
    /// The time would go back.
    #[error("simulated time only moves forward: it is {now}, {asked} was asked")]
    GoesBack {
        /// The simulation's time.
        now: Timestamp,
        /// The time asked for.
        asked: Timestamp,
    },
}

/// Gives every command its recorded time: later than the one before, whatever the clocks do.
pub(crate) struct Timekeeper {
    source: Source,
    last: Timestamp,
    stopped: Option<ClockTrouble>,
}

enum Source {
    Real { clock: Arc<dyn Clock>, wall_then: Timestamp, elapsed_then: Duration },
    Simulated { now: Timestamp },
}

impl Timekeeper {
    /// Follows a clock after the last recorded time; [`Timestamp`] 0 where nothing is recorded yet.
    pub(crate) fn real(clock: Arc<dyn Clock>, last: Timestamp) -> Timekeeper {
        let wall = clock.wall();
        let elapsed_then = clock.elapsed();
        let stopped = (last.0 - wall.0 > micros(CLOCK_TOLERANCE)).then_some(ClockTrouble { ledger: last, wall });
        Timekeeper { source: Source::Real { clock, wall_then: wall, elapsed_then }, last, stopped }
    }

    /// Starts simulated time, not before the last recorded time.
    pub(crate) fn simulated(now: Timestamp, last: Timestamp) -> Timekeeper {
        Timekeeper { source: Source::Simulated { now: now.max(last) }, last, stopped: None }
    }

    /// Returns the time the next command is recorded at, always later than the last one taken.
    pub(crate) fn next(&mut self) -> Result<Timestamp, ClockTrouble> {
        if let Some(trouble) = self.look() {
            return Err(trouble);
        }
        Ok(self.now().max(Timestamp(self.last.0 + 1)))
    }

    /// Returns the time it is for those who ask and record nothing; the last recorded time while the clock is in doubt.
    pub(crate) fn at_present(&mut self) -> Timestamp {
        self.next().unwrap_or(self.last)
    }

    /// Notes that a command was recorded at a time that [`Timekeeper::next`] gave.
    pub(crate) fn took(&mut self, time: Timestamp) {
        self.last = time;
    }

    /// Believes the wall clock from now on; returns the last recorded time and what was confirmed, or `None` where
    /// the clock was never doubted.
    pub(crate) fn confirm(&mut self) -> Option<(Timestamp, Timestamp)> {
        self.look()?;
        let Source::Real { clock, wall_then, elapsed_then } = &mut self.source else { return None };
        (*wall_then, *elapsed_then) = (clock.wall(), clock.elapsed());
        self.stopped = None;
        Some((self.last, *wall_then))
    }

    /// Moves simulated time forward.
    pub(crate) fn set_simulated(&mut self, asked: Timestamp) -> Result<(), SimulationError> {
        let Source::Simulated { now } = &mut self.source else { return Err(SimulationError::RealTime) };
        if asked < *now {
            return Err(SimulationError::GoesBack { now: *now, asked });
        }
        *now = asked;
        Ok(())
    }

    /// Returns what to tell operators, after looking at the clock.
    pub(crate) fn status(&mut self) -> ClockStatus {
        match (self.look(), &self.source) {
            (Some(trouble), _) => ClockStatus::Stopped(trouble),
            (None, Source::Simulated { .. }) => ClockStatus::Simulated,
            (None, Source::Real { .. }) => ClockStatus::Running,
        }
    }

    /// Compares the clocks; a difference once seen stays until it is confirmed.
    fn look(&mut self) -> Option<ClockTrouble> {
        if self.stopped.is_none()
            && let Source::Real { clock, .. } = &self.source
        {
            let (wall, ledger) = (clock.wall(), self.now());
            if wall.0.abs_diff(ledger.0) > CLOCK_TOLERANCE.as_micros() as u64 {
                self.stopped = Some(ClockTrouble { ledger, wall });
            }
        }
        self.stopped
    }

    fn now(&self) -> Timestamp {
        match &self.source {
            Source::Simulated { now } => *now,
            Source::Real { clock, wall_then, elapsed_then } => {
                Timestamp(wall_then.0 + micros(clock.elapsed().saturating_sub(*elapsed_then)))
            }
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

    /// Two clocks set by hand, in seconds.
    #[derive(Default)]
    struct Hands {
        wall: AtomicI64,
        elapsed: AtomicI64,
    }

    impl Clock for Hands {
        fn wall(&self) -> Timestamp {
            seconds(self.wall.load(SeqCst))
        }
        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.elapsed.load(SeqCst).unsigned_abs())
        }
    }

    impl Hands {
        fn set(&self, wall: i64, elapsed: i64) {
            self.wall.store(wall, SeqCst);
            self.elapsed.store(elapsed, SeqCst);
        }
    }

    fn seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    fn started(wall: i64, last: i64) -> (Arc<Hands>, Timekeeper) {
        let hands = Arc::new(Hands::default());
        hands.set(wall, 0);
        (Arc::clone(&hands), Timekeeper::real(hands, seconds(last)))
    }

    #[test]
    fn a_wall_clock_over_a_minute_away_stops_commands() {
        // (seconds of wall clock, seconds run; the start was at 10,000) → stopped?
        for (wall, elapsed, stops) in [
            (10_000, 0, false),
            (10_100, 100, false),
            (10_160, 100, false),
            (10_161, 100, true),
            (10_040, 100, false),
            (10_039, 100, true),
            (13_600, 0, true),
            (6_400, 0, true),
        ] {
            let (hands, mut keeper) = started(10_000, 0);
            hands.set(wall, elapsed);
            assert_eq!(keeper.next().is_err(), stops, "wall {wall}, run for {elapsed}");
        }
    }

    #[test]
    fn a_wall_clock_over_a_minute_behind_the_last_event_at_start_stops_commands() {
        for (wall, stops) in [(10_000, false), (9_940, false), (9_939, true), (90_000, false)] {
            let (_, mut keeper) = started(wall, 10_000);
            assert_eq!(keeper.next().is_err(), stops, "wall {wall}");
        }
    }

    #[test]
    fn recorded_time_follows_the_monotonic_clock_and_never_goes_back() {
        let (hands, mut keeper) = started(10_000, 10_030);
        let first = keeper.next().unwrap();
        assert_eq!(first, Timestamp(10_030_000_001), "the last event was half a minute ahead of the wall clock");
        keeper.took(first);
        hands.set(10_020, 50); // somebody set the wall clock back by half a minute
        let second = keeper.next().unwrap();
        assert_eq!(second, seconds(10_050));
        keeper.took(second);
        assert_eq!(keeper.next().unwrap(), Timestamp(second.0 + 1));
    }

    #[test]
    fn a_stopped_clock_stays_stopped_until_confirmed() {
        let (hands, mut keeper) = started(10_000, 0);
        hands.set(20_000, 1);
        let trouble = keeper.next().unwrap_err();
        assert_eq!(trouble, ClockTrouble { ledger: seconds(10_001), wall: seconds(20_000) });
        hands.set(10_002, 2);
        assert_eq!(keeper.next(), Err(trouble), "a clock that jumps about is not believed again by itself");
        hands.set(20_003, 3);
        assert_eq!(keeper.confirm(), Some((seconds(0), seconds(20_003))));
        assert_eq!(keeper.next(), Ok(seconds(20_003)));
        assert_eq!(keeper.confirm(), None);
    }

    #[test]
    fn a_confirmed_clock_that_went_back_still_gives_later_times() {
        let (_, mut keeper) = started(5_000, 10_000);
        keeper.confirm().unwrap();
        assert_eq!(keeper.next(), Ok(Timestamp(10_000_000_001)));
    }

    #[test]
    fn simulated_time_is_told_and_moves_forward_only() {
        let mut keeper = Timekeeper::simulated(seconds(100), seconds(0));
        assert_eq!(keeper.next(), Ok(seconds(100)));
        keeper.took(seconds(100));
        assert_eq!(keeper.next(), Ok(Timestamp(100_000_001)), "a microsecond later, as nobody moved the time");
        assert_eq!(keeper.set_simulated(seconds(500)), Ok(()));
        assert_eq!(keeper.next(), Ok(seconds(500)));
        let back = SimulationError::GoesBack { now: seconds(500), asked: seconds(499) };
        assert_eq!(keeper.set_simulated(seconds(499)), Err(back));
        assert_eq!(started(1, 0).1.set_simulated(seconds(9)), Err(SimulationError::RealTime));
    }
}

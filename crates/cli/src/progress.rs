//! Progress on standard error: a bar on a terminal, plain lines elsewhere, nothing for what is over at once.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::thousands;

/// Work that takes less than this shows no progress.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

const TEMPLATE: &str = "{prefix} [{bar:30}] {human_pos} of {human_len} {msg}, {per_sec}, {eta} left";

/// How far a piece of work is.
pub struct Progress {
    what: &'static str,
    total: u64,
    things: &'static str,
    started: Instant,
    bar: Option<ProgressBar>,
    next_line: Instant,
    is_shown: bool,
}

impl Progress {
    /// Starts to count events of a known total.
    pub fn events(what: &'static str, total: u64) -> Progress {
        Progress::new(what, total, "events")
    }

    /// Starts to count things of a known total.
    pub fn new(what: &'static str, total: u64, things: &'static str) -> Progress {
        let started = Instant::now();
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
            // The template is a constant that a test reads.
            bar.set_style(ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(what);
            bar.set_message(things);
            bar
        });
        Progress { what, total, things, started, bar, next_line: started + PATIENCE, is_shown: false }
    }

    /// Says how many are done.
    pub fn set(&mut self, done: u64) {
        let now = Instant::now();
        if let Some(bar) = &self.bar {
            if !self.is_shown && now >= self.next_line {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                self.is_shown = true;
            }
            bar.set_position(done);
        } else if now >= self.next_line {
            self.next_line = now + LINE_EVERY;
            let rate = done as f64 / self.started.elapsed().as_secs_f64().max(0.001);
            let (done, total) = (thousands(done), thousands(self.total));
            let (what, things) = (self.what.trim(), self.things);
            eprintln!("{what}: {done} of {total} {things}, {} a second", thousands(rate as u64));
        }
    }

    /// Ends it; returns the time it took.
    pub fn finish(self) -> Duration {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bar_has_a_valid_template() {
        assert!(indicatif::ProgressStyle::with_template(super::TEMPLATE).is_ok());
    }
}

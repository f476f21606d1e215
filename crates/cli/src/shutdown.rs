//! Signals: the first asks for an orderly end, the second ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Which signal came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// SIGTERM.
    Terminate,
    /// SIGINT, Ctrl-C on a terminal.
    Interrupt,
}

impl Which {
    /// Returns the exit code of a process ended by this signal, as shells show it.
    pub fn exit_code(self) -> i32 {
        match self {
            Which::Interrupt => 130,
            Which::Terminate => 143,
        }
    }
}

impl Signals {
    /// Starts to listen; from now on a signal no longer ends the process by itself.
    pub fn listen() -> io::Result<Signals> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) -> Which {
        tokio::select! {
            _ = self.terminate.recv() => Which::Terminate,
            _ = self.interrupt.recv() => Which::Interrupt,
        }
    }

    /// Ends the process at the next signal, whatever is under way.
    pub fn end_at_once_on_next(mut self) {
        tokio::spawn(async move {
            let which = self.next().await;
            tracing::warn!("a second signal: ending at once; what was acknowledged is kept");
            std::process::exit(which.exit_code());
        });
    }
}

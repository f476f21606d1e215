//! The relay on a thread of its own: it follows the log, and commands go first.

use caseledger_bus::{RelayHandle, RelayOptions};
use caseledger_log::{Reader, step_back};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::exit::{Exit, Failure};

/// A running relay with its own small runtime.
pub struct Relay {
    /// How it is asked and told.
    pub handle: RelayHandle,
    thread: Thread,
}

/// The relay's runtime; ends without waiting, also where waiting is not allowed.
struct Thread(Option<Runtime>);

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Relay {
    /// Starts it.
    pub async fn start(options: RelayOptions, reader: Reader) -> Result<Relay, Failure> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("relay")
            .on_thread_start(step_back)
            .enable_all()
            .build()
            .map_err(|error| Failure::new(Exit::Internal, format_args!("the relay's thread cannot start: {error}")))?;
        let started = runtime.spawn(RelayHandle::start(options, reader, CancellationToken::new())).await;
        let thread = Thread(Some(runtime));
        match started {
            Ok(handle) => Ok(Relay { handle: handle?, thread }),
            Err(_) => Err(Failure::new(Exit::Internal, "the relay could not start")),
        }
    }

    /// Stops it and its thread.
    pub async fn stop(self) {
        self.handle.stop().await;
        drop(self.thread);
    }
}

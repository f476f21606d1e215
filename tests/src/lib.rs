//! Support for tests of the whole service from outside: a real nats-server, the real binary, a small HTTP client.
//!
//! ```no_run
//! use caseledger_tests::{Broker, Service};
//!
//! let Some(mut broker) = Broker::start() else { return };
//! let mut service = Service::builder().nats(&broker).start();
//! let (status, case) = service.get("/v1/cases");
//! broker.kill();
//! service.kill();
//! service.restart();
//! ```
//!
//! Everything listens on loopback, lives in a temporary folder, and ends with the value that started it. When a test
//! panics the folders stay, and their paths and last log lines are printed.

mod binary;
mod folder;
mod http;
mod nats;
mod process;
mod roles;
mod service;

pub use binary::{caseledger, nats_server};
pub use folder::Folder;
pub use http::{Answer, Client, Stream};
pub use nats::Broker;
pub use roles::Role;
pub use service::{Builder, Service};

/// Returns whether the full counts of the long series are asked for (`cargo xtask test --long`).
pub fn is_long() -> bool {
    std::env::var("CASELEDGER_LONG").is_ok_and(|value| value == "1")
}

/// Returns how many rounds a long series runs: the sample, or the full count with `--long`.
pub fn rounds(sample: u64, full: u64) -> u64 {
    if is_long() { full } else { sample }
}

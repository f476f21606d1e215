//! What every handler works with.

use std::sync::Arc;

use caseledger_bus::RelayView;
use caseledger_events::world::World;
use caseledger_log::Ledger;
use caseledger_seal::Students;
use caseledger_views::Views;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// Settings of the interface; units stand in the names.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Whether every listener is on loopback or a local socket; the development actor header is refused otherwise.
    pub loopback: bool,
    /// The largest body of a command.
    pub body_bytes_max: usize,
    /// The largest body of reference data.
    pub reference_bytes_max: usize,
    /// How long a query waits for `min_position`.
    pub wait_ms_max: u64,
    /// How long a request may take, feeds and streams excepted.
    pub request_seconds_max: u64,
    /// How many requests are worked on at the same time; one more is told to come back.
    pub requests_max: usize,
}

impl Default for HttpSettings {
    fn default() -> Self {
        HttpSettings {
            loopback: true,
            body_bytes_max: 64 * 1024,
            reference_bytes_max: 8 * 1024 * 1024,
            wait_ms_max: 2_000,
            request_seconds_max: 30,
            requests_max: 4_096,
        }
    }
}

/// The parts the interface is made of.
pub struct Parts {
    /// The log and the rules.
    pub ledger: Ledger<World>,
    /// The read models.
    pub views: Arc<Views>,
    /// The blind index.
    pub students: Arc<Students>,
    /// How the broadcast stands.
    pub relay: RelayView,
    /// Settings.
    pub settings: HttpSettings,
    /// Cancelled when the service stops: live feeds end with it.
    pub stopping: CancellationToken,
    /// Counters of the interface.
    pub metrics: Metrics,
}

/// The shared state; cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

impl AppState {
    /// Shares the parts among all handlers.
    pub fn new(parts: Parts) -> AppState {
        AppState(Arc::new(parts))
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

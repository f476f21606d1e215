//! What every handler works with.

use std::sync::Arc;

use caseledger_bus::RelayView;
use caseledger_events::world::World;
use caseledger_identity::Verifier;
use caseledger_log::{AccessLog, Ledger};
use caseledger_seal::Keys;
use caseledger_views::Views;
use tokio_util::sync::CancellationToken;

use crate::admission::Admissions;
use crate::figures::Figures;
use crate::glass::Glass;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::sealing::CaseStudents;
use crate::view_index::ViewIndex;

/// Of whom a header is believed that says who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeaderSignIn {
    /// Of nobody: tokens alone.
    Nobody,
    /// Of operators: on the control socket, which the owner of the directory alone opens.
    Operators,
    /// Of anybody: on development servers that this machine alone reaches.
    Anybody,
}

/// Settings of the interface; units stand in the names.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Of whom the header `Ledger-Actor` is believed.
    pub header_sign_in: HeaderSignIn,
    /// The largest body of a command: a text of the most characters fits, each of them escaped.
    pub body_bytes_max: usize,
    /// The largest body of reference data.
    pub reference_bytes_max: usize,
    /// How long a query waits for `min_position`.
    pub wait_ms_max: u64,
    /// How long a request may take, feeds and streams excepted.
    pub request_seconds_max: u64,
    /// How many requests are worked on at the same time; one more is told to come back.
    pub requests_max: usize,
    /// For how many seconds a case stays open to somebody who broke the glass.
    pub glass_seconds: u64,
    /// How many requests a person signed in by a token may send a second.
    pub person_requests_per_second: u32,
    /// How many the people of one organisation may send a second together.
    pub organisation_requests_per_second: u32,
}

impl Default for HttpSettings {
    fn default() -> Self {
        HttpSettings {
            header_sign_in: HeaderSignIn::Anybody,
            body_bytes_max: 128 * 1024,
            reference_bytes_max: 8 * 1024 * 1024,
            wait_ms_max: 2_000,
            request_seconds_max: 30,
            requests_max: 4_096,
            glass_seconds: 30 * 60,
            person_requests_per_second: 100,
            organisation_requests_per_second: 1_000,
        }
    }
}

/// The parts the interface is made of.
pub struct Parts {
    /// The log and the rules.
    pub ledger: Ledger<World>,
    /// The read models.
    pub views: Arc<Views>,
    /// The keys of all students, and the blind index to them.
    pub keys: Arc<Keys>,
    /// Who looked at what.
    pub access_log: Arc<AccessLog>,
    /// Where in it to look; shared by every door.
    pub view_index: Arc<ViewIndex>,
    /// Checks access tokens; `None` where the header is the only sign-in.
    pub tokens: Option<Arc<Verifier>>,
    /// How much may be asked.
    pub limits: Limits,
    /// Who was admitted by which grants.
    pub admissions: Admissions,
    /// Who reads which case beyond the usual rows just now; shared by every door.
    pub glass: Arc<Glass>,
    /// Which student a case is about.
    pub case_students: CaseStudents,
    /// How the broadcast stands.
    pub relay: RelayView,
    /// Settings.
    pub settings: HttpSettings,
    /// Cancelled when the service stops: live feeds end with it.
    pub stopping: CancellationToken,
    /// What the measures know of the log, kept from question to question.
    pub figures: Arc<Figures>,
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

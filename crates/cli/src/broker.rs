//! From settings to what the broadcast needs: addresses, users, keys, consumers.

use std::fs;
use std::path::{Path, PathBuf};

use caseledger_bus::{BusUser, ConnectError, ConsumerSpec, Endpoint, Maker, RelayOptions, read_consumers};

use crate::exit::{Exit, Failure};
use crate::settings::{Nats, Settings};

/// The consumers that are made where the settings name no file of their own.
const CONSUMERS: &str = include_str!("../../../consumers.toml");

/// Returns how to reach the broker as a user; `None` where the settings name no broker.
pub fn endpoint(nats: &Nats, user: BusUser) -> Option<Endpoint> {
    if nats.url.is_empty() {
        return None;
    }
    let seed = (!nats.creds_dir.as_os_str().is_empty()).then(|| seed_file(&nats.creds_dir, user));
    Some(Endpoint::new(nats.url.clone(), user, seed))
}

/// Returns where a user's seed lies: `relay.nk`, `operator.nk`.
pub fn seed_file(dir: &Path, user: BusUser) -> PathBuf {
    dir.join(format!("{user}.nk"))
}

/// Returns how the relay is set up; `None` where the settings name no broker.
///
/// With the operator's seed at hand the relay makes a missing stream by itself.
pub fn relay_options(settings: &Settings) -> Result<Option<RelayOptions>, Failure> {
    let nats = &settings.nats;
    let Some(relay) = endpoint(nats, BusUser::Relay) else { return Ok(None) };
    let operator = endpoint(nats, BusUser::Operator)
        .filter(|operator| operator.seed_file.as_ref().is_none_or(|file| file.exists()));
    let maker = match operator {
        Some(endpoint) => Some(Maker { endpoint, consumers: consumers(nats)? }),
        None => None,
    };
    Ok(Some(RelayOptions::new(relay, maker)))
}

/// Reads the list of consumers.
pub fn consumers(nats: &Nats) -> Result<Vec<ConsumerSpec>, Failure> {
    let path = &nats.consumers_file;
    let text = if path.as_os_str().is_empty() {
        CONSUMERS.to_owned()
    } else {
        fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?
    };
    read_consumers(&text).map_err(|error| Failure::new(Exit::Usage, error))
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Failure {
        let exit = match error {
            ConnectError::Seed(_) | ConnectError::BadAddress { .. } => Exit::Usage,
            ConnectError::Unreachable { .. } | ConnectError::TooOld { .. } => Exit::Unavailable,
        };
        Failure::new(exit, error)
    }
}

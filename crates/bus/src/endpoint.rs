//! Who connects, where, and with which key.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use caseledger_events::ids::Code;

/// A user of the broker, as `nats.conf` lists them; each has a connection and an inbox of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BusUser {
    /// Tails the log into the stream.
    Relay,
    /// Feeds read models on other machines.
    Projector,
    /// Reporting jobs.
    Reporting,
    /// One provider's own feed.
    Provider(Code),
    /// Makes stream and consumers, checks, rebuilds.
    Operator,
}

impl BusUser {
    /// Returns the prefix of the user's answers; nobody else may listen there.
    pub fn inbox_prefix(self) -> String {
        format!("_INBOX_{self}")
    }

    /// Returns the JetStream domain the user reaches the stream under; `None` for users of the stream's own account.
    pub fn domain(self) -> Option<&'static str> {
        match self {
            BusUser::Relay | BusUser::Operator => None,
            BusUser::Projector | BusUser::Reporting | BusUser::Provider(_) => Some("ledger"),
        }
    }
}

impl fmt::Display for BusUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BusUser::Relay => f.write_str("relay"),
            BusUser::Projector => f.write_str("projector"),
            BusUser::Reporting => f.write_str("reporting"),
            BusUser::Provider(code) => write!(f, "provider-{}", code.as_str().to_ascii_lowercase()),
            BusUser::Operator => f.write_str("operator"),
        }
    }
}

/// How to reach the broker as one user.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `nats://127.0.0.1:4222`; several servers of one cluster separated by commas.
    pub servers: String,
    /// Who connects.
    pub user: BusUser,
    /// The file with the user's nkey seed, mode 0600; `None` where the broker asks nobody who they are.
    pub seed_file: Option<PathBuf>,
    /// How long to wait for what.
    pub patience: Patience,
}

impl Endpoint {
    /// Makes an endpoint with the patience of the service.
    pub fn new(servers: impl Into<String>, user: BusUser, seed_file: Option<PathBuf>) -> Self {
        Endpoint { servers: servers.into(), user, seed_file, patience: Patience::default() }
    }
}

/// How long to wait for the broker before something else is tried.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection to stand.
    pub connect: Duration,
    /// Between pings; a silent connection is given up after three.
    pub ping: Duration,
    /// For an answer of the JetStream API.
    pub request: Duration,
    /// For the next acknowledgement while messages are in flight.
    pub ack: Duration,
    /// For what is still in flight once a session ends.
    pub settle: Duration,
    /// Before the first new attempt after trouble; doubled up to `retry_max`.
    pub retry_min: Duration,
    /// Between attempts when trouble lasts.
    pub retry_max: Duration,
    /// Between looks at whether the reason of a halt is gone.
    pub recheck: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(5),
            ping: Duration::from_secs(5),
            request: Duration::from_secs(10),
            ack: Duration::from_secs(10),
            settle: Duration::from_secs(2),
            retry_min: Duration::from_millis(50),
            retry_max: Duration::from_secs(5),
            recheck: Duration::from_secs(60),
        }
    }
}

/// A seed file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadSeed {
    /// The file cannot be read.
    #[error("cannot read the nkey seed in {path}: {source}; name the file that holds the seed of this user")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read the file.
    #[error("{path} holds a private key and others may read it (mode {mode:o}); run: chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("{path} holds no nkey seed of a user (SU…); name the file that holds the seed of this user")]
    NotASeed {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the seed in a file that only its owner may read.
pub(crate) fn read_seed(path: &Path) -> Result<String, BadSeed> {
    let unreadable = |source| BadSeed::Unreadable { path: path.to_owned(), source };
    let mode = mode_of(&std::fs::metadata(path).map_err(unreadable)?);
    if mode & 0o077 != 0 {
        return Err(BadSeed::Exposed { path: path.to_owned(), mode });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let seed = text.trim();
    let is_user = nkeys::KeyPair::from_seed(seed).is_ok_and(|pair| pair.key_pair_type() == nkeys::KeyPairType::User);
    if is_user { Ok(seed.to_owned()) } else { Err(BadSeed::NotASeed { path: path.to_owned() }) }
}

#[cfg(unix)]
fn mode_of(metadata: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777
}

#[cfg(not(unix))]
fn mode_of(_: &std::fs::Metadata) -> u32 {
    0o600
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn seed_file(name: &str, text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (dir, path)
    }

    #[test]
    fn a_seed_is_read_from_a_file_of_its_owner_alone() {
        let seed = nkeys::KeyPair::new_user().seed().unwrap();
        let (_dir, path) = seed_file("relay.nk", &format!("{seed}\n"), 0o600);
        assert_eq!(read_seed(&path).unwrap(), seed);
    }

    #[test]
    fn a_seed_that_others_may_read_is_refused() {
        let (_dir, path) = seed_file("relay.nk", &nkeys::KeyPair::new_user().seed().unwrap(), 0o640);
        let error = read_seed(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn something_else_than_a_user_seed_is_refused_and_not_repeated() {
        let account = nkeys::KeyPair::new_account().seed().unwrap();
        for text in ["", "hunter2", account.as_str()] {
            let (_dir, path) = seed_file("relay.nk", text, 0o600);
            let error = read_seed(&path).unwrap_err();
            assert!(matches!(error, BadSeed::NotASeed { .. }), "{error}");
            assert!(text.is_empty() || !format!("{error}{error:?}").contains(text), "{error}");
        }
    }

    #[test]
    fn every_user_has_an_inbox_of_its_own() {
        for (user, inbox, domain) in [
            (BusUser::Relay, "_INBOX_relay", None),
            (BusUser::Operator, "_INBOX_operator", None),
            (BusUser::Projector, "_INBOX_projector", Some("ledger")),
            (BusUser::Reporting, "_INBOX_reporting", Some("ledger")),
            (BusUser::Provider("ASP01".parse().unwrap()), "_INBOX_provider-asp01", Some("ledger")),
        ] {
            assert_eq!((user.inbox_prefix().as_str(), user.domain()), (inbox, domain));
        }
    }
}

//! The users of nats.conf: keys, inboxes, and clients connected as one of them.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nkeys::KeyPair;

/// A user of nats.conf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Tails the log into the stream.
    Relay,
    /// Read models on other machines.
    Projector,
    /// Reporting jobs, with the consumer `reporting`.
    Reporting,
    /// The example provider, with the consumer `provider-asp01`.
    Provider,
    /// Makes stream and consumers.
    Operator,
    /// The system account.
    Sys,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Relay, Role::Projector, Role::Reporting, Role::Provider, Role::Operator, Role::Sys];

    /// Returns its name: of its seed file `<name>.nk`, and in upper case of its variable `LEDGER_<NAME>_NKEY`.
    pub fn name(self) -> &'static str {
        match self {
            Role::Relay => "relay",
            Role::Projector => "projector",
            Role::Reporting => "reporting",
            Role::Provider => "provider",
            Role::Operator => "operator",
            Role::Sys => "sys",
        }
    }

    /// Returns the prefix of the inboxes it may listen to.
    pub fn inbox(self) -> &'static str {
        match self {
            Role::Relay => "_INBOX_relay",
            Role::Projector => "_INBOX_projector",
            Role::Reporting => "_INBOX_reporting",
            Role::Provider => "_INBOX_provider-asp01",
            Role::Operator => "_INBOX_operator",
            Role::Sys => "_INBOX",
        }
    }

    /// Returns the JetStream domain under which readers, who have accounts of their own, reach the stream.
    pub fn domain(self) -> Option<&'static str> {
        match self {
            Role::Projector | Role::Reporting | Role::Provider => Some("ledger"),
            Role::Relay | Role::Operator | Role::Sys => None,
        }
    }

    /// Returns the variable of nats.conf that takes its public key.
    pub fn variable(self) -> String {
        format!("LEDGER_{}_NKEY", self.name().to_uppercase())
    }
}

/// Makes a new key for the role, writes its seed to `<dir>/<name>.nk` (0600) and returns the public key.
pub fn make_key(dir: &Path, role: Role) -> String {
    let key = KeyPair::new_user();
    let seed = key.seed().expect("a new key has a seed");
    let path = dir.join(format!("{}.nk", role.name()));
    let file = fs::File::options().create_new(true).write(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| file.write_all(seed.as_bytes()));
    written.unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    key.public_key()
}

//! The keys of the broker's users: a seed each in a file of its own, made once, read by its owner alone.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use nkeys::KeyPair;

use crate::copying::files::write_private;
use crate::exit::{Exit, Failure};

/// The users of `nats.conf`, as their seed files are called.
const USERS: [&str; 6] = ["relay", "projector", "reporting", "provider", "operator", "sys"];

/// Makes the seeds that are missing and returns what `nats.conf` asks for: variables with public keys.
pub fn public_keys(dir: &Path) -> Result<Vec<(String, String)>, Failure> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| Failure::file("make", dir, &error))?;
    let variable = |user: &str| format!("LEDGER_{}_NKEY", user.to_uppercase());
    USERS.iter().map(|user| Ok((variable(user), public_key(&dir.join(format!("{user}.nk")))?))).collect()
}

fn public_key(path: &Path) -> Result<String, Failure> {
    let broken = |error: nkeys::error::Error| {
        Failure::new(Exit::Internal, format_args!("{} holds no key: {error}", path.display()))
            .next("remove the file; the demo makes another")
    };
    if !path.exists() {
        let seed = KeyPair::new_user().seed().map_err(broken)?;
        write_private(path, seed.as_bytes())?;
    }
    let seed = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Ok(KeyPair::from_seed(seed.trim()).map_err(broken)?.public_key())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn seeds_are_private_and_stay_the_same() {
        let top = tempfile::tempdir().unwrap();
        let dir = top.path().join("creds");
        let keys = public_keys(&dir).unwrap();
        assert_eq!(public_keys(&dir).unwrap(), keys);
        let relay = fs::read_to_string(dir.join("relay.nk")).unwrap();
        let pair = KeyPair::from_seed(&relay).unwrap();
        assert_eq!(keys[0], ("LEDGER_RELAY_NKEY".to_owned(), pair.public_key()));
        assert_eq!(fs::metadata(dir.join("relay.nk")).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

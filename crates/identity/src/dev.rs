//! The development issuer: signs tokens for made-up people, for demo and tests alone.
//!
//! Whoever can read its key is everybody. So it refuses to exist where the settings say production or where the
//! service listens beyond this machine, its key is made anew for every data directory, and only its owner may read it.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::ids::Code;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use crate::keys::KeySet;
use crate::settings::{Algorithm, ClaimNames, IssuerSettings, Mfa, Subjects};
use crate::verified::sha256;

/// The name of the development issuer; the domain is one that can never exist (RFC 2606).
pub const DEVELOPMENT_ISSUER: &str = "https://development.caseledger.invalid";

/// What the development issuer calls this service.
const AUDIENCE: &str = "caseledger";

/// The file with its key pair, PKCS#8, mode 0600.
const KEY_FILE: &str = "development-issuer.p8";

/// How long its tokens live, in seconds.
const LIFETIME: i64 = 3600;

/// Where the development issuer is to be: both facts decide whether it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Whether the settings say production, that is, do not say development.
    pub is_production: bool,
    /// Whether the service listens on this machine alone.
    pub is_loopback: bool,
}

/// Signs tokens for made-up people.
pub struct DevIssuer {
    signing: EncodingKey,
    key_id: String,
    document: Vec<u8>,
}

/// What a token of the development issuer is to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DevToken {
    /// The person.
    pub person: Code,
    /// Their roles.
    pub roles: Vec<Role>,
    /// Whom they act for.
    pub organisation: Code,
    /// Whether they signed in with more than one factor.
    pub is_mfa: bool,
}

impl From<Actor> for DevToken {
    /// Says what an actor is; people signed in with more than one factor, machines know but one.
    fn from(Actor { person, role, organisation }: Actor) -> DevToken {
        DevToken { person, roles: vec![role], organisation, is_mfa: !role.is_feed() }
    }
}

/// Why there is no development issuer.
#[derive(Debug, thiserror::Error)]
pub enum DevIssuerError {
    /// The settings say production.
    #[error("the development issuer is refused in production: pin an issuer under [[identity.issuers]]")]
    Production,
    /// Others could reach the service.
    #[error(
        "the development issuer is refused where others reach the service: listen on 127.0.0.1, or pin a real issuer"
    )]
    NotLoopback,
    /// There is no key, so no development server ran here.
    #[error("no development issuer in {folder}: start a development server there first", folder = folder.display())]
    NoKey {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// Others can read the key.
    #[error(
        "others can read {path}, and sign with it: delete it, the next start makes a new one",
        path = path.display()
    )]
    Exposed {
        /// The key file.
        path: PathBuf,
    },
    /// The file holds no key.
    #[error("{path} holds no key: delete it, the next start makes a new one", path = path.display())]
    Damaged {
        /// The key file.
        path: PathBuf,
    },
    /// The key could not be read or written.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DevIssuer {
    /// Opens the development issuer of a folder, and makes its key where there is none yet.
    pub fn open_or_create(folder: &Path, place: Place) -> Result<DevIssuer, DevIssuerError> {
        match DevIssuer::open(folder, place) {
            Err(DevIssuerError::NoKey { .. }) => create_key(folder)?,
            other => return other,
        }
        DevIssuer::open(folder, place)
    }

    /// Opens the development issuer of a folder where a development server made its key.
    pub fn open(folder: &Path, place: Place) -> Result<DevIssuer, DevIssuerError> {
        if place.is_production {
            return Err(DevIssuerError::Production);
        }
        if !place.is_loopback {
            return Err(DevIssuerError::NotLoopback);
        }
        let path = folder.join(KEY_FILE);
        let key = read_key(folder, &path)?;
        DevIssuer::with_key(&key).ok_or(DevIssuerError::Damaged { path })
    }

    fn with_key(pkcs8: &[u8]) -> Option<DevIssuer> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?;
        // An uncompressed point: 4, then x and y.
        let point = pair.public_key().as_ref().strip_prefix(&[4])?;
        let (x, y) = point.split_at_checked(32)?;
        let key_id = hex::encode(&sha256(&[point])[..8]);
        let coordinate = |bytes| URL_SAFE_NO_PAD.encode(bytes);
        let document = json!({"keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key_id,
            "x": coordinate(x), "y": coordinate(y),
        }]});
        let document = document.to_string().into_bytes();
        Some(DevIssuer { signing: EncodingKey::from_ec_der(pkcs8), key_id, document })
    }

    /// Signs a token that is good for an hour.
    pub fn mint(&self, token: &DevToken, now: Timestamp) -> String {
        let mut id = [0; 16];
        rand::fill(&mut id).expect("aws-lc ends the process rather than give no random bytes");
        let issued = now.0.div_euclid(1_000_000);
        let amr: &[&str] = if token.is_mfa { &["pwd", "mfa"] } else { &["pwd"] };
        let claims = json!({
            "iss": DEVELOPMENT_ISSUER, "sub": token.person, "aud": AUDIENCE, "client_id": "caseledger-token",
            "iat": issued, "nbf": issued, "exp": issued + LIFETIME, "jti": hex::encode(id), "scope": "ledger",
            "roles": token.roles, "organisation": token.organisation, "amr": amr,
        });
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing).expect("the key was read as a key of ES256")
    }

    /// Returns how its tokens are to be read.
    pub(crate) fn settings(&self) -> IssuerSettings {
        IssuerSettings {
            issuer: DEVELOPMENT_ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            jwks_file: None,
            jwks_url: None,
            jwks_ca_file: None,
            algorithms: vec![Algorithm::ES256],
            typ: Some("at+jwt".to_owned()),
            scope: "ledger".to_owned(),
            subjects: Subjects::Code,
            claims: ClaimNames::default(),
            mfa: Mfa::default(),
        }
    }

    /// Returns its public key.
    pub(crate) fn keys(&self) -> KeySet {
        KeySet::read(&self.document).expect("the document was made above of a key that was read")
    }
}

impl fmt::Debug for DevIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevIssuer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

fn read_key(folder: &Path, path: &Path) -> Result<Vec<u8>, DevIssuerError> {
    let io = |source| DevIssuerError::Io { action: "read", path: path.to_owned(), source };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(DevIssuerError::NoKey { folder: folder.to_owned() })
        }
        Err(error) => Err(io(error)),
        Ok(metadata) if metadata.mode() & 0o077 != 0 => Err(DevIssuerError::Exposed { path: path.to_owned() }),
        Ok(_) => fs::read(path).map_err(io),
    }
}

/// Makes a key under another name first, so that a half-written one is never taken.
fn create_key(folder: &Path) -> Result<(), DevIssuerError> {
    let path = folder.join(KEY_FILE);
    let new = folder.join("development-issuer.p8.new");
    let key = new_key();
    let write = || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(&key)?;
        file.sync_all()?;
        fs::rename(&new, &path)
    };
    write().map_err(|source| DevIssuerError::Io { action: "write", path: path.clone(), source })
}

fn new_key() -> Vec<u8> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    key.expect("aws-lc ends the process rather than give no random bytes").as_ref().to_vec()
}

/// Returns the public document of a new key.
#[cfg(test)]
pub(crate) fn new_key_document() -> Vec<u8> {
    DevIssuer::with_key(&new_key()).unwrap().document
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const HERE: Place = Place { is_production: false, is_loopback: true };

    #[test]
    fn it_exists_on_loopback_in_development_alone() {
        let dir = tempfile::tempdir().unwrap();
        for (is_production, is_loopback) in [(true, true), (false, false), (true, false)] {
            let place = Place { is_production, is_loopback };
            assert!(DevIssuer::open_or_create(dir.path(), place).is_err(), "{place:?}");
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "no key is made either");
        }
        DevIssuer::open_or_create(dir.path(), HERE).unwrap();
        let moved = Place { is_loopback: false, ..HERE };
        assert!(matches!(DevIssuer::open(dir.path(), moved), Err(DevIssuerError::NotLoopback)));
    }

    #[test]
    fn its_key_stays_the_same_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("deep/identity");
        assert!(matches!(DevIssuer::open(&folder, HERE), Err(DevIssuerError::NoKey { .. })));
        let first = DevIssuer::open_or_create(&folder, HERE).unwrap();
        let again = DevIssuer::open(&folder, HERE).unwrap();
        assert_eq!(first.key_id, again.key_id);
        let mode = fs::metadata(folder.join(KEY_FILE)).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_none_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        DevIssuer::open_or_create(dir.path(), HERE).unwrap();
        let path = dir.path().join(KEY_FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(DevIssuer::open_or_create(dir.path(), HERE), Err(DevIssuerError::Exposed { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, b"none").unwrap();
        assert!(matches!(DevIssuer::open_or_create(dir.path(), HERE), Err(DevIssuerError::Damaged { .. })));
    }

    #[test]
    fn it_shows_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let issuer = DevIssuer::open_or_create(dir.path(), HERE).unwrap();
        assert_eq!(format!("{issuer:?}"), format!("DevIssuer {{ key_id: {:?}, .. }}", issuer.key_id));
    }
}

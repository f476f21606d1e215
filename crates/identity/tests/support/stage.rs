//! The issuers that most tests play against.

use caseledger_identity::Verifier;
use serde_json::json;

use super::{Draft, NOW, Pair, base64, unbase64, verifier_at, with, write_keys};

pub const LOGIN: &str = "https://login.example.nz/";
pub const PLAIN: &str = "https://plain.example.nz";
pub const CODES: &str = "https://codes.example.nz";
pub const COLD: &str = "https://cold.example.nz";

/// The issuers: one that follows RFC 9068, one that sets no type, one that gives out codes, one whose keys never came.
pub struct Stage {
    pub verifier: Verifier,
    pub rsa: Pair,
    pub p256: Pair,
    pub p384: Pair,
    pub codes: Pair,
    pub stranger: Pair,
    pub strange_rsa: Pair,
    /// When its tokens are issued.
    pub now: i64,
    settings: String,
    _dir: tempfile::TempDir,
}

impl Stage {
    pub async fn new() -> Stage {
        Stage::at(NOW).await
    }

    /// The same issuers at another time.
    pub async fn at(now: i64) -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let (rsa, p256, p384, codes) = (Pair::rsa(), Pair::p256(), Pair::p384(), Pair::p256());
        let only_rs256 = with(rsa.jwk("rsa-rs256"), "alg", json!("RS256"));
        write_keys(&path("login"), &[rsa.jwk("rsa"), only_rs256, p256.jwk("p256"), p384.jwk("p384")]);
        write_keys(&path("plain"), &[rsa.jwk("rsa"), p256.jwk("p256")]);
        write_keys(&path("codes"), &[codes.jwk("codes")]);
        let issuer = |name: &str, file: &str, algorithms: &str, more: &str| {
            format!(
                "[[issuers]]\nissuer = {name:?}\naudience = \"caseledger\"\njwks_file = {:?}\n\
                 algorithms = [{algorithms}]\n{more}\n",
                path(file)
            )
        };
        let all = "\"RS256\", \"PS256\", \"ES256\", \"ES384\"";
        let settings = [
            issuer(LOGIN, "login", all, "typ = \"at+jwt\""),
            issuer(PLAIN, "plain", "\"RS256\"", "claims = { scope = \"scp\" }\nmfa = { acr = [\"two\"] }"),
            issuer(CODES, "codes", "\"ES256\"", "subjects = \"code\""),
            issuer(COLD, "absent", "\"ES256\"", ""),
        ];
        let settings = settings.concat();
        let verifier = verifier_at(&settings, now).await;
        let (stranger, strange_rsa) = (Pair::p256(), Pair::rsa());
        Stage { verifier, rsa, p256, p384, codes, stranger, strange_rsa, now, settings, _dir: dir }
    }

    /// Another verifier of the same issuers, which read their keys so many seconds before now.
    pub async fn verifier_that_read(&self, seconds_ago: i64) -> Verifier {
        verifier_at(&self.settings, self.now - seconds_ago).await
    }

    /// A good token of the issuer that follows RFC 9068.
    pub fn good(&self) -> Draft<'_> {
        Draft::at(self.now, LOGIN, "ES256", "p256", &self.p256)
    }

    /// A good token of the issuer that sets no type.
    pub fn plain(&self) -> Draft<'_> {
        let draft = Draft::at(self.now, PLAIN, "RS256", "rsa", &self.rsa).header("typ", "JWT");
        draft.without("scope").claim("scp", json!(["ledger"]))
    }

    /// A good token of the issuer that gives out codes.
    pub fn coded(&self) -> Draft<'_> {
        Draft::at(self.now, CODES, "ES256", "codes", &self.codes).claim("sub", "ASP14-M1")
    }
}

/// Makes the other signature that fits wherever one of P-256 does: (r, n − s).
pub fn mirrored(token: &str) -> String {
    const N: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (message, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = unbase64(signature);
    let mut borrow = 0;
    for i in (0..32).rev() {
        let difference = i16::from(N[i]) - i16::from(bytes[32 + i]) - borrow;
        borrow = i16::from(difference < 0);
        bytes[32 + i] = difference.rem_euclid(256) as u8;
    }
    format!("{message}.{}", base64(bytes))
}

/// Changes one letter in the middle of a part.
pub fn altered(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(ToOwned::to_owned).collect();
    let middle = parts[part].len() / 2;
    let other = if &parts[part][middle..=middle] == "A" { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, other);
    parts.join(".")
}

//! Which issuers are trusted, for what, and how their tokens are read.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Who may say who somebody is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IdentitySettings {
    /// Whether this is a development service: the built-in issuer is allowed then, on loopback alone.
    pub development: bool,
    /// The pinned issuers.
    pub issuers: Vec<IssuerSettings>,
}

/// A pinned issuer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// Its name, exactly as tokens carry it in `iss`.
    pub issuer: String,
    /// What it calls this service in `aud`.
    pub audience: String,
    /// File with its keys (JWKS); read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_file: Option<PathBuf>,
    /// Address of its keys, https alone; instead of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_url: Option<String>,
    /// Certificates (PEM) that `jwks_url` is trusted by, instead of those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_ca_file: Option<PathBuf>,
    /// The algorithms it signs with.
    pub algorithms: Vec<Algorithm>,
    /// The type it sets in the header of access tokens, `at+jwt` where it follows RFC 9068; absent where it sets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// The scope a token must hold.
    #[serde(default = "default_scope")]
    pub scope: String,
    /// How a person's code follows from the subject.
    #[serde(default)]
    pub subjects: Subjects,
    /// What it calls the claims that are read.
    #[serde(default)]
    pub claims: ClaimNames,
    /// What it says when somebody signed in with more than one factor.
    #[serde(default)]
    pub mfa: Mfa,
}

fn default_scope() -> String {
    "ledger".to_owned()
}

/// A signature algorithm that may be pinned; there is no HMAC and no `none`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    RS256,
    /// RSA PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
}

impl Algorithm {
    /// Every algorithm that may be pinned.
    pub const ALL: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384];

    /// Returns the name a header carries.
    pub fn name(self) -> &'static str {
        match self {
            Algorithm::RS256 => "RS256",
            Algorithm::PS256 => "PS256",
            Algorithm::ES256 => "ES256",
            Algorithm::ES384 => "ES384",
        }
    }

    /// Reads a name, letter by letter; `None` for every other algorithm there is.
    pub fn named(name: &str) -> Option<Algorithm> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// How a person's code follows from the subject of a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subjects {
    /// `P-` and 13 letters of a hash over issuer and subject: opaque, and no two issuers can name the same person.
    #[default]
    Hash,
    /// The subject is the code: for an issuer that gives out our codes. At most one issuer may.
    Code,
}

/// What an issuer calls the claims that are read beside the registered ones.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimNames {
    /// The roles: a list of names, or one name.
    pub role: String,
    /// The code of the school, provider or agency.
    pub organisation: String,
    /// The scopes: a list, or a text with spaces between; `scp` at some issuers.
    pub scope: String,
    /// How strong the sign-in was, in one word.
    pub acr: String,
    /// The means it was done by, a list.
    pub amr: String,
}

impl Default for ClaimNames {
    fn default() -> ClaimNames {
        let [role, organisation, scope, acr, amr] =
            ["roles", "organisation", "scope", "acr", "amr"].map(ToOwned::to_owned);
        ClaimNames { role, organisation, scope, acr, amr }
    }
}

/// What says that somebody signed in with more than one factor: one of these words is enough.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mfa {
    /// Words of the claim `acr`.
    pub acr: Vec<String>,
    /// Words of the claim `amr`.
    pub amr: Vec<String>,
}

impl Default for Mfa {
    fn default() -> Mfa {
        Mfa { acr: Vec::new(), amr: vec!["mfa".to_owned()] }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nobody could sign in.
    #[error(
        "no issuer is set, so nobody could sign in: add one under [[identity.issuers]], or set identity.development"
    )]
    NoIssuer,
    /// The development issuer stands beside settings that do not say development.
    #[error("the development issuer is refused because identity.development is not set: pin a real issuer instead")]
    NotDevelopment,
    /// Two issuers of one name.
    #[error("issuer {issuer} is set twice: keep one, its keys may hold several algorithms")]
    Twice {
        /// Its name.
        issuer: String,
    },
    /// Two issuers that both give out our codes could pass for one another's people.
    #[error(
        "issuer {issuer} has subjects = \"code\" beside another that has: one issuer at most may give out our codes"
    )]
    TwoOfCodes {
        /// The second one.
        issuer: String,
    },
    /// A setting of an issuer makes no sense.
    #[error("issuer {issuer}: {what}")]
    Issuer {
        /// Its name.
        issuer: String,
        /// What is wrong, and what to set instead.
        what: String,
    },
}

impl IdentitySettings {
    /// Checks what can be checked without reading any key.
    pub fn check(&self) -> Result<(), SettingsError> {
        let mut names = BTreeSet::new();
        let mut gives_codes = false;
        for issuer in &self.issuers {
            let name = || issuer.issuer.clone();
            if let Some(what) = issuer.slip() {
                return Err(SettingsError::Issuer { issuer: name(), what: what.to_owned() });
            }
            if !names.insert(&issuer.issuer) {
                return Err(SettingsError::Twice { issuer: name() });
            }
            if issuer.subjects == Subjects::Code && std::mem::replace(&mut gives_codes, true) {
                return Err(SettingsError::TwoOfCodes { issuer: name() });
            }
        }
        Ok(())
    }
}

impl IssuerSettings {
    /// Returns what is wrong with it, the first of it.
    fn slip(&self) -> Option<&'static str> {
        let ClaimNames { role, organisation, scope, acr, amr } = &self.claims;
        let is_https = |url: &str| url.starts_with("https://");
        match () {
            () if self.issuer.is_empty() => Some("its name is empty: write it exactly as tokens carry it in iss"),
            () if self.audience.is_empty() => Some("audience is empty: write what the issuer calls this service"),
            () if self.scope.is_empty() => Some("scope is empty: tokens for other services would be taken"),
            () if self.algorithms.is_empty() => {
                Some("algorithms is empty: pin those it signs with, such as [\"RS256\"]")
            }
            () if self.jwks_file.is_some() == self.jwks_url.is_some() => Some("set one of jwks_file and jwks_url"),
            () if self.jwks_url.as_deref().is_some_and(|url| !is_https(url)) => {
                Some("jwks_url must begin with https://")
            }
            () if self.jwks_ca_file.is_some() && self.jwks_url.is_none() => Some("jwks_ca_file belongs to jwks_url"),
            () if self.typ.as_deref() == Some("") => Some("typ is empty: leave it out where the issuer sets none"),
            () if [role, organisation, scope, acr, amr].into_iter().any(String::is_empty) => {
                Some("a name under claims is empty")
            }
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = r#"
        [[issuers]]
        issuer = "https://login.example.nz"
        audience = "caseledger"
        jwks_url = "https://login.example.nz/keys"
        algorithms = ["RS256", "ES256"]
    "#;

    fn checked(text: &str) -> Result<(), String> {
        let settings: IdentitySettings = toml::from_str(text).map_err(|error| error.to_string())?;
        settings.check().map_err(|error| error.to_string())
    }

    #[test]
    fn an_issuer_needs_five_lines() {
        checked(ISSUER).unwrap();
        let settings: IdentitySettings = toml::from_str(ISSUER).unwrap();
        assert!(!settings.development, "production unless it is said otherwise");
        assert_eq!(settings.issuers[0].subjects, Subjects::Hash);
        assert_eq!(settings.issuers[0].claims.role, "roles");
    }

    #[test]
    fn slips_are_named() {
        let table = [
            ("jwks_url = \"https://login.example.nz/keys\"", "jwks_url = \"http://login.example.nz/keys\"", "https"),
            ("jwks_url = \"https://login.example.nz/keys\"", "", "jwks_file"),
            ("algorithms = [\"RS256\", \"ES256\"]", "algorithms = []", "algorithms"),
            ("algorithms = [\"RS256\", \"ES256\"]", "algorithms = [\"HS256\"]", "HS256"),
            ("algorithms = [\"RS256\", \"ES256\"]", "algorithms = [\"none\"]", "none"),
            ("audience = \"caseledger\"", "audience = \"\"", "audience"),
            ("audience = \"caseledger\"", "audience = \"caseledger\"\nscope = \"\"", "scope"),
            ("audience = \"caseledger\"", "audience = \"caseledger\"\nscopes = \"x\"", "scopes"),
            ("audience = \"caseledger\"", "audience = \"caseledger\"\njwks_file = \"/etc/keys\"", "one of"),
        ];
        for (from, to, named) in table {
            let why = checked(&ISSUER.replace(from, to)).unwrap_err();
            assert!(why.contains(named), "{to}: {why}");
        }
    }

    #[test]
    fn two_issuers_neither_share_a_name_nor_both_give_out_codes() {
        let why = checked(&format!("{ISSUER}{ISSUER}")).unwrap_err();
        assert!(why.contains("twice"), "{why}");
        let codes = format!("{ISSUER}\nsubjects = \"code\"");
        let other = codes.replace("issuer = \"https://login", "issuer = \"https://other");
        let why = checked(&format!("{codes}{other}")).unwrap_err();
        assert!(why.contains("at most"), "{why}");
    }
}

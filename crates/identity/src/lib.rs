//! Who asks: OIDC access tokens checked against pinned issuers, and a development issuer for demo and tests.
//!
//! A token says who somebody is and which roles an issuer gave them; what they may do is decided elsewhere. Read
//! `verifier` for the order of the checks, `error` for everything a token can be refused for, `keyring` for when an
//! issuer's keys are read again, `sessions` for what is remembered and revoked.
//!
//! Nothing of a token is kept or shown but its hash. The time is handed in, here is no clock.

pub mod cast;
mod claims;
mod counts;
mod dev;
mod error;
mod fetch;
mod keeper;
mod keyring;
mod keys;
mod sessions;
mod settings;
mod token;
mod verified;
mod verifier;

pub use counts::Counts;
pub use dev::{DEVELOPMENT_ISSUER, DevIssuer, DevIssuerError, DevToken, Place};
pub use error::TokenError;
pub use keyring::{IssuerHealth, KeyState};
pub use sessions::matters_until;
pub use settings::{Algorithm, ClaimNames, IdentitySettings, IssuerSettings, Mfa, SettingsError, Subjects};
pub use token::bearer;
pub use verified::{Verified, token_name};
pub use verifier::{Health, Verifier};

//! A single access token taken back, as an event of `system/ACCESS`: live at once, and again after every restart.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{AccessEvent, Grants};
use crate::dates::Timestamp;
use crate::envelope::Role;
use crate::ids::BadId;
use crate::machine::Context;
use crate::refusal::Refusal;

/// What a token is called: the SHA-256 of all that is signed of it. It opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenName(pub [u8; 32]);

/// That a token is taken no more; position and hash alone go out on the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TokenRevoked {
    /// The token, by its hash.
    pub token: TokenName,
    /// Until when it could be sent: later it has ended anyway. Real time, also where the ledger's is simulated.
    pub until: Timestamp,
}

/// Takes one token back at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RevokeToken {
    /// The token, by its hash.
    pub token: TokenName,
    /// Until when it could be sent.
    pub until: Timestamp,
}

impl RevokeToken {
    /// An operator takes tokens back; one that is taken back already stays so.
    pub(super) fn decide(&self, grants: &Grants, context: &Context) -> Result<Option<AccessEvent>, Refusal> {
        if context.actor.role != Role::Operator {
            return Err(Refusal::NotThisRole { needed: "an operator" });
        }
        let RevokeToken { token, until } = *self;
        let is_known = grants.revoked_tokens().any(|revoked| revoked.token == token);
        Ok((!is_known).then_some(AccessEvent::TokenRevoked(TokenRevoked { token, until })))
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenName({self})")
    }
}

impl FromStr for TokenName {
    type Err = BadId;
    fn from_str(text: &str) -> Result<TokenName, BadId> {
        let mut bytes = [0; 32];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(TokenName(bytes)),
            Err(_) => Err(BadId { kind: "hash of a token", form: "64 hexadecimal digits" }),
        }
    }
}

impl Serialize for TokenName {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_bytes(&self.0) }
    }
}

impl<'de> Deserialize<'de> for TokenName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<TokenName, D::Error> {
        if d.is_human_readable() {
            return <std::borrow::Cow<'de, str>>::deserialize(d)?.parse().map_err(de::Error::custom);
        }
        serde_bytes::deserialize(d).map(TokenName)
    }
}

impl JsonSchema for TokenName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TokenName".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{64}$"})
    }
}

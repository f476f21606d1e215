//! Roles granted and revoked, as events of `system/ACCESS` (E47). They name people, if only by opaque ids: the bus
//! carries position and hash alone.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TokenRevoked;
use crate::codec::BadFrame;
use crate::dates::OccurredAt;
use crate::envelope::{Recorded, Role, Scope};
use crate::ids::{Code, StreamId};
use crate::machine::Draft;

/// The stream these events stand in.
pub const ACCESS_STREAM: &str = "ACCESS";

/// Something that happened to who may act as what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessEvent {
    /// A person may act in a role for an organisation.
    RoleGranted(RoleGranted),
    /// A person may no longer.
    RoleRevoked(RoleRevoked),
    /// A token is taken no more.
    TokenRevoked(TokenRevoked),
}

/// That a person may act in a role for an organisation; takes the place of an earlier grant of the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RoleGranted {
    /// Our opaque id of the person or feed.
    pub person: Code,
    /// The role.
    pub role: Role,
    /// The school, provider or agency.
    pub organisation: Code,
    /// The region, for a regional office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Code>,
    /// The first day, in New Zealand.
    pub from: NaiveDate,
    /// The last day; open where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// That a person may no longer act in a role for an organisation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RoleRevoked {
    /// The person or feed.
    pub person: Code,
    /// The role.
    pub role: Role,
    /// The organisation.
    pub organisation: Code,
    /// Why.
    pub reason: RevokeReason,
}

/// Why a role was revoked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The person left the organisation.
    LeftOrganisation,
    /// The person has other work there.
    OtherWork,
    /// It was granted by mistake.
    GrantedInError,
    /// It was misused, or may have been.
    Misuse,
    /// Whoever asks to act for the person may not be that person: a token or password was lost.
    Compromised,
}

impl AccessEvent {
    /// Every stored name.
    pub const KINDS: [&'static str; 3] = ["role_granted", "role_revoked", "token_revoked"];

    /// Returns the stored name.
    pub fn kind(&self) -> &'static str {
        match self {
            AccessEvent::RoleGranted(_) => "role_granted",
            AccessEvent::RoleRevoked(_) => "role_revoked",
            AccessEvent::TokenRevoked(_) => "token_revoked",
        }
    }

    /// Makes the event ready for the sequencer.
    pub fn draft(&self, occurred_at: OccurredAt) -> Draft {
        Draft {
            stream: StreamId::system(ACCESS_STREAM),
            kind: self.kind(),
            schema: 1,
            facts: rmp_serde::to_vec_named(self).expect("codes, dates and hashes are plain data"),
            occurred_at,
            scope: Scope::default(),
            carries_parts: false,
        }
    }

    /// Reads one back; `None` when the event is not of this stream.
    pub fn read(event: &Recorded<'_>) -> Result<Option<AccessEvent>, BadFrame> {
        if event.stream != StreamId::system(ACCESS_STREAM) {
            return Ok(None);
        }
        Ok(Some(rmp_serde::from_slice(event.facts)?))
    }
}

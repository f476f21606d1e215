//! The access ledger: who looked at what, in `system/VIEWS` of a journal of its own (design §3).
//!
//! Who, in which role, for which organisation, when, and the request stand in the envelope. What was asked is told by
//! closed values alone: never a word that was searched for, never a name.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::access::{Denied, GlassReason, Operation};
use crate::codec::BadFrame;
use crate::dates::Timestamp;
use crate::envelope::{Actor, Recorded, Source};
use crate::ids::{CaseId, Code, CorrelationId, Position, StreamId, Version};
use crate::personal::Group;

mod head;

pub use head::{ACCESS_HEAD_STREAM, AccessHeadEvent, AccessHeadRecorded, ChainHash};

/// The stream all events of the access ledger stand in; its version is the position.
pub const VIEWS_STREAM: &str = "VIEWS";

/// The stored name of a view.
pub const VIEWED: &str = "viewed";

/// The most cases one event names; an answer about more is several events of one request, or counts the rest.
pub const CASES_MAX: usize = 1_000;

/// That somebody asked to see something, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Viewed {
    /// What was asked, by its name in the table of access.
    #[serde(with = "operation_name")]
    #[schemars(with = "String")]
    pub operation: Operation,
    /// Why, by its code, where the asker said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Code>,
    /// The cases asked for or shown; the first [`CASES_MAX`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<CaseId>,
    /// How many cases were shown beside those named.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more_cases: u32,
    /// The groups of personal fields that the answer held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// How many results the answer held.
    pub results: u32,
    /// What was decided.
    pub decision: Decision,
}

/// What was decided about a view.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// A row of the table of access allowed it.
    Allowed,
    /// Nothing was shown.
    Denied(Denial),
    /// It was shown beyond the usual rows.
    BreakGlass(GlassReason),
}

/// Why nothing was shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Denial {
    /// There is no such case, or none that the asker may know of.
    NoSuchCase,
    /// The role does not do this.
    NotThisRole,
    /// More than one factor was needed.
    NeedsMfa,
    /// The role has no live grant (E47).
    NoLiveGrant,
}

impl From<&Denied> for Denial {
    fn from(denied: &Denied) -> Denial {
        match denied {
            Denied::Secret => Denial::NoSuchCase,
            Denied::NotThisRole { .. } => Denial::NotThisRole,
            Denied::NeedsMfa { .. } => Denial::NeedsMfa,
        }
    }
}

/// A view on its way into the access ledger, which gives it position, time and salt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewView {
    /// Who looked.
    pub actor: Actor,
    /// For whom, when somebody acts for another person.
    pub on_behalf_of: Option<Code>,
    /// Where the request came from.
    pub source: Source,
    /// The request; everything written about it shares this.
    pub request: CorrelationId,
    /// The policy version decided under.
    pub policy: u32,
    /// The ledger's time; what is recorded never goes back behind the view before.
    pub at: Timestamp,
    /// What was seen.
    pub viewed: Viewed,
}

/// Where a view stands in the access ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ViewPlace {
    /// Its position, gapless from 1.
    pub position: Position,
    /// The same number as the version of the one stream there is.
    pub version: Version,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Fresh random bytes.
    pub salt: [u8; 16],
}

impl Viewed {
    /// Returns a view that was allowed and showed nothing yet.
    pub fn allowed(operation: Operation) -> Viewed {
        let decision = Decision::Allowed;
        Viewed { operation, purpose: None, cases: vec![], more_cases: 0, groups: vec![], results: 0, decision }
    }

    /// Returns an attempt that was denied.
    pub fn denied(operation: Operation, because: Denial) -> Viewed {
        Viewed { decision: Decision::Denied(because), ..Viewed::allowed(operation) }
    }

    /// Names cases, and counts those past [`CASES_MAX`].
    pub fn with_cases(mut self, cases: impl IntoIterator<Item = CaseId>) -> Viewed {
        for case in cases {
            if self.cases.len() < CASES_MAX {
                self.cases.push(case);
            } else {
                self.more_cases = self.more_cases.saturating_add(1);
            }
        }
        self
    }

    /// Returns the facts as stored.
    pub fn facts(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).expect("ids and closed values are plain data")
    }

    /// Reads one back; `None` when the event is no view.
    pub fn read(event: &Recorded<'_>) -> Result<Option<Viewed>, BadFrame> {
        if event.stream != StreamId::system(VIEWS_STREAM) || event.kind != VIEWED {
            return Ok(None);
        }
        Ok(Some(rmp_serde::from_slice(event.facts)?))
    }
}

impl NewView {
    /// Returns the event as it is recorded at a place; `facts` are those of [`Viewed::facts`].
    pub fn recorded<'a>(&self, place: ViewPlace, facts: &'a [u8]) -> Recorded<'a> {
        Recorded {
            position: place.position,
            stream: StreamId::system(VIEWS_STREAM),
            version: place.version,
            previous: Position(place.position.0.saturating_sub(1)),
            kind: VIEWED,
            schema: 1,
            occurred_at: crate::dates::OccurredAt::Instant(place.recorded_at),
            recorded_at: place.recorded_at,
            source_recorded_at: None,
            actor: self.actor,
            on_behalf_of: self.on_behalf_of,
            source: self.source,
            scope: crate::envelope::Scope::default(),
            policy: self.policy,
            correlation: self.request,
            causation: None,
            tag: None,
            salt: place.salt,
            facts,
            parts: vec![],
        }
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Operations are stored by the name that the table of access prints.
mod operation_name {
    use super::*;

    pub fn serialize<S: Serializer>(operation: &Operation, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(operation.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Operation, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        let known = Operation::ALL.iter().copied().find(|operation| operation.name() == name);
        known.ok_or_else(|| de::Error::custom("an operation of another build"))
    }
}

#[cfg(test)]
mod tests;

//! Policies as events of `system/POLICY`, and which is in force on a day.

use std::sync::LazyLock;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Policy;
use crate::codec::BadFrame;
use crate::dates::OccurredAt;
use crate::envelope::{Recorded, Role, Scope};
use crate::ids::StreamId;
use crate::machine::{Context, Draft};
use crate::refusal::Refusal;

/// The stream policies stand in.
pub const POLICY_STREAM: &str = "POLICY";

/// The stored name of the one event type of this stream.
pub const POLICY_SET: &str = "policy_set";

/// The version of the policy that is in force without any event.
const FIRST_VERSION: u32 = 1;

static FIRST: LazyLock<Policy> = LazyLock::new(Policy::default);

/// That a policy is in force from a day on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PolicySet {
    /// Its version, counted from 2: the first is in force without an event.
    pub version: u32,
    /// From which day on, in New Zealand.
    pub effective_on: NaiveDate,
    /// The policy, whole.
    pub policy: Policy,
}

/// Sets another policy.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
pub struct SetPolicy {
    /// From which day on; today where absent, never before.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub effective_on: Option<NaiveDate>,
    /// The policy, whole; what is left out is as the domain proposes.
    pub policy: Policy,
}

/// Every policy that was ever set.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Policies {
    set: Vec<PolicySet>,
}

impl Policies {
    /// Returns the policy in force on a day, and its version: of those that have begun the latest set.
    pub fn in_force(&self, day: NaiveDate) -> (u32, &Policy) {
        let begun = self.set.iter().filter(|set| set.effective_on <= day);
        match begun.max_by_key(|set| (set.effective_on, set.version)) {
            Some(set) => (set.version, &set.policy),
            None => (FIRST_VERSION, &FIRST),
        }
    }

    /// Returns a policy by its version.
    pub fn version(&self, version: u32) -> Option<&Policy> {
        match version {
            FIRST_VERSION => Some(&FIRST),
            _ => self.set.iter().find(|set| set.version == version).map(|set| &set.policy),
        }
    }

    /// Returns the policies that were set, the eldest first.
    pub fn all(&self) -> &[PolicySet] {
        &self.set
    }

    /// Takes one in.
    pub fn apply(&mut self, set: PolicySet) {
        self.set.push(set);
    }
}

impl SetPolicy {
    /// Decides it: who may, from when, and whether it is another policy at all.
    pub fn decide(&self, held: &Policies, context: &Context) -> Result<Option<PolicySet>, Refusal> {
        if !matches!(context.actor.role, Role::NationalServiceDelivery | Role::Operator) {
            return Err(Refusal::NotThisRole { needed: "the Ministry's owner of the service, or an operator" });
        }
        let today = context.now.auckland();
        let effective_on = self.effective_on.unwrap_or(today);
        if effective_on < today {
            return Err(Refusal::PolicyInThePast { today });
        }
        if held.in_force(effective_on).1 == &self.policy {
            return Ok(None);
        }
        let version = held.set.last().map_or(FIRST_VERSION, |set| set.version).saturating_add(1);
        Ok(Some(PolicySet { version, effective_on, policy: self.policy.clone() }))
    }
}

impl PolicySet {
    /// Makes the event ready for the sequencer.
    pub fn draft(&self, occurred_at: OccurredAt) -> Draft {
        Draft {
            stream: StreamId::system(POLICY_STREAM),
            kind: POLICY_SET,
            schema: 1,
            facts: rmp_serde::to_vec_named(self).expect("a policy is plain data"),
            occurred_at,
            scope: Scope::default(),
            carries_parts: false,
        }
    }

    /// Reads one back; `None` when the event is not of this stream.
    pub fn read(event: &Recorded<'_>) -> Result<Option<PolicySet>, BadFrame> {
        if event.kind != POLICY_SET {
            return Ok(None);
        }
        Ok(Some(rmp_serde::from_slice(event.facts)?))
    }
}

//! Unmet basic needs and the fund for them (R35), and how much is at risk (E12).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Code;

/// E12: how much is at risk for the student.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RiskUpdated {
    /// The level, by code of the lookup table (Q14, Q38).
    pub level: Code,
    /// The level before, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Code>,
}

/// E34: a basic need that is not met keeps the student from school.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnmetNeedIdentified {
    /// Which, by code of the lookup table (Q38).
    pub need: Code,
}

/// E34: the fund met a need.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct UnmetNeedFunded {
    /// Which need.
    pub need: Code,
    /// How much was spent, in cents of a New Zealand dollar.
    pub amount_cents: u32,
}

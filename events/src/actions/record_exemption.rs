//! E29: what became of an application for an exemption (R31, R34).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, ExemptionDeclined, ExemptionGranted, ExemptionKind, ExemptionRevoked};
use crate::parts::Nothing;
use crate::refusal::Refusal;

/// Records that an exemption was granted; the case should then be closed (R34).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantExemption {
    /// Which.
    pub exemption: ExemptionKind,
    /// From when it is valid.
    #[serde(deserialize_with = "crate::dates::day")]
    pub from: NaiveDate,
}

/// Records that an exemption was declined: the student stays enrolled and attends (R31).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineExemption {
    /// Which.
    pub exemption: ExemptionKind,
}

/// Records that an exemption was revoked.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeExemption {
    /// Which.
    pub exemption: ExemptionKind,
    /// From when.
    #[serde(deserialize_with = "crate::dates::day")]
    pub from: NaiveDate,
}

impl Action for GrantExemption {
    const NAME: &'static str = "grant-exemption";
    const SUMMARY: &'static str = "Records that an exemption was granted.";
    const RULES: &'static str = "E29, R31, R34, Q21";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = Nothing;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.exemption == Some((self.exemption, self.from)) {
            return Ok(vec![]);
        }
        Ok(vec![ExemptionGranted { exemption: self.exemption, from: self.from }.into()])
    }
}

impl Action for DeclineExemption {
    const NAME: &'static str = "decline-exemption";
    const SUMMARY: &'static str = "Records that an exemption was declined.";
    const RULES: &'static str = "E29, R31, R34";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = Nothing;

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![ExemptionDeclined { exemption: self.exemption }.into()])
    }
}

impl Action for RevokeExemption {
    const NAME: &'static str = "revoke-exemption";
    const SUMMARY: &'static str = "Records that an exemption was revoked.";
    const RULES: &'static str = "E29, R34";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = Nothing;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        match case.exemption {
            Some((held, since)) if held == self.exemption && since <= self.from => {
                Ok(vec![ExemptionRevoked { exemption: self.exemption, from: self.from }.into()])
            }
            _ => Err(Refusal::NoSuchExemption),
        }
    }
}

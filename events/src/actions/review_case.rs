//! E7: the provider reviews a case (M5 asks for reviewed *and* allocated to a case manager).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, CaseReviewed};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records that the case was reviewed.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewCase {
    /// Our opaque id of the reviewer; the person recording it where nobody is named.
    #[serde(default)]
    pub reviewer: Option<Code>,
}

impl Action for ReviewCase {
    const NAME: &'static str = "review";
    const SUMMARY: &'static str = "Records that the case was reviewed.";
    const RULES: &'static str = "E7, M5";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, _: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![CaseReviewed { reviewer: self.reviewer.unwrap_or(at.context.actor.person) }.into()])
    }
}

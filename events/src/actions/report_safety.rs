//! E35, R37: a safety concern goes to Oranga Tamariki under section 19, a risk of harm as a Report of Concern. Both are
//! restricted, and neither is shared.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, OrangaTamarikiReferralMade, ReportOfConcernMade};
use crate::parts::ConcernParts;
use crate::refusal::Refusal;

/// Records that Oranga Tamariki was asked under section 19.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferToOrangaTamariki {}

/// Records that a risk of harm was reported.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportConcern {
    /// Whether the police were told as well.
    #[serde(default)]
    pub police_told: bool,
}

impl Action for ReferToOrangaTamariki {
    const NAME: &'static str = "refer-to-oranga-tamariki";
    const SUMMARY: &'static str = "Records that Oranga Tamariki was asked under section 19.";
    const RULES: &'static str = "E35, R37";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = ConcernParts;

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![OrangaTamarikiReferralMade {}.into()])
    }
}

impl Action for ReportConcern {
    const NAME: &'static str = "report-concern";
    const SUMMARY: &'static str = "Records that a risk of harm was reported to Oranga Tamariki.";
    const RULES: &'static str = "E35, R37";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = ConcernParts;

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        Ok(vec![ReportOfConcernMade { police_told: self.police_told }.into()])
    }
}

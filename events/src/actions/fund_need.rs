//! E34, R35: the fund that the ASP runs meets a basic need: for chronic absence, when the school's own support is
//! exhausted and nobody else pays.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, CaseKind, UnmetNeedFunded};
use crate::ids::Code;
use crate::input::BadInput;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// The most that is spent at once: 10,000 dollars.
const CENTS_MAX: u32 = 1_000_000;

/// Records that the fund met a need that was identified.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundNeed {
    /// Which need.
    pub need: Code,
    /// How much was spent, in cents.
    pub amount_cents: u32,
    /// Whether the school's own support is exhausted.
    pub school_support_exhausted: bool,
    /// Whether other funding exists.
    #[serde(default)]
    pub other_funding: bool,
}

impl Action for FundNeed {
    const NAME: &'static str = "fund-need";
    const SUMMARY: &'static str = "Records that the fund met a basic need.";
    const RULES: &'static str = "E34, R35";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn complete(self, _: &MaybeNote) -> Result<Self, BadInput> {
        if (1..=CENTS_MAX).contains(&self.amount_cents) {
            return Ok(self);
        }
        Err(BadInput::new("/facts/amount_cents", format!("1 to {CENTS_MAX} cents are expected")))
    }

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.in_school {
            return Err(Refusal::FundIsOfTheCatchmentProvider);
        }
        if case.kind != CaseKind::ChronicAbsence {
            return Err(Refusal::FundIsForChronicAbsence);
        }
        if !self.school_support_exhausted {
            return Err(Refusal::SchoolSupportFirst);
        }
        if self.other_funding {
            return Err(Refusal::OtherFundingFirst);
        }
        if !case.needs.contains(&self.need) {
            return Err(Refusal::NeedNotIdentified { need: self.need });
        }
        Ok(vec![UnmetNeedFunded { need: self.need, amount_cents: self.amount_cents }.into()])
    }
}

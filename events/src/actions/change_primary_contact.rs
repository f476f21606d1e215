//! E16: who at the school is asked about the case; a school may change it (A3, T6).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, CaseKind, PrimaryContactChanged};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Names another primary contact at the school; exactly one on a CA case, none on a NEN case.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePrimaryContact {
    /// Our opaque id of the person.
    pub contact: Code,
}

impl Action for ChangePrimaryContact {
    const NAME: &'static str = "change-primary-contact";
    const SUMMARY: &'static str = "Names another primary contact at the school.";
    const RULES: &'static str = "E16, A3, T6";
    const WHO: &'static [Who] = &[Who::CaseSchool, Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if case.kind == CaseKind::NonEnrolment {
            return Err(Refusal::NoPrimaryContactOnNen);
        }
        let before = case.primary_contact(at.today());
        if before == Some(self.contact) {
            return Ok(vec![]);
        }
        Ok(vec![PrimaryContactChanged { before, contact: self.contact }.into()])
    }
}

//! E33, R27: two active cases seem to be of one student; somebody says so, and somebody finds that they are not.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, DualActiveDetected, DualActiveDismissed};
use crate::ids::{CaseId, Version};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Says that another active case seems to be of the same student: both are marked.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportDualActive {
    /// The other case.
    pub other: CaseId,
}

/// Says that the two are of two students.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissDualActive {
    /// The other case.
    pub other: CaseId,
}

impl Action for ReportDualActive {
    const NAME: &'static str = "report-dual-active";
    const SUMMARY: &'static str = "Says that another active case seems to be of the same student.";
    const RULES: &'static str = "E33, R27, K5";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit, Who::ServiceDesk];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = MaybeNote;

    fn other(&self) -> Option<(CaseId, Option<Version>)> {
        Some((self.other, None))
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let pair = at.pair()?;
        if !pair.other.status.is_active() {
            return Err(Refusal::OtherHasEnded);
        }
        if case.suspected.contains(&self.other) {
            return Ok(vec![]);
        }
        Ok(vec![DualActiveDetected { other: self.other, on_purpose: None }.into()])
    }

    fn to_the_other(&self, _: &Case, at: &At<'_>) -> Vec<CaseEvent> {
        let Ok(pair) = at.pair() else { return vec![] };
        if pair.other.suspected.contains(&pair.this_id) {
            return vec![];
        }
        vec![DualActiveDetected { other: pair.this_id, on_purpose: None }.into()]
    }
}

impl Action for DismissDualActive {
    const NAME: &'static str = "dismiss-dual-active";
    const SUMMARY: &'static str = "Says that two cases that seemed to be of one student are not.";
    const RULES: &'static str = "E33, R27";
    const WHO: &'static [Who] = &[Who::ServiceDesk, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = MaybeNote;

    fn other(&self) -> Option<(CaseId, Option<Version>)> {
        Some((self.other, None))
    }

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if !case.suspected.contains(&self.other) {
            return Err(Refusal::NotSuspected);
        }
        Ok(vec![DualActiveDismissed { other: self.other }.into()])
    }

    fn to_the_other(&self, _: &Case, at: &At<'_>) -> Vec<CaseEvent> {
        let Ok(pair) = at.pair() else { return vec![] };
        if !pair.other.suspected.contains(&pair.this_id) {
            return vec![];
        }
        vec![DualActiveDismissed { other: pair.this_id }.into()]
    }
}

//! E28: the student is on a pathway (M9).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, Pathway, PathwayOutcomeRecorded};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records that the student is enrolled, in alternative education, or validly exempt.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordPathway {
    /// Which pathway.
    pub outcome: Pathway,
    /// From when; not after today.
    #[serde(deserialize_with = "crate::dates::day")]
    pub from: NaiveDate,
}

impl Action for RecordPathway {
    const NAME: &'static str = "record-pathway";
    const SUMMARY: &'static str = "Records that the student is enrolled, in alternative education, or validly exempt.";
    const RULES: &'static str = "E28, M9, Q21, R40";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::IfItOccurredBefore;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        at.not_in_the_future("/facts/from", self.from)?;
        let said = PathwayOutcomeRecorded { outcome: self.outcome, from: self.from };
        if case.pathway == Some((self.outcome, self.from)) { Ok(vec![]) } else { Ok(vec![said.into()]) }
    }
}

//! E32, R28: the Service Desk merges two cases that are one, and takes a merge back; both histories stay as they are.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Pair, Who};
use crate::case::Case;
use crate::event::{CaseEvent, CaseMergedInto, CaseUnmerged, CasesMerged, SameStudent};
use crate::ids::{CaseId, Version};
use crate::parts::NoteNeeded;
use crate::refusal::Refusal;

/// Merges another case into this one: this one goes on, the other ends without being closed.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeCases {
    /// The case that goes into this one.
    pub merged: CaseId,
    /// The version of it that was seen.
    #[serde(default)]
    pub merged_version: Option<Version>,
    /// Whether two students' ids were confirmed to be of one student; needed where the cases have two.
    #[serde(default)]
    pub same_student_confirmed: bool,
}

/// Takes a merge back: the other case is what it was before.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmergeCase {
    /// The case that went into this one.
    pub merged: CaseId,
}

impl Action for MergeCases {
    const NAME: &'static str = "merge";
    const SUMMARY: &'static str = "Merges another case into this one.";
    const RULES: &'static str = "E32, R28, R27, R20";
    const WHO: &'static [Who] = &[Who::ServiceDesk];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = NoteNeeded;

    fn other(&self) -> Option<(CaseId, Option<Version>)> {
        Some((self.merged, self.merged_version))
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let pair = at.pair()?;
        let other = pair.other;
        if let Some(into) = case.merged_into {
            return Err(Refusal::CaseIsMerged { into });
        }
        if let Some(into) = other.merged_into {
            return if into == pair.this_id { Ok(vec![]) } else { Err(Refusal::AlreadyMerged { into }) };
        }
        if other.status.is_active() && !case.status.is_active() {
            return Err(Refusal::SurvivorHasEnded);
        }
        if other.pins() > 0 {
            return Err(Refusal::PinnedByRequest { open: other.pins() });
        }
        let same_student = same_student(case, other);
        if same_student.is_some() && !self.same_student_confirmed {
            return Err(Refusal::TwoStudents);
        }
        Ok(vec![CasesMerged { survivor: pair.this_id, merged: self.merged, same_student }.into()])
    }

    fn to_the_other(&self, case: &Case, at: &At<'_>) -> Vec<CaseEvent> {
        let told = |pair: Pair<'_>| {
            CaseMergedInto { survivor: pair.this_id, same_student: same_student(case, pair.other) }.into()
        };
        at.pair().map(told).into_iter().collect()
    }
}

fn same_student(case: &Case, other: &Case) -> Option<SameStudent> {
    (other.student != case.student).then_some(SameStudent { kept: case.student, other: other.student })
}

impl Action for UnmergeCase {
    const NAME: &'static str = "unmerge";
    const SUMMARY: &'static str = "Takes a merge of another case into this one back.";
    const RULES: &'static str = "E32, R28";
    const WHO: &'static [Who] = &[Who::ServiceDesk];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = NoteNeeded;

    fn other(&self) -> Option<(CaseId, Option<Version>)> {
        Some((self.merged, None))
    }

    fn decide(&self, _: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let pair = at.pair()?;
        if pair.other.merged_into != Some(pair.this_id) {
            return Err(Refusal::NotMerged);
        }
        Ok(vec![CaseUnmerged { survivor: pair.this_id, merged: self.merged }.into()])
    }

    fn tells_the_other(&self) -> bool {
        true
    }
}

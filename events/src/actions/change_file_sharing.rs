//! E15: the case owner shares a file with schools, or takes the sharing back (V4, Q30).

use schemars::JsonSchema;
use serde::Deserialize;

use super::sharing;
use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, FileNumber, FileSharingChanged};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Shares a file with schools, or no longer.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeFileSharing {
    /// Which file of the case.
    pub file: FileNumber,
    /// Whether schools may see it from now on.
    pub share_with_schools: bool,
}

impl Action for ChangeFileSharing {
    const NAME: &'static str = "change-file-sharing";
    const SUMMARY: &'static str = "Shares a file with schools, or takes the sharing back.";
    const RULES: &'static str = "E15, V4, Q30";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = MaybeNote;

    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        sharing::owner_alone(case, at)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let file = case.file(self.file).ok_or(Refusal::UnknownFile)?;
        let shared_with_schools = self.share_with_schools;
        if !sharing::changes(file, shared_with_schools, Refusal::SchoolsOwnFile, at)? {
            return Ok(vec![]);
        }
        Ok(vec![FileSharingChanged { file: self.file, shared_with_schools }.into()])
    }
}

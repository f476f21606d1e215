//! E14: the case owner shares a comment with schools, or takes the sharing back (V4, Q30).

use schemars::JsonSchema;
use serde::Deserialize;

use super::sharing;
use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, CommentNumber, CommentSharingChanged};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Shares a comment with schools, or no longer.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCommentSharing {
    /// Which comment of the case.
    pub comment: CommentNumber,
    /// Whether schools may read it from now on.
    pub share_with_schools: bool,
}

impl Action for ChangeCommentSharing {
    const NAME: &'static str = "change-comment-sharing";
    const SUMMARY: &'static str = "Shares a comment with schools, or takes the sharing back.";
    const RULES: &'static str = "E14, V4, Q30";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = MaybeNote;

    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        sharing::owner_alone(case, at)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let comment = case.comment(self.comment).ok_or(Refusal::UnknownComment)?;
        let shared_with_schools = self.share_with_schools;
        if !sharing::changes(comment, shared_with_schools, Refusal::SchoolsOwnComment, at)? {
            return Ok(vec![]);
        }
        Ok(vec![CommentSharingChanged { comment: self.comment, shared_with_schools }.into()])
    }
}

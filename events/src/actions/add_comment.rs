//! E13: a comment by the provider or the school (V2, V4).

use schemars::JsonSchema;
use serde::Deserialize;

use super::sharing;
use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, CommentAdded, CommentNumber};
use crate::parts::NoteNeeded;
use crate::refusal::Refusal;

/// Adds a comment; a provider's is private until the case owner shares it (V4).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddComment {
    /// Whether schools may read it; by default not.
    #[serde(default)]
    pub share_with_schools: bool,
}

impl Action for AddComment {
    const NAME: &'static str = "add-comment";
    const SUMMARY: &'static str = "Adds a comment, by default not shared with schools.";
    const RULES: &'static str = "E13, V1, V2, V4";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::CaseSchool, Who::Cit];
    type Personal = NoteNeeded;

    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        sharing::shared_at_once(self.share_with_schools, case, at)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let by_school = sharing::by_school(case, at)?;
        let comment = next_comment(case)?;
        Ok(vec![CommentAdded { comment, by_school, shared_with_schools: self.share_with_schools || by_school }.into()])
    }
}

fn next_comment(case: &Case) -> Result<CommentNumber, Refusal> {
    let next = u16::try_from(case.comments.len() + 1).map_err(|_| Refusal::TooMany { limit: u16::MAX })?;
    Ok(CommentNumber(next))
}

//! E43: the correction that somebody asked for, in their own words, beside what is held (IPP 7, R40).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{
    CaseEvent, CommentNumber, CorrectionAsker, CorrectionOf, StatementNumber, StatementOfCorrectionAttached,
};
use crate::input::BadInput;
use crate::parts::NoteNeeded;
use crate::refusal::Refusal;

/// Attaches a statement of correction; what it is about stays as it was recorded.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachStatementOfCorrection {
    /// What it is about.
    pub about: CorrectionOf,
    /// The comment it is about, where it is about one.
    #[serde(default)]
    pub comment: Option<CommentNumber>,
    /// Who asked for the correction.
    pub asked_by: CorrectionAsker,
    /// The day it was asked for.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub asked_on: Option<NaiveDate>,
}

impl Action for AttachStatementOfCorrection {
    const NAME: &'static str = "attach-statement-of-correction";
    const SUMMARY: &'static str = "Keeps the correction that somebody asked for with what it is about.";
    const RULES: &'static str = "E43, R40, IPP 7";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit, Who::ServiceDesk];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = NoteNeeded;

    fn complete(self, _: &NoteNeeded) -> Result<Self, BadInput> {
        if self.comment.is_some() && self.about != CorrectionOf::Narrative {
            return Err(BadInput::new("/facts/comment", "a comment is named where the statement is about `narrative`"));
        }
        Ok(self)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if let Some(day) = self.asked_on {
            at.not_in_the_future("/facts/asked_on", day)?;
        }
        if self.comment.is_some_and(|comment| case.comment(comment).is_none()) {
            return Err(Refusal::UnknownComment);
        }
        let next = case.statements.checked_add(1).ok_or(Refusal::TooMany { limit: u16::MAX })?;
        let AttachStatementOfCorrection { about, comment, asked_by, asked_on } = *self;
        let statement = StatementNumber(next);
        Ok(vec![StatementOfCorrectionAttached { statement, about, comment, asked_by, asked_on }.into()])
    }
}

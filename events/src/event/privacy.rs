//! What people are owed about what is held of them: to be told of it (IPP 3A), and their own words beside it (IPP 7).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CommentNumber;
use crate::ids::Code;

/// A statement of correction of one case, counted from 1 in the order of recording.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StatementNumber(pub u16);

/// E43: a statement of the correction that was asked for, kept with what it is about; its text is narrative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatementOfCorrectionAttached {
    /// Which statement of the case it is.
    pub statement: StatementNumber,
    /// What it is about.
    pub about: CorrectionOf,
    /// The comment it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<CommentNumber>,
    /// Who asked for the correction.
    pub asked_by: CorrectionAsker,
    /// The day it was asked for, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_on: Option<NaiveDate>,
}

/// E43: what a statement of correction is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionOf {
    /// Names, birth date.
    Identity,
    /// Addresses, telephone numbers, caregivers.
    Contact,
    /// What is said about health.
    Health,
    /// A comment, a note, a plan.
    Narrative,
    /// What happened and when: a meeting, an absence, a reason.
    Facts,
}

/// E43: who asks for a correction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionAsker {
    /// The student.
    Student,
    /// A parent, a caregiver.
    Caregiver,
    /// Somebody who acts for one of them.
    Representative,
    /// Another person who is told of.
    Other,
}

/// E43: somebody was told that information about the student is held, by whom and what for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PrivacyNoticeGiven {
    /// Who was told.
    pub to: NoticeReceiver,
    /// How.
    pub channel: NoticeChannel,
    /// Which text, by the code of its version.
    pub notice: Code,
}

/// E43: who is given a privacy notice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeReceiver {
    /// The student.
    Student,
    /// A parent, a caregiver.
    Caregiver,
}

/// E43: how a privacy notice is given.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeChannel {
    /// Handed over, or read out.
    InPerson,
    /// By post.
    Letter,
    /// By email or message.
    Email,
    /// By telephone.
    Phone,
}

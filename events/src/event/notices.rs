//! What was sent to whom about a case (domain §1.7); the ledger itself sends nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Position;

/// E41: a notice was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NotificationSent {
    /// To whom.
    pub to: NoticeTo,
    /// What about.
    pub about: KeyAction,
    /// The event it tells of, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Position>,
}

/// E41: whom a notice goes to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeTo {
    /// Who submitted the request.
    Submitter,
    /// The school's primary contact.
    PrimaryContact,
    /// The workflow lead of the provider.
    WorkflowLead,
    /// The case manager.
    CaseManager,
}

/// Q17: what a notice may tell of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyAction {
    /// The request was received.
    RequestReceived,
    /// A comment was shared.
    CommentShared,
    /// A file was shared.
    FileShared,
    /// Another case manager has the case.
    CaseManagerChanged,
    /// A plan was recorded.
    PlanRecorded,
    /// Work rests.
    CasePaused,
    /// The case was closed.
    CaseClosed,
    /// The case was reopened.
    CaseReopened,
    /// The case moved to another provider.
    CaseReallocated,
    /// A student whose case was closed not long ago was referred again (Q3).
    ReferredAgain,
    /// Anything else.
    Other,
}

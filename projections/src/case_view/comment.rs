//! The comments of a case and who could see them when (V2, V4, E14).

use caseledger_events::envelope::Actor;
use caseledger_events::event::CommentNumber;
use caseledger_events::ids::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// One comment; its text is the `note` part of the event at its position.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CommentRow {
    /// Which comment of the case.
    pub number: CommentNumber,
    /// Who wrote it.
    pub by: Actor,
    /// Whether a school wrote it.
    pub by_school: bool,
    /// The school that wrote it, where one did.
    pub school: Option<Code>,
    /// Whether it is shared with schools now (V4).
    pub shared: bool,
    /// Whether a school may see it now: shared, or written by a school (V2).
    pub visible_to_school: bool,
    /// When it was written.
    pub written: Moment,
    /// What was decided about sharing, oldest first; the first is how it was recorded.
    pub sharing: Vec<Sharing>,
}

/// One decision about sharing a comment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Sharing {
    /// Whether schools may read it from then on.
    pub shared: bool,
    /// Who decided.
    pub by: Actor,
    /// When.
    pub at: Moment,
}

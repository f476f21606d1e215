//! The comments of a case and who could see them when (V2, V4, E14).

use caseledger_events::envelope::{Actor, Recorded};
use caseledger_events::event::{CaseEvent, CommentAdded, CommentNumber, CommentSharingChanged};
use caseledger_events::ids::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CasePart;
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

impl CasePart for CommentRow {
    fn key(_: &Recorded<'_>, read: &CaseEvent) -> Option<u64> {
        match read {
            CaseEvent::CommentAdded(CommentAdded { comment, .. })
            | CaseEvent::CommentSharingChanged(CommentSharingChanged { comment, .. }) => Some(u64::from(comment.0)),
            _ => None,
        }
    }

    fn begins(read: &CaseEvent) -> bool {
        matches!(read, CaseEvent::CommentAdded(_))
    }

    fn evolve(row: Option<Self>, event: &Recorded<'_>, read: &CaseEvent) -> Option<Self> {
        match (row, read) {
            (_, CaseEvent::CommentAdded(e)) => Some(written(event, e)),
            (Some(row), CaseEvent::CommentSharingChanged(e)) => Some(shared(row, event, e.shared_with_schools)),
            (row, _) => row,
        }
    }
}

fn written(event: &Recorded<'_>, e: &CommentAdded) -> CommentRow {
    let at = Moment::of(event);
    CommentRow {
        number: e.comment,
        by: event.actor,
        by_school: e.by_school,
        school: e.by_school.then_some(event.actor.organisation),
        shared: e.shared_with_schools,
        visible_to_school: e.shared_with_schools || e.by_school,
        written: at,
        sharing: vec![Sharing { shared: e.shared_with_schools, by: event.actor, at }],
    }
}

fn shared(mut row: CommentRow, event: &Recorded<'_>, shared: bool) -> CommentRow {
    row.shared = shared;
    row.visible_to_school = shared || row.by_school;
    row.sharing.push(Sharing { shared, by: event.actor, at: Moment::of(event) });
    row
}

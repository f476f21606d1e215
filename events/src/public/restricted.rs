//! Which events go out with position and hash alone: some types always, some others by what they tell.
//!
//! That an agency answered is restricted, so what follows from an answer is too: the task to read it (Q33), its end, and
//! that a detailed check was taken back. Otherwise the event after a restricted one would say what it was.

use crate::access::AccessEvent;
use crate::codec::BadFrame;
use crate::envelope::Recorded;
use crate::event::{Broadcast, CaseEvent, FileKind, TaskKind, event_type};
use crate::keys::KeyEvent;
use crate::viewed::{AccessHeadEvent, VIEWED};

/// The types of which some events are restricted.
const BY_WHAT_THEY_TELL: [&str; 5] =
    ["task_added", "task_completed", "calendar_event_added", "information_request_withdrawn", "file_uploaded"];

/// Returns whether every event of this type goes out with position and hash alone; the table of events says which do.
pub fn is_restricted(kind: &str) -> bool {
    event_type(kind).is_some_and(|row| row.broadcast == Broadcast::Restricted)
        || KeyEvent::KINDS.contains(&kind)
        || AccessEvent::KINDS.contains(&kind)
        || AccessHeadEvent::KINDS.contains(&kind)
        || kind == VIEWED
}

/// Returns whether an event goes out with position and hash alone, by its type or by what it tells.
pub fn restricts(event: &Recorded<'_>) -> Result<bool, BadFrame> {
    if is_restricted(event.kind) {
        return Ok(true);
    }
    if !BY_WHAT_THEY_TELL.contains(&event.kind) {
        return Ok(false);
    }
    Ok(CaseEvent::read(event.kind, event.schema, event.facts)?.is_some_and(|read| tells_of_restricted(&read)))
}

/// Returns whether an event tells of immigration, prosecution or a child's safety, by its type or by what it says.
pub fn tells_of_restricted(event: &CaseEvent) -> bool {
    match event {
        CaseEvent::TaskAdded(e) => e.kind == TaskKind::ReadAnswer,
        CaseEvent::TaskCompleted(e) => e.reads_answer,
        CaseEvent::CalendarEventAdded(e) => e.kind == TaskKind::ReadAnswer,
        CaseEvent::InformationRequestWithdrawn(e) => e.detailed,
        CaseEvent::FileUploaded(e) => e.kind == FileKind::OverseasEvidence,
        other => is_restricted(other.kind()),
    }
}

//! Disposal in the case view: everything personal about a student goes, the facts of the cases stay.

use caseledger_events::ids::StudentId;
use rusqlite::Connection;

/// The ids of the personal parts of all cases of a student; the index of names goes with them (see the trigger).
const PARTS: &str = "SELECT p.id FROM case_key k JOIN timeline t ON t.ref = k.ref
    JOIN case_personal p ON p.id BETWEEN t.position * 256 AND t.position * 256 + 255 WHERE k.student = ?1";

/// Deletes the personal parts of a student's cases; returns how many there were.
pub(super) fn student(db: &Connection, student: StudentId) -> rusqlite::Result<usize> {
    let mut statement = db.prepare_cached(&format!("DELETE FROM case_personal WHERE id IN ({PARTS})"))?;
    statement.execute([student.0])
}

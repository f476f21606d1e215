//! The columns lists filter and sort by.

use caseledger_events::event::CaseKind;
use caseledger_events::ids::{Code, StudentId};
use caseledger_projections::case_view::{CaseRow, CaseStatus, Flags};
use chrono::NaiveDate;
use rusqlite::{Connection, params};

use crate::query::Flag;
use crate::store::number;

/// The filter columns of a case, but for the position of its latest event.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    number: u32,
    student: StudentId,
    status: CaseStatus,
    kind: CaseKind,
    provider: Option<Code>,
    manager: Option<Code>,
    catchment: Option<Code>,
    school: Code,
    flags: i64,
    opened_on: NaiveDate,
}

impl Key {
    pub fn of(row: &CaseRow) -> Key {
        Key {
            number: row.number.0,
            student: row.student,
            status: row.status,
            kind: row.kind,
            provider: row.provider,
            manager: row.manager,
            catchment: row.catchment,
            school: row.school,
            flags: flag_bits(&row.flags),
            opened_on: row.opened.occurred_at.auckland(),
        }
    }

    /// Writes the columns of a case, new or known.
    pub fn save(&self, db: &Connection, reference: i64, row: &CaseRow) -> rusqlite::Result<()> {
        let code = |code: &Option<Code>| code.map(|code| code.to_string());
        db.prepare_cached(
            "INSERT INTO case_key VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (ref) DO UPDATE SET
                 number = excluded.number, student = excluded.student, status = excluded.status, kind = excluded.kind,
                 provider = excluded.provider, manager = excluded.manager, catchment = excluded.catchment,
                 school = excluded.school, flags = excluded.flags, opened_on = excluded.opened_on,
                 active_at = excluded.active_at",
        )?
        .execute(params![
            reference,
            row.case.0,
            self.number,
            self.student.0,
            self.status.name(),
            self.kind.name(),
            code(&self.provider),
            code(&self.manager),
            code(&self.catchment),
            self.school.as_str(),
            self.flags,
            self.opened_on.to_string(),
            number(row.last_activity.position),
        ])
        .map(drop)
    }
}

/// Writes the position of a case's latest event, where nothing else changed that lists ask for.
pub(super) fn save_activity(db: &Connection, reference: i64, row: &CaseRow) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached("UPDATE case_key SET active_at = ?2 WHERE ref = ?1")?;
    statement.execute(params![reference, number(row.last_activity.position)]).map(drop)
}

/// Writes where the student is enrolled when.
pub(super) fn save_enrolments(db: &Connection, reference: i64, row: &CaseRow) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM enrolment WHERE ref = ?1")?.execute([reference])?;
    let mut statement = db.prepare_cached("INSERT INTO enrolment VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let ends = row.enrolments.iter().skip(1).map(|next| Some(next.from.to_string())).chain([None]);
    for ((place, enrolment), until) in (0_i64..).zip(&row.enrolments).zip(ends) {
        let school = enrolment.school.map(|school| school.to_string());
        statement.execute(params![reference, place, school, enrolment.from.to_string(), until])?;
    }
    Ok(())
}

/// Returns the bit a flag is stored as.
pub(super) fn flag_bit(flag: Flag) -> i64 {
    match flag {
        Flag::NotLocated => 1,
        Flag::InfoRequestOpen => 1 << 1,
        Flag::CheckPending => 1 << 2,
        Flag::OutOfCountryUnconfirmed => 1 << 3,
        Flag::DualActiveSuspected => 1 << 4,
        Flag::Urgent => 1 << 5,
        Flag::UnmetNeed => 1 << 6,
        Flag::Waitlisted => 1 << 7,
        Flag::Migrated => 1 << 8,
    }
}

fn flag_bits(flags: &Flags) -> i64 {
    let Flags {
        not_located,
        info_request_open,
        check_pending,
        out_of_country_unconfirmed,
        dual_active_suspected,
        urgent,
        unmet_need,
        waitlisted,
        migrated,
    } = *flags;
    [
        (not_located, Flag::NotLocated),
        (info_request_open, Flag::InfoRequestOpen),
        (check_pending, Flag::CheckPending),
        (out_of_country_unconfirmed, Flag::OutOfCountryUnconfirmed),
        (dual_active_suspected, Flag::DualActiveSuspected),
        (urgent, Flag::Urgent),
        (unmet_need, Flag::UnmetNeed),
        (waitlisted, Flag::Waitlisted),
        (migrated, Flag::Migrated),
    ]
    .iter()
    .filter(|(up, _)| *up)
    .fold(0, |bits, (_, flag)| bits | flag_bit(*flag))
}

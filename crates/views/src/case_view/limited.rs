//! Cases of which a grant shows less than the whole: each form names what it shows, and nothing else is there.

use caseledger_events::access::{Grant, Level, OwnRequestState, Preview, Standing};
use caseledger_events::ids::Position;
use caseledger_events::parts::{Contacts, Note, Student};
use caseledger_events::personal::{Group, PartKind};
use caseledger_projections::case_view::{CaseRow, CommentRow, PlanRow, RequestRow, RequestState};
use rusqlite::Connection;

use super::fields::{Fields, whose};
use super::{parts, personal, read};
use crate::documents::*;
use crate::store::AsOf;

/// Returns a case as a grant shows it; `None` where it shows nothing of it.
pub(super) fn case(
    db: &Connection,
    reference: i64,
    standing: &Standing,
    grant: &Grant,
    as_of: AsOf,
) -> rusqlite::Result<Option<ShownCase>> {
    let fields = Fields { db, grant };
    let as_of_position = as_of.position;
    Ok(match grant.level() {
        Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver => {
            Some(ShownCase::Case(Box::new(read::document(db, reference, grant, as_of)?)))
        }
        Level::School => {
            let row = read::by_reference(db, reference)?;
            Some(ShownCase::School(Box::new(SchoolCase {
                student_details: fields.student(row.student_at)?,
                contacts: fields.find(row.contacts_at)?,
                plans: plans(&fields, reference)?,
                comments: comments(&fields, reference)?,
                facts: school_facts(row, standing, grant),
                as_of: as_of_position,
            })))
        }
        Level::OwnRequest => OwnRequestState::of(grant, standing)
            .map(|state| own_request(&fields, reference, state, as_of_position))
            .transpose()?
            .map(|own| ShownCase::OwnRequest(Box::new(own))),
        Level::SharedItems => Some(ShownCase::SharedItems(Box::new(SharedItems {
            student_details: fields.student(read::by_reference(db, reference)?.student_at)?,
            comments: comments(&fields, reference)?,
            facts: brief(standing),
            as_of: as_of_position,
        }))),
        Level::Question => Some(ShownCase::Question(Box::new(Question {
            student_details: fields.student(read::by_reference(db, reference)?.student_at)?,
            requests: questions(&fields, reference)?,
            facts: brief(standing),
            as_of: as_of_position,
        }))),
        Level::Preview => preview(db, reference, standing, grant)?.map(ShownCase::Preview),
        Level::Receipt => None,
    })
}

/// Returns a case as a list shows it; `None` where the list's row shows nothing of it.
pub(super) fn item(
    db: &Connection,
    reference: i64,
    standing: &Standing,
    grant: &Grant,
    day: chrono::NaiveDate,
) -> rusqlite::Result<Option<ShownItem>> {
    let fields = Fields { db, grant };
    Ok(match grant.level() {
        Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver => {
            let mut row = read::row(db, reference, grant)?;
            row.speak_of(day);
            Some(ShownItem::Case(Box::new(CaseItem { student_name: fields.name(row.student_at)?, row })))
        }
        Level::School => {
            let row = read::by_reference(db, reference)?;
            let student_name = fields.name(row.student_at)?;
            Some(ShownItem::School(Box::new(SchoolItem { facts: school_facts(row, standing, grant), student_name })))
        }
        Level::OwnRequest => match OwnRequestState::of(grant, standing) {
            Some(state) => Some(ShownItem::OwnRequest(Box::new(OwnRequestItem {
                student_name: newest(&state, |at| fields.name(Some(at)))?,
                state,
            }))),
            None => None,
        },
        Level::SharedItems | Level::Question => {
            let student_name = fields.name(read::by_reference(db, reference)?.student_at)?;
            let item = BriefItem { facts: brief(standing), student_name };
            Some(match grant.level() {
                Level::Question => ShownItem::Question(Box::new(item)),
                _ => ShownItem::SharedItems(Box::new(item)),
            })
        }
        Level::Preview => preview(db, reference, standing, grant)?.map(ShownItem::Preview),
        Level::Receipt => None,
    })
}

/// What a school is told of a student it has, in facts (Q17).
fn school_facts(mut row: CaseRow, standing: &Standing, grant: &Grant) -> SchoolFacts {
    row.speak_of(grant.decided().on);
    let own = grant.decided().asker.organisation;
    SchoolFacts {
        case: row.case,
        number: row.number,
        kind: row.kind,
        status: row.status,
        enrolled_at: row.enrolled_at,
        primary_contact: row.primary_contact,
        provider: row.provider,
        in_school: row.in_school,
        manager: row.manager,
        allocated: row.allocated,
        assigned: row.assigned,
        own_requests: standing.requests.iter().filter(|sent| sent.school == own).map(|sent| sent.at).collect(),
        closed_because: row.closed_because.and_then(|reason| grant.closed_because(reason)),
    }
}

fn brief(standing: &Standing) -> BriefFacts {
    BriefFacts { case: standing.case, number: standing.number, kind: standing.kind }
}

fn own_request(
    fields: &Fields<'_>,
    reference: i64,
    state: OwnRequestState,
    as_of: Position,
) -> rusqlite::Result<OwnRequest> {
    Ok(OwnRequest {
        student_details: newest(&state, |at| fields.student(Some(at)))?,
        contacts: newest(&state, |at| fields.find::<Contacts>(Some(at)))?,
        comments: comments(fields, reference)?,
        state,
        as_of,
    })
}

/// Reads what the newest of a school's own requests says.
fn newest<T>(
    state: &OwnRequestState,
    read: impl Fn(Position) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Option<T>> {
    state.sent.iter().rev().find_map(|&at| read(at).transpose()).transpose()
}

/// The birth date becomes an age band and goes no further (R16, R17).
fn preview(db: &Connection, reference: i64, standing: &Standing, grant: &Grant) -> rusqlite::Result<Option<Preview>> {
    let student: Option<Student> = match read::by_reference(db, reference)?.student_at {
        Some(at) => personal::find(db, at)?,
        None => None,
    };
    Ok(Preview::of(grant, standing, student.map(|student| *student.birth_date.reveal())))
}

fn plans(fields: &Fields<'_>, reference: i64) -> rusqlite::Result<Vec<Plan>> {
    let rows = parts::all::<PlanRow>(fields.db, reference)?.into_values().rev();
    rows.map(|row| read::plan(fields, row)).collect()
}

/// The comments a school may read, and no word of the others.
fn comments(fields: &Fields<'_>, reference: i64) -> rusqlite::Result<Vec<ReadableComment>> {
    let rows = parts::all::<CommentRow>(fields.db, reference)?.into_values();
    let readable = rows.filter(|row| fields.grant.shows_field(Note::GROUP, &whose(row)));
    readable
        .map(|row| {
            let text = fields.comment(&row)?;
            Ok(ReadableComment { number: row.number, by: row.by, by_school: row.by_school, written: row.written, text })
        })
        .collect()
}

/// What an agency was asked on the case, and answered.
fn questions(fields: &Fields<'_>, reference: i64) -> rusqlite::Result<Vec<AskedRequest>> {
    let rows = parts::all::<RequestRow>(fields.db, reference)?.into_values();
    let mut asked = Vec::new();
    for row in rows {
        // Addressed to it: what another agency was asked is not shown.
        if fields.shows(Group::Narrative, row.opened.position)? {
            let waits = row.state == RequestState::Open;
            let note = fields.find(waits.then_some(row.opened.position))?;
            asked.push(AskedRequest { request: Request { answer: fields.answer(&row)?, row }, note });
        }
    }
    Ok(asked)
}

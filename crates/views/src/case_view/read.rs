//! Reading cases: rows from their stored form, and the whole documents they are joined into.

use std::collections::BTreeMap;

use caseledger_events::access::{Grant, Level, Standing};
use caseledger_events::event::{FileKind, FileNumber, RequestNumber, TaskKind, TaskNumber};
use caseledger_events::ids::{CaseId, Position, Version};
use caseledger_events::parts::Note;
use caseledger_projections::case_view::{
    AgreementRow, CaseFile, CaseRow, CommentRow, PlanRow, RequestRow, RequestState, StatementRow,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::fields::Fields;
use super::{parts, personal, timeline};
use crate::documents::{AgreementWithNote, CaseDocument, CaseThen, Comment, Plan, Request, SharedOf, Statement};
use crate::query::AsAt;
use crate::store::{AsOf, damaged, decode, number};

/// Reads what the keeper holds of a case.
pub(super) fn held(db: &Connection, case: CaseId) -> rusqlite::Result<Option<(i64, CaseRow, Standing)>> {
    let sql = "SELECT ref, row, standing FROM case_key JOIN case_row USING (ref) WHERE case_key.id = ?1";
    let held = |row: &Row<'_>| Ok((row.get(0)?, decode(row, 1)?, decode(row, 2)?));
    db.prepare_cached(sql)?.query_row(params![case.0], held).optional()
}

pub(super) fn by_reference(db: &Connection, reference: i64) -> rusqlite::Result<CaseRow> {
    db.prepare_cached("SELECT row FROM case_row WHERE ref = ?1")?.query_row([reference], |row| decode(row, 0))
}

/// Returns the facts of a case as a grant shows them: all, or those up to a hand-over; restricted ones may be left out.
pub(super) fn row(db: &Connection, reference: i64, grant: &Grant) -> rusqlite::Result<CaseRow> {
    match grant.level() {
        Level::AsAtHandOver => {
            file(db, reference, grant, None)?.0.row.ok_or_else(|| damaged("a history begins no case".to_owned()))
        }
        level => {
            let mut row = by_reference(db, reference)?;
            let asks = !level.shows_restricted() && row.counts.requests > 0;
            let mut requests = if asks { parts::all(db, reference)? } else { BTreeMap::new() };
            leave_out_restricted(&mut row, &mut requests, grant);
            tell_last_shown(db, reference, &mut row, grant, None)?;
            Ok(row)
        }
    }
}

/// Joins a case with everything that belongs to it and the grant shows.
pub(super) fn document(db: &Connection, reference: i64, grant: &Grant, as_of: AsOf) -> rusqlite::Result<CaseDocument> {
    let parts = match grant.level() {
        Level::AsAtHandOver => file(db, reference, grant, None)?.0,
        _ => stored(db, reference)?,
    };
    let document = joined(db, reference, parts, grant, None, as_of)?;
    document.ok_or_else(|| damaged("a history begins no case".to_owned()))
}

/// Joins a case as it was at a moment of the past, as a grant shows it.
pub(super) fn then(
    db: &Connection,
    reference: i64,
    grant: &Grant,
    at: AsAt,
    as_of: AsOf,
) -> rusqlite::Result<CaseThen> {
    let (parts, counted) = file(db, reference, grant, Some(at))?;
    let day = match at {
        AsAt::Position(position) => timeline::day_at(db, position)?.unwrap_or(as_of.day),
        AsAt::Known(time) | AsAt::Happened(time) => time.auckland(),
    };
    let position = counted.last.unwrap_or(Position(0));
    Ok(CaseThen {
        case: joined(db, reference, parts, grant, Some(at), AsOf { position, day })?,
        events: counted.events,
        left_out: counted.left_out,
        last_event: counted.last,
        on: day,
        as_of: as_of.position,
    })
}

/// Joins rows with what was written; `None` where no event began a case.
fn joined(
    db: &Connection,
    reference: i64,
    mut parts: CaseFile,
    grant: &Grant,
    at: Option<AsAt>,
    as_of: AsOf,
) -> rusqlite::Result<Option<CaseDocument>> {
    let Some(mut row) = parts.row else { return Ok(None) };
    let fields = Fields { db, grant };
    leave_out_restricted(&mut row, &mut parts.requests, grant);
    tell_last_shown(db, reference, &mut row, grant, at)?;
    row.speak_of(as_of.day);
    let counted = parts.comments.values().filter(|comment| !comment.by_school);
    let sharing = SharedOf { shared: counted.clone().filter(|comment| comment.shared).count(), of: counted.count() };
    Ok(Some(CaseDocument {
        student_details: fields.student(row.student_at)?,
        contacts: fields.find(row.contacts_at)?,
        plans: parts.plans.into_values().rev().map(|row| plan(&fields, row)).collect::<rusqlite::Result<_>>()?,
        requests: parts.requests.into_values().map(|row| request(&fields, row)).collect::<rusqlite::Result<_>>()?,
        agreements: parts
            .agreements
            .into_values()
            .map(|row| agreement(&fields, row))
            .collect::<rusqlite::Result<_>>()?,
        comments: parts.comments.into_values().map(|row| comment(&fields, row)).collect::<rusqlite::Result<_>>()?,
        sharing,
        statements: row
            .beside
            .statements
            .iter()
            .map(|&row| statement(&fields, row))
            .collect::<rusqlite::Result<_>>()?,
        row,
        as_of: as_of.position,
    }))
}

/// Reads the case and its parts as they are stored.
fn stored(db: &Connection, reference: i64) -> rusqlite::Result<CaseFile> {
    Ok(CaseFile {
        row: Some(by_reference(db, reference)?),
        comments: parts::all(db, reference)?,
        requests: parts::all(db, reference)?,
        plans: parts::all(db, reference)?,
        agreements: parts::all(db, reference)?,
    })
}

/// Which events of those a grant shows a fold of the past took in: others are not told by their number either.
#[derive(Default)]
struct Counted {
    events: u32,
    /// Those the grant shows that came, or happened, after the moment.
    left_out: u32,
    /// The last one taken in.
    last: Option<Position>,
}

/// Folds the case anew: up to a hand-over from what had been told by then, and of that only what counts at a moment of
/// the past where one is asked for.
///
/// Restricted events are folded in as they are in stored rows, whoever asks: what they alone tell is left out
/// afterwards, so that a case of the past says neither more nor less than the case said then.
fn file(db: &Connection, reference: i64, grant: &Grant, at: Option<AsAt>) -> rusqlite::Result<(CaseFile, Counted)> {
    let (mut file, mut counted) = (CaseFile::default(), Counted::default());
    let sql = "SELECT entry FROM timeline WHERE ref = ?1 AND position <= ?2 ORDER BY version";
    let last = match grant.level() {
        Level::AsAtHandOver => grant.until().map_or(0, number),
        _ => i64::MAX,
    };
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![reference, last])?;
    while let Some(row) = rows.next()? {
        let (entry, read) = timeline::stored(row.get_ref(0)?.as_blob()?)?;
        let shown = u32::from(grant.shows_event(&read, &entry.written(&read)));
        if at.is_some_and(|at| !at.counts(entry.position, entry.occurred_at, entry.recorded_at)) {
            counted.left_out += shown;
            continue;
        }
        let parts = personal::carried(db, entry.position)?;
        file.evolve(&entry.recorded(grant.case(), parts), &read);
        counted.events += shown;
        if shown > 0 {
            counted.last = Some(entry.position);
        }
    }
    Ok((file, counted))
}

/// Leaves out what restricted events alone tell, where these are not shown (design §3): that a detailed check was asked
/// for, what was answered, what evidence there is.
fn leave_out_restricted(row: &mut CaseRow, requests: &mut BTreeMap<u64, RequestRow>, grant: &Grant) {
    row.closed_because = row.closed_because.and_then(|reason| grant.closed_because(reason));
    if grant.level().shows_restricted() {
        return;
    }
    requests.retain(|_, request| !request.detailed);
    for request in requests.values_mut() {
        (request.answered, request.whereabouts, request.known_code) = (None, None, None);
    }
    row.flags.info_request_open = requests.values().any(|request| request.state == RequestState::Open);
    row.counts.requests = requests.len() as u16;
    row.beside.files.retain(|file| file.kind != FileKind::OverseasEvidence);
    // Whoever is to read an answer was sent one (Q33).
    row.beside.tasks.retain(|task| task.kind != TaskKind::ReadAnswer);
    row.beside.calendar.retain(|entry| entry.kind != TaskKind::ReadAnswer);
    row.flags.out_of_country_unconfirmed = false;
    leave_out_numbers(row, requests);
}

/// Leaves out what counts restricted events along with others: a gap in the numbers would tell of one.
fn leave_out_numbers(row: &mut CaseRow, requests: &mut BTreeMap<u64, RequestRow>) {
    row.version = Version(0);
    row.open_requests.clear();
    requests.values_mut().for_each(|request| request.number = RequestNumber(0));
    row.beside.tasks.iter_mut().for_each(|task| task.task = TaskNumber(0));
    row.beside.files.iter_mut().for_each(|file| file.file = FileNumber(0));
}

/// Says when the last event was that the grant shows: the time of one that it does not would tell of it.
fn tell_last_shown(
    db: &Connection,
    reference: i64,
    row: &mut CaseRow,
    grant: &Grant,
    at: Option<AsAt>,
) -> rusqlite::Result<()> {
    if !grant.level().shows_restricted() {
        let last = timeline::last_shown(db, reference, grant, at, row.last_activity.position)?;
        row.last_activity = last.unwrap_or(row.opened);
    }
    Ok(())
}

fn request(fields: &Fields<'_>, row: RequestRow) -> rusqlite::Result<Request> {
    Ok(Request { answer: fields.answer(&row)?, row })
}

pub(super) fn plan(fields: &Fields<'_>, row: PlanRow) -> rusqlite::Result<Plan> {
    Ok(Plan { words: fields.find(Some(row.recorded.position))?, row })
}

fn statement(fields: &Fields<'_>, row: StatementRow) -> rusqlite::Result<Statement> {
    let note: Option<Note> = fields.find(Some(row.at))?;
    Ok(Statement { text: note.map(|note| note.text), row })
}

fn agreement(fields: &Fields<'_>, row: AgreementRow) -> rusqlite::Result<AgreementWithNote> {
    Ok(AgreementWithNote { note: fields.find(Some(row.recorded.position))?, row })
}

fn comment(fields: &Fields<'_>, row: CommentRow) -> rusqlite::Result<Comment> {
    Ok(Comment { text: fields.comment(&row)?, row })
}

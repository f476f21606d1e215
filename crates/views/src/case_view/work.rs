//! The work queue: what is to be done on the cases of some lists, urgent first, then by the day it is due.

use std::collections::BTreeMap;

use caseledger_events::access::{Level, Scope};
use caseledger_events::ids::{CaseId, Code};
use caseledger_events::number::CaseNumber;
use caseledger_projections::work_queue::{Work, WorkItem};
use chrono::NaiveDate;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::reach::{self, Reach};
use super::{Fault, access};
use crate::documents::{WorkCount, WorkEntry, WorkPage};
use crate::query::WorkQuery;
use crate::store::{AsOf, damaged};

/// The work of a case as the file holds it, and whether the school asked for urgency (R6).
pub(super) type Stored = (Vec<WorkItem>, bool);

/// Writes the work of a case where it differs from what the file holds.
pub(super) fn save(db: &Connection, reference: i64, stored: &mut Stored, now: Stored) -> rusqlite::Result<()> {
    if *stored == now {
        return Ok(());
    }
    if !stored.0.is_empty() {
        db.prepare_cached("DELETE FROM work WHERE ref = ?1")?.execute([reference])?;
    }
    let mut statement = db.prepare_cached("INSERT INTO work VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
    for item in &now.0 {
        let WorkItem { what, number, due_on, last_on, who } = *item;
        let who = who.map(|who| who.to_string());
        statement.execute(params![reference, what.name(), number, day(due_on), day(last_on), who, now.1])?;
    }
    *stored = now;
    Ok(())
}

const COLUMNS: &str = "work.ref, case_key.id, case_key.number, case_key.provider, case_key.manager, case_key.school, \
    work.what, work.number, work.due_on, work.last_on, work.who, work.urgent";

const ORDER: &str = "work.urgent DESC, work.due_on IS NULL, work.due_on, work.ref, work.what, work.number";

/// Reads the first entries that some lists show, and counts them all.
pub(super) fn page(
    db: &Connection,
    scopes: &[Scope],
    query: &WorkQuery,
    limit: u32,
    as_of: AsOf,
) -> Result<WorkPage, Fault> {
    let mut entries = Vec::new();
    let mut counts: BTreeMap<Work, WorkCount> = BTreeMap::new();
    for (place, scope) in scopes.iter().enumerate() {
        let level = scope.decided().level();
        if !matches!(level, Level::Full | Level::FactsOnly) {
            continue;
        }
        let reach = Reach::of(scope.filter());
        // A case that an earlier list shows more of is that list's.
        let is_asked = place > 0 || !reach.exact;
        let (sql, values) = statement(&reach, level, query, as_of.day);
        let mut statement = db.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(values))?;
        let mut taken = 0;
        while let Some(row) = rows.next()? {
            if is_asked {
                let standing = access::standing(db, row.get(0)?)?;
                if reach::first(scopes, &standing).is_none_or(|(first, _)| first != place) {
                    continue;
                }
            }
            let what = work_of(row)?;
            let is_overdue = day(row, 8)?.is_some_and(|due_on| due_on < as_of.day);
            let count = counts.entry(what).or_insert(WorkCount { what, count: 0, overdue: 0 });
            (count.count, count.overdue) = (count.count + 1, count.overdue + u64::from(is_overdue));
            // Of each list the first ones: more of it cannot come into the page.
            if taken < limit {
                taken += 1;
                entries.push(entry(row, what, is_overdue)?);
            }
        }
    }
    entries.sort_by_key(|entry| (!entry.urgent, entry.due_on.is_none(), entry.due_on, entry.case, entry.what));
    let total = counts.values().map(|count| count.count).sum();
    entries.truncate(limit as usize);
    Ok(WorkPage { items: entries, counts: counts.into_values().collect(), total, on: as_of.day, as_of: as_of.position })
}

fn statement(reach: &Reach, level: Level, query: &WorkQuery, today: NaiveDate) -> (String, Vec<Value>) {
    let (condition, mut values) = reach.condition(true);
    let mut terms = vec![condition];
    let mut add = |term: &str, value: Option<String>| {
        if let Some(value) = value {
            terms.push(term.to_owned());
            values.push(Value::from(value));
        }
    };
    add("case_key.provider = ?", query.provider.map(|code| code.to_string()));
    add("coalesce(work.who, case_key.manager) = ?", query.person.map(|code| code.to_string()));
    add("work.what = ?", query.what.map(|what| what.name().to_owned()));
    add("work.due_on <= ?", query.due_by.map(|day| day.to_string()));
    add("work.due_on < ?", query.overdue.unwrap_or(false).then(|| today.to_string()));
    // Whether an agency was asked for a detailed check is restricted, and a request alone could tell (design §3).
    add("work.what <> ?", (!level.shows_restricted()).then(|| Work::AgencyAnswer.name().to_owned()));
    let text = format!(
        "SELECT {COLUMNS} FROM case_key JOIN work ON work.ref = case_key.ref WHERE {} ORDER BY {ORDER}",
        terms.join(" AND ")
    );
    (text, values)
}

fn work_of(row: &Row<'_>) -> rusqlite::Result<Work> {
    let name = row.get_ref(6)?.as_str()?;
    let known = Work::ALL.into_iter().find(|work| work.name() == name);
    known.ok_or_else(|| damaged("a kind of work is not known".to_owned()))
}

fn entry(row: &Row<'_>, what: Work, overdue: bool) -> rusqlite::Result<WorkEntry> {
    Ok(WorkEntry {
        case: CaseId(row.get(1)?),
        case_number: CaseNumber(row.get(2)?),
        provider: code(row, 3)?,
        manager: code(row, 4)?,
        school: code(row, 5)?,
        what,
        number: row.get(7)?,
        due_on: day(row, 8)?,
        last_on: day(row, 9)?,
        who: code(row, 10)?,
        urgent: row.get(11)?,
        overdue,
        rule: what.rule(),
    })
}

fn code(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Code>> {
    read(row, column)
}

fn day(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<NaiveDate>> {
    read(row, column)
}

fn read<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    let unreadable = || damaged("a stored entry of the work queue cannot be read".to_owned());
    text.map(|text| text.parse().map_err(|_| unreadable())).transpose()
}

//! The work queue: what is to be done on the cases of some lists, urgent first, then by the day it is due.

use std::collections::BTreeMap;

use caseledger_events::access::{Level, Scope};
use caseledger_events::ids::{CaseId, Code};
use caseledger_events::number::CaseNumber;
use caseledger_log::LedgerIdentity;
use caseledger_projections::work_queue::{Work, WorkItem};
use chrono::{Datelike, NaiveDate};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::access;
use super::reach::{self, Reach};
use crate::answering::Fault;
use crate::cursor::ListId;
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

/// Where an entry stands in the queue: urgent first, then by the day it is due, then by the age of the case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Place {
    can_wait: bool,
    has_no_day: bool,
    due_on: Option<NaiveDate>,
    reference: i64,
    what: &'static str,
    number: u32,
}

impl Place {
    fn of(row: &Row<'_>, what: Work) -> rusqlite::Result<Place> {
        let (urgent, due_on): (bool, _) = (row.get(11)?, day(row, 8)?);
        let (reference, number) = (row.get(0)?, row.get(7)?);
        Ok(Place { can_wait: !urgent, has_no_day: due_on.is_none(), due_on, reference, what: what.name(), number })
    }

    fn to_bytes(self) -> [u8; 18] {
        let mut bytes = [0; 18];
        bytes[0] = u8::from(self.can_wait);
        // Day 0 is none: days are counted from the first of the first year.
        bytes[1..5].copy_from_slice(&self.due_on.map_or(0, |day| day.num_days_from_ce()).to_be_bytes());
        bytes[5..13].copy_from_slice(&self.reference.to_be_bytes());
        bytes[13] = Work::ALL.iter().position(|work| work.name() == self.what).map_or(u8::MAX, |at| at as u8);
        bytes[14..].copy_from_slice(&self.number.to_be_bytes());
        bytes
    }

    /// Reads one back; a forged one stands somewhere, which tells nothing that the list does not.
    fn from_bytes(bytes: [u8; 18]) -> Place {
        let (flags, rest) = bytes.split_at(1);
        let (day, rest) = rest.split_at(4);
        let (reference, rest) = rest.split_at(8);
        let (what, number) = rest.split_at(1);
        let day = i32::from_be_bytes(day.try_into().expect("four bytes were split off"));
        let due_on = NaiveDate::from_num_days_from_ce_opt(day).filter(|_| day != 0);
        Place {
            can_wait: flags[0] != 0,
            has_no_day: due_on.is_none(),
            due_on,
            reference: i64::from_be_bytes(reference.try_into().expect("eight bytes were split off")),
            what: Work::ALL.get(usize::from(what[0])).map_or("", |work| work.name()),
            number: u32::from_be_bytes(number.try_into().expect("four bytes are left")),
        }
    }
}

/// Reads one page of the entries that some lists show, and counts them all.
pub(super) fn page(
    db: &Connection,
    identity: LedgerIdentity,
    scopes: &[Scope],
    query: &WorkQuery,
    limit: u32,
    as_of: AsOf,
) -> Result<WorkPage, Fault> {
    let list = list_id(identity, scopes, query);
    let after = query.cursor.as_deref().map(|cursor| list.key_bytes(cursor)).transpose()?.map(Place::from_bytes);
    let limit = limit as usize;
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
            let stands = Place::of(row, what)?;
            let is_overdue = stands.due_on.is_some_and(|due_on| due_on < as_of.day);
            let count = counts.entry(what).or_insert(WorkCount { what, count: 0, overdue: 0 });
            (count.count, count.overdue) = (count.count + 1, count.overdue + u64::from(is_overdue));
            // Of each list the page and one more: more of it cannot come into the page.
            if taken <= limit && after.is_none_or(|after| after < stands) {
                taken += 1;
                // A gap in the numbers would tell of a task that is not shown.
                let number = if level.shows_restricted() { stands.number } else { 0 };
                entries.push((stands, WorkEntry { number, ..entry(row, what, is_overdue)? }));
            }
        }
    }
    entries.sort_unstable_by_key(|(stands, _)| *stands);
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok(WorkPage {
        next: entries.last().filter(|_| more).map(|(last, _)| list.cursor_of(&last.to_bytes())),
        items: entries.into_iter().map(|(_, entry)| entry).collect(),
        total: counts.values().map(|count| count.count).sum(),
        counts: counts.into_values().collect(),
        on: as_of.day,
        as_of: as_of.position,
    })
}

/// A cursor belongs to the asker's lists and the filters, not to a page or its size.
fn list_id(identity: LedgerIdentity, scopes: &[Scope], query: &WorkQuery) -> ListId {
    let filters = WorkQuery { cursor: None, limit: None, ..query.clone() };
    let what = serde_json::to_string(&filters).expect("a query is plain data");
    let asker = scopes.first().map(|scope| scope.decided().asker);
    let whose = asker.map(|asker| format!("{} {} {}", asker.person, asker.role.name(), asker.organisation));
    ListId::of(identity, &format!("work {} {what}", whose.unwrap_or_default()))
}

fn statement(reach: &Reach, level: Level, query: &WorkQuery, today: NaiveDate) -> (String, Vec<Value>) {
    let (condition, mut values) = reach.condition(true, true);
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
    for work in Work::ALL.into_iter().filter(|work| work.tells_of_restricted() && !level.shows_restricted()) {
        add("work.what <> ?", Some(work.name().to_owned()));
    }
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

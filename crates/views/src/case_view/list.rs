//! Lists of cases: filters, order, pages.

use caseledger_events::ids::Code;
use caseledger_log::LedgerIdentity;
use caseledger_projections::case_view::CaseStatus;
use chrono::NaiveDate;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::key::{flag_bit, kind_name, status_name};
use super::{Fault, read};
use crate::cursor::ListId;
use crate::documents::CasePage;
use crate::query::{CaseQuery, Sort};
use crate::store::AsOf;

/// Every status, to go through cases by activity one status at a time.
const STATUSES: [CaseStatus; 5] =
    [CaseStatus::Notified, CaseStatus::NotReferred, CaseStatus::Allocated, CaseStatus::Active, CaseStatus::Closed];

const ENROLLED: &str = "ref IN (SELECT ref FROM enrolment
    WHERE school = ? AND from_on <= ? AND (until_on IS NULL OR until_on > ?))";

/// The part of a statement that filters, with its values.
#[derive(Clone, Default)]
struct Filter {
    terms: Vec<&'static str>,
    values: Vec<Value>,
}

impl Filter {
    /// Returns what a query filters by, but for the status; `today` judges enrolment where the query says no day.
    fn of(query: &CaseQuery, today: NaiveDate) -> Filter {
        let mut filter = Filter::default();
        let code = |code: &Option<Code>| code.map(|code| code.to_string());
        filter.add("provider = ?", code(&query.provider));
        filter.add("school = ?", code(&query.school));
        filter.add("manager = ?", code(&query.manager));
        filter.add("catchment = ?", code(&query.catchment));
        filter.add("student = ?", query.student.map(|student| student.0.to_vec()));
        if let Some(school) = query.enrolled_at {
            let on = query.on.unwrap_or(today).to_string();
            filter.terms.push(ENROLLED);
            filter.values.extend([Value::from(school.to_string()), Value::from(on.clone()), Value::from(on)]);
        }
        filter.add("kind = ?", query.kind.map(|kind| kind_name(kind).to_owned()));
        filter.add("flags & ? <> 0", query.flag.map(flag_bit));
        filter.add("opened_on >= ?", query.opened_from.map(|day| day.to_string()));
        filter.add("opened_on <= ?", query.opened_to.map(|day| day.to_string()));
        filter
    }

    fn add(&mut self, term: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.terms.push(term);
            self.values.push(value.into());
        }
    }

    /// Adds the status. Where another filter leaves few cases SQLite is kept from going through a status instead.
    fn status(mut self, status: Option<CaseStatus>, few: bool) -> Filter {
        let term = if few { "+status = ?" } else { "status = ?" };
        self.add(term, status.map(|status| status_name(status).to_owned()));
        self
    }

    fn text(&self) -> String {
        let terms: Vec<String> = self.terms.iter().map(|term| format!("({term})")).collect();
        if terms.is_empty() { String::new() } else { format!(" WHERE {}", terms.join(" AND ")) }
    }
}

/// Returns whether a filter of the query leaves few cases, so that these are found first and sorted then.
fn leaves_few(query: &CaseQuery) -> bool {
    let CaseQuery { provider, school, manager, catchment, enrolled_at, student, .. } = query;
    [provider, school, manager, catchment, enrolled_at].iter().any(|code| code.is_some()) || student.is_some()
}

/// Reads one page; a cursor is the key of the last case shown.
pub(super) fn page(
    db: &Connection,
    identity: LedgerIdentity,
    query: &CaseQuery,
    limit: u32,
    as_of: AsOf,
) -> Result<CasePage, Fault> {
    let list = list_id(identity, query);
    let after = query.cursor.as_deref().map(|cursor| list.key(cursor)).transpose()?;
    let (filter, few) = (Filter::of(query, as_of.day), leaves_few(query));
    let by_activity = matches!(query.sort, Sort::ActivityNewest | Sort::ActivityOldest);
    let mut keys = Vec::new();
    if by_activity && query.status.is_none() && !few {
        for status in STATUSES {
            keys.extend(page_keys(db, filter.clone().status(Some(status), few), query.sort, after, limit)?);
        }
        keys.sort_unstable_by_key(|&(_, key)| if query.sort == Sort::ActivityNewest { -key } else { key });
    } else {
        keys = page_keys(db, filter.clone().status(query.status, few), query.sort, after, limit)?;
    }
    let more = keys.len() > limit as usize;
    keys.truncate(limit as usize);
    let day = query.on.unwrap_or(as_of.day);
    let items = keys.iter().map(|(reference, _)| read::item(db, read::by_reference(db, *reference)?, day));
    Ok(CasePage {
        items: items.collect::<rusqlite::Result<_>>()?,
        next: keys.last().filter(|_| more).map(|(_, key)| list.cursor(key.cast_unsigned())),
        total: count(db, filter.status(query.status, few))?,
        as_of: as_of.position,
    })
}

fn count(db: &Connection, filter: Filter) -> rusqlite::Result<u64> {
    let text = format!("SELECT count(*) FROM case_key{}", filter.text());
    let count: i64 = db.prepare_cached(&text)?.query_row(params_from_iter(&filter.values), |row| row.get(0))?;
    Ok(count.cast_unsigned())
}

/// Returns reference and sort key of the cases of a page, and of one more where there is one.
fn page_keys(
    db: &Connection,
    mut filter: Filter,
    sort: Sort,
    after: Option<u64>,
    limit: u32,
) -> rusqlite::Result<Vec<(i64, i64)>> {
    let (key, beyond, order) = match sort {
        Sort::OpenedNewest => ("ref", "ref < ?", "ref DESC"),
        Sort::OpenedOldest => ("ref", "ref > ?", "ref"),
        Sort::ActivityNewest => ("active_at", "active_at < ?", "active_at DESC"),
        Sort::ActivityOldest => ("active_at", "active_at > ?", "active_at"),
    };
    // Positions stay far below 2^63; a forged cursor past it ends the list.
    filter.add(beyond, after.map(|key| i64::try_from(key).unwrap_or(i64::MAX)));
    let text = format!("SELECT ref, {key} FROM case_key{} ORDER BY {order} LIMIT ?", filter.text());
    filter.values.push(Value::from(i64::from(limit) + 1));
    let mut statement = db.prepare_cached(&text)?;
    let rows = statement.query_map(params_from_iter(&filter.values), |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// A cursor belongs to the filters and the order it was made with, not to a page or its size.
fn list_id(identity: LedgerIdentity, query: &CaseQuery) -> ListId {
    let filters = CaseQuery { cursor: None, limit: None, ..query.clone() };
    let what = serde_json::to_string(&filters).expect("a query is plain data");
    ListId::of(identity, &format!("cases {what}"))
}

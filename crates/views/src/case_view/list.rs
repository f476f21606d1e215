//! Lists of cases: filters, order, pages.

use caseledger_log::LedgerIdentity;
use chrono::NaiveDate;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::key::{flag_bit, kind_name, status_name};
use super::{Fault, read};
use crate::cursor::ListId;
use crate::documents::CasePage;
use crate::query::{CaseQuery, Sort};
use crate::store::AsOf;

/// The part of a statement that filters, with its values.
#[derive(Default)]
struct Filter {
    terms: Vec<&'static str>,
    values: Vec<Value>,
}

impl Filter {
    fn add(&mut self, term: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.terms.push(term);
            self.values.push(value.into());
        }
    }

    fn text(&self) -> String {
        let terms: Vec<String> = self.terms.iter().map(|term| format!("({term})")).collect();
        if terms.is_empty() { String::new() } else { format!(" WHERE {}", terms.join(" AND ")) }
    }
}

const ENROLLED: &str = "ref IN (SELECT ref FROM enrolment
    WHERE school = ? AND from_on <= ? AND (until_on IS NULL OR until_on > ?))";

fn filter(query: &CaseQuery, today: NaiveDate) -> Filter {
    let mut filter = Filter::default();
    let code = |code: &Option<caseledger_events::ids::Code>| code.map(|code| code.to_string());
    filter.add("provider = ?", code(&query.provider));
    filter.add("school = ?", code(&query.school));
    filter.add("manager = ?", code(&query.manager));
    filter.add("catchment = ?", code(&query.catchment));
    filter.add("status = ?", query.status.map(|status| status_name(status).to_owned()));
    filter.add("kind = ?", query.kind.map(|kind| kind_name(kind).to_owned()));
    filter.add("flags & ? <> 0", query.flag.map(flag_bit));
    filter.add("opened_on >= ?", query.opened_from.map(|day| day.to_string()));
    filter.add("opened_on <= ?", query.opened_to.map(|day| day.to_string()));
    if let Some(school) = query.enrolled_at {
        let on = query.on.unwrap_or(today).to_string();
        filter.terms.push(ENROLLED);
        filter.values.extend([Value::from(school.to_string()), Value::from(on.clone()), Value::from(on)]);
    }
    filter.add("student = ?", query.student.map(|student| student.0.to_vec()));
    filter
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
    let mut filter = filter(query, as_of.day);
    let total = db
        .prepare_cached(&format!("SELECT count(*) FROM case_key{}", filter.text()))?
        .query_row(params_from_iter(&filter.values), |row| row.get::<_, i64>(0))?;
    let (key, beyond, order) = match query.sort {
        Sort::OpenedNewest => ("ref", "ref < ?", "ref DESC"),
        Sort::OpenedOldest => ("ref", "ref > ?", "ref"),
        Sort::ActivityNewest => ("active_at", "active_at < ?", "active_at DESC"),
        Sort::ActivityOldest => ("active_at", "active_at > ?", "active_at"),
    };
    let after = query.cursor.as_deref().map(|cursor| list.key(cursor)).transpose()?;
    // Positions stay far below 2^63; a forged cursor past it ends the list.
    filter.add(beyond, after.map(|key| i64::try_from(key).unwrap_or(i64::MAX)));
    let text = format!("SELECT ref, {key} FROM case_key{} ORDER BY {order} LIMIT {}", filter.text(), limit + 1);
    let mut statement = db.prepare_cached(&text)?;
    let rows = statement.query_map(params_from_iter(&filter.values), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut rows = rows.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|(_, key)| list.cursor(key.cast_unsigned()));
    let day = query.on.unwrap_or(as_of.day);
    let items = rows.iter().map(|(reference, _)| read::item(db, read::by_reference(db, *reference)?, day));
    Ok(CasePage {
        items: items.collect::<rusqlite::Result<_>>()?,
        next,
        total: total.cast_unsigned(),
        as_of: as_of.position,
    })
}

/// A cursor belongs to the filters and the order it was made with, not to a page or its size.
fn list_id(identity: LedgerIdentity, query: &CaseQuery) -> ListId {
    let filters = CaseQuery { cursor: None, limit: None, ..query.clone() };
    let what = serde_json::to_string(&filters).expect("a query is plain data");
    ListId::of(identity, &format!("cases {what}"))
}

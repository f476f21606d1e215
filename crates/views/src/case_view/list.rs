//! Lists of cases: filters, order, pages.

use std::cmp::Reverse;

use caseledger_events::access::Scope;
use caseledger_events::ids::Code;
use caseledger_log::LedgerIdentity;
use caseledger_projections::case_view::CaseStatus;
use chrono::NaiveDate;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::key::flag_bit;
use super::reach::{self, Reach};
use super::{access, limited};
use crate::answering::Fault;
use crate::cursor::ListId;
use crate::documents::{CasePage, ShownItem};
use crate::query::{CaseQuery, Sort};
use crate::store::AsOf;

/// Every status, to go through cases by activity one status at a time.
const STATUSES: [CaseStatus; 7] = [
    CaseStatus::Notified,
    CaseStatus::NotReferred,
    CaseStatus::Allocated,
    CaseStatus::Active,
    CaseStatus::Paused,
    CaseStatus::Merged,
    CaseStatus::Closed,
];

const ENROLLED: &str = "case_key.ref IN (SELECT ref FROM enrolment
    WHERE school = ? AND from_on <= ? AND (until_on IS NULL OR until_on > ?))";

/// The part of a statement that filters, with its values.
#[derive(Clone, Default)]
struct Terms {
    terms: Vec<String>,
    values: Vec<Value>,
}

impl Terms {
    /// Returns what a query filters by, but for status and provider; `today` judges enrolment where it says no day.
    fn of(query: &CaseQuery, today: NaiveDate) -> Terms {
        let mut terms = Terms::default();
        let code = |code: &Option<Code>| code.map(|code| code.to_string());
        terms.add("school = ?", code(&query.school));
        terms.add("manager = ?", code(&query.manager));
        terms.add("catchment = ?", code(&query.catchment));
        terms.add("student = ?", query.student.map(|student| student.0.to_vec()));
        if let Some(school) = query.enrolled_at {
            let on = query.on.unwrap_or(today).to_string();
            terms.terms.push(ENROLLED.to_owned());
            terms.values.extend([Value::from(school.to_string()), Value::from(on.clone()), Value::from(on)]);
        }
        terms.add("kind = ?", query.kind.map(|kind| kind.name().to_owned()));
        terms.add("flags & ? <> 0", query.flag.map(flag_bit));
        terms.add("opened_on >= ?", query.opened_from.map(|day| day.to_string()));
        terms.add("opened_on <= ?", query.opened_to.map(|day| day.to_string()));
        terms
    }

    fn add(&mut self, term: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.terms.push(term.to_owned());
            self.values.push(value.into());
        }
    }

    /// Adds status and provider. Where another filter leaves few cases SQLite is kept from going through these instead.
    fn of_index(mut self, query: &CaseQuery, status: Option<CaseStatus>, way: Way) -> Terms {
        let [status_is, provider_is] = match way {
            Way::Few => ["+status = ?", "+provider = ?"],
            Way::Holder | Way::Whole => ["status = ?", "provider = ?"],
        };
        self.add(status_is, status.map(|status| status.name().to_owned()));
        self.add(provider_is, query.provider.map(|provider| provider.to_string()));
        self
    }

    fn text(&self) -> String {
        let terms = self.terms.iter().filter(|term| *term != reach::ANY).map(|term| format!("({term})"));
        let terms: Vec<String> = terms.collect();
        if terms.is_empty() { String::new() } else { format!(" WHERE {}", terms.join(" AND ")) }
    }
}

/// What the cases of a page are found by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A filter that leaves few: these are found first and sorted then.
    Few,
    /// Who holds them, whose cases of a status lie in the order of activity.
    Holder,
    /// Nothing: all cases in the order asked for, until the page is full.
    Whole,
}

/// One list as it is read: the query and what the list's row lets through.
struct List<'a> {
    db: &'a Connection,
    scopes: &'a [Scope],
    place: usize,
    reach: Reach,
    query: &'a CaseQuery,
    today: NaiveDate,
    sort: Sort,
    /// Whether the flag asked for may be up for what the list does not show.
    looks_behind: bool,
}

/// A case of a page: its sort key, its place in the file.
type Entry = (i64, i64);

impl List<'_> {
    /// Returns the keys of a page and one more, of the cases that are this list's.
    fn page_keys(&self, after: Option<u64>, limit: usize) -> rusqlite::Result<Vec<Entry>> {
        let by_activity = matches!(self.sort, Sort::ActivityNewest | Sort::ActivityOldest);
        if by_activity && self.query.status.is_none() && self.way() != Way::Few {
            let mut keys = Vec::new();
            for status in STATUSES {
                keys.extend(self.keys(Some(status), after, limit)?);
            }
            return Ok(keys);
        }
        self.keys(self.query.status, after, limit)
    }

    fn keys(&self, status: Option<CaseStatus>, after: Option<u64>, limit: usize) -> rusqlite::Result<Vec<Entry>> {
        let (table, opening, mut terms) = self.source(status);
        let mut query = Terms::of(self.query, self.today).of_index(self.query, status, self.way());
        let (key, beyond, order) = match self.sort {
            Sort::OpenedNewest => (opening, "<", "DESC"),
            Sort::OpenedOldest => (opening, ">", "ASC"),
            Sort::ActivityNewest => ("active_at", "<", "DESC"),
            Sort::ActivityOldest => ("active_at", ">", "ASC"),
        };
        // Positions stay far below 2^63; a forged cursor past it ends the list.
        query.add(&format!("{key} {beyond} ?"), after.map(|key| i64::try_from(key).unwrap_or(i64::MAX)));
        terms.terms.append(&mut query.terms);
        terms.values.append(&mut query.values);
        // A holder's cases are found and sorted, never looked for among all cases in their order.
        let sorted = if self.way() == Way::Holder && key == "case_key.ref" { "+" } else { "" };
        let text = format!("SELECT {key}, case_key.ref FROM {table}{} ORDER BY {sorted}{key} {order}", terms.text());
        let mut statement = self.db.prepare_cached(&text)?;
        let mut rows = statement.query(params_from_iter(&terms.values))?;
        let mut keys = Vec::new();
        while keys.len() <= limit
            && let Some(row) = rows.next()?
        {
            let reference = row.get(1)?;
            if self.is_told_by_keys() || self.is_first(reference)? {
                keys.push((row.get(0)?, reference));
            }
        }
        Ok(keys)
    }

    fn way(&self) -> Way {
        let holder = self.reach.holder.or(self.query.provider);
        match (leaves_few(self.query), holder, &self.reach.one_of) {
            (true, _, _) => Way::Few,
            (false, Some(_), _) => Way::Holder,
            (false, None, Some(_)) => Way::Few,
            (false, None, None) => Way::Whole,
        }
    }

    /// Returns the tables to read, the column that orders by opening, and the terms of the reach.
    fn source(&self, status: Option<CaseStatus>) -> (&'static str, &'static str, Terms) {
        // Cases of a holder are found by its column, but for the order of opening over every status.
        let by_column = self.reach.holder.is_some()
            && (status.is_some() || matches!(self.sort, Sort::ActivityNewest | Sort::ActivityOldest));
        let one_key = match self.reach.one_of.as_deref() {
            Some([key]) if !leaves_few(self.query) && self.query.provider.is_none() && !by_column => Some(key.clone()),
            _ => None,
        };
        // One list's keys stand in the order of opening: a page is read from the index and no more.
        let (table, opening) = match one_key {
            Some(_) => ("access_key AS own CROSS JOIN case_key ON case_key.ref = own.ref", "own.ref"),
            None => ("case_key", "case_key.ref"),
        };
        let mut terms = Terms::default();
        let (condition, values) = self.reach.condition(one_key.is_none(), self.way() != Way::Few);
        terms.add("own.key = ?", one_key);
        terms.terms.push(condition);
        terms.values.extend(values);
        (table, opening, terms)
    }

    /// Returns whether what a case is found by says all there is to ask: that it is in this list, and none comes before.
    fn is_told_by_keys(&self) -> bool {
        self.place == 0 && self.reach.exact && !self.looks_behind
    }

    /// Returns whether a case found belongs in this list and in none before it.
    fn is_first(&self, reference: i64) -> rusqlite::Result<bool> {
        let standing = access::standing(self.db, reference)?;
        if self.looks_behind && !standing.waits_for_an_agency() {
            return Ok(false);
        }
        Ok(reach::first(self.scopes, &standing).is_some_and(|(place, _)| place == self.place))
    }

    /// Counts the cases that are this list's, apart from those of the lists `before` it.
    fn count(&self, before: &[Scope]) -> rusqlite::Result<u64> {
        let way = self.way();
        let mut terms = Terms::of(self.query, self.today).of_index(self.query, self.query.status, way);
        let before: Vec<Reach> = before.iter().map(|scope| Reach::of(scope.filter())).collect();
        let exact = self.reach.exact && !self.looks_behind && before.iter().all(|reach| reach.exact);
        let (condition, values) = self.reach.condition(true, way != Way::Few);
        terms.terms.push(condition);
        terms.values.extend(values);
        for reach in before.iter().filter(|_| exact) {
            let (condition, values) = reach.condition(true, false);
            terms.terms.push(format!("NOT ({condition})"));
            terms.values.extend(values);
        }
        let text = |what: &str| format!("SELECT {what} FROM case_key{}", terms.text());
        if exact {
            let mut statement = self.db.prepare_cached(&text("count(*)"))?;
            let count: i64 = statement.query_row(params_from_iter(&terms.values), |row| row.get(0))?;
            return Ok(count.cast_unsigned());
        }
        let mut statement = self.db.prepare_cached(&text("case_key.ref"))?;
        let mut rows = statement.query(params_from_iter(&terms.values))?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += u64::from(self.is_first(row.get(0)?)?);
        }
        Ok(count)
    }
}

/// Returns whether a filter of the query leaves few cases.
fn leaves_few(query: &CaseQuery) -> bool {
    let CaseQuery { school, manager, catchment, enrolled_at, student, .. } = query;
    [school, manager, catchment, enrolled_at].iter().any(|code| code.is_some()) || student.is_some()
}

/// Reads one page; a cursor is the key of the last case shown.
pub(super) fn page(
    db: &Connection,
    identity: LedgerIdentity,
    scopes: &[Scope],
    query: &CaseQuery,
    limit: u32,
    as_of: AsOf,
) -> Result<CasePage, Fault> {
    let list = list_id(identity, scopes, query);
    let after = query.cursor.as_deref().map(|cursor| list.key(cursor)).transpose()?;
    let limit = limit as usize;
    let (mut keys, mut total) = (Vec::new(), 0);
    let is_left_out = |scope: &Scope| !reach::shows_filters(scope.decided().level(), query);
    let looks_behind = |scope: &Scope| reach::looks_behind(scope.decided().level(), query);
    let is_whole = !scopes.iter().any(|scope| is_left_out(scope) || looks_behind(scope));
    for place in 0..scopes.len() {
        let level = scopes[place].decided().level();
        if is_left_out(&scopes[place]) {
            continue;
        }
        let sort = if reach::shows_activity(level) { query.sort } else { by_opening(query.sort) };
        let reach = Reach::of(scopes[place].filter());
        let looks_behind = looks_behind(&scopes[place]);
        let list = List { db, scopes, place, reach, query, today: as_of.day, sort, looks_behind };
        keys.extend(list.page_keys(after, limit)?);
        // All cases are as many, whichever of the lists shows each.
        total = match is_whole && list.reach.is_all() {
            true => list.count(&[])?,
            false => total + list.count(&scopes[..place])?,
        };
    }
    match query.sort {
        Sort::OpenedNewest | Sort::ActivityNewest => keys.sort_unstable_by_key(|&(key, _)| Reverse(key)),
        Sort::OpenedOldest | Sort::ActivityOldest => keys.sort_unstable_by_key(|&(key, _)| key),
    }
    let more = keys.len() > limit;
    keys.truncate(limit);
    let day = query.on.unwrap_or(as_of.day);
    let mut items = Vec::with_capacity(keys.len());
    for &(_, reference) in &keys {
        items.extend(item(db, scopes, reference, day)?);
    }
    Ok(CasePage {
        items,
        next: keys.last().filter(|_| more).map(|(key, _)| list.cursor(key.cast_unsigned())),
        total,
        as_of: as_of.position,
    })
}

/// Shows a case as the first of the lists that has it does.
pub(super) fn item(
    db: &Connection,
    scopes: &[Scope],
    reference: i64,
    day: NaiveDate,
) -> rusqlite::Result<Option<ShownItem>> {
    let standing = access::standing(db, reference)?;
    let grant = reach::first(scopes, &standing).and_then(|(_, scope)| scope.grant(&standing));
    match grant {
        Some(grant) => limited::item(db, reference, &standing, &grant, day),
        None => Ok(None),
    }
}

/// When something last happened is not told by the order either, where it is not shown.
fn by_opening(sort: Sort) -> Sort {
    match sort {
        Sort::ActivityNewest => Sort::OpenedNewest,
        Sort::ActivityOldest => Sort::OpenedOldest,
        sort => sort,
    }
}

/// A cursor belongs to the lists, the filters and the order it was made with, not to a page or its size.
fn list_id(identity: LedgerIdentity, scopes: &[Scope], query: &CaseQuery) -> ListId {
    let filters = CaseQuery { cursor: None, limit: None, ..query.clone() };
    let what = serde_json::to_string(&filters).expect("a query is plain data");
    let asker = scopes.first().map(|scope| scope.decided().asker);
    let whose = asker.map(|asker| format!("{} {} {}", asker.person, asker.role.name(), asker.organisation));
    ListId::of(identity, &format!("cases {} {what}", whose.unwrap_or_default()))
}

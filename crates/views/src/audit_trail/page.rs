//! Pages of the audit trail.

use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::ids::{CorrelationId, Position, StreamId};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use super::document::{ActItem, ActPage, ActQuery};
use crate::store::{AsOf, damaged, number, position_of};

const COLUMNS: &str = "act.position, act.recorded_at, act.occurred_on, who.person, who.role, who.organisation,
    act.on_behalf_of, target.stream, what.kind, act.request";

const TABLES: &str = "act JOIN who ON who.id = act.who JOIN target ON target.id = act.target
    JOIN what ON what.id = act.what";

/// Reads the acts after a position that a query lets through, oldest first.
pub(super) fn page(
    db: &Connection,
    query: &ActQuery,
    shows_restricted: bool,
    as_of: AsOf,
) -> rusqlite::Result<ActPage> {
    let limit = query.limit as usize;
    let first = match query.since {
        Some(since) => first_since(db, since, as_of.position)?.max(query.after.next()),
        None => query.after.next(),
    };
    let mut terms = vec!["act.position >= ?".to_owned()];
    let mut values = vec![Value::from(number(first))];
    if let Some(until) = query.until {
        terms.push("act.position < ?".to_owned());
        values.push(Value::from(number(first_since(db, until, as_of.position)?)));
    }
    let mut add = |term: &str, given: Vec<String>| {
        if !given.is_empty() {
            terms.push(term.to_owned());
            values.extend(given.into_iter().map(Value::from));
        }
    };
    let one = |text: Option<String>| text.into_iter().collect::<Vec<_>>();
    add(
        "act.target = (SELECT id FROM target WHERE stream = ?)",
        one(query.case.map(|case| StreamId::Case(case).to_string())),
    );
    let person = query.person.map(|person| person.to_string());
    add(
        "(act.who IN (SELECT id FROM who WHERE person = ?) OR act.on_behalf_of = ?)",
        person.map_or(Vec::new(), |person| vec![person.clone(), person]),
    );
    add(
        "act.who IN (SELECT id FROM who WHERE organisation = ?)",
        one(query.organisation.map(|organisation| organisation.to_string())),
    );
    add("act.what IN (SELECT id FROM what WHERE kind = ?)", one(query.kind.clone()));
    if !shows_restricted {
        terms.push("what.restricted = 0".to_owned());
    }
    let text = format!("SELECT {COLUMNS} FROM {TABLES} WHERE {} ORDER BY act.position LIMIT ?", terms.join(" AND "));
    values.push(Value::from(i64::from(query.limit) + 1));
    let mut statement = db.prepare_cached(&text)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(item(row)?);
    }
    let more = items.len() > limit;
    items.truncate(limit);
    Ok(ActPage { items, more, as_of: as_of.position })
}

/// Returns the first position recorded at a time or later, by halving: recorded times never go back.
fn first_since(db: &Connection, since: Timestamp, last: Position) -> rusqlite::Result<Position> {
    let (mut low, mut high) = (1, last.0 + 1);
    let mut statement = db.prepare_cached("SELECT recorded_at FROM act WHERE position = ?1")?;
    while low < high {
        let middle = low + (high - low) / 2;
        let recorded: Option<i64> = statement.query_row([number(Position(middle))], |row| row.get(0)).optional()?;
        match recorded {
            Some(recorded) if recorded < since.0 => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(Position(low))
}

fn item(row: &Row<'_>) -> rusqlite::Result<ActItem> {
    let role: Role = {
        let name = row.get_ref(4)?.as_str()?;
        Role::ALL.iter().copied().find(|role| role.name() == name).ok_or_else(|| unreadable("role"))?
    };
    Ok(ActItem {
        position: position_of(row.get(0)?),
        recorded_at: Timestamp(row.get(1)?),
        occurred_on: read(row, 2)?,
        actor: Actor { person: read(row, 3)?, role, organisation: read(row, 5)? },
        on_behalf_of: match row.get_ref(6)? {
            rusqlite::types::ValueRef::Null => None,
            _ => Some(read(row, 6)?),
        },
        stream: read(row, 7)?,
        kind: row.get(8)?,
        request: CorrelationId(row.get(9)?),
    })
}

fn read<T: std::str::FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str()?.parse().map_err(|_| unreadable("value"))
}

fn unreadable(what: &str) -> rusqlite::Error {
    damaged(format!("a stored {what} of the audit trail cannot be read"))
}

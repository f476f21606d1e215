//! Finding cases by the student's name.

use caseledger_events::access::{Scope, Sight};
use caseledger_projections::names;
use rusqlite::Connection;

use super::{Fault, access, list, reach};
use crate::documents::SearchHits;
use crate::error::QueryError;
use crate::store::AsOf;

/// Finds cases of some lists; every word must begin one of the student's names. The case opened last comes first.
pub(super) fn hits(
    db: &Connection,
    scopes: &[Scope],
    text: &str,
    limit: u32,
    as_of: AsOf,
) -> Result<SearchHits, Fault> {
    let words = names::words(text);
    if words.is_empty() {
        return Err(QueryError::EmptySearch.into());
    }
    // Folded words hold letters and digits alone, so nothing in them can be read as a query.
    let query: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    let mut statement =
        db.prepare_cached("SELECT rowid FROM case_names WHERE case_names MATCH ?1 ORDER BY rowid DESC")?;
    let mut rows = statement.query([query.join(" ")])?;
    let mut found = Vec::new();
    while found.len() <= limit as usize
        && let Some(row) = rows.next()?
    {
        let reference = row.get(0)?;
        if is_found(db, scopes, reference)? {
            found.push(reference);
        }
    }
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let mut items = Vec::with_capacity(found.len());
    for reference in found {
        items.extend(list::item(db, scopes, reference, as_of.day)?);
    }
    Ok(SearchHits { items, more, as_of: as_of.position })
}

/// Names find cases only for those who are shown them.
fn is_found(db: &Connection, scopes: &[Scope], reference: i64) -> rusqlite::Result<bool> {
    let standing = access::standing(db, reference)?;
    let scope = reach::first(scopes, &standing);
    Ok(scope.is_some_and(|(_, scope)| scope.decided().sees().identity == Sight::Yes))
}

//! Finding cases by the student's name.

use caseledger_events::access::{Scope, Sight};
use caseledger_projections::names;
use rusqlite::{Connection, params_from_iter};

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
    let mut values = vec![query.join(" ")];
    let keys: Option<Vec<Vec<String>>> = scopes.iter().map(|scope| scope.filter().keys()).collect();
    // Whoever reaches few cases is not kept waiting by the names of all others.
    let own = keys.map_or(String::new(), |keys| {
        let keys = keys.concat();
        let places = vec!["?"; keys.len()].join(", ");
        values.extend(keys);
        format!(" AND rowid IN (SELECT ref FROM access_key WHERE key IN ({places}))")
    });
    let sql = format!("SELECT rowid FROM case_names WHERE case_names MATCH ?{own} ORDER BY rowid DESC");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(&values))?;
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

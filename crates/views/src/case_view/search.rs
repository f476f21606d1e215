//! Finding cases by the student's name.

use caseledger_projections::names;
use rusqlite::{Connection, params};

use super::{Fault, read};
use crate::documents::SearchHits;
use crate::error::QueryError;
use crate::store::AsOf;

/// Finds cases; every word must begin one of the student's names. The case opened last comes first.
pub(super) fn hits(db: &Connection, text: &str, limit: u32, as_of: AsOf) -> Result<SearchHits, Fault> {
    let words = names::words(text);
    if words.is_empty() {
        return Err(QueryError::EmptySearch.into());
    }
    // Folded words hold letters and digits alone, so nothing in them can be read as a query.
    let query: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    let mut statement =
        db.prepare_cached("SELECT rowid FROM case_names WHERE case_names MATCH ?1 ORDER BY rowid DESC LIMIT ?2")?;
    let found = statement.query_map(params![query.join(" "), limit + 1], |row| row.get::<_, i64>(0))?;
    let mut found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let items = found.into_iter().map(|reference| read::item(db, read::by_reference(db, reference)?, as_of.day));
    Ok(SearchHits { items: items.collect::<rusqlite::Result<_>>()?, more, as_of: as_of.position })
}

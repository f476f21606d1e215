//! Finding cases by the student's name or NSN, or by the number of the case.

use caseledger_events::access::{Scope, Sight};
use caseledger_events::ids::StudentId;
use caseledger_events::number::CaseNumber;
use caseledger_projections::names;
use rusqlite::{Connection, params_from_iter};

use super::{WhichCase, access, list, nearly, reach};
use crate::answering::Fault;
use crate::documents::SearchHits;
use crate::error::QueryError;
use crate::store::AsOf;

/// With fewer cases than this of a name as it is written, names that are nearly so are looked for too.
const FEW: usize = 5;

/// Finds cases of some lists; every word must begin one of the student's names. The case opened last comes first; cases of
/// names that are only nearly so follow. A case number finds its case.
pub(super) fn hits(
    db: &Connection,
    scopes: &[Scope],
    text: &str,
    limit: u32,
    as_of: AsOf,
) -> Result<SearchHits, Fault> {
    if let Some(number) = number(text) {
        let found = access::find(db, WhichCase::Number(number))?;
        let found = found.filter(|(_, standing)| reach::first(scopes, standing).is_some());
        return shown(db, scopes, found.map(|(reference, _)| reference).into_iter().collect(), limit, as_of);
    }
    let words = names::words(text);
    if words.is_empty() {
        return Err(QueryError::EmptySearch.into());
    }
    // Folded words hold letters and digits alone, so nothing in them can be read as a query.
    let query: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    let mut found = matching(db, scopes, &query.join(" "), limit as usize + 1, &[])?;
    let exact = found.len();
    if exact < FEW.min(limit as usize) && words.iter().any(|word| nearly::is_tried(word)) {
        let query: Vec<String> = words.iter().map(|word| nearly::query(word)).collect();
        let more = matching(db, scopes, &query.join(" AND "), limit as usize + 1 - exact, &found)?;
        found.extend(more);
    }
    let hits = shown(db, scopes, found, limit, as_of)?;
    let nearly = hits.items.len().saturating_sub(exact);
    Ok(SearchHits { nearly: u32::try_from(nearly).unwrap_or(u32::MAX), ..hits })
}

/// Finds the cases of a student, as far as some lists show who the student is.
pub(super) fn of_student(
    db: &Connection,
    scopes: &[Scope],
    student: StudentId,
    limit: u32,
    as_of: AsOf,
) -> Result<SearchHits, Fault> {
    let mut statement = db.prepare_cached("SELECT ref FROM case_key WHERE student = ?1 ORDER BY ref DESC")?;
    let mut rows = statement.query([student.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let reference = row.get(0)?;
        if is_found(db, scopes, reference)? {
            found.push(reference);
        }
    }
    shown(db, scopes, found, limit, as_of)
}

/// Reads a case number as people write it: small letters, without its hyphens, without its letters.
fn number(text: &str) -> Option<CaseNumber> {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let has_letters = plain.get(..2).is_some_and(|letters| letters.eq_ignore_ascii_case("as"));
    let digits = if has_letters { &plain[2..] } else { &plain };
    let is_number = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| format!("AS-{}-{}", &digits[..7], &digits[7..]).parse().ok()).flatten()
}

/// Returns the cases of some lists whose names a query of the index matches, but for those `known`.
pub(super) fn matching(
    db: &Connection,
    scopes: &[Scope],
    query: &str,
    most: usize,
    known: &[i64],
) -> rusqlite::Result<Vec<i64>> {
    let mut values = vec![query.to_owned()];
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
    while found.len() < most
        && let Some(row) = rows.next()?
    {
        let reference = row.get(0)?;
        if !known.contains(&reference) && is_found(db, scopes, reference)? {
            found.push(reference);
        }
    }
    Ok(found)
}

pub(super) fn shown(
    db: &Connection,
    scopes: &[Scope],
    mut found: Vec<i64>,
    limit: u32,
    as_of: AsOf,
) -> Result<SearchHits, Fault> {
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let mut items = Vec::with_capacity(found.len());
    for reference in found {
        items.extend(list::item(db, scopes, reference, as_of.day)?);
    }
    Ok(SearchHits { items, more, nearly: 0, as_of: as_of.position })
}

/// Names find cases only for those who are shown them.
pub(super) fn is_found(db: &Connection, scopes: &[Scope], reference: i64) -> rusqlite::Result<bool> {
    let standing = access::standing(db, reference)?;
    let scope = reach::first(scopes, &standing);
    Ok(scope.is_some_and(|(_, scope)| scope.decided().sees().identity == Sight::Yes))
}

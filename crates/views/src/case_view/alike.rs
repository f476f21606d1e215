//! Finding cases whose student seems to be the one of a given case, where no NSN tells (K5, R27).
//!
//! What is compared is the names, as search folds them, and the date of birth, forgiving day and month that changed places.
//! Of family and given names one must be the same to the letter; the other may have a slip of a key in each word. Whether two
//! students are one is for people to say.

use caseledger_events::access::Scope;
use caseledger_events::ids::Position;
use caseledger_events::parts::Student;
use caseledger_projections::case_view::CaseStatus;
use caseledger_projections::names;
use chrono::{Datelike, NaiveDate};
use rusqlite::Connection;

use super::{WhichCase, access, nearly, personal, read, search};
use crate::answering::Fault;
use crate::documents::SearchHits;
use crate::store::AsOf;

/// The most cases of a family name, and of given names, that are compared, those opened last.
const COMPARED_MAX: usize = 1_000;

/// Finds cases of some lists that seem to be of the student of a case of them, under another id; those of equal names come
/// first, then those opened last.
pub(super) fn hits(
    db: &Connection,
    scopes: &[Scope],
    which: WhichCase,
    limit: u32,
    as_of: AsOf,
) -> Result<SearchHits, Fault> {
    let reference = match access::find(db, which)? {
        Some((reference, _)) if search::is_found(db, scopes, reference)? => reference,
        _ => return search::shown(db, scopes, Vec::new(), limit, as_of),
    };
    let row = read::by_reference(db, reference)?;
    let Some(ours) = who(db, row.student_at)? else {
        return search::shown(db, scopes, Vec::new(), limit, as_of);
    };
    let (mut same, mut nearly) = (Vec::new(), Vec::new());
    for candidate in candidates(db, scopes, &ours, reference)? {
        let other = read::by_reference(db, candidate)?;
        if other.student == row.student || other.status == CaseStatus::Merged {
            continue;
        }
        match who(db, other.student_at)? {
            Some(theirs) if theirs == ours => same.push(candidate),
            Some(theirs) if is_alike(&ours, &theirs) => nearly.push(candidate),
            _ => {}
        }
    }
    let equal = same.len();
    same.extend(nearly);
    let hits = search::shown(db, scopes, same, limit, as_of)?;
    let nearly = hits.items.len().saturating_sub(equal);
    Ok(SearchHits { nearly: u32::try_from(nearly).unwrap_or(u32::MAX), ..hits })
}

/// What is compared of a student.
#[derive(PartialEq, Eq)]
struct Who {
    family: Vec<String>,
    given: Vec<String>,
    born: NaiveDate,
}

fn who(db: &Connection, at: Option<Position>) -> rusqlite::Result<Option<Who>> {
    let student = at.map(|at| personal::find::<Student>(db, at)).transpose()?.flatten();
    Ok(student.map(|student| Who {
        family: names::words(student.family_name.reveal()),
        given: names::words(student.given_names.reveal()),
        born: *student.birth_date.reveal(),
    }))
}

/// Returns the cases of the family name, and those of one of the given names, the last ones first.
fn candidates(db: &Connection, scopes: &[Scope], ours: &Who, reference: i64) -> rusqlite::Result<Vec<i64>> {
    let mut found = Vec::new();
    for (words, between) in [(&ours.family, " AND "), (&ours.given, " OR ")] {
        if !words.is_empty() {
            let query: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            found.extend(search::matching(db, scopes, &query.join(between), COMPARED_MAX, &[reference])?);
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.dedup();
    Ok(found)
}

/// Returns whether each word of the family name, and one of the given names, is nearly one of the other's.
fn is_alike(ours: &Who, theirs: &Who) -> bool {
    let has = |words: &[String], word: &String| words.iter().any(|other| nearly::are_near(word, other));
    // The dates first: comparing them costs next to nothing.
    is_nearly(ours.born, theirs.born)
        && ours.family.iter().all(|word| has(&theirs.family, word))
        && ours.given.iter().any(|word| has(&theirs.given, word))
}

/// Returns whether two dates are one, also where day and month changed places.
fn is_nearly(one: NaiveDate, other: NaiveDate) -> bool {
    one == other || NaiveDate::from_ymd_opt(one.year(), one.day(), one.month()) == Some(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_and_month_that_changed_places_are_one_date_and_other_slips_are_not() {
        for (one, other, same) in [
            ("2013-07-09", "2013-07-09", true),
            ("2013-07-09", "2013-09-07", true),
            ("2013-07-19", "2013-07-19", true),
            ("2013-07-09", "2014-07-09", false),
            ("2013-07-19", "2013-07-18", false),
        ] {
            let day = |text: &str| text.parse().unwrap();
            assert_eq!(is_nearly(day(one), day(other)), same, "{one} {other}");
            assert_eq!(is_nearly(day(other), day(one)), same, "{other} {one}");
        }
    }
}

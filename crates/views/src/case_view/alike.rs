//! Finding cases whose student seems to be the one of a given case, where no NSN tells (K5, R27).
//!
//! What is compared is the names, as search folds them and forgiving one slip of a key in each word, and the date of birth,
//! forgiving day and month that changed places. Whether two students are one is for people to say.

use caseledger_events::access::Scope;
use caseledger_events::parts::Student;
use caseledger_projections::case_view::CaseStatus;
use caseledger_projections::names;
use chrono::{Datelike, NaiveDate};
use rusqlite::Connection;

use super::{WhichCase, access, nearly, personal, read, search};
use crate::answering::Fault;
use crate::documents::SearchHits;
use crate::store::AsOf;

/// The most cases of such names whose dates of birth are compared, those opened last.
const COMPARED_MAX: usize = 500;

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
    let known = row.student_at.map(|at| personal::find::<Student>(db, at)).transpose()?.flatten();
    let Some(query) = known.as_ref().and_then(names_like) else {
        return search::shown(db, scopes, Vec::new(), limit, as_of);
    };
    let (mut same, mut nearly) = (Vec::new(), Vec::new());
    for candidate in search::matching(db, scopes, &query, COMPARED_MAX, &[reference])? {
        let other = read::by_reference(db, candidate)?;
        if other.student == row.student || other.status == CaseStatus::Merged {
            continue;
        }
        let student = other.student_at.map(|at| personal::find::<Student>(db, at)).transpose()?.flatten();
        if let (Some(ours), Some(theirs)) = (&known, student)
            && is_nearly(*ours.birth_date.reveal(), *theirs.birth_date.reveal())
        {
            let is_same = words(ours) == words(&theirs) && ours.birth_date == theirs.birth_date;
            if is_same { &mut same } else { &mut nearly }.push(candidate);
        }
    }
    let equal = same.len();
    same.extend(nearly);
    let hits = search::shown(db, scopes, same, limit, as_of)?;
    let nearly = hits.items.len().saturating_sub(equal);
    Ok(SearchHits { nearly: u32::try_from(nearly).unwrap_or(u32::MAX), ..hits })
}

/// Returns what the index of names is asked for: every word of the family name, and one of the given names, nearly.
fn names_like(student: &Student) -> Option<String> {
    let [family, given] = words(student);
    if family.is_empty() || given.is_empty() {
        return None;
    }
    let each = |words: &[String]| words.iter().map(|word| nearly::query(word)).collect::<Vec<_>>();
    Some(format!("{} AND ({})", each(&family).join(" AND "), each(&given).join(" OR ")))
}

fn words(student: &Student) -> [Vec<String>; 2] {
    [names::words(student.family_name.reveal()), names::words(student.given_names.reveal())]
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

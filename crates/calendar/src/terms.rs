//! School terms, and the days on which one school differs from them.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use crate::error::{BadTable, UnknownName};

/// A term; where schools differ, between which days they begin and end it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The year.
    pub year: i32,
    /// 1 to 4.
    pub term: u8,
    /// The first and the last day that some school begins on.
    pub starts: (NaiveDate, NaiveDate),
    /// The first and the last day that some school ends on.
    pub ends: (NaiveDate, NaiveDate),
}

/// A school that told its own days.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct School {
    /// Its code.
    pub code: String,
    /// The region whose anniversary day it keeps.
    pub region: String,
    /// The first day of its first term and the last of its fourth, by year.
    #[serde(default)]
    pub year: Vec<SchoolYear>,
    /// Days on which it is closed though the term runs.
    #[serde(default)]
    pub closed: Vec<ClosedDay>,
}

/// When one school's year begins and ends.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolYear {
    /// The first day of term 1.
    pub starts: NaiveDate,
    /// The last day of term 4.
    pub ends: NaiveDate,
}

/// A day on which a school is closed.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedDay {
    /// The day.
    pub day: NaiveDate,
    /// Why, in words.
    pub why: String,
}

/// Where a day stands to the terms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InTerm {
    /// Every school is open on it, or this one is.
    Open,
    /// It lies between terms.
    Between,
    /// Some schools have begun, or not ended, and some have.
    Differs(String),
    /// The terms of that year are not known.
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    term: Vec<toml::Spanned<Term>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schools {
    school: Vec<toml::Spanned<School>>,
}

/// Reads the terms; they must follow each other, and each year must have all four.
pub fn parse(table: &str, text: &str) -> Result<Vec<Term>, BadTable> {
    let file: Terms = toml::from_str(text).map_err(|error| BadTable::unreadable(table, text, &error))?;
    let mut terms: Vec<Term> = Vec::new();
    for read in file.term {
        let at = read.span().start;
        let term = read.into_inner();
        let wrong = |reason: String| BadTable::at(table, text, at, reason);
        let (starts, ends) = (term.starts, term.ends);
        if !(starts.0 <= starts.1 && starts.1 < ends.0 && ends.0 <= ends.1) {
            return Err(wrong(format!("term {} of {} ends before it begins", term.term, term.year)));
        }
        if [starts.0, ends.1].iter().any(|day| day.year() != term.year) {
            return Err(wrong(format!("term {} of {} lies in another year", term.term, term.year)));
        }
        let expected = terms.len() % 4 + 1;
        if usize::from(term.term) != expected {
            return Err(wrong(format!("term {} of {} stands where term {expected} should", term.term, term.year)));
        }
        if terms.last().is_some_and(|before| before.ends.1 >= starts.0) {
            return Err(wrong(format!("term {} of {} begins before the one above it ends", term.term, term.year)));
        }
        terms.push(term);
    }
    match terms.len() % 4 {
        0 => Ok(terms),
        _ => Err(BadTable { table: table.to_owned(), line: 0, reason: "the last year has not all four terms".into() }),
    }
}

/// Reads what single schools told of their days.
pub fn parse_schools(table: &str, text: &str) -> Result<Vec<School>, BadTable> {
    let file: Schools = toml::from_str(text).map_err(|error| BadTable::unreadable(table, text, &error))?;
    let mut schools: Vec<School> = Vec::new();
    for read in file.school {
        let at = read.span().start;
        let school = read.into_inner();
        if schools.iter().any(|other| other.code == school.code) {
            return Err(BadTable::at(table, text, at, format!("school {} stands in it twice", school.code)));
        }
        if let Some(year) = school.year.iter().find(|year| year.starts >= year.ends) {
            let reason = format!("the year of school {} ends on {} before it begins", school.code, year.ends);
            return Err(BadTable::at(table, text, at, reason));
        }
        schools.push(school);
    }
    Ok(schools)
}

/// Finds a school by its code.
pub fn school<'a>(schools: &'a [School], code: &str) -> Result<&'a School, UnknownName> {
    let found = schools.iter().find(|school| school.code == code);
    found.ok_or_else(|| UnknownName::new("school", code, schools.iter().map(|school| school.code.as_str())))
}

/// Returns where a day stands to the terms, as this school keeps them where one is named.
pub fn in_term(terms: &[Term], school: Option<&School>, day: NaiveDate) -> InTerm {
    let mut year = terms.iter().filter(|term| term.year == day.year()).peekable();
    if year.peek().is_none() {
        return InTerm::Unknown;
    }
    let Some(term) = year.find(|term| term.starts.0 <= day && day <= term.ends.1) else { return InTerm::Between };
    if term.starts.1 <= day && day <= term.ends.0 {
        return InTerm::Open;
    }
    let own = school.and_then(|school| school.year.iter().find(|own| own.starts.year() == day.year()));
    match own {
        Some(own) if own.starts <= day && day <= own.ends => InTerm::Open,
        Some(_) => InTerm::Between,
        None => InTerm::Differs(format!("term {} of {}", term.term, term.year)),
    }
}

//! What can be wrong with a table, and with a question to it.

use chrono::NaiveDate;

/// A table that cannot be used, with the line that shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{table}, line {line}: {reason}")]
pub struct BadTable {
    /// Which table.
    pub table: String,
    /// The line, from 1; 0 where the table as a whole is wrong.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl BadTable {
    /// Makes the error of a text that does not parse.
    pub(crate) fn unreadable(table: &str, text: &str, error: &toml::de::Error) -> BadTable {
        let line = error.span().map_or(0, |span| line_of(text, span.start));
        BadTable { table: table.to_owned(), line, reason: error.message().to_owned() }
    }

    /// Makes the error of an entry that parses and makes no sense.
    pub(crate) fn at(table: &str, text: &str, offset: usize, reason: impl Into<String>) -> BadTable {
        BadTable { table: table.to_owned(), line: line_of(text, offset), reason: reason.into() }
    }
}

/// Returns the line, from 1, that a byte of a text stands in.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count() + 1
}

/// A day of which the tables do not say whether it counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchDay {
    /// The holidays of that day are not in the table.
    #[error("{day} lies outside calendar {version}, which holds {first} to {last}: use a calendar that holds it")]
    Outside {
        /// The day asked for.
        day: NaiveDate,
        /// The calendar's version.
        version: u32,
        /// The first day it holds.
        first: NaiveDate,
        /// The last.
        last: NaiveDate,
    },
    /// The Ministry's notice of that year's terms is not in the table.
    #[error("the school terms of {year} are not in the table ({day}): add them from the Ministry's notice")]
    NoTerms {
        /// The day asked for.
        day: NaiveDate,
        /// Its year.
        year: i32,
    },
    /// Schools begin or end the term on different days, and this school's is not known.
    #[error("whether a school is open on {day} differs by school ({term}): name the school and give its own days")]
    DiffersBySchool {
        /// The day asked for.
        day: NaiveDate,
        /// Which term begins or ends about then.
        term: String,
    },
    /// It is an anniversary day somewhere, and the region is not named.
    #[error("{day} is the anniversary day of {regions}: name the region")]
    DiffersByRegion {
        /// The day asked for.
        day: NaiveDate,
        /// Where it is one.
        regions: String,
    },
}

/// A name that is in no table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} `{name}`; there are: {known}")]
pub struct UnknownName {
    /// What was named.
    pub kind: &'static str,
    /// The name given.
    pub name: String,
    /// The names there are.
    pub known: String,
}

impl UnknownName {
    /// Makes the error from what was asked and what there is.
    pub(crate) fn new<'a>(kind: &'static str, name: &str, known: impl Iterator<Item = &'a str>) -> UnknownName {
        let known: Vec<&str> = known.collect();
        UnknownName { kind, name: name.to_owned(), known: known.join(", ") }
    }
}

//! Tables of reporting quarters.

use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::error::{BadTable, UnknownName};

/// A table of quarters that follow each other.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuarterTable {
    /// Its name, which a list of measures goes by.
    pub name: String,
    /// What it is, in words.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    quarters: Vec<toml::Spanned<Quarter>>,
}

/// A reporting quarter, both days included.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarter {
    /// Its name, such as `2026-Q2`.
    pub name: String,
    /// Its first day.
    pub from: NaiveDate,
    /// Its last day.
    pub to: NaiveDate,
}

impl Quarter {
    /// Returns whether a day lies in the quarter.
    pub fn holds(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.to
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} to {})", self.name, self.from, self.to)
    }
}

impl QuarterTable {
    /// Returns its quarters, in order.
    pub fn quarters(&self) -> impl Iterator<Item = &Quarter> {
        self.quarters.iter().map(toml::Spanned::get_ref)
    }

    /// Finds a quarter by its name.
    pub fn quarter(&self, name: &str) -> Result<&Quarter, UnknownName> {
        let found = self.quarters().find(|quarter| quarter.name == name);
        found.ok_or_else(|| UnknownName::new("quarter", name, self.quarters().map(|quarter| quarter.name.as_str())))
    }

    /// Returns the quarter a day lies in.
    pub fn holding(&self, day: NaiveDate) -> Option<&Quarter> {
        self.quarters().find(|quarter| quarter.holds(day))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table: Vec<QuarterTable>,
}

/// Reads the tables; within one, quarters follow each other without gap or overlap.
pub fn parse(table: &str, text: &str) -> Result<Vec<QuarterTable>, BadTable> {
    let file: File = toml::from_str(text).map_err(|error| BadTable::unreadable(table, text, &error))?;
    for found in &file.table {
        let mut before: Option<&Quarter> = None;
        for read in &found.quarters {
            let quarter = read.get_ref();
            if let Some(reason) = contradiction(before, quarter) {
                let reason = format!("{}: {reason}", found.name);
                return Err(BadTable::at(table, text, read.span().start, reason));
            }
            before = Some(quarter);
        }
    }
    Ok(file.table)
}

fn contradiction(before: Option<&Quarter>, quarter: &Quarter) -> Option<String> {
    if quarter.from > quarter.to {
        return Some(format!("{quarter} ends before it begins"));
    }
    let before = before?;
    if before.name == quarter.name {
        return Some(format!("{} stands in it twice", quarter.name));
    }
    if quarter.from <= before.to {
        return Some(format!("{quarter} overlaps {before}"));
    }
    if Some(quarter.from) != before.to.succ_opt() {
        return Some(format!("between {before} and {quarter} lie days of no quarter"));
    }
    None
}

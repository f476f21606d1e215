//! Public holidays as observed, and the anniversary day of each region.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::error::{BadTable, NoSuchDay, UnknownName};

/// The holiday whose day after schools are closed on too (P31).
const EASTER_MONDAY: &str = "easter_monday";

/// A version of the table.
pub struct Holidays {
    /// Its number; a published figure names it.
    pub version: u32,
    /// The first day it knows of.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
    /// What it was made from.
    pub sources: Vec<String>,
    national: BTreeMap<NaiveDate, String>,
    easter_mondays: Vec<NaiveDate>,
    regions: Vec<Region>,
}

/// A region with a day of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Its code.
    #[serde(rename = "region")]
    pub code: String,
    /// Its name.
    pub name: String,
    /// What fixes its day, in words.
    pub rule: String,
    /// Which sources know it.
    pub sources: Vec<String>,
    /// Its days as observed, in order.
    pub days: Vec<NaiveDate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    first: NaiveDate,
    last: NaiveDate,
    sources: Vec<String>,
    holiday: Vec<Holiday>,
    anniversary: Vec<Region>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    id: String,
    name: String,
    days: Vec<NaiveDate>,
}

impl Holidays {
    /// Reads the table; every day must lie within the years it claims to hold.
    pub fn parse(table: &str, text: &str) -> Result<Holidays, BadTable> {
        let file: File = toml::from_str(text).map_err(|error| BadTable::unreadable(table, text, &error))?;
        let all = file.holiday.iter().flat_map(|h| &h.days).chain(file.anniversary.iter().flat_map(|r| &r.days));
        for day in all {
            if !(file.first..=file.last).contains(day) {
                let at = text.find(&day.to_string()).unwrap_or_default();
                let reason =
                    format!("{day} lies outside {} to {}, which the table says it holds", file.first, file.last);
                return Err(BadTable::at(table, text, at, reason));
            }
        }
        let mut national: BTreeMap<NaiveDate, String> = BTreeMap::new();
        let mut easter_mondays = Vec::new();
        for holiday in file.holiday {
            if holiday.id == EASTER_MONDAY {
                easter_mondays.clone_from(&holiday.days);
            }
            for day in holiday.days {
                let names = national.entry(day).or_default();
                // In 2038 Anzac Day is observed on Easter Monday.
                *names = if names.is_empty() { holiday.name.clone() } else { format!("{names} and {}", holiday.name) };
            }
        }
        let File { version, first, last, sources, anniversary: regions, .. } = file;
        Ok(Holidays { version, first, last, sources, national, easter_mondays, regions })
    }

    /// Refuses a day of which the table knows nothing.
    pub fn hold(&self, day: NaiveDate) -> Result<(), NoSuchDay> {
        if (self.first..=self.last).contains(&day) {
            return Ok(());
        }
        Err(NoSuchDay::Outside { day, version: self.version, first: self.first, last: self.last })
    }

    /// Returns the name of the national holiday observed on a day.
    pub fn national(&self, day: NaiveDate) -> Option<&str> {
        self.national.get(&day).map(String::as_str)
    }

    /// Returns every national holiday, in order.
    pub fn all_national(&self) -> impl Iterator<Item = (NaiveDate, &str)> {
        self.national.iter().map(|(day, name)| (*day, name.as_str()))
    }

    /// Returns whether a day is the Tuesday after Easter Monday.
    pub fn is_easter_tuesday(&self, day: NaiveDate) -> bool {
        day.pred_opt().is_some_and(|before| self.easter_mondays.binary_search(&before).is_ok())
    }

    /// Returns the regions, from north to south.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Finds a region by its code.
    pub fn region(&self, code: &str) -> Result<&Region, UnknownName> {
        let found = self.regions.iter().find(|region| region.code == code);
        found.ok_or_else(|| UnknownName::new("region", code, self.regions.iter().map(|region| region.code.as_str())))
    }
}

impl Region {
    /// Returns whether a day is the region's anniversary day, as observed.
    pub fn observes(&self, day: NaiveDate) -> bool {
        self.days.binary_search(&day).is_ok()
    }
}

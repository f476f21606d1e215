//! Named definitions of a business day: what is data in them, and no more.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, de};

use crate::error::BadTable;

/// A definition of a business day.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name, which stands on every result counted by it.
    pub name: String,
    /// What it is, in words.
    pub title: String,
    /// Where it comes from.
    pub source: String,
    /// Whether regional anniversary days are skipped.
    pub anniversary: OnAnniversary,
    /// Days of the year on which nothing counts.
    #[serde(default)]
    pub closed: Vec<Window>,
    /// Whether only days count on which the school is open.
    #[serde(default)]
    pub school: bool,
}

/// What a profile does with a region's anniversary day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnAnniversary {
    /// It counts like any day.
    Never,
    /// It is skipped when a region is named.
    OnRequest,
    /// It is skipped; a day that is one somewhere asks for the region.
    Needed,
}

/// Days of every year, both ends included; may run over the new year.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first day.
    pub from: MonthDay,
    /// The last.
    pub to: MonthDay,
    /// What it is called in an explanation.
    pub name: String,
}

/// A day of every year, written `12-25`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MonthDay {
    month: u32,
    day: u32,
}

impl Window {
    /// Returns whether a day lies in the window.
    pub fn holds(&self, day: NaiveDate) -> bool {
        let day = MonthDay { month: day.month(), day: day.day() };
        if self.from <= self.to { self.from <= day && day <= self.to } else { self.from <= day || day <= self.to }
    }
}

impl<'de> Deserialize<'de> for MonthDay {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        // 29 February stands in every table of days of the year.
        let day = NaiveDate::parse_from_str(&format!("2024-{text}"), "%Y-%m-%d");
        day.map(|day| MonthDay { month: day.month(), day: day.day() })
            .map_err(|_| de::Error::custom(format!("`{text}` is no day of the year such as 12-25")))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Vec<toml::Spanned<Profile>>,
}

/// Reads the profiles; no two may share a name.
pub fn parse(table: &str, text: &str) -> Result<Vec<Profile>, BadTable> {
    let file: File = toml::from_str(text).map_err(|error| BadTable::unreadable(table, text, &error))?;
    let mut profiles: Vec<Profile> = Vec::new();
    for read in file.profile {
        let at = read.span().start;
        let profile = read.into_inner();
        if profiles.iter().any(|other| other.name == profile.name) {
            return Err(BadTable::at(table, text, at, format!("a second profile `{}`", profile.name)));
        }
        profiles.push(profile);
    }
    Ok(profiles)
}

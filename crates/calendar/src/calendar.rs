//! The tables together, in versions that are never changed once a figure was counted by them.

use std::sync::LazyLock;

use crate::days::Days;
use crate::error::{BadTable, UnknownName};
use crate::holidays::{Holidays, Region};
use crate::profile::{self, Profile};
use crate::quarters::{self, QuarterTable};
use crate::terms::{self, School, Term};

/// The calendars this program knows, the newest last; a correction is a new one beside them.
static VERSIONS: LazyLock<Vec<Calendar>> = LazyLock::new(|| {
    let texts = [Texts {
        holidays: include_str!("../data/nz.1.toml"),
        profiles: include_str!("../data/profiles.1.toml"),
        terms: include_str!("../data/terms.1.toml"),
        quarters: include_str!("../data/quarters.1.toml"),
    }];
    texts
        .iter()
        .map(|texts| Calendar::parse(texts).expect("the calendars of the program are read by its tests"))
        .collect()
});

/// The tables of a calendar, as text.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    /// Holidays and anniversary days.
    pub holidays: &'a str,
    /// Definitions of a business day.
    pub profiles: &'a str,
    /// School terms.
    pub terms: &'a str,
    /// Reporting quarters.
    pub quarters: &'a str,
}

/// A version of all tables.
pub struct Calendar {
    holidays: Holidays,
    profiles: Vec<Profile>,
    terms: Vec<Term>,
    quarters: Vec<QuarterTable>,
    fingerprint: u64,
}

impl Calendar {
    /// Returns the newest calendar.
    pub fn newest() -> &'static Calendar {
        VERSIONS.last().expect("the program has at least one calendar")
    }

    /// Returns a calendar by its version.
    pub fn of_version(version: u32) -> Result<&'static Calendar, UnknownName> {
        let found = VERSIONS.iter().find(|calendar| calendar.version() == version);
        found.ok_or_else(|| {
            let known: Vec<String> = VERSIONS.iter().map(|calendar| calendar.version().to_string()).collect();
            UnknownName::new("calendar", &version.to_string(), known.iter().map(String::as_str))
        })
    }

    /// Reads and checks all tables.
    pub fn parse(texts: &Texts<'_>) -> Result<Calendar, BadTable> {
        let mut fingerprint = Fingerprint::new();
        for text in [texts.holidays, texts.profiles, texts.terms, texts.quarters] {
            fingerprint.take(text);
        }
        Ok(Calendar {
            holidays: Holidays::parse("holidays", texts.holidays)?,
            profiles: profile::parse("profiles", texts.profiles)?,
            terms: terms::parse("terms", texts.terms)?,
            quarters: quarters::parse("quarters", texts.quarters)?,
            fingerprint: fingerprint.0,
        })
    }

    /// Returns its version.
    pub fn version(&self) -> u32 {
        self.holidays.version
    }

    /// Returns a number that changes with any byte of its tables, as 16 hex digits.
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", self.fingerprint)
    }

    /// Returns the holidays.
    pub fn holidays(&self) -> &Holidays {
        &self.holidays
    }

    /// Returns the school terms.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Returns the definitions of a business day.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Returns the tables of quarters.
    pub fn quarter_tables(&self) -> &[QuarterTable] {
        &self.quarters
    }

    /// Finds a definition of the business day by its name.
    pub fn profile(&self, name: &str) -> Result<&Profile, UnknownName> {
        let found = self.profiles.iter().find(|profile| profile.name == name);
        found
            .ok_or_else(|| UnknownName::new("profile", name, self.profiles.iter().map(|profile| profile.name.as_str())))
    }

    /// Finds a table of quarters by its name.
    pub fn quarter_table(&self, name: &str) -> Result<&QuarterTable, UnknownName> {
        let found = self.quarters.iter().find(|table| table.name == name);
        let known = self.quarters.iter().map(|table| table.name.as_str());
        found.ok_or_else(|| UnknownName::new("table of quarters", name, known))
    }

    /// Puts a profile to work; a school brings its region where none is named.
    pub fn days<'a>(
        &'a self,
        profile: &str,
        region: Option<&str>,
        school: Option<&'a School>,
    ) -> Result<Days<'a>, UnknownName> {
        let region: Option<&Region> = match region.or(school.map(|school| school.region.as_str())) {
            Some(code) => Some(self.holidays.region(code)?),
            None => None,
        };
        Ok(Days { calendar: self, profile: self.profile(profile)?, region, school })
    }
}

/// FNV-1a over several texts, with their borders.
struct Fingerprint(u64);

impl Fingerprint {
    fn new() -> Fingerprint {
        Fingerprint(0xcbf2_9ce4_8422_2325)
    }

    fn take(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

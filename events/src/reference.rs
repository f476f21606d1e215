//! Reference data as events of `system/REFERENCE`: schools, catchments, providers, effective-dated (R41).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::BadFrame;
use crate::dates::OccurredAt;
use crate::envelope::{Recorded, Scope};
use crate::ids::{Code, StreamId};
use crate::machine::Draft;
use crate::refusal::Refusal;

/// The stream reference data stand in.
pub const REFERENCE_STREAM: &str = "REFERENCE";

/// How far ahead a row may begin: further is a slip of the pen.
const AHEAD_MAX: Months = Months::new(60);

/// The stored name of the one event type of this stream.
pub const REFERENCE_RECORDED: &str = "reference_recorded";

/// One row of reference data, true from its date on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A school lies in a catchment.
    School {
        /// The school.
        school: Code,
        /// Its catchment.
        catchment: Code,
        /// From when.
        #[serde(deserialize_with = "crate::dates::day")]
        from: NaiveDate,
    },
    /// A provider serves a catchment; one per catchment (A5).
    Catchment {
        /// The catchment.
        catchment: Code,
        /// Its provider.
        provider: Code,
        /// From when.
        #[serde(deserialize_with = "crate::dates::day")]
        from: NaiveDate,
    },
    /// A school holds in-school provision (A6), or no longer.
    InSchool {
        /// The school.
        school: Code,
        /// Its in-school provider; absent when the contract ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<Code>,
        /// From when.
        #[serde(deserialize_with = "crate::dates::day")]
        from: NaiveDate,
    },
    /// A catchment lies in the region of a Ministry office (A12).
    Region {
        /// The catchment.
        catchment: Code,
        /// Its region.
        region: Code,
        /// From when.
        #[serde(deserialize_with = "crate::dates::day")]
        from: NaiveDate,
    },
}

/// The reference data in force, by day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reference {
    schools: BTreeMap<(Code, NaiveDate), Code>,
    catchments: BTreeMap<(Code, NaiveDate), Code>,
    in_school: BTreeMap<(Code, NaiveDate), Option<Code>>,
    regions: BTreeMap<(Code, NaiveDate), Code>,
}

fn in_force<V: Copy>(table: &BTreeMap<(Code, NaiveDate), V>, key: Code, day: NaiveDate) -> Option<V> {
    table.range((key, NaiveDate::MIN)..=(key, day)).next_back().map(|(_, &value)| value)
}

/// The rows of a table that are in force on a day: of each key the latest that has begun.
fn on_day<V: Copy>(table: &BTreeMap<(Code, NaiveDate), V>, day: NaiveDate) -> impl Iterator<Item = (Code, V)> {
    let begun = table.iter().filter(move |((_, from), _)| *from <= day);
    begun
        .map(|((key, _), _)| *key)
        .collect::<BTreeSet<Code>>()
        .into_iter()
        .filter_map(move |key| in_force(table, key, day).map(|value| (key, value)))
}

impl Reference {
    /// Returns the catchment of a school on a day.
    pub fn catchment_of(&self, school: Code, day: NaiveDate) -> Option<Code> {
        in_force(&self.schools, school, day)
    }

    /// Returns the provider of a catchment on a day.
    pub fn provider_of(&self, catchment: Code, day: NaiveDate) -> Option<Code> {
        in_force(&self.catchments, catchment, day)
    }

    /// Returns the in-school provider of a school on a day.
    pub fn in_school_provider_of(&self, school: Code, day: NaiveDate) -> Option<Code> {
        in_force(&self.in_school, school, day).flatten()
    }

    /// Returns what kind of provider this is on a day; `None` where no row in force names it.
    pub fn provider(&self, provider: Code, day: NaiveDate) -> Option<ProviderKind> {
        if on_day(&self.catchments, day).any(|(_, serving)| serving == provider) {
            return Some(ProviderKind::Catchment);
        }
        on_day(&self.in_school, day).any(|(_, holding)| holding == Some(provider)).then_some(ProviderKind::InSchool)
    }

    /// Returns the catchments a provider serves on a day; for an in-school provider those its schools lie in.
    pub fn catchments_of(&self, provider: Code, day: NaiveDate) -> Vec<Code> {
        let mut served: Vec<Code> =
            on_day(&self.catchments, day).filter(|(_, serving)| *serving == provider).map(|(code, _)| code).collect();
        if served.is_empty() {
            let schools = on_day(&self.in_school, day).filter(|(_, holding)| *holding == Some(provider));
            served = schools.filter_map(|(school, _)| self.catchment_of(school, day)).collect();
            served.sort_unstable();
            served.dedup();
        }
        served
    }

    /// Returns the catchments that lie in a region on a day.
    pub fn catchments_in(&self, region: Code, day: NaiveDate) -> Vec<Code> {
        on_day(&self.regions, day).filter(|(_, lies_in)| *lies_in == region).map(|(catchment, _)| catchment).collect()
    }

    /// Checks rows that are to be recorded together: none stands on a catchment or a school that neither is recorded nor
    /// among them, and none begins far ahead.
    pub fn check(&self, rows: &[Entry], today: NaiveDate) -> Result<(), Refusal> {
        let last = today.checked_add_months(AHEAD_MAX).unwrap_or(NaiveDate::MAX);
        let is_catchment = |code: Code| {
            let told = |row: &Entry| matches!(row, Entry::Catchment { catchment, .. } if *catchment == code);
            rows.iter().any(told) || self.catchments.keys().any(|(known, _)| *known == code)
        };
        let is_school = |code: Code| {
            let told = |row: &Entry| matches!(row, Entry::School { school, .. } if *school == code);
            rows.iter().any(told) || self.schools.keys().any(|(known, _)| *known == code)
        };
        for row in rows {
            match *row {
                Entry::School { catchment, .. } | Entry::Region { catchment, .. } if !is_catchment(catchment) => {
                    return Err(Refusal::CatchmentWithoutProvider { catchment });
                }
                Entry::InSchool { school, .. } if !is_school(school) => {
                    return Err(Refusal::SchoolWithoutCatchment { school });
                }
                _ => {}
            }
            if row.from() > last {
                return Err(Refusal::FarAhead { from: row.from(), last });
            }
        }
        Ok(())
    }

    /// Returns whether a row is recorded already.
    pub fn holds(&self, entry: &Entry) -> bool {
        match *entry {
            Entry::School { school, catchment, from } => self.schools.get(&(school, from)) == Some(&catchment),
            Entry::Catchment { catchment, provider, from } => {
                self.catchments.get(&(catchment, from)) == Some(&provider)
            }
            Entry::InSchool { school, provider, from } => self.in_school.get(&(school, from)) == Some(&provider),
            Entry::Region { catchment, region, from } => self.regions.get(&(catchment, from)) == Some(&region),
        }
    }

    /// Takes one row in.
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::School { school, catchment, from } => drop(self.schools.insert((school, from), catchment)),
            Entry::Catchment { catchment, provider, from } => drop(self.catchments.insert((catchment, from), provider)),
            Entry::InSchool { school, provider, from } => drop(self.in_school.insert((school, from), provider)),
            Entry::Region { catchment, region, from } => drop(self.regions.insert((catchment, from), region)),
        }
    }
}

/// The two kinds of provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProviderKind {
    /// Serves a catchment (ASP, A5).
    Catchment,
    /// Serves its own school (ISP, A6).
    InSchool,
}

impl Entry {
    /// Returns the day it is true from.
    pub fn from(&self) -> NaiveDate {
        match *self {
            Entry::School { from, .. }
            | Entry::Catchment { from, .. }
            | Entry::InSchool { from, .. }
            | Entry::Region { from, .. } => from,
        }
    }

    /// Makes the row ready for the sequencer.
    pub fn draft(&self, occurred_at: OccurredAt) -> Draft {
        Draft {
            stream: StreamId::system(REFERENCE_STREAM),
            kind: REFERENCE_RECORDED,
            schema: 1,
            facts: rmp_serde::to_vec_named(self).expect("a row of reference data is plain data"),
            occurred_at,
            scope: Scope::default(),
            carries_parts: false,
        }
    }

    /// Reads one back; `None` when the event is not of this stream.
    pub fn read(event: &Recorded<'_>) -> Result<Option<Entry>, BadFrame> {
        if event.kind != REFERENCE_RECORDED {
            return Ok(None);
        }
        let stored: StoredEntry = rmp_serde::from_slice(event.facts)?;
        Ok(Some(stored.into()))
    }
}

/// A row as stored: unlike one that is sent, it may hold fields that a later build adds.
#[derive(Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum StoredEntry {
    School {
        school: Code,
        catchment: Code,
        from: NaiveDate,
    },
    Catchment {
        catchment: Code,
        provider: Code,
        from: NaiveDate,
    },
    InSchool {
        school: Code,
        #[serde(default)]
        provider: Option<Code>,
        from: NaiveDate,
    },
    Region {
        catchment: Code,
        region: Code,
        from: NaiveDate,
    },
}

impl From<StoredEntry> for Entry {
    fn from(stored: StoredEntry) -> Entry {
        match stored {
            StoredEntry::School { school, catchment, from } => Entry::School { school, catchment, from },
            StoredEntry::Catchment { catchment, provider, from } => Entry::Catchment { catchment, provider, from },
            StoredEntry::InSchool { school, provider, from } => Entry::InSchool { school, provider, from },
            StoredEntry::Region { catchment, region, from } => Entry::Region { catchment, region, from },
        }
    }
}

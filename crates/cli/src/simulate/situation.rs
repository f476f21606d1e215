//! A situation: a few people, a few steps, what should come of each, and what is seen in the end.
//!
//! One TOML file each in `tests/situations/`, written to be read by people who know the work and not the code. The
//! days in a file are real days of 2026; a play moves them by whole weeks to where the ledger's clock stands, so that
//! weekdays stay what they are.

mod dates;
mod library;
mod telling;

use std::collections::BTreeMap;

use caseledger_events::opening::OPENINGS;
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{self, Series};
use super::step::{self, Expect, Key, On, Step};

pub use dates::Weeks;
pub use library::{library, map};
pub use telling::{Telling, fresh_seed, tell_all};

/// How many students one situation may have; keeps their made-up numbers apart.
const STUDENTS_MAX: usize = 10;

/// A situation as its file tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// What it is about, in a line.
    pub title: String,
    /// Which founding document describes it, and the domain's ids of what it shows.
    pub source: String,
    /// The situation in our own words.
    pub story: String,
    /// Who acts: a name of the file, and `person/role/organisation`.
    pub people: BTreeMap<String, String>,
    /// Whom it is about.
    pub students: BTreeMap<String, Student>,
    /// What happens, in the order of time.
    #[serde(rename = "step")]
    pub steps: Vec<Told>,
    /// What is seen in the end.
    #[serde(rename = "then", default)]
    pub endings: Vec<Ending>,
}

/// A student of a situation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Student {
    family_name: String,
    given_names: String,
    birth_date: String,
    /// Whether a National Student Number is known (K5); every play makes up its own.
    #[serde(default = "yes")]
    has_nsn: bool,
}

fn yes() -> bool {
    true
}

/// A step as a file tells it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// When it is recorded: `2026-05-04 09:10`, in New Zealand.
    pub at: String,
    /// Who does it.
    pub who: String,
    /// The action.
    pub does: String,
    /// The case, where a situation has several.
    #[serde(default = "the_case")]
    pub case: String,
    /// Whom an opening is about.
    #[serde(default)]
    pub student: Option<String>,
    /// When it happened, where that is not when it is recorded: a day, or a day and a time.
    #[serde(default)]
    pub happened: Option<String>,
    /// When it happened, sent as it stands here: for what people type and no program should guess at.
    #[serde(default)]
    pub happened_as_typed: Option<String>,
    /// The facts.
    #[serde(default)]
    pub facts: toml::Table,
    /// What is personal.
    #[serde(default)]
    pub personal: toml::Table,
    /// A text, for the many actions that take a note.
    #[serde(default)]
    pub note: Option<String>,
    /// Sent again under the key of the step with this number, counted from 1.
    #[serde(default)]
    pub same_key_as: Option<u16>,
    /// The version the actor saw.
    #[serde(default)]
    pub saw: Option<u32>,
    /// What should come of it; accepted where nothing is said.
    #[serde(default)]
    pub expect: Option<String>,
    /// The event types it records, where the file says so.
    #[serde(default)]
    pub records: Option<Vec<String>>,
}

fn the_case() -> String {
    "case".to_owned()
}

/// What is seen in the end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Who looks.
    pub who: String,
    /// At which case.
    #[serde(default = "the_case")]
    pub case: String,
    /// Fields of the case, as `GET /v1/cases/{case}` answers; what is not named may be anything.
    #[serde(default)]
    pub sees: toml::Table,
    /// Texts that must not stand anywhere in that answer.
    #[serde(default)]
    pub sees_nothing_of: Vec<String>,
    /// The types of all events of the case, in order.
    #[serde(default)]
    pub history: Option<Vec<String>>,
    /// Filters of `GET /v1/cases` that let the case through, such as `enrolled_at=RIMU`.
    #[serde(default)]
    pub listed_under: Vec<String>,
    /// Filters that do not.
    #[serde(default)]
    pub not_listed_under: Vec<String>,
}

/// A situation with the name of its file.
#[derive(Clone, Debug)]
pub struct Named {
    /// The file's name without its ending.
    pub name: &'static str,
    /// What it tells.
    pub situation: Situation,
}

/// A file that does not tell a situation.
#[derive(Debug, thiserror::Error)]
#[error("tests/situations/{name}.toml{place}: {why}")]
pub struct BadSituation {
    /// The file's name without its ending.
    pub name: String,
    /// Where in it, such as `, step 3`.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

impl Named {
    /// Reads a file.
    pub fn read(name: &'static str, text: &str) -> Result<Named, BadSituation> {
        let bad = |why: String| BadSituation { name: name.to_owned(), place: String::new(), why };
        let situation: Situation = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        if situation.students.len() > STUDENTS_MAX {
            return Err(bad(format!("more than {STUDENTS_MAX} students")));
        }
        Ok(Named { name, situation })
    }

    /// Names a step for people.
    pub fn place(&self, number: usize) -> String {
        let told = &self.situation.steps[number];
        format!("tests/situations/{}.toml, step {} ({})", self.name, number + 1, told.at)
    }

    /// Makes the steps of a play: as story `story`, moved by so many weeks, with numbers of this seed.
    pub fn steps(&self, story: u32, seed: u64, weeks: Weeks) -> Result<Vec<Step>, BadSituation> {
        let told = self.situation.steps.iter().enumerate();
        told.map(|(i, told)| {
            let read = self.step(story, i, told, seed, weeks);
            read.map_err(|why| BadSituation { name: self.name.into(), place: format!(", step {}", i + 1), why })
        })
        .collect()
    }

    fn step(&self, story: u32, number: usize, told: &Told, seed: u64, weeks: Weeks) -> Result<Step, String> {
        let actor = self.situation.people.get(&told.who).ok_or(format!("nobody is called `{}`", told.who))?;
        let opens = OPENINGS.iter().any(|opening| opening.name == told.does);
        let on = if opens { On::New(told.case.clone()) } else { On::Case(told.case.clone()) };
        let happened = told.happened.as_deref().map(|text| weeks.moment(text)).transpose()?;
        let happened = happened.or_else(|| told.happened_as_typed.clone());
        let mut facts = weeks.shift(&json_of(&told.facts));
        if let Some(former) = facts.get_mut("former") {
            *former = former_id(former, seed)?;
        }
        let mut personal = json_of(&told.personal);
        if let Some(student) = &told.student {
            personal["student"] = self.identity(student, story, seed)?;
        }
        if let Some(note) = &told.note {
            personal["note"] = json!({"text": note});
        }
        let body = step::body(&on, &told.does, happened.as_deref(), &facts, &personal);
        let expect = match &told.expect {
            Some(text) => text.parse().map_err(|error: step::BadExpect| error.to_string())?,
            None => Expect::Accepted,
        };
        Ok(Step {
            story,
            number: number as u16,
            at: weeks.instant(&told.at)?,
            actor: actor.clone(),
            on,
            action: told.does.clone(),
            body,
            key: told.same_key_as.map_or(Key::Own, |number| Key::Of(number.saturating_sub(1))),
            saw: told.saw,
            expect,
            records: told.records.clone(),
        })
    }

    fn identity(&self, name: &str, story: u32, seed: u64) -> Result<Value, String> {
        let mut all = self.situation.students.iter().enumerate();
        let found = all.find(|(_, (called, _))| *called == name);
        let (i, (_, student)) = found.ok_or(format!("no student is called `{name}`"))?;
        let Student { family_name, given_names, birth_date, has_nsn } = student;
        let mut identity = json!({"family_name": family_name, "given_names": given_names, "birth_date": birth_date});
        if *has_nsn {
            let n = u64::from(story) * STUDENTS_MAX as u64 + i as u64;
            identity["nsn"] = json!(people::nsn(Series::Situations, seed, n));
        }
        Ok(identity)
    }
}

/// Ids of the predecessor system are made up anew for each play, as students' numbers are; two that are told alike stay so.
fn former_id(told: &Value, seed: u64) -> Result<Value, String> {
    let number = told.as_str().and_then(|told| told.strip_prefix("ASA-")?.parse().ok());
    let number = number.ok_or("an id of the predecessor system is told as `ASA-` and a number")?;
    Ok(json!(people::former(Series::Situations, seed, number)))
}

/// Returns a table as JSON; a TOML date becomes its text.
fn json_of(table: &toml::Table) -> Value {
    Value::Object(table.iter().map(|(name, field)| (name.clone(), json_value(field))).collect())
}

fn json_value(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
        toml::Value::Datetime(time) => json!(time.to_string()),
        toml::Value::Array(list) => list.iter().map(json_value).collect(),
        toml::Value::Table(table) => json_of(table),
    }
}

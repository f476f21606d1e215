//! People who do not exist: students and caregivers with names as they are written in Aotearoa, macrons and all.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};

use super::dice::Dice;

static GIVEN: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| read(include_str!("reference/given_names.txt")));
static FAMILY: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| read(include_str!("reference/family_names.txt")));
static STREETS: LazyLock<Vec<&'static str>> = LazyLock::new(|| lines(include_str!("reference/streets.txt")).collect());

/// How many of a hundred students belong to each community, in the order of the name files.
const SHARES: [(u64, usize); 14] = [
    (38, 0),
    (9, 1),
    (5, 2),
    (3, 3),
    (2, 4),
    (1, 5),
    (27, 6),
    (3, 7),
    (4, 8),
    (1, 9),
    (2, 10),
    (2, 11),
    (2, 12),
    (1, 13),
];

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn read(text: &'static str) -> Vec<Vec<&'static str>> {
    let names = |line: &'static str| line.split_once(": ").map_or(line, |(_, names)| names).split(", ").collect();
    lines(text).map(names).collect()
}

/// A student of the simulation.
#[derive(Clone, Debug)]
pub struct Student {
    /// The National Student Number; made up, absent where nobody knows it (K5).
    pub nsn: Option<String>,
    /// The id their case had in the predecessor system, should it come from there (K3).
    pub former: String,
    family: String,
    given: String,
    birth_date: NaiveDate,
    caregivers: Vec<(String, &'static str)>,
}

impl Student {
    /// Makes a student of school age; `nsn` is the number they carry, `former` their case's in the predecessor system.
    pub fn new(dice: &mut Dice, nsn: Option<String>, former: String, on: NaiveDate) -> Student {
        let community = dice.weighted(&SHARES);
        let family = name(dice, &FAMILY[community]);
        let given = name(dice, &GIVEN[community]);
        let years = dice.weighted(&[(4, 6), (5, 7), (6, 8), (6, 9), (7, 10), (8, 11), (12, 12), (17, 13), (20, 14)]);
        let birth_date = on.with_day(1).unwrap_or(on) - Days::new(years * 365 + dice.between(20, 360));
        let relations = ["mother", "father", "nan", "koro", "aunty", "whāngai mother", "guardian"];
        let mut caregivers = Vec::new();
        for _ in 0..dice.between(1, 2) {
            let other_name = if dice.chance(70) { family.clone() } else { name(dice, &FAMILY[community]) };
            caregivers
                .push((format!("{} {other_name}", name(dice, &GIVEN[community])), *dice.pick(relations.as_slice())));
        }
        Student { nsn, former, family, given, birth_date, caregivers }
    }

    /// Returns the name the student goes by.
    pub fn called(&self) -> &str {
        &self.given
    }

    /// Returns the student as an opening takes it.
    pub fn identity(&self) -> Value {
        let mut student = json!({
            "family_name": self.family,
            "given_names": self.given,
            "birth_date": self.birth_date,
        });
        if let Some(nsn) = &self.nsn {
            student["nsn"] = json!(nsn);
        }
        student
    }

    /// Returns contact details: an address, telephone numbers that nobody has, the caregivers.
    pub fn contacts(&self, dice: &mut Dice, place: &str) -> Value {
        let caregivers: Vec<Value> = self
            .caregivers
            .iter()
            .map(|(name, relation)| json!({"name": name, "relation": relation, "phone": phone(dice)}))
            .collect();
        json!({
            "address": [format!("{} {}", dice.between(1, 240), dice.pick(&STREETS)), place],
            "phones": [phone(dice)],
            "caregivers": caregivers,
        })
    }
}

/// Picks a name; one in forty comes with its macrons as separate marks, as some keyboards and systems send them.
fn name(dice: &mut Dice, names: &[&str]) -> String {
    let name = *dice.pick(names);
    if dice.chance(97) { name.to_owned() } else { decomposed(name) }
}

/// Writes macron vowels as a vowel and a combining macron (Unicode NFD).
fn decomposed(name: &str) -> String {
    let apart = |c: char| match c {
        'ā' => "a\u{304}".to_owned(),
        'ē' => "e\u{304}".to_owned(),
        'ī' => "i\u{304}".to_owned(),
        'ō' => "o\u{304}".to_owned(),
        'ū' => "u\u{304}".to_owned(),
        other => other.to_string(),
    };
    name.chars().map(apart).collect()
}

/// Makes a telephone number of a range that is kept free.
fn phone(dice: &mut Dice) -> String {
    format!("021 000 {:04}", dice.below(10_000))
}

/// Which students a made-up number belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Series {
    /// Those of a term.
    Term = 9,
    /// Those of situations.
    Situations = 8,
    /// Those of a year.
    Year = 7,
}

/// How many numbers there are of a series and a seed.
const NUMBERS: u64 = 1_000_000_000;

/// Makes the number of the `n`th student of a series under a seed: ten digits that belong to nobody (real ones have
/// nine), never the same for two `n`.
pub fn nsn(series: Series, seed: u64, n: u64) -> String {
    format!("{}{:09}", series as u8, numbered(Dice::new(seed, 0), n))
}

/// Makes the id that the `n`th case of a series had in the predecessor system (K3), never the same for two `n`.
pub fn former(series: Series, seed: u64, n: u64) -> String {
    format!("ASA-{}{:09}", series as u8, numbered(Dice::new(seed, 1), n))
}

/// A prime step permutes the numbers of a seed, so they look like those of a register and stay distinct.
fn numbered(mut dice: Dice, n: u64) -> u64 {
    (dice.below(NUMBERS) + n % NUMBERS * 7_919) % NUMBERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_community_has_both_kinds_of_name() {
        assert_eq!(GIVEN.len(), FAMILY.len());
        assert_eq!(GIVEN.len(), SHARES.len());
        assert_eq!(SHARES.iter().map(|(share, _)| share).sum::<u64>(), 100);
        assert!(FAMILY[0].iter().any(|name| name.contains('ū')));
    }

    #[test]
    fn numbers_of_one_seed_are_distinct_and_well_formed() {
        let numbers: std::collections::HashSet<String> = (0..100_000).map(|n| nsn(Series::Term, 42, n)).collect();
        assert_eq!(numbers.len(), 100_000);
        assert!(numbers.iter().all(|nsn| nsn.len() == 10 && nsn.starts_with('9')));
    }

    #[test]
    fn a_decomposed_name_is_the_same_name_in_other_bytes() {
        assert_eq!(decomposed("Hēmi Tūtaki"), "He\u{304}mi Tu\u{304}taki");
    }
}

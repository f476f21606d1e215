//! The map of the simulation: 84 catchments with a provider each, their schools, and the schools with provision of
//! their own (A5, A6, N3).

use std::sync::LazyLock;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::dice::Dice;

/// How many schools hold in-school provision at full scale (N3).
pub const IN_SCHOOL_MAX: usize = 170;

/// A catchment.
#[derive(Clone, Copy, Debug)]
pub struct Catchment {
    /// Its code, `C01`.
    pub code: &'static str,
    /// The code of its provider, `ASP01`.
    pub provider: &'static str,
    /// What people call it.
    pub name: &'static str,
    /// The region it lies in, as people call it.
    pub region: &'static str,
}

/// The 84 catchments.
pub static CATCHMENTS: LazyLock<Vec<Catchment>> = LazyLock::new(|| {
    let rows = include_str!("reference/catchments.csv").lines().filter(|line| !line.starts_with('#'));
    let read = |row: &'static str| {
        let mut fields = row.split(',');
        Some(Catchment { code: fields.next()?, provider: fields.next()?, name: fields.next()?, region: fields.next()? })
    };
    rows.filter_map(read).collect()
});

/// A school, known by its catchment and its number there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct School {
    /// Index of its catchment.
    pub catchment: usize,
    /// Its number in the catchment, from 1.
    pub number: usize,
}

impl School {
    /// Returns its code, `S0103`.
    pub fn code(self) -> String {
        format!("S{:02}{:02}", self.catchment + 1, self.number)
    }

    /// Returns the code its in-school provision has, where it holds one.
    pub fn in_school_code(self) -> String {
        format!("ISP{:02}{:02}", self.catchment + 1, self.number)
    }

    /// Returns its catchment.
    pub fn catchment(self) -> Catchment {
        CATCHMENTS[self.catchment]
    }
}

/// How much of the country takes part: fewer cases need fewer schools. A larger map holds all of a smaller one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Map {
    schools_each: usize,
    in_school: usize,
}

impl Map {
    /// Chooses a map for so many cases.
    pub fn for_cases(cases: u32) -> Map {
        let cases = cases as usize;
        Map { schools_each: (cases / 200).clamp(2, 30), in_school: (cases / 40).clamp(8, IN_SCHOOL_MAX) }
    }

    /// Returns whether a school holds in-school provision: the first school of every catchment, then the second, …
    pub fn holds_in_school(self, school: School) -> bool {
        (school.number - 1) * CATCHMENTS.len() + school.catchment < self.in_school
    }

    /// Picks a school of a catchment.
    pub fn school_of(self, dice: &mut Dice, catchment: usize) -> School {
        School { catchment, number: dice.between(1, self.schools_each as u64) as usize }
    }

    /// Picks a school anywhere; catchments with low numbers are no larger than others.
    pub fn school(self, dice: &mut Dice) -> School {
        let catchment = dice.below(CATCHMENTS.len() as u64) as usize;
        self.school_of(dice, catchment)
    }

    /// Picks a school that holds in-school provision.
    pub fn in_school(self, dice: &mut Dice) -> School {
        let n = dice.below(self.in_school as u64) as usize;
        School { catchment: n % CATCHMENTS.len(), number: n / CATCHMENTS.len() + 1 }
    }

    /// Picks a catchment other than this one.
    pub fn elsewhere(self, dice: &mut Dice, catchment: usize) -> usize {
        (catchment + dice.between(1, CATCHMENTS.len() as u64 - 1) as usize) % CATCHMENTS.len()
    }

    /// Returns the rows of reference data, as `POST /v1/reference` takes them.
    pub fn entries(self, from: NaiveDate) -> Vec<Value> {
        let mut rows = Vec::new();
        for (i, catchment) in CATCHMENTS.iter().enumerate() {
            let Catchment { code, provider, .. } = catchment;
            rows.push(json!({"what": "catchment", "catchment": code, "provider": provider, "from": from}));
            let region = code_of(catchment.region);
            rows.push(json!({"what": "region", "catchment": code, "region": region, "from": from}));
            for number in 1..=self.schools_each {
                let school = School { catchment: i, number };
                rows.push(json!({"what": "school", "school": school.code(), "catchment": code, "from": from}));
                if self.holds_in_school(school) {
                    let provider = school.in_school_code();
                    rows.push(
                        json!({"what": "in_school", "school": school.code(), "provider": provider, "from": from}),
                    );
                }
            }
        }
        rows
    }
}

/// Returns the code of a region's name: capitals without macrons, as many words as a code holds.
fn code_of(region: &str) -> String {
    let plain = |c: char| match c {
        'ā' | 'Ā' => 'a',
        'ē' | 'Ē' => 'e',
        'ī' | 'Ī' => 'i',
        'ō' | 'Ō' => 'o',
        'ū' | 'Ū' => 'u',
        other => other,
    };
    let text: String = region.chars().filter(|c| *c != '\'').map(plain).collect();
    let mut code = String::new();
    for word in text.split([' ', '-']).map(str::to_ascii_uppercase) {
        if code.len() + 1 + word.len() > 16 {
            break;
        }
        if !code.is_empty() {
            code.push('-');
        }
        code += &word;
    }
    code.trim_end_matches("-A").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_has_84_catchments_with_a_provider_each() {
        assert_eq!(CATCHMENTS.len(), 84);
        let providers: std::collections::BTreeSet<&str> = CATCHMENTS.iter().map(|c| c.provider).collect();
        assert_eq!(providers.len(), 84);
        assert!(CATCHMENTS.iter().any(|c| c.name == "Ōpōtiki"));
    }

    #[test]
    fn a_larger_map_holds_all_of_a_smaller_one() {
        let day = NaiveDate::default();
        let small = Map::for_cases(100).entries(day);
        let large = Map::for_cases(65_000).entries(day);
        assert!(small.iter().all(|row| large.contains(row)));
        assert_eq!(large.iter().filter(|row| row["what"] == "in_school").count(), IN_SCHOOL_MAX);
        assert_eq!(large.len(), 84 + 84 + 84 * 30 + IN_SCHOOL_MAX);
    }

    #[test]
    fn regions_have_codes_and_the_casts_office_has_one_of_them() {
        let codes: std::collections::BTreeSet<String> = CATCHMENTS.iter().map(|c| code_of(c.region)).collect();
        assert_eq!(codes.len(), 14, "{codes:?}");
        assert!(codes.iter().all(|code| code.parse::<caseledger_events::ids::Code>().is_ok()), "{codes:?}");
        let offices = caseledger_identity::cast::cast().iter().filter_map(|person| person.region);
        assert!(offices.into_iter().all(|region| codes.contains(region)), "{codes:?}");
    }
}

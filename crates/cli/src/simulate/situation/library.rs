//! All situations, as they lie in `tests/situations/`; they are part of the program, so that the demo needs no files.

use serde::Deserialize;
use serde_json::Value;

use super::{BadSituation, Named, json_of};

macro_rules! situations {
    ($($name:literal,)*) => {
        const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../../tests/situations/", $name, ".toml"))),)*];
    };
}

situations! {
    "moved-to-australia",
    "said-to-be-overseas",
    "in-but-the-whanau-has-left",
    "cit-does-not-close",
    "an-unknown-immigration-code",
    "eleven-and-a-half-days",
    "no-signed-plan",
    "urgent-referral",
    "on-holiday-with-a-return-date",
    "last-day-of-attendance",
    "falls-off-the-roll",
    "referred-while-not-enrolled",
    "closed-less-than-three-months-ago",
    "closed-stays-closed",
    "open-request-at-msd",
    "confirmed-address-outside",
    "agreed-without-an-address",
    "neither-address-nor-agreement",
    "enrolled-but-lives-elsewhere",
    "in-school-to-catchment",
    "another-primary-contact",
    "comment-stays-private",
    "the-register-was-late",
    "home-education",
    "reported-twice-without-a-number",
    "a-bus-card",
    "a-surge-of-referrals",
    "a-plan-goes-to-the-school",
    "prosecution-comes-last",
    "carried-over-from-the-old-system",
    "a-weekday-that-is-wrong",
    "the-connection-breaks",
    "mondays-and-fridays",
    "ill-and-without-support",
    "already-in-year-eight",
    "withdrawn-by-the-parents",
}

/// Reads every situation.
pub fn library() -> Result<Vec<Named>, BadSituation> {
    FILES.iter().map(|(name, text)| Named::read(name, text)).collect()
}

#[derive(Deserialize)]
struct Map {
    entry: Vec<toml::Table>,
}

/// Returns the small map all situations play on, as rows of reference data.
///
/// # Panics
/// Where the embedded file does not read; a test reads it.
pub fn map() -> Vec<Value> {
    let map: Map = toml::from_str(include_str!("../../../../../tests/situations/map.toml")).expect("an embedded file");
    map.entry.iter().map(json_of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::simulate::play::judge;
    use crate::simulate::rehearsal::Rehearsal;
    use crate::simulate::situation::Weeks;

    #[test]
    fn every_file_of_the_folder_is_in_the_library() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/situations");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|name| name != "map" && name != "README")
            .collect();
        assert_eq!(files, FILES.iter().map(|(name, _)| (*name).to_owned()).collect());
    }

    /// How many questions the webinar document has.
    const QUESTIONS: usize = 58;

    #[test]
    fn every_question_of_the_webinar_names_a_situation_that_there_is_or_where_it_is_answered() {
        let page = include_str!("../../../../../tests/situations/README.md");
        let rows: Vec<Vec<&str>> = page
            .lines()
            .filter(|line| line.starts_with("| W"))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        let numbers: Vec<String> = (1..=QUESTIONS).map(|n| format!("W{n}")).collect();
        assert_eq!(rows.iter().map(|row| row[1]).collect::<Vec<_>>(), numbers);
        for row in rows {
            let elsewhere = row[3].contains(' ') && !row[3].contains(", ") || row[3].contains('(');
            let known = |name: &str| FILES.iter().any(|(file, _)| *file == name);
            assert!(elsewhere || row[3].split(", ").all(known), "{}: {}", row[1], row[3]);
        }
    }

    /// Every situation against the rules alone, on its own days and on days a year later.
    #[test]
    fn every_situation_goes_as_its_file_tells() {
        let library = library().unwrap();
        for weeks in [Weeks::default(), Weeks::of(53)] {
            let mut rehearsal = Rehearsal::new(&map());
            let mut wrong = Vec::new();
            for (story, named) in library.iter().enumerate() {
                for step in named.steps(story as u32, 1, weeks).unwrap() {
                    let performed = rehearsal.perform(&step);
                    if let Err(got) = judge(&step, &performed) {
                        let place = named.place(usize::from(step.number));
                        wrong.push(format!("{place}: {}: expected {}, got {got}", step.action, step.expect));
                    }
                }
            }
            assert!(wrong.is_empty(), "{weeks:?}:\n{}", wrong.join("\n"));
        }
    }

    #[test]
    fn a_situation_says_what_it_shows_and_looks_at_the_end() {
        for named in library().unwrap() {
            let (name, situation) = (named.name, &named.situation);
            assert!(!situation.endings.is_empty(), "{name} ends without a look");
            assert!(situation.title.len() > 10 && situation.story.len() > 100, "{name}");
            let cites =
                |c: char| situation.source.split(|d: char| !d.is_alphanumeric()).any(|word| word.starts_with(c));
            assert!(
                cites('S') && ["R", "Q", "T", "V", "E", "A", "§"].iter().any(|id| situation.source.contains(id)),
                "{name}"
            );
            let last = situation.steps.windows(2).all(|pair| pair[0].at <= pair[1].at);
            assert!(last, "{name}: steps stand in the order of time");
        }
    }
}

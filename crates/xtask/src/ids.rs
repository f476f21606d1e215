//! `cargo xtask ids`: which ids of the domain (events, rules, defects, open questions) no test speaks of, and which setting
//! of the policy no code reads.
//!
//! An id is spoken of where it stands in the name of a test (`r20_…`), or anywhere in the text of a test or situation:
//! a table row, a comment. A test is a file below a folder `tests`, one called `tests.rs` or `…_tests.rs`, or what
//! follows `mod tests {` in another.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Where the ids are listed.
const LIST: &str = "docs/ids.txt";

/// Where the settings of the policy are listed, made from the program's own list.
const SETTINGS: &str = "docs/policy.md";

/// Prints what no test speaks of and what no code reads, and fails where that is anything.
pub fn run() -> Result<()> {
    let root = workspace::root();
    let (missing, unread) = (missing(root)?, unread_settings(root)?);
    if !missing.is_empty() {
        bail!("no test speaks of {}", missing.join(", "));
    }
    if !unread.is_empty() {
        bail!("no code reads the settings {}", unread.join(", "));
    }
    println!("every id of {LIST} is spoken of in a test, and every setting of {SETTINGS} is read");
    Ok(())
}

/// Returns the settings of the policy that no code reads: no field access of that name outside of tests.
fn unread_settings(root: &Path) -> Result<Vec<String>> {
    let page = fs::read_to_string(root.join(SETTINGS)).with_context(|| format!("reading {SETTINGS}"))?;
    let mut code = String::new();
    for folder in ["events/src", "projections/src", "crates"] {
        for path in files(&root.join(folder))? {
            if path.extension().is_some_and(|name| name == "rs") {
                let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
                code += shipped_of(&path, &text);
            }
        }
    }
    Ok(settings_of(&page).into_iter().filter(|setting| !is_read(setting, &code)).collect())
}

/// Returns the settings of the page, as dotted keys: the third cell of its rows.
fn settings_of(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter(|line| line.starts_with("| Q") && !line.starts_with("| Question"));
    let keys = rows.filter_map(|row| row.split('|').nth(3)).map(|cell| cell.trim().trim_matches('`').to_owned());
    keys.collect()
}

/// Returns whether a field of the setting's name is read: `.name` that is neither given a value nor a longer name, and not
/// only looked at for its form (`rows("name", &self.name)`).
fn is_read(setting: &str, code: &str) -> bool {
    let name = format!(".{}", setting.rsplit('.').next().unwrap_or(setting));
    code.match_indices(&name).any(|(at, _)| {
        let rest = &code[at + name.len()..];
        let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let is_given = rest.starts_with(" = ");
        let is_checked = code[..at].ends_with("\", &self");
        !goes_on && !is_given && !is_checked
    })
}

/// Returns what of a file is no test.
fn shipped_of<'a>(path: &Path, text: &'a str) -> &'a str {
    let tests = tests_of(path, text);
    &text[..text.len() - tests.len()]
}

fn missing(root: &Path) -> Result<Vec<String>> {
    let listed = fs::read_to_string(root.join(LIST)).with_context(|| format!("reading {LIST}"))?;
    let mut spoken = BTreeSet::new();
    for folder in ["events", "projections", "crates", "tests"] {
        for path in files(&root.join(folder))? {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            ids_of(tests_of(&path, &text), &mut spoken);
        }
    }
    let ids = listed.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(ids.filter(|id| !spoken.contains(*id)).map(str::to_owned).collect())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let is_ours = |name: &str| name == "rs" || name == "toml";
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().and_then(|name| name.to_str()).is_some_and(is_ours) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Returns what of a file is a test.
fn tests_of<'a>(path: &Path, text: &'a str) -> &'a str {
    let of_tests = |part: &str| part == "tests" || part == "situations";
    let in_folder = path.iter().filter_map(|part| part.to_str()).any(of_tests);
    let by_name = path.file_stem().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with("tests"));
    if in_folder || by_name {
        return text;
    }
    text.find("mod tests {").map_or("", |at| &text[at..])
}

/// Adds the ids of a text: a letter and a number as a word of their own, in tests' names in lower case.
fn ids_of(text: &str, ids: &mut BTreeSet<String>) {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let read = |word: &str| {
        let (letter, number) = word.split_at_checked(1)?;
        let is_id = number.bytes().all(|b| b.is_ascii_digit()) && (1..=2).contains(&number.len());
        let letter = letter.to_ascii_uppercase();
        (is_id && "ERVTQK".contains(&letter)).then(|| format!("{letter}{number}"))
    };
    ids.extend(words.filter_map(read));
    // A range stands for all that lie in it: R10–R14.
    for (at, _) in text.match_indices('–') {
        let (before, after) =
            (text[..at].rsplit(|c: char| !c.is_ascii_alphanumeric()).next(), &text[at + '–'.len_utf8()..]);
        let after = after.split(|c: char| !c.is_ascii_alphanumeric()).next();
        let (Some(from), Some(to)) = (before.and_then(read), after.and_then(read)) else { continue };
        if let (true, Ok(first), Ok(last)) = (from[..1] == to[..1], from[1..].parse::<u8>(), to[1..].parse::<u8>()) {
            ids.extend((first..=last).map(|n| format!("{}{n}", &from[..1])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_names_rows_and_ranges_and_not_inside_words() {
        let mut ids = BTreeSet::new();
        ids_of("fn r20_pins() // Q4, R10–R12; SCH-E1x E999 v2 R_3", &mut ids);
        let expected = ["Q4", "R10", "R11", "R12", "R20", "V2"];
        assert_eq!(ids.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_setting_is_read_where_its_field_is_and_not_where_it_is_set_or_part_of_a_longer_name() {
        let page = "| Question | What | Setting |\n|---|---|---|\n| Q1 | a | `absence.reaches` | `x` |\n| Q2 | b | `service.cases` |\n";
        let settings = settings_of(page);
        assert_eq!(settings.iter().map(String::as_str).collect::<Vec<_>>(), ["absence.reaches", "service.cases"]);
        for (code, read) in [
            ("match self.reaches {", true),
            ("p.reaches = 3", false),
            ("p.reaches_far", false),
            ("reaches: 3", false),
            ("rows(\"reaches\", &self.reaches)", false),
        ] {
            assert_eq!(is_read("absence.reaches", code), read, "{code}");
        }
    }

    #[test]
    fn every_setting_of_the_policy_is_read_by_the_code() {
        let unread = unread_settings(workspace::root()).unwrap();
        assert!(unread.is_empty(), "no code reads {unread:?}");
    }

    #[test]
    fn every_id_of_the_domain_is_spoken_of_in_a_test() {
        let missing = missing(workspace::root()).unwrap();
        assert!(missing.is_empty(), "no test speaks of {missing:?}");
    }
}

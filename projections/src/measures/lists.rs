//! The lists this program ships, every version ever published among them.

use std::sync::LazyLock;

use super::list::{BadList, List};

/// Name and text of every list; a new quarter is a file and a line here.
const TEXTS: &[(&str, &str)] = &[
    ("2026-Q1.1.toml", include_str!("../../measures/2026-Q1.1.toml")),
    ("2026-Q2.1.toml", include_str!("../../measures/2026-Q2.1.toml")),
];

static LISTS: LazyLock<Vec<List>> = LazyLock::new(|| {
    let read = TEXTS.iter().map(|(file, text)| List::parse(file, text));
    read.collect::<Result<_, _>>().expect("the lists of the program are read by its tests")
});

/// Returns every list, the newest version of a quarter last.
pub fn all() -> &'static [List] {
    &LISTS
}

/// Returns the newest list of a quarter.
pub fn newest(quarter: &str) -> Option<&'static List> {
    LISTS.iter().rev().find(|list| list.quarter() == quarter)
}

/// Returns one version of a quarter's list.
pub fn version(quarter: &str, version: u32) -> Option<&'static List> {
    LISTS.iter().find(|list| list.quarter() == quarter && list.version == version)
}

/// Returns the text of a list, which a published run is bound to.
pub fn text(list: &List) -> Option<&'static str> {
    let name = format!("{}.{}.toml", list.quarter(), list.version);
    TEXTS.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

/// Checks that lists do not contradict each other: one file a quarter and version, versions counted from 1.
pub fn check_together(lists: &[List]) -> Result<(), BadList> {
    for (n, list) in lists.iter().enumerate() {
        let before = lists[..n].iter().filter(|other| other.quarter() == list.quarter()).count();
        let expected = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        if list.version != expected {
            let file = format!("{}.{}.toml", list.quarter(), list.version);
            let reason = format!("version {} of {} where version {expected} is expected", list.version, list.quarter());
            return Err(BadList { file, line: 0, reason });
        }
    }
    Ok(())
}

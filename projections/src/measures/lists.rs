//! The lists of measures: those this program ships, and those a folder adds without another build.

use std::sync::OnceLock;

use super::list::{BadList, List};

/// Name and text of every list that is shipped; every version ever published stays.
const SHIPPED: &[(&str, &str)] = &[
    ("2026-Q1.1.toml", include_str!("../../measures/2026-Q1.1.toml")),
    ("2026-Q2.1.toml", include_str!("../../measures/2026-Q2.1.toml")),
];

static LISTS: OnceLock<Shelf> = OnceLock::new();

/// Lists with their texts, which published runs are bound to.
pub struct Shelf {
    lists: Vec<List>,
    texts: Vec<String>,
}

impl Shelf {
    /// Reads the shipped lists and further files, each named `<quarter>.<version>.toml`.
    ///
    /// # Errors
    /// Refuses a file that is no list, is named otherwise than it says, or stands for a list that there is already
    /// with another text; and versions of a quarter that do not count on from 1.
    pub fn with(further: Vec<(String, String)>) -> Result<Shelf, BadList> {
        let shipped = SHIPPED.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
        let mut all: Vec<(List, String)> = Vec::new();
        for (file, text) in shipped.chain(further) {
            let list = List::parse(&file, &text)?;
            let bad = |reason: String| BadList { file: file.clone(), line: 0, reason };
            if file != file_of(&list) {
                return Err(bad(format!("it is a list to be named {}", file_of(&list))));
            }
            match all.iter().find(|(known, _)| file_of(known) == file) {
                Some((_, known)) if *known == text => continue,
                Some(_) => return Err(bad("another text stands for this list already; raise its version".to_owned())),
                None => all.push((list, text)),
            }
        }
        all.sort_by_key(|(list, _)| (list.quarter().to_owned(), list.version));
        let (lists, texts): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        check_together(&lists)?;
        Ok(Shelf { lists, texts })
    }
}

/// Adds the lists of a folder, given as file names and texts; once, before any list is asked for.
///
/// # Errors
/// As [`Shelf::with`].
pub fn add(further: Vec<(String, String)>) -> Result<(), BadList> {
    let shelf = Shelf::with(further)?;
    LISTS.set(shelf).map_err(|_| BadList {
        file: "the folder of lists".to_owned(),
        line: 0,
        reason: "lists were in use already when it was to be added".to_owned(),
    })
}

/// Returns every list, the newest version of a quarter last.
pub fn all() -> &'static [List] {
    &shelf().lists
}

/// Returns the newest list of a quarter.
pub fn newest(quarter: &str) -> Option<&'static List> {
    all().iter().rev().find(|list| list.quarter() == quarter)
}

/// Returns one version of a quarter's list.
pub fn version(quarter: &str, version: u32) -> Option<&'static List> {
    all().iter().find(|list| list.quarter() == quarter && list.version == version)
}

/// Returns the text of a list, which a published run is bound to.
pub fn text(list: &List) -> Option<&'static str> {
    let known = all().iter().position(|known| file_of(known) == file_of(list));
    known.map(|at| shelf().texts[at].as_str())
}

fn shelf() -> &'static Shelf {
    LISTS.get_or_init(|| Shelf::with(Vec::new()).expect("the lists of the program are read by its tests"))
}

fn file_of(list: &List) -> String {
    format!("{}.{}.toml", list.quarter(), list.version)
}

/// Checks that lists do not contradict each other: one file a quarter and version, versions counted from 1.
pub fn check_together(lists: &[List]) -> Result<(), BadList> {
    for (n, list) in lists.iter().enumerate() {
        let before = lists[..n].iter().filter(|other| other.quarter() == list.quarter()).count();
        let expected = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        if list.version != expected {
            let reason = format!("version {} of {} where version {expected} is expected", list.version, list.quarter());
            return Err(BadList { file: file_of(list), line: 0, reason });
        }
    }
    Ok(())
}

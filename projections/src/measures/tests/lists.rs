//! The lists themselves: that all are read, and that a wrong one is refused with its line.

use caseledger_events::public::{is_restricted, tells_of_restricted};

use crate::measures::fact::READ;
use crate::measures::list::{BadList, List};
use crate::measures::lists::Shelf;
use crate::measures::{lists, settings};
use crate::testing::every_event;

const Q2: &str = include_str!("../../../measures/2026-Q2.1.toml");

#[test]
fn every_list_is_read_and_none_contradicts_another() {
    lists::check_together(lists::all()).unwrap();
    let ids = |quarter: &str| -> Vec<&str> {
        lists::newest(quarter).unwrap().measures().map(|measure| measure.id.as_str()).collect()
    };
    let all = ["M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9", "M10", "M11", "M12", "M13"];
    assert_eq!(ids("2026-Q2"), all);
    assert_eq!(ids("2026-Q1"), ["M4", "M5", "M6", "M7", "M8"]);
    for list in lists::all() {
        assert_eq!(lists::text(list).map(|text| List::parse("", text).unwrap().title), Some(list.title.clone()));
    }
}

#[test]
fn thresholds_are_those_of_the_source() {
    let list = lists::newest("2026-Q2").unwrap();
    let thresholds: Vec<Option<u32>> = list.measures().map(|measure| measure.threshold()).collect();
    let of = [60, 100, 90, 90, 90, 60, 80, 90, 80, 90];
    assert_eq!(thresholds[..3], [None; 3]);
    assert_eq!(thresholds[3..], of.map(Some));
}

#[test]
fn a_list_is_in_the_table_once() {
    let list = List::parse("a", Q2).unwrap();
    let error = lists::check_together(&[list.clone(), list]).unwrap_err();
    assert_eq!(error.to_string(), "2026-Q2.1.toml, line 0: version 1 of 2026-Q2 where version 2 is expected");
}

#[test]
fn a_file_adds_a_list_and_never_changes_one() {
    let version = |n: u32| Q2.replace("version = 1\n", &format!("version = {n}\n"));
    assert_ne!(version(2), Q2, "the list says its version on a line of its own");
    let with = |file: &str, text: String| Shelf::with(vec![(file.to_owned(), text)]).map(drop);
    assert_eq!(with("2026-Q2.2.toml", version(2)), Ok(()));
    assert_eq!(with("2026-Q2.1.toml", Q2.to_owned()), Ok(()), "the shipped text itself is no contradiction");
    for (file, text, says) in [
        ("2026-Q2.1.toml", format!("{Q2}\n# a word"), "another text stands for this list already; raise its version"),
        ("second.toml", version(2), "it is a list to be named 2026-Q2.2.toml"),
        ("2026-Q2.3.toml", version(3), "version 3 of 2026-Q2 where version 2 is expected"),
        ("2026-Q2.2.toml", "format = 1".to_owned(), "missing field"),
    ] {
        let error = with(file, text).unwrap_err();
        assert!(error.to_string().starts_with(file) && error.reason.contains(says), "{file}: {error}");
    }
}

/// Makes the list with one thing changed; the error must name the line of what was changed.
#[track_caller]
fn refused(from: &str, to: &str, says: &str) {
    assert!(Q2.contains(from), "`{from}` stands in the list");
    let text = Q2.replacen(from, to, 1);
    let BadList { file, line, reason } = List::parse("q.toml", &text).unwrap_err();
    assert_eq!(file, "q.toml");
    assert!(reason.contains(says), "line {line}: {reason}");
    let changed = Q2.lines().zip(text.lines()).position(|(old, new)| old != new).map_or(0, |at| at + 1);
    let near = line == 0 || (line <= changed && changed - line < 10);
    assert!(near, "line {changed} was changed, line {line} is named: {reason}");
}

#[test]
fn a_wrong_list_is_refused_with_the_line_and_the_reason() {
    for (from, to, says) in [
        ("threshold = 60", "threshold = 101", "M4: a threshold is a percentage from 1 to 100, not 101"),
        ("threshold = 60", "threshold = 0", "not 0"),
        ("threshold = 60", "threshhold = 60", "unknown field `threshhold`"),
        ("threshold = 60", "", "M4: it needs `threshold`, `clock` and `achieved`, or a `narrative`"),
        ("quarter = \"2026-Q2\"", "quarter = \"2026-Q9\"", "no table of quarters of calendar 1 has 2026-Q9"),
        ("calendar = 1", "calendar = 7", "there is no calendar `7`; there are: 1"),
        ("format = 1", "format = 2", "format 2 is not known"),
        ("id = \"M2\"", "id = \"M1\"", "M1: stands in the list twice"),
        ("id = \"M2\"", "id = \"R2\"", "the id of a measure is M and a number"),
        ("weeks = 15, by", "weeks = 15, business_days = 3, by", "business days and weeks contradict each other"),
        ("{ start = \"allocation\", weeks = 10 }", "{ weeks = 10 }", "a count needs a start"),
        ("{ start = \"allocation\", weeks = 10 }", "{ start = \"allocation\" }", "a clock needs"),
        ("weeks = 10", "weeks = 0", "a count of none"),
        ("{ by = \"2026-03-31\" }", "{ by = \"2026-07-04\" }", "only a preliminary result"),
        ("[\"enrolled\"]", "[\"enroled\"]", "unknown variant `enroled`"),
        ("{ any = [\"enrolled\"] }", "{ any = [] }", "either `all` or `any`"),
        ("[settings]", "[settings]\ncohorts = 3", "there is no setting `cohorts`"),
        ("[settings]", "[settings]\ncohort = \"drawn\"", "unknown variant `drawn`"),
        ("title = \"Risk update\"", "title = \"Risk update\"\nthreshold = 3", "a narrative has no threshold"),
    ] {
        refused(from, to, says);
    }
}

#[test]
fn a_pass_stays_only_of_a_quarter_that_is_named() {
    let error = List::parse("q.toml", &Q2.replace("reassesses = \"2026-Q1\"", "")).unwrap_err();
    assert!(error.reason.starts_with("M5: it is sticky, and the list does not say which quarter"), "{error}");
}

#[test]
fn migrated_cases_are_not_reassessed_after_the_second_quarter() {
    let text = Q2.replace("quarter = \"2026-Q2\"", "quarter = \"2026-Q3\"");
    let error = List::parse("q.toml", &text).unwrap_err();
    assert!(error.reason.contains("M4: migrated cases are not reassessed after Q2 2026 (S2)"), "{error}");
}

#[test]
fn a_list_fixes_settings_that_policy_leaves_open() {
    let policy = caseledger_events::policy::Measures::default();
    let fixed: toml::Table = toml::from_str("cohort = 'allocated'\nstart_day_counts = true").unwrap();
    let laid_over = settings::overlay(&policy, &fixed).unwrap();
    assert_eq!(laid_over.cohort, caseledger_events::policy::Cohort::Allocated);
    assert!(laid_over.start_day_counts && laid_over.calendar_profile == policy.calendar_profile);
}

/// Figures and their workbooks go to whoever may export facts: nothing restricted is in them (design §3, V5).
#[test]
fn no_figure_goes_by_an_event_that_is_restricted() {
    assert_eq!(READ.iter().find(|kind| is_restricted(kind)), None);
    let read: Vec<_> = every_event().into_iter().filter(|event| READ.contains(&event.kind())).collect();
    assert!(read.len() >= READ.len() && !read.iter().any(tells_of_restricted), "{} of {}", read.len(), READ.len());
}

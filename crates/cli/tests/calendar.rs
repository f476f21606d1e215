//! `caseledger calendar`: every skipped day is named, and what is in no table is an error with its own exit code.

use std::fs;

use crate::support::run;

#[test]
fn ten_business_days_over_anzac_day_name_each_day_they_skipped() {
    let told = run(["calendar", "add", "2026-04-24", "+10bd", "--profile", "nz_national"]).ended(0);
    assert!(told.out.starts_with("2026-05-11 Monday\n"), "{}", told.out);
    assert!(told.out.contains("skipped 2026-04-27 Monday    Anzac Day"), "{}", told.out);
    let json = run(["calendar", "add", "2026-04-24", "+10bd", "--json"]).ended(0).json();
    assert_eq!((&json["end"], &json["calendar"]), (&"2026-05-11".into(), &1.into()));
    assert_eq!(json["skipped"].as_array().unwrap().len(), 7);
    assert_eq!(json["counted"].as_array().unwrap().len(), 10);
}

#[test]
fn the_same_question_has_another_answer_by_another_definition() {
    for (args, end) in [
        (&["+5bd"][..], "2026-01-12"),
        (&["+5bd", "--profile", "oia"], "2026-01-22"),
        (&["+10bd", "--region", "wellington"], "2026-01-20"),
        (&["+15w"], "2026-04-20"),
        (&["+3d"], "2026-01-08"),
    ] {
        let asked = ["calendar", "add", "2026-01-05", "--json"].into_iter().chain(args.iter().copied());
        assert_eq!(run(asked).ended(0).json()["end"], end, "{args:?}");
    }
    let between = run(["calendar", "count", "2026-04-02", "2026-04-13", "--json"]).ended(0).json();
    assert_eq!(between["counted"].as_array().unwrap().len(), 5);
}

#[test]
fn a_school_with_days_of_its_own_is_asked_by_name() {
    let top = tempfile::tempdir().unwrap();
    let file = top.path().join("schools.toml");
    fs::write(
        &file,
        "[[school]]\ncode = 'S-001'\nregion = 'otago'\nyear = [{ starts = '2026-02-04', ends = '2026-12-16' }]\n",
    )
    .unwrap();
    let unsure = run(["calendar", "add", "2026-01-30", "+1sd", "--region", "otago"]).ended(4);
    assert!(unsure.err.contains("differs by school (term 1 of 2026)"), "{}", unsure.err);
    let file = file.to_str().unwrap();
    let sure = run(["calendar", "add", "2026-01-30", "+1sd", "--schools", file, "--school", "S-001", "--json"]);
    assert_eq!(sure.ended(0).json()["end"], "2026-02-04");
    let other = run(["calendar", "add", "2026-01-30", "+1sd", "--schools", file, "--school", "S-002"]).ended(2);
    assert!(other.err.contains("there is no school `S-002`; there are: S-001"), "{}", other.err);
}

#[test]
fn what_is_in_no_table_is_an_error_and_never_a_count() {
    for (args, code, says) in [
        (&["add", "2052-12-31", "+1bd"][..], 4, "lies outside calendar 1"),
        (&["add", "2052-12-01", "+9w"], 4, "lies outside calendar 1"),
        (&["add", "2027-03-01", "+1sd", "--region", "otago"], 4, "the school terms of 2027 are not in the table"),
        (&["add", "2026-03-20", "+1sd"], 4, "anniversary day of Otago: name the region"),
        (&["add", "2026-03-20", "+1bd", "--profile", "bank"], 2, "there is no profile `bank`"),
        (&["add", "2026-03-20", "+1bd", "--region", "mars"], 2, "there is no region `mars`"),
        (&["add", "2026-03-20", "+1bd", "--calendar", "7"], 2, "there is no calendar `7`"),
        (&["add", "2026-03-20", "1 month"], 2, "a count is a number"),
        (&["count", "2026-03-20", "2026-03-19"], 2, "the last day lies before the first"),
        (&["show", "--year", "2060"], 4, "lies outside calendar 1"),
    ] {
        let ran = run(["calendar"].into_iter().chain(args.iter().copied())).ended(code);
        assert!(ran.err.contains(says) && ran.out.is_empty(), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_year_is_shown_with_its_holidays_terms_and_anniversary_days() {
    let shown = run(["calendar", "show", "--year", "2026", "--region", "otago"]).ended(0).out;
    for line in [
        "2026-03-23 Monday    anniversary day of Otago",
        "2026-04-27 Monday    Anzac Day",
        "2026-07-10 Friday    Matariki",
        "2026-07-03 Friday    term 2 ends (2026-07-03)",
        "2026-12-18 Friday    term 4 ends (2026-12-14 to 2026-12-18, by school)",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
}

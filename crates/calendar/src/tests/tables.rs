//! The tables themselves: what is known of them from elsewhere, and what is refused.

use chrono::{Datelike, Weekday};

use super::day;
use crate::calendar::Texts;
use crate::{Calendar, quarters, terms};

const GOOD: Texts<'static> = Texts {
    holidays: include_str!("../../data/nz.1.toml"),
    profiles: include_str!("../../data/profiles.1.toml"),
    terms: include_str!("../../data/terms.1.toml"),
    quarters: include_str!("../../data/quarters.1.toml"),
};

/// A calendar that figures were counted by is never edited: a correction is version 2, and this list grows.
#[test]
fn no_byte_of_a_published_calendar_changes() {
    let published = [(1, "5cdadb577435ead5")];
    for (version, fingerprint) in published {
        let calendar = Calendar::of_version(version).unwrap();
        assert_eq!(calendar.fingerprint(), fingerprint, "calendar {version} was edited");
    }
    assert_eq!(Calendar::newest().version(), published[published.len() - 1].0);
    let error = Calendar::of_version(99).err().unwrap();
    assert_eq!(error.to_string(), "there is no calendar `99`; there are: 1");
}

#[test]
fn holidays_are_those_of_the_report_and_never_on_a_weekend() {
    let holidays = Calendar::newest().holidays();
    let of_year = |year: i32| -> Vec<String> {
        let days = holidays.all_national().filter(|(day, _)| day.year() == year);
        days.map(|(day, _)| day.format("%m-%d").to_string()).collect()
    };
    for (year, days) in [
        (2025, ["01-01", "01-02", "02-06", "04-18", "04-21", "04-25", "06-02", "06-20", "10-27", "12-25", "12-26"]),
        (2026, ["01-01", "01-02", "02-06", "04-03", "04-06", "04-27", "06-01", "07-10", "10-26", "12-25", "12-28"]),
        (2027, ["01-01", "01-04", "02-08", "03-26", "03-29", "04-26", "06-07", "06-25", "10-25", "12-27", "12-28"]),
        (2028, ["01-03", "01-04", "02-07", "04-14", "04-17", "04-25", "06-05", "07-14", "10-23", "12-25", "12-26"]),
    ] {
        assert_eq!(of_year(year), days, "{year}");
    }
    assert!(holidays.all_national().all(|(day, _)| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)));
    assert_eq!(holidays.national(day("2022-09-26")), Some("Queen Elizabeth II Memorial Day"));
    assert_eq!(holidays.national(day("2038-04-26")), Some("Easter Monday and Anzac Day"));
}

/// The dates of the schedule of the Act, written out beside the generated table.
#[test]
fn matariki_is_a_friday_of_the_statute_to_2052() {
    let schedule = [
        "2022-06-24",
        "2023-07-14",
        "2024-06-28",
        "2025-06-20",
        "2026-07-10",
        "2027-06-25",
        "2028-07-14",
        "2029-07-06",
        "2030-06-21",
        "2031-07-11",
        "2032-07-02",
        "2033-06-24",
        "2034-07-07",
        "2035-06-29",
        "2036-07-18",
        "2037-07-10",
        "2038-06-25",
        "2039-07-15",
        "2040-07-06",
        "2041-07-19",
        "2042-07-11",
        "2043-07-03",
        "2044-06-24",
        "2045-07-07",
        "2046-06-29",
        "2047-07-19",
        "2048-07-03",
        "2049-06-25",
        "2050-07-15",
        "2051-06-30",
        "2052-06-21",
    ];
    let holidays = Calendar::newest().holidays();
    let ours: Vec<String> =
        holidays.all_national().filter(|(_, name)| *name == "Matariki").map(|(day, _)| day.to_string()).collect();
    assert_eq!(ours, schedule);
    assert!(schedule.iter().all(|text| day(text).weekday() == Weekday::Fri));
}

#[test]
fn anniversary_days_are_those_of_the_report() {
    let holidays = Calendar::newest().holidays();
    for (region, in_2026, in_2027) in [
        ("wellington", "2026-01-19", "2027-01-25"),
        ("auckland", "2026-01-26", "2027-02-01"),
        ("northland", "2026-01-26", "2027-02-01"),
        ("waikato", "2026-01-26", "2027-02-01"),
        ("nelson", "2026-02-02", "2027-02-01"),
        ("taranaki", "2026-03-09", "2027-03-08"),
        ("otago", "2026-03-23", "2027-03-22"),
        ("southland", "2026-04-07", "2027-03-30"),
        ("south_canterbury", "2026-09-28", "2027-09-27"),
        ("hawkes_bay", "2026-10-23", "2027-10-22"),
        ("marlborough", "2026-11-02", "2027-11-01"),
        ("canterbury", "2026-11-13", "2027-11-12"),
        ("chatham", "2026-11-30", "2027-11-29"),
        ("westland", "2026-11-30", "2027-11-29"),
    ] {
        let region = holidays.region(region).unwrap();
        assert!(region.observes(day(in_2026)) && region.observes(day(in_2027)), "{}", region.name);
        assert_eq!(region.days.len(), 38, "{} has one day a year", region.name);
    }
}

#[test]
fn a_wrong_table_is_refused_with_its_line() {
    let refused = |texts: Texts<'_>| Calendar::parse(&texts).err().unwrap().to_string();
    let outside = GOOD.holidays.replace("2015-01-01\"\nlast", "2015-01-02\"\nlast");
    assert_eq!(
        refused(Texts { holidays: &outside, ..GOOD }),
        "holidays, line 14: 2015-01-01 lies outside 2015-01-02 to 2052-12-31, which the table says it holds"
    );
    let twice =
        format!("{}\n[[profile]]\nname = 'oia'\ntitle = ''\nsource = ''\nanniversary = 'never'\n", GOOD.profiles);
    assert!(refused(Texts { profiles: &twice, ..GOOD }).ends_with("a second profile `oia`"));
    let no_day = GOOD.profiles.replace("12-25", "25-12");
    assert!(refused(Texts { profiles: &no_day, ..GOOD }).contains("`25-12` is no day of the year"));
    assert!(refused(Texts { profiles: "profile = 3", ..GOOD }).starts_with("profiles, line 1: "));
}

#[test]
fn terms_that_contradict_each_other_are_refused() {
    let term = |year: i32, term: u8, starts: &str, ends: &str| {
        format!(
            "[[term]]\nyear = {year}\nterm = {term}\nstarts = ['{starts}', '{starts}']\nends = ['{ends}', '{ends}']\n"
        )
    };
    for (text, says) in [
        (term(2026, 2, "2026-01-05", "2026-02-01"), "terms, line 1: term 2 of 2026 stands where term 1 should"),
        (term(2026, 1, "2026-03-05", "2026-02-01"), "terms, line 1: term 1 of 2026 ends before it begins"),
        (term(2026, 1, "2025-03-05", "2026-02-01"), "terms, line 1: term 1 of 2026 lies in another year"),
        (
            term(2026, 1, "2026-01-05", "2026-03-01") + &term(2026, 2, "2026-03-01", "2026-05-01"),
            "terms, line 6: term 2 of 2026 begins before the one above it ends",
        ),
        (term(2026, 1, "2026-01-05", "2026-03-01"), "terms, line 0: the last year has not all four terms"),
    ] {
        assert_eq!(terms::parse("terms", &text).unwrap_err().to_string(), says);
    }
}

#[test]
fn quarters_follow_each_other_without_gap_or_overlap() {
    let table = |second: &str| {
        let first = "{ name = 'Q1', from = '2026-01-01', to = '2026-04-02' }";
        format!("[[table]]\nname = 't'\ntitle = ''\nsource = ''\nquarters = [\n  {first},\n  {second},\n]\n")
    };
    for (second, says) in [
        (
            "{ name = 'Q2', from = '2026-04-02', to = '2026-07-03' }",
            "t: Q2 (2026-04-02 to 2026-07-03) overlaps Q1 (2026-01-01 to 2026-04-02)",
        ),
        (
            "{ name = 'Q2', from = '2026-04-04', to = '2026-07-03' }",
            "t: between Q1 (2026-01-01 to 2026-04-02) and Q2 (2026-04-04 to 2026-07-03) lie days of no quarter",
        ),
        ("{ name = 'Q1', from = '2026-04-03', to = '2026-07-03' }", "t: Q1 stands in it twice"),
        (
            "{ name = 'Q2', from = '2026-04-03', to = '2026-04-01' }",
            "t: Q2 (2026-04-03 to 2026-04-01) ends before it begins",
        ),
    ] {
        let error = quarters::parse("quarters", &table(second)).unwrap_err();
        assert_eq!(error.to_string(), format!("quarters, line 7: {says}"));
    }
}

#[test]
fn quarter_borders_belong_to_one_quarter_each() {
    let calendar = Calendar::newest();
    for (table, on, quarter) in [
        ("term_aligned", "2026-04-02", Some("2026-Q1")),
        ("term_aligned", "2026-04-03", Some("2026-Q2")),
        ("term_aligned", "2026-07-03", Some("2026-Q2")),
        ("term_aligned", "2026-07-04", Some("2026-Q3")),
        ("term_aligned", "2027-01-01", None),
        ("calendar", "2026-04-01", Some("2026-Q2")),
    ] {
        let found = calendar.quarter_table(table).unwrap().holding(day(on));
        assert_eq!(found.map(|quarter| quarter.name.as_str()), quarter, "{table} {on}");
    }
}

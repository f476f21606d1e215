//! The test vectors of the domain report, and properties that hold for every profile.

use proptest::prelude::*;

use super::day;
use crate::{Calendar, Day, NoSuchDay, Why};

/// Start, then where 5, 10 and 15 business days lead, start day excluded.
type Row = (&'static str, [&'static str; 3]);

fn leads(profile: &str, region: Option<&str>, rows: &[Row]) {
    let days = Calendar::newest().days(profile, region, None).unwrap();
    for (start, ends) in rows {
        for (count, end) in [5, 10, 15].into_iter().zip(ends) {
            let counted = days.add(day(start), count).unwrap();
            assert_eq!(counted.end, day(end), "{count} days after {start} by {profile} {region:?}");
            assert_eq!(days.end_of(day(start), count), Ok(counted.end));
            assert_eq!(counted.counted.len(), count as usize);
        }
    }
}

const EVERYWHERE: [Row; 5] = [
    ("2026-02-05", ["2026-02-13", "2026-02-20", "2026-02-27"]),
    ("2026-04-02", ["2026-04-13", "2026-04-20", "2026-04-28"]),
    ("2026-04-24", ["2026-05-04", "2026-05-11", "2026-05-18"]),
    ("2026-07-09", ["2026-07-17", "2026-07-24", "2026-07-31"]),
    ("2026-10-22", ["2026-10-30", "2026-11-06", "2026-11-13"]),
];

#[test]
fn business_days_lead_where_the_report_says_by_the_national_profile() {
    leads("nz_national", None, &EVERYWHERE);
    leads(
        "nz_national",
        None,
        &[
            ("2026-01-05", ["2026-01-12", "2026-01-19", "2026-01-26"]),
            ("2026-01-19", ["2026-01-26", "2026-02-02", "2026-02-10"]),
            ("2026-12-18", ["2026-12-29", "2027-01-07", "2027-01-14"]),
        ],
    );
}

#[test]
fn procurement_leaves_out_the_days_between_boxing_day_and_new_year() {
    leads("procurement", None, &EVERYWHERE);
    leads(
        "procurement",
        None,
        &[
            ("2026-01-05", ["2026-01-12", "2026-01-19", "2026-01-26"]),
            ("2026-12-18", ["2027-01-05", "2027-01-12", "2027-01-19"]),
        ],
    );
}

#[test]
fn the_long_summer_of_the_information_act_moves_january_by_eight_days() {
    leads("oia", None, &EVERYWHERE);
    leads(
        "oia",
        None,
        &[
            ("2026-01-05", ["2026-01-22", "2026-01-29", "2026-02-05"]),
            ("2026-01-19", ["2026-01-26", "2026-02-02", "2026-02-10"]),
            ("2026-12-18", ["2027-01-18", "2027-01-25", "2027-02-01"]),
        ],
    );
}

#[test]
fn a_named_region_takes_its_anniversary_day_out() {
    leads("nz_national", Some("wellington"), &EVERYWHERE);
    leads("nz_national", Some("auckland"), &EVERYWHERE);
    leads(
        "nz_national",
        Some("wellington"),
        &[
            ("2026-01-05", ["2026-01-12", "2026-01-20", "2026-01-27"]),
            ("2026-01-19", ["2026-01-26", "2026-02-02", "2026-02-10"]),
            ("2026-12-18", ["2026-12-29", "2027-01-07", "2027-01-14"]),
        ],
    );
    leads(
        "nz_national",
        Some("auckland"),
        &[
            ("2026-01-05", ["2026-01-12", "2026-01-19", "2026-01-27"]),
            ("2026-01-19", ["2026-01-27", "2026-02-03", "2026-02-11"]),
            ("2026-12-18", ["2026-12-29", "2027-01-07", "2027-01-14"]),
        ],
    );
}

#[test]
fn twenty_school_days_after_the_last_day_of_term_one_lie_in_the_fifth_week_of_term_two() {
    let days = Calendar::newest().days("school_day", None, None).unwrap();
    let count = days.add(day("2026-04-02"), 20).unwrap();
    assert_eq!(count.end, day("2026-05-18"));
    let why = |on: &str| count.skipped.iter().find(|skipped| skipped.day == day(on)).map(|skipped| skipped.why);
    assert_eq!(why("2026-04-07"), Some(Why::EasterTuesday));
    assert_eq!(why("2026-04-17"), Some(Why::BetweenTerms));
    assert_eq!(why("2026-04-27"), Some(Why::Holiday("Anzac Day")));
}

#[test]
fn a_count_names_every_day_it_skipped() {
    let days = Calendar::newest().days("nz_national", None, None).unwrap();
    let count = days.add(day("2026-04-24"), 10).unwrap();
    let skipped: Vec<String> = count.skipped.iter().map(|s| format!("{} {}", s.day, s.why)).collect();
    assert_eq!(
        skipped,
        [
            "2026-04-25 Saturday",
            "2026-04-26 Sunday",
            "2026-04-27 Anzac Day",
            "2026-05-02 Saturday",
            "2026-05-03 Sunday",
            "2026-05-09 Saturday",
            "2026-05-10 Sunday",
        ]
    );
}

#[test]
fn days_outside_the_table_are_an_error() {
    let days = Calendar::newest().days("nz_national", None, None).unwrap();
    for (start, count) in [("2052-12-31", 1), ("2053-01-01", 0), ("2014-12-31", 1), ("2052-12-20", 10)] {
        assert!(matches!(days.add(day(start), count), Err(NoSuchDay::Outside { .. })), "{start} +{count}");
        assert!(matches!(days.end_of(day(start), count), Err(NoSuchDay::Outside { .. })), "{start} +{count}");
    }
    let error = days.add(day("2052-12-31"), 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "2053-01-01 lies outside calendar 1, which holds 2015-01-01 to 2052-12-31: use a calendar that holds it"
    );
}

proptest! {
    /// Adding and counting back agree; every day between start and end is either counted or skipped.
    #[test]
    fn a_count_goes_over_every_day_once(offset in 0u64..13_000, count in 0u32..60, profile in 0usize..6) {
        let calendar = Calendar::newest();
        let name = &calendar.profiles()[profile].name;
        let days = calendar.days(name, Some("auckland"), None).unwrap();
        let start = day("2015-01-05") + chrono::Days::new(offset);
        let added = days.add(start, count).unwrap();
        prop_assert_eq!(days.end_of(start, count), Ok(added.end));
        let mut all: Vec<_> = added.counted.iter().copied().chain(added.skipped.iter().map(|s| s.day)).collect();
        all.sort_unstable();
        prop_assert_eq!(all.len() as i64, (added.end - start).num_days());
        prop_assert!(all.windows(2).all(|pair| pair[0].succ_opt() == Some(pair[1])));
        if count > 0 {
            prop_assert_eq!(days.judge(added.end), Ok(Day::Counts));
            prop_assert_eq!(days.between(start, added.end).unwrap(), added);
        }
    }

    /// A profile that closes more never ends earlier.
    #[test]
    fn more_days_off_never_end_a_count_earlier(offset in 0u64..13_000, count in 1u32..40) {
        let calendar = Calendar::newest();
        let start = day("2015-01-05") + chrono::Days::new(offset);
        let end = |profile: &str, region| calendar.days(profile, region, None).unwrap().end_of(start, count).unwrap();
        prop_assert!(end("nz_national", None) <= end("procurement", None));
        prop_assert!(end("procurement", None) <= end("oia", None));
        prop_assert!(end("nz_national", None) <= end("nz_national", Some("otago")));
    }
}

//! School days: terms, what differs by school, what is not known.

use super::day;
use crate::terms::{self, School};
use crate::{Calendar, Day, NoSuchDay, Why};

fn schools() -> Vec<School> {
    let text = "
        [[school]]
        code = 'S-001'
        region = 'wellington'
        year = [{ starts = '2026-02-04', ends = '2026-12-16' }]
        closed = [{ day = '2026-03-06', why = 'staff day' }]
    ";
    terms::parse_schools("schools", text).unwrap()
}

#[test]
fn what_differs_by_school_is_an_error_until_the_school_says() {
    let calendar = Calendar::newest();
    let anywhere = calendar.days("school_day", Some("wellington"), None).unwrap();
    for open in ["2026-02-09", "2026-04-02", "2026-12-11", "2026-12-14"] {
        assert_eq!(anywhere.judge(day(open)), Ok(Day::Counts), "{open}");
    }
    for unsure in ["2026-01-27", "2026-02-03", "2026-12-15", "2026-12-18"] {
        assert!(matches!(anywhere.judge(day(unsure)), Err(NoSuchDay::DiffersBySchool { .. })), "{unsure}");
    }
    let known = schools();
    let school = calendar.days("school_day", None, Some(&known[0])).unwrap();
    for (on, counts) in [
        ("2026-02-03", Day::Skipped(Why::BetweenTerms)),
        ("2026-02-04", Day::Counts),
        ("2026-02-06", Day::Skipped(Why::Holiday("Waitangi Day"))),
        ("2026-03-06", Day::Skipped(Why::SchoolClosed("staff day"))),
        ("2026-12-16", Day::Counts),
        ("2026-12-17", Day::Skipped(Why::BetweenTerms)),
    ] {
        assert_eq!(school.judge(day(on)), Ok(counts), "{on}");
    }
}

#[test]
fn a_regional_day_asks_for_the_region_where_it_matters_and_only_there() {
    let calendar = Calendar::newest();
    let nowhere = calendar.days("school_day", None, None).unwrap();
    let error = nowhere.judge(day("2026-03-23")).unwrap_err();
    assert_eq!(error.to_string(), "2026-03-23 is the anniversary day of Otago: name the region");
    assert_eq!(nowhere.judge(day("2026-03-24")), Ok(Day::Counts));
    let otago = calendar.days("school_day", Some("otago"), None).unwrap();
    assert_eq!(otago.judge(day("2026-03-23")), Ok(Day::Skipped(Why::Anniversary("Otago"))));
    let southland = calendar.days("school_day", Some("southland"), None).unwrap();
    assert_eq!(southland.judge(day("2026-03-23")), Ok(Day::Counts));
}

#[test]
fn terms_that_nobody_announced_are_an_error() {
    let days = Calendar::newest().days("school_day", Some("otago"), None).unwrap();
    assert_eq!(days.judge(day("2027-03-02")), Err(NoSuchDay::NoTerms { day: day("2027-03-02"), year: 2027 }));
    assert!(days.add(day("2026-12-01"), 15).is_err(), "over the new year into unknown terms");
}

#[test]
fn a_wrong_table_of_schools_is_refused_with_its_line() {
    for (text, says) in [
        ("[[school]]\ncode = 'A'\nregion = 'otago'\nyears = []\n", "schools, line 4: unknown field `years`"),
        (
            "[[school]]\ncode = 'A'\nregion = 'otago'\n[[school]]\ncode = 'A'\nregion = 'otago'\n",
            "schools, line 4: school A stands in it twice",
        ),
        (
            "[[school]]\ncode = 'A'\nregion = 'otago'\nyear = [{ starts = '2026-12-01', ends = '2026-02-01' }]\n",
            "schools, line 1: the year of school A ends on 2026-02-01 before it begins",
        ),
    ] {
        let error = terms::parse_schools("schools", text).unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
}

//! The day an instant falls on.

use chrono::{DateTime, Utc};

use super::day;
use crate::Zone;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn the_day_ends_at_midnight_in_new_zealand_also_when_the_clocks_change() {
    for (instant, on) in [
        ("2026-04-17T11:59:59Z", "2026-04-17"),
        ("2026-04-17T12:00:00Z", "2026-04-18"),
        ("2026-01-31T10:59:59Z", "2026-01-31"),
        ("2026-01-31T11:00:00Z", "2026-02-01"),
        // 5 April 2026 has 25 hours, 27 September 23.
        ("2026-04-04T11:00:00Z", "2026-04-05"),
        ("2026-04-05T11:59:59Z", "2026-04-05"),
        ("2026-09-26T12:00:00Z", "2026-09-27"),
        ("2026-09-27T10:59:59Z", "2026-09-27"),
        ("2026-09-27T11:00:00Z", "2026-09-28"),
    ] {
        assert_eq!(Zone::Auckland.day_of(at(instant)), day(on), "{instant}");
    }
    assert_eq!(Zone::Auckland.end_of(day("2026-04-05")), at("2026-04-05T11:59:59Z"));
    assert_eq!(Zone::Auckland.end_of(day("2026-09-27")), at("2026-09-27T10:59:59Z"));
}

#[test]
fn chatham_is_forty_five_minutes_ahead_and_only_where_a_catchment_says_so() {
    assert_eq!(Zone::Chatham.day_of(at("2026-04-17T11:15:00Z")), day("2026-04-18"));
    assert_eq!(Zone::Chatham.end_of(day("2026-04-17")), at("2026-04-17T11:14:59Z"));
    let chatham = ["C-84".to_owned()];
    assert_eq!(Zone::of_catchment(Some("C-84"), &chatham), Zone::Chatham);
    assert_eq!(Zone::of_catchment(Some("C-01"), &chatham), Zone::Auckland);
    assert_eq!(Zone::of_catchment(None, &chatham), Zone::Auckland);
}

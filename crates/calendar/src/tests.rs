use chrono::NaiveDate;

mod schools;
mod tables;
mod vectors;
mod zones;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

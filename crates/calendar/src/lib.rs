//! Calendars as data: New Zealand's public holidays as observed, regional anniversary days, school terms, quarters, and
//! the competing definitions of a business day as named profiles.
//!
//! Nothing here reads a clock or a file: the tables are part of the program, each with its version, and a count says
//! which it used. A day outside the tables is an error, never a wrong count. Read the modules in this order.

pub mod error;

pub mod holidays;

pub mod profile;

pub mod terms;

pub mod days;

pub mod count;

pub mod quarters;

pub mod zone;

pub mod calendar;

pub use calendar::Calendar;
pub use count::{Count, Skipped};
pub use days::{Day, Days, Why};
pub use error::{BadTable, NoSuchDay, UnknownName};
pub use zone::Zone;

#[cfg(test)]
mod tests;

//! The table against an oracle of another form, and a specification for every rule of visibility.

mod documents;
mod explaining;
mod granting;
mod moves;
mod oracle;
mod random;
mod schools;
mod sharing;
mod told;

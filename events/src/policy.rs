//! Policy as data: what the founding documents leave open (Q1–Q39) and the lookup tables, effective-dated.
//!
//! Version 1 is [`Policy::default`], the defaults the domain proposes, in force without any event. A change is an event
//! of `system/POLICY` with the whole policy, so that what was decided on a day is explained by what was in force then.
//! Every event names the version it was decided under.

mod meaning;
mod questions;
mod set;
mod tables;
mod values;

#[cfg(test)]
mod tests;

pub use meaning::{Meaning, meaning};
pub use questions::{QUESTIONS, Question, explain};
pub use set::{POLICY_SET, POLICY_STREAM, Policies, PolicySet, SetPolicy};
pub use tables::{Dated, ReturnCode, Tables};
pub(crate) use tables::{in_table, takes};
pub use values::*;

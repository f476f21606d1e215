//! Quarterly performance measures: definitions as data, a compact fold of the public facts, verdicts that explain
//! themselves.
//!
//! A new quarter is a file in `projections/measures/`; a new kind of rule is a predicate in [`evidence`]. The same log
//! up to the same position under the same list, policy and calendar gives the same verdicts for ever. Read the modules
//! in this order; `docs/measures.md` says it in words.

pub mod list;

pub mod lists;

pub mod settings;

pub mod fact;

pub mod fold;

pub mod unit;

pub mod clock;

pub mod evidence;

pub mod verdict;

pub mod judge;

mod read;

pub mod run;

pub mod tally;

pub mod report;

pub mod student;

pub mod standing;

pub mod explain;

pub mod public;

pub mod publish;

pub mod table;

pub mod chart;

pub use fold::{Fold, Touched};
pub use list::{List, Measure};
pub use read::Taken;
pub use run::{Question, Run};
pub use standing::Standing;
pub use verdict::{Judgement, Verdict};

#[cfg(test)]
mod tests;

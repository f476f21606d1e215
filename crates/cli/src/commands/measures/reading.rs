//! What every measures command begins with: which quarter, as at when, and the fold of the journal.

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use caseledger_projections::measures::run::NoRun;
use caseledger_projections::measures::{Fold, List, Taken, lists};

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::when::When;

/// Which quarter, as at when.
#[derive(clap::Args, Clone)]
pub struct Asked {
    /// The quarter, such as 2026-Q2
    #[arg(long, value_name = "QUARTER")]
    pub quarter: String,

    /// A version of the quarter's list; the newest when nothing is said
    #[arg(long, value_name = "VERSION")]
    pub list: Option<u32>,

    /// As at the end of this day (New Zealand) or at this instant; the last event's time when nothing is said
    #[arg(long, value_name = "WHEN")]
    pub as_at: Option<When>,

    /// As known at this position of the log; its end when nothing is said
    #[arg(long, value_name = "POSITION")]
    pub to: Option<u64>,
}

impl Asked {
    /// Finds the list.
    pub fn list(&self) -> Result<&'static List, Failure> {
        let found = match self.list {
            Some(version) => lists::version(&self.quarter, version),
            None => lists::newest(&self.quarter),
        };
        found.ok_or_else(|| {
            Failure::new(Exit::Usage, format_args!("there is no such list of measures for {}", self.quarter))
                .next("`caseledger measures lists` names those there are")
        })
    }

    /// Returns the instant figures are taken as at, where one is named.
    pub fn as_at(&self) -> Option<Timestamp> {
        self.as_at.map(|when| Timestamp(when.end().0 - 1))
    }

    /// Folds the journal up to the position asked for.
    pub fn fold(&self, global: &Global) -> Result<Fold, Failure> {
        fold(global, Position(self.to.unwrap_or(u64::MAX)))
    }
}

/// Folds the journal up to a position, read by as many threads as the machine has.
pub fn fold(global: &Global, to: Position) -> Result<Fold, Failure> {
    let journal = journal::open(&global.data)?;
    let mut fold = Fold::new();
    journal::read_by_many(
        &journal,
        "measures",
        to,
        |position, frame| {
            let event = journal::decode(position, frame)?;
            Taken::read(&event).map_err(|error| journal::undecodable(position, &error.reason))
        },
        |taken| {
            fold.put(taken);
        },
    )?;
    Ok(fold)
}

/// Says why no run could be made.
pub fn no_run(error: NoRun) -> Failure {
    Failure::new(Exit::Usage, error).next("policy and list name the calendar; `caseledger calendar show` lists it")
}

//! Why somebody sees a case, or does not: the deciding row, and what would change it.

use std::fmt;

use chrono::NaiveDate;

use super::decided::{Decided, pass, rows_for, scopes};
use super::grant::decide;
use super::{About, Denied, Grant, Missing, Operation, Principal, Row, Standing, authorise};

/// Why the answer is what it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// Who asks: role and organisation; the person is named by whoever asked for the explanation.
    pub asker: Principal,
    /// What is asked.
    pub operation: Operation,
    /// The New Zealand day it is explained for.
    pub on: NaiveDate,
    /// The answer.
    pub answer: Result<Decided, Denied>,
    /// The rows of the role that name the operation, up to the one that decided, each with what it lacks.
    pub tried: Vec<Tried>,
    /// The row by which the case may be read all the same, for a stated reason and on record.
    pub by_glass: Option<&'static Row>,
}

/// A row that was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tried {
    /// The row.
    pub row: &'static Row,
    /// What the case lacks for it; `None` where it reaches the case.
    pub missing: Option<Missing>,
}

/// Explains what somebody may do with a case; it tells of the case, so that only those may ask it who may know.
pub fn explain(asker: &Principal, operation: Operation, case: &Standing, on: NaiveDate) -> Explanation {
    let by_grant = |grant: Grant| grant.decided();
    let answer = match (operation.about(), operation) {
        (About::Ledger, _) => pass(asker, operation, on).map(|pass| pass.decided()),
        (About::List, _) => scopes(asker, operation, on).and_then(|scopes| {
            let holding = scopes.iter().find(|scope| scope.admits(case));
            holding.map(|scope| scope.decided()).ok_or(Denied::Secret)
        }),
        (About::Case, Operation::BreakGlass) => decide(asker, operation, case, on).map(by_grant),
        (About::Case, _) => authorise(asker, operation, case, on).map(by_grant),
    };
    let is_reading = matches!(operation, Operation::OpenCase | Operation::Timeline);
    let glass = || decide(asker, Operation::BreakGlass, case, on).ok().map(|grant| grant.decided().row);
    let by_glass = if answer.is_err() && is_reading { glass() } else { None };
    // What is about the ledger as a whole asks no case.
    let rows =
        if operation.about() == About::Ledger { Vec::new() } else { rows_for(asker, operation).unwrap_or_default() };
    let tried_all = rows.into_iter().map(|row| Tried { row, missing: row.reach.of(asker, on).admits(case).err() });
    let mut tried = Vec::new();
    for row in tried_all {
        tried.push(row);
        if row.missing.is_none() {
            break;
        }
    }
    Explanation { asker: asker.clone(), operation, on, answer, tried, by_glass }
}

impl Explanation {
    /// Returns the deciding row; where the answer is no, the first that was tried in vain.
    pub fn row(&self) -> Option<&'static Row> {
        match &self.answer {
            Ok(decided) => Some(decided.row),
            Err(_) => self.tried.first().map(|tried| tried.row),
        }
    }

    /// Returns what would change the answer, one sentence each.
    pub fn would_change(&self) -> Vec<&'static str> {
        match &self.answer {
            Ok(decided) => vec![decided.row.reach.ends_with()],
            Err(Denied::NeedsMfa { .. }) => vec!["a sign-in with more than one factor"],
            Err(_) if self.tried.is_empty() => vec![Missing::NoCases.would_change()],
            Err(_) => self.tried.iter().filter_map(|tried| tried.missing).map(Missing::would_change).collect(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, organisation) = (self.asker.role(), self.asker.organisation());
        writeln!(f, "{role} of {organisation}, {}, on {}:", self.operation, self.on)?;
        match &self.answer {
            Ok(Decided { row, .. }) => {
                writeln!(f, "  yes, by the row \"{}\" ({}): {}", row.reach.says(), row.because, row.level.name())?;
            }
            Err(denied) => writeln!(f, "  no: {denied}")?,
        }
        for Tried { row, missing } in &self.tried {
            if let Some(missing) = missing {
                writeln!(f, "  not by \"{}\" ({}): {missing}", row.reach.says(), row.because)?;
            }
        }
        if let Some(row) = self.by_glass {
            writeln!(
                f,
                "  for a stated reason, on record, for a short time: \"{}\" ({})",
                row.reach.says(),
                row.because
            )?;
        }
        writeln!(f, "  what would change it: {}", self.would_change().join("; or "))
    }
}

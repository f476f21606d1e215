//! What the table decided: who, to do what, by which row; and what is about lists or the ledger as a whole.

use chrono::NaiveDate;

use super::table::rows_of;
use super::{About, Filter, Grant, Level, Operation, Principal, Reach, Row, Sees, Standing};
use crate::envelope::{Actor, Role};

/// Who may do what by which row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Decided {
    /// Who.
    pub asker: Actor,
    /// What.
    pub operation: Operation,
    /// The deciding row.
    pub row: &'static Row,
    /// The New Zealand day it was decided for.
    pub on: NaiveDate,
}

impl Decided {
    /// Returns which facts are shown.
    pub fn level(&self) -> Level {
        self.row.level
    }

    /// Returns which personal fields are shown.
    pub fn sees(&self) -> Sees {
        self.row.sees
    }
}

/// That somebody may list cases: which, and how much of each; made by [`scope`] and [`scopes`] alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope {
    decided: Decided,
    filter: Filter,
}

impl Scope {
    /// Returns who may do what by which row.
    pub fn decided(&self) -> Decided {
        self.decided
    }

    /// Returns which cases the list holds.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Returns the name of the list.
    pub fn reach(&self) -> Reach {
        self.decided.row.reach
    }

    /// Returns whether a case belongs in the list.
    pub fn admits(&self, case: &Standing) -> bool {
        self.filter.admits(case).is_ok()
    }

    /// Returns what the list shows of a case; `None` where it does not belong in the list.
    pub fn grant(&self, case: &Standing) -> Option<Grant> {
        self.admits(case).then(|| Grant::new(self.decided, case))
    }
}

/// That somebody may do something with the ledger as a whole; made by [`pass`] alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pass {
    decided: Decided,
}

impl Pass {
    /// Returns who may do what by which row.
    pub fn decided(&self) -> Decided {
        self.decided
    }
}

/// Why the answer is no. Nothing in it tells of a case that the asker may not know of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// 404: there is no such case, or none that the asker may know of; the two are not told apart.
    #[error("there is no such case; check the case id")]
    Secret,
    /// 403: the role never does this, or does not with a case it knows of.
    #[error("{operation} is not for {role}; `caseledger access show` prints who may what")]
    NotThisRole {
        /// The role.
        role: Role,
        /// What was asked.
        operation: Operation,
    },
    /// 403: this needs a sign-in with more than one factor.
    #[error("{operation} needs a sign-in with more than one factor; sign in again with one")]
    NeedsMfa {
        /// What was asked.
        operation: Operation,
    },
}

impl Denied {
    /// Returns whether existence is secret: 404 and not 403.
    pub fn is_secret(&self) -> bool {
        matches!(self, Denied::Secret)
    }
}

/// Returns what is answered where there is no such case: the same as for a case the asker may not know of.
pub fn no_such_case(asker: &Principal, operation: Operation) -> Denied {
    match rows_for(asker, operation) {
        Ok(_) => Denied::Secret,
        Err(denied) => denied,
    }
}

/// Decides the first list of an operation, or the one that is named.
pub fn scope(asker: &Principal, operation: Operation, list: Option<Reach>, today: NaiveDate) -> Result<Scope, Denied> {
    let fits = |scope: &Scope| list.is_none_or(|list| scope.reach() == list);
    let no = Denied::NotThisRole { role: asker.role(), operation };
    scopes(asker, operation, today)?.into_iter().find(fits).ok_or(no)
}

/// Decides every list of an operation, the one with most of its cases first.
pub fn scopes(asker: &Principal, operation: Operation, today: NaiveDate) -> Result<Vec<Scope>, Denied> {
    let rows = rows_for(asker, operation)?;
    if operation.about() != About::List {
        return Err(Denied::NotThisRole { role: asker.role(), operation });
    }
    let of = |row: &'static Row| Scope {
        decided: Decided { asker: asker.actor(), operation, row, on: today },
        filter: row.reach.of(asker, today),
    };
    Ok(rows.into_iter().map(of).collect())
}

/// Decides what is about the ledger as a whole.
pub fn pass(asker: &Principal, operation: Operation, today: NaiveDate) -> Result<Pass, Denied> {
    let rows = rows_for(asker, operation)?;
    let row = rows.into_iter().find(|row| row.reach == Reach::Ledger && operation.about() == About::Ledger);
    let row = row.ok_or(Denied::NotThisRole { role: asker.role(), operation })?;
    Ok(Pass { decided: Decided { asker: asker.actor(), operation, row, on: today } })
}

/// Returns the rows of a role that name an operation, in the order of the table.
pub(super) fn rows_for(asker: &Principal, operation: Operation) -> Result<Vec<&'static Row>, Denied> {
    let rows: Vec<_> = rows_of(asker.role()).filter(|row| row.may.contains(&operation)).collect();
    if rows.is_empty() {
        return Err(Denied::NotThisRole { role: asker.role(), operation });
    }
    if operation.needs_mfa() && !asker.is_mfa() {
        return Err(Denied::NeedsMfa { operation });
    }
    Ok(rows)
}

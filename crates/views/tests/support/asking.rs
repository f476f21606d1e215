//! Who asks in these tests: somebody who may see everything, and says why.

use caseledger_events::access::*;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::ids::CaseId;
use caseledger_events::number::CaseNumber;
use caseledger_events::reference::Reference;
use caseledger_events::testing::{day, person};
use caseledger_views::{AsAt, CaseThen, ShownCase, WhichCase};
use caseledger_views::{Asked, CaseDocument, CasePage, CaseQuery, CaseView, QueryError, SearchHits, TimelinePage};
use chrono::NaiveDate;

/// The day of asking where nothing else is said; the terms these tests invent lie before it.
pub fn today() -> NaiveDate {
    day("2026-06-01")
}

/// Admits somebody to a ledger that asks for no grant.
pub fn principal(actor: Actor) -> Principal {
    Grants::default().admit(actor, true, Timestamp(0), &Reference::default()).unwrap()
}

/// Returns the lists of somebody.
pub fn scopes_of(actor: Actor, operation: Operation) -> Vec<Scope> {
    scopes(&principal(actor), operation, today()).unwrap()
}

/// Reads as those who may.
pub trait Reading {
    /// Returns a case with everything in it.
    fn whole(&self, case: CaseId) -> Result<Option<CaseDocument>, QueryError>;
    /// Returns a case as it was.
    fn then(&self, case: CaseId, at: AsAt) -> CaseThen;
    /// Returns a case with everything in it, by its number.
    fn whole_by_number(&self, number: CaseNumber) -> Result<Option<CaseDocument>, QueryError>;
    /// Returns one page of everything that happened to a case.
    fn history(
        &self,
        case: CaseId,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Option<TimelinePage>, QueryError>;
    /// Lists all cases.
    fn all(&self, query: &CaseQuery) -> Result<CasePage, QueryError>;
    /// Finds all cases by name.
    fn by_name(&self, text: &str, limit: u32) -> Result<SearchHits, QueryError>;
}

fn whole(case: &Standing) -> Result<Grant, Denied> {
    let auditor = principal(person(Role::Auditor, "A-1", "MOE"));
    break_glass(&auditor, GlassReason::ComplaintOrAudit, case, today())
}

fn shown<T>(asked: Asked<T>) -> Option<T> {
    match asked {
        Asked::Granted(_, shown) => shown,
        Asked::Unknown => None,
        Asked::Denied(denied) => panic!("{denied}"),
    }
}

impl Reading for CaseView {
    fn whole(&self, case: CaseId) -> Result<Option<CaseDocument>, QueryError> {
        Ok(shown(self.case(WhichCase::Id(case), whole)?).and_then(ShownCase::case))
    }

    fn then(&self, case: CaseId, at: AsAt) -> CaseThen {
        shown(self.case_at(WhichCase::Id(case), whole, at).unwrap()).unwrap()
    }

    fn whole_by_number(&self, number: CaseNumber) -> Result<Option<CaseDocument>, QueryError> {
        Ok(shown(self.case(WhichCase::Number(number), whole)?).and_then(ShownCase::case))
    }

    fn history(
        &self,
        case: CaseId,
        cursor: Option<&str>,
        limit: Option<u32>,
    ) -> Result<Option<TimelinePage>, QueryError> {
        Ok(shown(self.timeline(WhichCase::Id(case), whole, cursor, limit)?))
    }

    fn all(&self, query: &CaseQuery) -> Result<CasePage, QueryError> {
        self.list(&scopes_of(person(Role::Auditor, "A-1", "MOE"), Operation::List), query)
    }

    fn by_name(&self, text: &str, limit: u32) -> Result<SearchHits, QueryError> {
        self.search(&scopes_of(person(Role::ServiceDesk, "D-1", "MOE"), Operation::Search), text, limit)
    }
}

//! What queries answer: rows of facts joined with the personal parts they name, as far as a grant shows them.

mod limited;

use caseledger_events::ids::{CaseId, Code, Position};
use caseledger_events::number::CaseNumber;
use caseledger_events::parts::{AgencyAnswer, AgreementNote, Contacts, PlanText, Student};
use caseledger_events::personal::{Group, Personal};
use caseledger_projections::case_view::{AgreementRow, CaseRow, CommentRow, PlanRow, RequestRow, StatementRow};
use caseledger_projections::timeline::TimelineRow;
use caseledger_projections::work_queue::Work;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

pub use limited::*;

/// One case with everything that belongs to it; what the grant does not show is left out.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CaseDocument {
    /// The case: facts.
    #[serde(flatten)]
    pub row: CaseRow,
    /// Who the student is.
    pub student_details: Option<Student>,
    /// Where the student lives and who looks after them.
    pub contacts: Option<Contacts>,
    /// The plans, newest first.
    pub plans: Vec<Plan>,
    /// The information requests, oldest first.
    pub requests: Vec<Request>,
    /// The agreements of providers, oldest first.
    pub agreements: Vec<AgreementWithNote>,
    /// The comments, oldest first.
    pub comments: Vec<Comment>,
    /// How many of the provider's comments schools may read: *n of m shared* (V5).
    pub sharing: SharedOf,
    /// The words of the statements of correction, oldest first (IPP 7).
    pub statements: Vec<Statement>,
    /// The position the whole answer is true at.
    pub as_of: Position,
}

/// How many comments not written by a school are shared with schools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SharedOf {
    /// So many are shared.
    pub shared: usize,
    /// Of so many.
    pub of: usize,
}

/// A plan with its words.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// The facts.
    #[serde(flatten)]
    pub row: PlanRow,
    /// The goals and actions.
    pub words: Option<PlanText>,
}

/// An information request with the answer as it came.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Request {
    /// The facts.
    #[serde(flatten)]
    pub row: RequestRow,
    /// The code as answered and what else was said.
    pub answer: Option<AgencyAnswer>,
}

/// An agreement with what was said.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct AgreementWithNote {
    /// The facts.
    #[serde(flatten)]
    pub row: AgreementRow,
    /// Who agreed, in words.
    pub note: Option<AgreementNote>,
}

/// A comment with its text.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Comment {
    /// The facts.
    #[serde(flatten)]
    pub row: CommentRow,
    /// The text.
    pub text: Option<Personal<String>>,
}

/// A statement of correction with its words.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Statement {
    /// The facts.
    #[serde(flatten)]
    pub row: StatementRow,
    /// The text.
    pub text: Option<Personal<String>>,
}

/// A student's names, as lists show them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct StudentName {
    /// Family name as on the legal record.
    pub family_name: Personal<String>,
    /// Given names as on the legal record.
    pub given_names: Personal<String>,
    /// The name the student goes by.
    pub preferred_name: Option<Personal<String>>,
    /// Date of birth.
    pub birth_date: Personal<NaiveDate>,
}

/// A case as lists show it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CaseItem {
    /// The case: facts.
    #[serde(flatten)]
    pub row: CaseRow,
    /// Who the student is.
    pub student_name: Option<StudentName>,
}

/// One page of a list of cases.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CasePage {
    /// The cases.
    pub items: Vec<ShownItem>,
    /// The cursor of the next page; absent on the last.
    pub next: Option<String>,
    /// How many cases of the asker's the filters let through, on all pages.
    pub total: u64,
    /// The position the page is true at.
    pub as_of: Position,
}

/// A personal part of an event.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct PersonalPart {
    /// The field group that seals it.
    pub group: Group,
    /// Its kind, such as `note`.
    pub name: String,
    /// The version of its shape.
    pub version: u16,
    /// Its contents.
    pub body: Personal<serde_json::Value>,
}

/// One entry of a timeline.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct TimelineEntry {
    /// The facts.
    #[serde(flatten)]
    pub row: TimelineRow,
    /// What was written with it.
    pub personal: Vec<PersonalPart>,
}

/// One page of a timeline, oldest first.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct TimelinePage {
    /// The entries.
    pub items: Vec<TimelineEntry>,
    /// The cursor of the next page; absent on the last.
    pub next: Option<String>,
    /// How many events of the case are shown.
    pub total: u64,
    /// The position the page is true at.
    pub as_of: Position,
}

/// What a search found, the case opened last first.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct SearchHits {
    /// The cases.
    pub items: Vec<ShownItem>,
    /// Whether more were found than are shown: search with more of the name.
    pub more: bool,
    /// How many of them, the last ones, have names that are only nearly those searched for.
    pub nearly: u32,
    /// The position the answer is true at.
    pub as_of: Position,
}

/// A case as it was at a moment of the past, folded anew from its events.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct CaseThen {
    /// The case; absent where nothing had begun it then.
    pub case: Option<CaseDocument>,
    /// How many of its events made it what it was.
    pub events: u32,
    /// How many events the moment leaves out: recorded, or happened, later.
    pub left_out: u32,
    /// The last event that counted; its hash, and everything before it, is under the chain hash there.
    pub last_event: Option<Position>,
    /// The New Zealand day it speaks of.
    pub on: NaiveDate,
    /// The position the view had read when it was asked.
    pub as_of: Position,
}

/// What is to be done, urgent first, then by the day it is due.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct WorkPage {
    /// The entries of the page.
    pub items: Vec<WorkEntry>,
    /// What to ask `cursor` for the next page; absent on the last.
    pub next: Option<String>,
    /// How many there are of each kind, on all pages.
    pub counts: Vec<WorkCount>,
    /// How many there are, on all pages.
    pub total: u64,
    /// The New Zealand day that *overdue* speaks of: that of the latest event.
    pub on: NaiveDate,
    /// The position the view had read.
    pub as_of: Position,
}

/// Something that is to be done on a case.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct WorkEntry {
    /// The case.
    pub case: CaseId,
    /// Its readable number.
    pub case_number: CaseNumber,
    /// The provider that holds it.
    pub provider: Option<Code>,
    /// The case manager.
    pub manager: Option<Code>,
    /// The referring school (CA) or the most recently attended one (NEN).
    pub school: Option<Code>,
    /// What.
    pub what: Work,
    /// The number of the request or task on the case; 0 where there is one of a kind, or where not all are shown.
    pub number: u32,
    /// The first day it is due; absent where no rule names one.
    pub due_on: Option<NaiveDate>,
    /// The last day that still counts, where a later one than the first does.
    pub last_on: Option<NaiveDate>,
    /// Who is to do it, where somebody is named.
    pub who: Option<Code>,
    /// Whether the school asked for particular urgency (R6).
    pub urgent: bool,
    /// Whether the first day is over.
    pub overdue: bool,
    /// The rule or measure it comes from.
    pub rule: &'static str,
}

/// How much there is to do of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct WorkCount {
    /// What.
    pub what: Work,
    /// How many entries.
    pub count: u64,
    /// How many of them are overdue.
    pub overdue: u64,
}

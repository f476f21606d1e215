//! What is answered where a grant shows less than the whole case; and which of all forms an answer has.

use caseledger_events::access::{OwnRequestState, Preview};
use caseledger_events::envelope::Actor;
use caseledger_events::event::{CaseKind, ClosureReason, CommentNumber};
use caseledger_events::ids::{CaseId, Code, Position};
use caseledger_events::number::CaseNumber;
use caseledger_events::parts::{Contacts, Note, Student};
use caseledger_events::personal::Personal;
use caseledger_projections::case_view::CaseStatus;
use caseledger_projections::moment::Moment;
use schemars::JsonSchema;
use serde::Serialize;

use super::{CaseDocument, CaseItem, Plan, Request, StudentName};

/// One case, in the form that the asker's row of the access table shows.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "shown", rename_all = "snake_case")]
pub enum ShownCase {
    /// The case itself: every fact, or those of them that the grant shows.
    Case(Box<CaseDocument>),
    /// What a school is told of a student it has.
    School(Box<SchoolCase>),
    /// What a school asked for itself, and what became of it.
    OwnRequest(Box<OwnRequest>),
    /// The comments shared with the last school.
    SharedItems(Box<SharedItems>),
    /// What an agency is asked.
    Question(Box<Question>),
    /// A proposed move.
    Preview(Preview),
}

/// One case as a list shows it, in the form of the asker's row.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "shown", rename_all = "snake_case")]
pub enum ShownItem {
    /// The case itself.
    Case(Box<CaseItem>),
    /// Of a student the school has.
    School(Box<SchoolItem>),
    /// The school's own request.
    OwnRequest(Box<OwnRequestItem>),
    /// With comments shared with the last school.
    SharedItems(Box<BriefItem>),
    /// With a question to the agency.
    Question(Box<BriefItem>),
    /// A proposed move.
    Preview(Preview),
}

/// What a school is told of a case, in facts: key actions (Q17) and its own doing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct SchoolFacts {
    /// The case.
    pub case: CaseId,
    /// The readable number people quote (K6).
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// Where it stands.
    pub status: CaseStatus,
    /// Where the student is enrolled.
    pub enrolled_at: Option<Code>,
    /// The school's primary contact (A3).
    pub primary_contact: Option<Code>,
    /// The provider that holds it.
    pub provider: Option<Code>,
    /// Whether the provider is an in-school one (R21).
    pub in_school: bool,
    /// The case manager.
    pub manager: Option<Code>,
    /// The latest allocation to a provider (E5).
    pub allocated: Option<Moment>,
    /// The latest assignment to a case manager (E6).
    pub assigned: Option<Moment>,
    /// Where the school's own requests stand in the log.
    pub own_requests: Vec<Position>,
    /// Why it was closed, as far as schools are told.
    pub closed_because: Option<ClosureReason>,
}

/// A case as a school sees it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct SchoolCase {
    /// The facts.
    #[serde(flatten)]
    pub facts: SchoolFacts,
    /// Who the student is.
    pub student_details: Option<Student>,
    /// The contact details, where the school gave them itself.
    pub contacts: Option<Contacts>,
    /// That there are plans, newest first.
    pub plans: Vec<Plan>,
    /// The comments the school may read, oldest first.
    pub comments: Vec<ReadableComment>,
    /// The position the whole answer is true at.
    pub as_of: Position,
}

/// A case as the list of a school shows it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct SchoolItem {
    /// The facts.
    #[serde(flatten)]
    pub facts: SchoolFacts,
    /// Who the student is.
    pub student_name: Option<StudentName>,
}

/// A comment that a school may read.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct ReadableComment {
    /// Which comment of the case.
    pub number: CommentNumber,
    /// Who wrote it.
    pub by: Actor,
    /// Whether a school wrote it.
    pub by_school: bool,
    /// When it was written.
    pub written: Moment,
    /// The text.
    pub text: Option<Personal<String>>,
}

/// What a school sent, and where it stands.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct OwnRequest {
    /// Where it stands.
    #[serde(flatten)]
    pub state: OwnRequestState,
    /// Who the student is, as the school said.
    pub student_details: Option<Student>,
    /// Where the student lives, as the school said.
    pub contacts: Option<Contacts>,
    /// The comments the school wrote.
    pub comments: Vec<ReadableComment>,
    /// The position the whole answer is true at.
    pub as_of: Position,
}

/// A school's own request as its list shows it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct OwnRequestItem {
    /// Where it stands.
    #[serde(flatten)]
    pub state: OwnRequestState,
    /// Who the student is, as the school said.
    pub student_name: Option<StudentName>,
}

/// Which case it is, and no more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct BriefFacts {
    /// The case.
    pub case: CaseId,
    /// The readable number people quote (K6).
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
}

/// Which case it is and whose.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct BriefItem {
    /// The facts.
    #[serde(flatten)]
    pub facts: BriefFacts,
    /// Who the student is.
    pub student_name: Option<StudentName>,
}

/// What was shared with the last school of a student who is enrolled nowhere (Q29).
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct SharedItems {
    /// Which case it is.
    #[serde(flatten)]
    pub facts: BriefFacts,
    /// Who the student is.
    pub student_details: Option<Student>,
    /// The comments shared, oldest first.
    pub comments: Vec<ReadableComment>,
    /// The position the whole answer is true at.
    pub as_of: Position,
}

/// What an agency was asked, with what was said to it.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct AskedRequest {
    /// The request and its answer.
    #[serde(flatten)]
    pub request: Request,
    /// What was said with the question, while it waits for its answer (E17).
    pub note: Option<Note>,
}

/// What an agency is asked, and about whom.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Question {
    /// Which case it is.
    #[serde(flatten)]
    pub facts: BriefFacts,
    /// Who the student is.
    pub student_details: Option<Student>,
    /// What the agency was asked, oldest first, and what it answered.
    pub requests: Vec<AskedRequest>,
    /// The position the whole answer is true at.
    pub as_of: Position,
}

impl ShownCase {
    /// Returns the case itself, where that is what is shown.
    pub fn case(self) -> Option<CaseDocument> {
        match self {
            ShownCase::Case(document) => Some(*document),
            _ => None,
        }
    }
}

impl ShownItem {
    /// Returns which case it is.
    pub fn id(&self) -> CaseId {
        match self {
            ShownItem::Case(item) => item.row.case,
            ShownItem::School(item) => item.facts.case,
            ShownItem::OwnRequest(item) => item.state.case,
            ShownItem::SharedItems(item) | ShownItem::Question(item) => item.facts.case,
            ShownItem::Preview(preview) => preview.case,
        }
    }

    /// Returns the case itself, where that is what is shown.
    pub fn case(self) -> Option<CaseItem> {
        match self {
            ShownItem::Case(item) => Some(*item),
            _ => None,
        }
    }
}

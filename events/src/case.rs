//! A case as the rules see it: what the next decision needs, no more. Views are projections.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::event::{
    Agency, Agreement, CaseKind, CommentNumber, ExemptionKind, FileNumber, Pathway, RequestNumber, TaskNumber,
    Whereabouts,
};
use crate::ids::{CaseId, Code, StudentId};
use crate::number::CaseNumber;
use crate::refusal::Refusal;

mod ending;
mod evolve;
mod held;

pub use ending::{Ending, Times};
pub use held::{CommentState, ContactState, Enrolment, OpenRequest, PrimaryContact};
pub(crate) use held::{enrolled_at, learn_enrolment};

/// Where a case stands in its life (domain §1.3); flags beside it are orthogonal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Status {
    /// A notification waits for the Ministry's check.
    Notified,
    /// The Ministry ended the notification: no closure, in no measure (E4).
    NotReferred,
    /// A provider has it, no case manager yet.
    Allocated,
    /// A case manager works on it.
    Active,
    /// Its work rests for a while (E38).
    Paused,
    /// It went into another case (R28): no closure, and counted with that one.
    Merged,
    /// It ended; terminal but for a person's reasoned reopening (R26).
    Closed,
}

impl Status {
    /// Returns whether the case counts as active for R27.
    pub fn is_active(self) -> bool {
        matches!(self, Status::Notified | Status::Allocated | Status::Active | Status::Paused)
    }
}

/// Who holds a case; *with CIT* is an owner, not a status.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Owner {
    /// The Ministry, before a notification is referred.
    Ministry,
    /// A provider.
    Provider(Code),
    /// CIT, which got it from this provider.
    Cit {
        /// The sender, who has it again if CIT declines (E24).
        sender: Code,
    },
}

/// The decision state of one case.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Case {
    /// The readable number (K6).
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// Where it stands.
    pub status: Status,
    /// The student.
    pub student: StudentId,
    /// The referring school (CA) or the most recently attended one (NEN).
    pub school: Code,
    /// Where the student is enrolled from when, as ENROL reported and referrals said, by date.
    pub enrolments: Vec<Enrolment>,
    /// Who holds it.
    pub owner: Owner,
    /// Whether the holder is an in-school provider (R21).
    pub in_school: bool,
    /// The catchment it was routed by.
    pub catchment: Option<Code>,
    /// The case manager.
    pub manager: Option<Code>,
    /// The school's primary contact; read it with [`Case::primary_contact`].
    pub contact: Option<PrimaryContact>,
    /// Whether a notification waits for the Ministry's check, also one attached to a case at work.
    pub check_pending: bool,
    /// What kind of case it was when a notification was attached that still waits for its check (Q4).
    pub kind_before_notice: Option<CaseKind>,
    /// The open information requests.
    pub open_requests: Vec<OpenRequest>,
    /// Requests that were withdrawn unanswered; an agency may answer them all the same (R40).
    pub withdrawn_requests: Vec<OpenRequest>,
    /// How many requests were ever opened; numbers the next.
    pub requests_made: u16,
    /// How many were answered (R19).
    pub requests_answered: u16,
    /// What Immigration NZ last answered (R22).
    pub latest_inz: Option<Whereabouts>,
    /// Whether evidence that the student is overseas is on the case (R23).
    pub overseas_evidence: bool,
    /// How many attempts at contact were recorded (R19).
    pub attempts: u16,
    /// Whether the student could not be located.
    pub not_located: bool,
    /// What the rules need of the contact details, once some were recorded.
    pub details: Option<ContactState>,
    /// Agreements recorded on the case, with who would take it; of each provider the latest.
    pub agreements: Vec<(Code, Agreement)>,
    /// How many plans and revisions were recorded.
    pub plans: u16,
    /// The comments, the first at index 0.
    pub comments: Vec<CommentState>,
    /// How many statements of correction were attached; numbers the next.
    pub statements: u16,
    /// How it ended, while it is closed.
    pub ending: Option<Ending>,
    /// Whether it was carried over from the predecessor system (K4).
    pub migrated: bool,
    /// Whether it waits for capacity (R8).
    pub waitlisted: bool,
    /// How much is at risk, by code (E12).
    pub risk: Option<Code>,
    /// The files, the first at index 0; of each what a comment has too.
    pub files: Vec<CommentState>,
    /// How many tasks were ever added; numbers the next.
    pub tasks: u16,
    /// The tasks that are not ended.
    pub open_tasks: Vec<TaskNumber>,
    /// Those of them that are to read an agency's answer (Q33).
    pub answers_to_read: Vec<TaskNumber>,
    /// The unmet basic needs that were identified (R35).
    pub needs: Vec<Code>,
    /// The latest pathway (M9).
    pub pathway: Option<(Pathway, NaiveDate)>,
    /// Whether an application to educate at home waits for its answer (R31).
    pub home_education_applied: bool,
    /// The exemption that was granted and not revoked (R34).
    pub exemption: Option<(ExemptionKind, NaiveDate)>,
    /// Whether the Attendance Prosecutions Unit was notified (R36).
    pub prosecution: bool,
    /// Other cases that seem to be of the same student (R27).
    pub suspected: Vec<CaseId>,
    /// The case it went into (R28).
    pub merged_into: Option<CaseId>,
    /// What it was before that.
    pub before_merge: Option<Status>,
}

impl Case {
    /// Returns a comment of the case.
    pub fn comment(&self, number: CommentNumber) -> Option<CommentState> {
        self.comments.get(usize::from(number.0).checked_sub(1)?).copied()
    }

    /// Returns a file of the case.
    pub fn file(&self, number: FileNumber) -> Option<CommentState> {
        self.files.get(usize::from(number.0).checked_sub(1)?).copied()
    }

    /// Returns the number the next task gets.
    pub fn next_task(&self) -> Result<TaskNumber, Refusal> {
        self.tasks.checked_add(1).map(TaskNumber).ok_or(Refusal::TooMany { limit: u16::MAX })
    }

    /// Returns how many open requests pin the case to its provider (R20); an automatic one never does (E4).
    pub fn pins(&self) -> u16 {
        let pinning = self.open_requests.iter().filter(|open| !open.automatic).count();
        u16::try_from(pinning).unwrap_or(u16::MAX)
    }

    /// Returns whether an agency is being asked already.
    pub fn is_asking(&self, agency: Agency) -> bool {
        self.open_requests.iter().any(|open| open.agency == agency)
    }

    /// Returns an open request.
    pub fn open_request(&self, number: RequestNumber) -> Option<OpenRequest> {
        self.open_requests.iter().find(|open| open.number == number).copied()
    }

    /// Returns a request that was not answered, open or withdrawn.
    pub fn unanswered(&self, number: RequestNumber) -> Option<OpenRequest> {
        let withdrawn = || self.withdrawn_requests.iter().find(|withdrawn| withdrawn.number == number).copied();
        self.open_request(number).or_else(withdrawn)
    }

    /// Returns the number the next request gets.
    pub fn next_request(&self) -> Result<RequestNumber, Refusal> {
        self.requests_made.checked_add(1).map(RequestNumber).ok_or(Refusal::TooMany { limit: u16::MAX })
    }

    /// Returns where the student is enrolled on a day, as known now; `None` where nowhere (V1, Q28, T4).
    pub fn enrolled_at(&self, day: NaiveDate) -> Option<Code> {
        held::enrolled_at(&self.enrolments, day)
    }

    /// Returns the school's primary contact on a day: asked anew once enrolment has moved (domain §2.1).
    pub fn primary_contact(&self, day: NaiveDate) -> Option<Code> {
        self.contact?.still_asked(&self.enrolments, day)
    }

    /// Returns the catchment of the confirmed address, where one is confirmed (R15).
    pub fn confirmed_catchment(&self) -> Option<Code> {
        self.details.and_then(|details| details.confirmed)
    }

    /// Returns the provider that holds the case.
    pub fn provider(&self) -> Option<Code> {
        match self.owner {
            Owner::Provider(code) => Some(code),
            Owner::Ministry | Owner::Cit { .. } => None,
        }
    }
}

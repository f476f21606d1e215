//! The facts of a case that decide who reaches it.
//!
//! A fold of its own beside `Case`: it keeps what the rules forget (who handed over when, which school asked, when a
//! comment was shared) and leaves out what they need and access does not. Plain data, so that a read model can keep it
//! beside the row it folds, and anybody can fold it from a history cut at a past moment.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::case::{Enrolment, Owner, PrimaryContact, enrolled_at};
use crate::dates::Timestamp;
use crate::event::{Agency, CaseKind, CommentNumber, FileNumber, MoveBasis, RequestNumber};
use crate::ids::{CaseId, Code, Position};
use crate::number::CaseNumber;

mod fold;

/// Where a case stands for access.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// The case.
    pub case: CaseId,
    /// The readable number.
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// Whether it has not ended.
    pub is_active: bool,
    /// Who holds it.
    pub owner: Owner,
    /// The case manager.
    pub manager: Option<Code>,
    /// The catchment it was routed by.
    pub catchment: Option<Code>,
    /// The referring school (CA) or the most recently attended one (NEN).
    pub school: Code,
    /// Where the student is enrolled from when, as known now, by date.
    pub enrolments: Vec<Enrolment>,
    /// Who at the school was named to be asked; read it with [`Standing::primary_contact`].
    pub contact: Option<PrimaryContact>,
    /// Whether a notification waits for the Ministry's check.
    pub check_pending: bool,
    /// What schools asked for.
    pub requests: Vec<OwnRequest>,
    /// The moves proposed, of each target the latest.
    pub proposals: Vec<Proposal>,
    /// Which providers handed it over, and where it stood then; of each the latest.
    pub hand_overs: Vec<HandOver>,
    /// What agencies are asked, and were asked until it was withdrawn.
    pub inquiries: Vec<Inquiry>,
    /// The comments not written by a school that schools may read now.
    pub shared: Vec<SharedComment>,
    /// How many comments were not written by a school: the *m* of *n of m shared* (V5).
    pub sharable: u16,
    /// Whether it went into another case (R28).
    #[serde(default)]
    pub merged: bool,
    /// Whether it was active when it did.
    #[serde(default)]
    pub active_before_merge: bool,
    /// Whether the Attendance Prosecutions Unit was notified of it (E36).
    #[serde(default)]
    pub prosecution: bool,
    /// The files not put there by a school that schools may see now.
    #[serde(default)]
    pub shared_files: Vec<FileNumber>,
}

/// A request of a school: a support request, or a notification it sent itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnRequest {
    /// The school.
    pub school: Code,
    /// Who sent it.
    pub by: Code,
    /// Who is named in it as primary contact.
    pub contact: Option<Code>,
    /// Where it stands in the log.
    pub at: Position,
}

/// A move that waits for the provider it would go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proposal {
    /// The provider.
    pub target: Code,
    /// Why the case may move; said once it is passed to CIT.
    pub basis: Option<MoveBasis>,
    /// The reasonable grounds, where they are the reason (R16).
    pub grounds: Option<Code>,
}

/// That a provider gave a case away.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HandOver {
    /// The provider.
    pub provider: Code,
    /// The last event that it sees.
    pub at: Position,
}

/// A request to an agency that is not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Inquiry {
    /// Its number on the case.
    pub request: RequestNumber,
    /// Whom it went to.
    pub agency: Agency,
    /// Whether it is a detailed check, which CIT has made (R23).
    pub detailed: bool,
    /// Whether it still waits; a withdrawn one may be answered all the same (R40).
    pub open: bool,
}

/// A comment that schools may read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SharedComment {
    /// Which comment of the case.
    pub comment: CommentNumber,
    /// When it was shared.
    pub at: Timestamp,
    /// The school of enrolment as known then; where there was none, the last one.
    pub school: Code,
    /// Whether the student was enrolled there then.
    pub is_enrolled: bool,
}

impl Standing {
    /// Returns the provider that holds the case.
    pub fn provider(&self) -> Option<Code> {
        match self.owner {
            Owner::Provider(provider) => Some(provider),
            Owner::Ministry | Owner::Cit { .. } => None,
        }
    }

    /// Returns where the student is enrolled on a day, as known now (V1, Q28).
    pub fn enrolled_at(&self, on: NaiveDate) -> Option<Code> {
        enrolled_at(&self.enrolments, on)
    }

    /// Returns the school's primary contact on a day.
    pub fn primary_contact(&self, on: NaiveDate) -> Option<Code> {
        self.contact?.still_asked(&self.enrolments, on)
    }

    /// Returns the school the student was at last, while enrolled nowhere (Q29).
    pub fn last_school(&self, on: NaiveDate) -> Option<Code> {
        if self.enrolled_at(on).is_some() {
            return None;
        }
        let before = self.enrolments.iter().rev().filter(|enrolment| enrolment.from <= on);
        Some(before.filter_map(|enrolment| enrolment.school).next().unwrap_or(self.school))
    }

    /// Returns the comments shared with the last school since the student left it for nowhere (Q29).
    ///
    /// What was shared before was shared with a school that had the student, and lost it with the student (Q28).
    pub fn shared_with_last(&self, on: NaiveDate) -> impl Iterator<Item = CommentNumber> {
        let last = self.last_school(on);
        let since = move |shared: &&SharedComment| !shared.is_enrolled && Some(shared.school) == last;
        self.shared.iter().filter(since).map(|shared| shared.comment)
    }

    /// Returns whether a school asked for this case, or one person of it did or is named.
    pub fn requested_by(&self, school: Code, person: Option<Code>) -> bool {
        let of_person =
            |request: &OwnRequest| person.is_none_or(|person| request.by == person || request.contact == Some(person));
        self.requests.iter().any(|request| request.school == school && of_person(request))
    }

    /// Returns the last event a provider sees of a case it handed over and does not hold again.
    pub fn handed_over(&self, provider: Code) -> Option<Position> {
        let held_again = self.provider() == Some(provider);
        let found = self.hand_overs.iter().find(|hand_over| hand_over.provider == provider);
        found.filter(|_| !held_again).map(|hand_over| hand_over.at)
    }

    /// Returns the move to a provider that is proposed.
    pub fn proposal_to(&self, provider: Code) -> Option<Proposal> {
        let held = self.provider() == Some(provider) || !self.is_active;
        self.proposals.iter().find(|proposal| proposal.target == provider && !held).copied()
    }

    /// Returns whether an open request is no detailed check, which restricted events alone tell of.
    pub fn waits_for_an_agency(&self) -> bool {
        self.inquiries.iter().any(|asked| asked.open && !asked.detailed)
    }

    /// Returns whether an agency has an open request.
    pub fn is_asking(&self, agency: Agency) -> bool {
        self.inquiries.iter().any(|asked| asked.agency == agency && asked.open)
    }

    /// Returns whether a request to an agency was withdrawn unanswered.
    pub fn has_withdrawn_from(&self, agency: Agency) -> bool {
        self.inquiries.iter().any(|asked| asked.agency == agency && !asked.open)
    }

    /// Returns how many comments are shared with schools, and how many could be: *n of m shared*, for the owner (V5).
    pub fn shared_of_all(&self) -> (usize, usize) {
        (self.shared.len(), usize::from(self.sharable))
    }
}

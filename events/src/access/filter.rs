//! The cases one person reaches, as a filter a read model can apply, and the same question asked of one case.
//!
//! One piece of code answers for lists and for single cases, so that what is listed is what can be opened.

use std::fmt;

use chrono::NaiveDate;

use super::Standing;
use crate::case::Owner;
use crate::event::Agency;
use crate::ids::Code;

/// Which cases a list holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Filter {
    /// None.
    Nothing,
    /// Every case.
    All,
    /// Held by this provider.
    Provider {
        /// The provider.
        provider: Code,
    },
    /// Held by this provider, with this case manager.
    Manager {
        /// The provider.
        provider: Code,
        /// The case manager.
        person: Code,
    },
    /// Handed over by this provider, and not with it again.
    HandedOver {
        /// The provider.
        provider: Code,
    },
    /// In a proposed move to this provider.
    ProposedTo {
        /// The provider.
        provider: Code,
    },
    /// Active, the student enrolled at this school on a day (V1).
    Enrolled {
        /// The school.
        school: Code,
        /// The day.
        on: NaiveDate,
    },
    /// Of those, with this primary contact.
    Contact {
        /// The school.
        school: Code,
        /// The primary contact.
        person: Code,
        /// The day.
        on: NaiveDate,
    },
    /// Asked for by this school, or by this person of it.
    RequestedBy {
        /// The school.
        school: Code,
        /// Who sent the request or is named in it.
        person: Option<Code>,
    },
    /// Active, the student enrolled nowhere on a day and last at this school, a comment shared since (Q29).
    SharedWithLast {
        /// The school.
        school: Code,
        /// The day.
        on: NaiveDate,
    },
    /// Routed by one of these catchments.
    Catchments(Vec<Code>),
    /// With a notification to the Prosecutions Unit (E36).
    Prosecution,
    /// Waiting for the Ministry or CIT.
    WithMinistry,
    /// With an open request to this agency.
    AskedOf(Agency),
    /// With a withdrawn, unanswered request to this agency.
    WithdrawnFrom(Agency),
}

impl Filter {
    /// Asks it of one case; the error says what is missing.
    pub fn admits(&self, case: &Standing) -> Result<(), Missing> {
        let (holds, missing) = match self {
            Filter::Nothing => (false, Missing::NoCases),
            Filter::All => (true, Missing::NoCases),
            Filter::Provider { provider } => (case.provider() == Some(*provider), Missing::OtherHolder),
            Filter::Manager { provider, .. } if case.provider() != Some(*provider) => (false, Missing::OtherHolder),
            Filter::Manager { person, .. } => (case.manager == Some(*person), Missing::NotAssigned),
            Filter::HandedOver { provider } => (case.handed_over(*provider).is_some(), Missing::NeverHandedOver),
            Filter::ProposedTo { provider } => (case.proposal_to(*provider).is_some(), Missing::NotProposed),
            Filter::Enrolled { school, on } => return enrolled(case, *school, *on),
            Filter::Contact { school, person, on } => {
                enrolled(case, *school, *on)?;
                (case.primary_contact(*on) == Some(*person), Missing::NotTheContact)
            }
            Filter::RequestedBy { school, person } => (case.requested_by(*school, *person), Missing::NoOwnRequest),
            Filter::SharedWithLast { school, on } => return last_school(case, *school, *on),
            Filter::Catchments(of_region) => {
                (case.catchment.is_some_and(|at| of_region.contains(&at)), Missing::OutsideTheRegion)
            }
            Filter::Prosecution => (case.prosecution, Missing::NotNotified),
            Filter::WithMinistry => (waits_for_the_ministry(case), Missing::NotWithTheMinistry),
            Filter::AskedOf(agency) => (case.is_asking(*agency), Missing::NotAsked),
            Filter::WithdrawnFrom(agency) => (case.has_withdrawn_from(*agency), Missing::NothingWithdrawn),
        };
        if holds { Ok(()) } else { Err(missing) }
    }
}

/// V1, V3: schools see active cases of students currently enrolled; closed ones are wanted next and not yet given.
fn enrolled(case: &Standing, school: Code, on: NaiveDate) -> Result<(), Missing> {
    match (case.enrolled_at(on) == Some(school), case.is_active) {
        (false, _) => Err(Missing::NotEnrolledThere),
        (true, false) => Err(Missing::HasEnded),
        (true, true) => Ok(()),
    }
}

/// Q29: the last school of a student who is enrolled nowhere sees what was shared since, and nothing else.
fn last_school(case: &Standing, school: Code, on: NaiveDate) -> Result<(), Missing> {
    if case.last_school(on) != Some(school) {
        return Err(Missing::NotTheLastSchool);
    }
    if !case.is_active {
        return Err(Missing::HasEnded);
    }
    if case.shared_with_last(on).next().is_none() { Err(Missing::NothingShared) } else { Ok(()) }
}

fn waits_for_the_ministry(case: &Standing) -> bool {
    let is_owner = matches!(case.owner, Owner::Ministry | Owner::Cit { .. });
    case.is_active
        && (is_owner || case.check_pending || case.inquiries.iter().any(|asked| asked.detailed && asked.open))
}

/// What a case lacks for somebody to reach it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Missing {
    /// The row reaches no case.
    NoCases,
    /// The provider does not hold the case.
    OtherHolder,
    /// The case is not assigned to the person.
    NotAssigned,
    /// The provider never handed the case over, or has it again.
    NeverHandedOver,
    /// No move to the provider is proposed.
    NotProposed,
    /// The student is not enrolled at the school on that day.
    NotEnrolledThere,
    /// The case has ended.
    HasEnded,
    /// Another person is the primary contact.
    NotTheContact,
    /// The school, or the person, did not ask for this case.
    NoOwnRequest,
    /// The student is enrolled, or was last enrolled elsewhere.
    NotTheLastSchool,
    /// No comment was shared since the student left.
    NothingShared,
    /// The case lies in no catchment of the region.
    OutsideTheRegion,
    /// The Prosecutions Unit was not notified of the case.
    NotNotified,
    /// The case waits for neither the Ministry nor CIT.
    NotWithTheMinistry,
    /// The agency is asked nothing.
    NotAsked,
    /// No request to the agency was withdrawn unanswered.
    NothingWithdrawn,
}

impl Missing {
    /// Returns what would change it.
    pub fn would_change(self) -> &'static str {
        match self {
            Missing::NoCases => "a grant of another role",
            Missing::OtherHolder => "an allocation of the case to this provider",
            Missing::NotAssigned => "an assignment of the case to this person (`assign-case-manager`)",
            Missing::NeverHandedOver => "a hand-over by this provider",
            Missing::NotProposed => {
                "an agreement on the case that names this provider as its target, or a reallocation to CIT that does"
            }
            Missing::NotEnrolledThere => "an enrolment at this school, reported by the register",
            Missing::HasEnded => "a reopening of the case",
            Missing::NotTheContact => "a change of the primary contact to this person (`change-primary-contact`)",
            Missing::NoOwnRequest => "a support request of this school, or of this person",
            Missing::NotTheLastSchool => "an end of the student's enrolment at this school, with none after it",
            Missing::NothingShared => "a comment that the case owner shares while the student is enrolled nowhere",
            Missing::OutsideTheRegion => "an allocation in a catchment of the region, or a grant for another region",
            Missing::NotNotified => "a notification of the unit (`notify-prosecution`)",
            Missing::NotWithTheMinistry => "a check, a detailed check, or a reallocation to CIT",
            Missing::NotAsked => "a request to this agency (`open-information-request`)",
            Missing::NothingWithdrawn => "a request to this agency that is withdrawn before it is answered",
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Missing::NoCases => "the row reaches no case",
            Missing::OtherHolder => "the provider does not hold the case",
            Missing::NotAssigned => "the case is not assigned to the person",
            Missing::NeverHandedOver => "the provider never handed the case over, or has it again",
            Missing::NotProposed => "no move to the provider is proposed",
            Missing::NotEnrolledThere => "the student is not enrolled at the school on that day",
            Missing::HasEnded => "the case has ended",
            Missing::NotTheContact => "another person is the school's primary contact",
            Missing::NoOwnRequest => "neither the school nor the person asked for this case",
            Missing::NotTheLastSchool => "the student is enrolled, or was last enrolled elsewhere",
            Missing::NothingShared => "no comment was shared since the student left the school",
            Missing::OutsideTheRegion => "the case lies in no catchment of the region",
            Missing::NotNotified => "the unit was not notified of the case",
            Missing::NotWithTheMinistry => "the case waits for neither the Ministry nor CIT",
            Missing::NotAsked => "the agency has no open request on the case",
            Missing::NothingWithdrawn => "no request to the agency was withdrawn unanswered",
        })
    }
}

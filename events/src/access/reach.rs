//! Which cases a row of the table is about, in words of the role; a [`Filter`] says it of one person.

use chrono::NaiveDate;

use super::{Filter, Principal};
use crate::envelope::Role;
use crate::event::Agency;

/// Which cases a row reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reach {
    /// No case and nothing else.
    Nothing,
    /// No case: what is about the ledger as a whole.
    Ledger,
    /// Every case.
    All,
    /// Cases the asker's provider holds.
    OwnProvider,
    /// Cases of the asker's provider that are assigned to the asker.
    Assigned,
    /// Cases the asker's provider handed over.
    FormerProvider,
    /// Cases in a proposed move to the asker's provider.
    ProposedTo,
    /// Active cases of students enrolled at the asker's school today.
    Enrolled,
    /// Those of them in which the asker is the school's primary contact.
    NamedContact,
    /// Cases the asker's school asked for.
    OwnRequest,
    /// Those of them that the asker sent or is named in.
    OwnRequestInPerson,
    /// Active cases of students enrolled nowhere, last at the asker's school, with a comment shared since.
    LastSchool,
    /// Cases in the catchments of the asker's region.
    Region,
    /// Cases the Prosecutions Unit was notified of.
    Notified,
    /// Cases that wait for the Ministry or CIT: a check, a detailed check, a move.
    WithMinistry,
    /// Cases with an open request to the asker's agency.
    AskedOf,
    /// Cases with a withdrawn, unanswered request to the asker's agency.
    WithdrawnFrom,
}

impl Reach {
    /// Returns its name, as programs name a list.
    pub fn name(self) -> &'static str {
        match self {
            Reach::Nothing => "nothing",
            Reach::Ledger => "ledger",
            Reach::All => "all",
            Reach::OwnProvider => "own",
            Reach::Assigned => "assigned",
            Reach::FormerProvider => "handed-over",
            Reach::ProposedTo => "proposed",
            Reach::Enrolled => "enrolled",
            Reach::NamedContact => "contact",
            Reach::OwnRequest | Reach::OwnRequestInPerson => "requested",
            Reach::LastSchool => "last-school",
            Reach::Region => "region",
            Reach::Notified => "notified",
            Reach::WithMinistry => "with-ministry",
            Reach::AskedOf => "asked",
            Reach::WithdrawnFrom => "withdrawn",
        }
    }

    /// Returns what it says, for people.
    pub fn says(self) -> &'static str {
        match self {
            Reach::Nothing => "none",
            Reach::Ledger => "the ledger as a whole",
            Reach::All => "all cases",
            Reach::OwnProvider => "cases the provider holds",
            Reach::Assigned => "cases assigned to the person",
            Reach::FormerProvider => "cases the provider handed over",
            Reach::ProposedTo => "cases in a proposed move to the provider",
            Reach::Enrolled => "active cases of students enrolled at the school today",
            Reach::NamedContact => "those in which the person is the primary contact",
            Reach::OwnRequest => "cases the school asked for",
            Reach::OwnRequestInPerson => "cases the person asked for, or is named in",
            Reach::LastSchool => {
                "active cases of students enrolled nowhere, last at the school, with a comment shared since"
            }
            Reach::Region => "cases in the region",
            Reach::Notified => "cases the unit was notified of",
            Reach::WithMinistry => "cases that wait for the Ministry or CIT",
            Reach::AskedOf => "cases with an open request to the agency",
            Reach::WithdrawnFrom => "cases with a withdrawn, unanswered request to the agency",
        }
    }

    /// Returns what takes a case out of reach again.
    pub fn ends_with(self) -> &'static str {
        match self {
            Reach::Nothing | Reach::Ledger | Reach::All | Reach::Notified => "the end of the grant",
            Reach::OwnProvider => "a reallocation of the case, or the end of the grant",
            Reach::Assigned => "an assignment to another case manager, a reallocation, or the end of the grant",
            Reach::FormerProvider => "the case coming back, or the end of the grant",
            Reach::ProposedTo => "an allocation of the case, CIT declining the move, or the end of the grant",
            Reach::Enrolled => "an enrolment elsewhere, the end of the case, or the end of the grant",
            Reach::NamedContact => {
                "another primary contact, an enrolment elsewhere, the end of the case, or the end of the grant"
            }
            Reach::OwnRequest | Reach::OwnRequestInPerson => {
                "the end of the grant; an enrolment elsewhere ends what is told of its state"
            }
            Reach::LastSchool => "an enrolment, the sharing taken back, the end of the case, or the end of the grant",
            Reach::Region => "an allocation in another region, or the end of the grant",
            Reach::WithMinistry => "the check completed, the case passed on, or the end of the grant",
            Reach::AskedOf => "the answer, a withdrawal of the request, or the end of the grant",
            Reach::WithdrawnFrom => "the answer, or the end of the grant",
        }
    }

    /// Says it of one person on one day.
    pub(super) fn of(self, asker: &Principal, on: NaiveDate) -> Filter {
        let (person, organisation) = (asker.person(), asker.organisation());
        match self {
            Reach::Nothing | Reach::Ledger => Filter::Nothing,
            Reach::All => Filter::All,
            Reach::OwnProvider => Filter::Provider { provider: organisation },
            Reach::Assigned => Filter::Manager { provider: organisation, person },
            Reach::FormerProvider => Filter::HandedOver { provider: organisation },
            Reach::ProposedTo => Filter::ProposedTo { provider: organisation },
            Reach::Enrolled => Filter::Enrolled { school: organisation, on },
            Reach::NamedContact => Filter::Contact { school: organisation, person, on },
            Reach::OwnRequest => Filter::RequestedBy { school: organisation, person: None },
            Reach::OwnRequestInPerson => Filter::RequestedBy { school: organisation, person: Some(person) },
            Reach::LastSchool => Filter::SharedWithLast { school: organisation, on },
            Reach::Region => Filter::Catchments(asker.catchments().to_vec()),
            Reach::Notified => Filter::Prosecution,
            Reach::WithMinistry => Filter::WithMinistry,
            Reach::AskedOf => agency_of(asker.role()).map_or(Filter::Nothing, Filter::AskedOf),
            Reach::WithdrawnFrom => agency_of(asker.role()).map_or(Filter::Nothing, Filter::WithdrawnFrom),
        }
    }
}

/// Returns the agency whose answers a role brings.
pub(super) fn agency_of(role: Role) -> Option<Agency> {
    match role {
        Role::Inz => Some(Agency::Inz),
        Role::Msd => Some(Agency::Msd),
        _ => None,
    }
}

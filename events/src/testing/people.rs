//! The people and feeds of the tests, and the reference data they live in.

use chrono::NaiveDate;

use super::code;
use crate::envelope::{Actor, Role, Source};
use crate::reference::Entry;

/// From when the reference data of the tests are in force.
pub const REFERENCE_FROM: &str = "2020-01-01";

/// Two schools with a provider each, in-school provision at the first, a provider with two catchments.
///
/// `SCH-1` lies in `C-1` (`ASP-1`) and holds in-school provision `ISP-1`; `SCH-2` lies in `C-2` (`ASP-2`); `SCH-3`
/// lies in `C-3`, which `ASP-3` serves, as it does `C-4`.
pub fn reference() -> Vec<Entry> {
    let from: NaiveDate = super::day(REFERENCE_FROM);
    let catchment =
        |name: &str, provider: &str| Entry::Catchment { catchment: code(name), provider: code(provider), from };
    let school = |name: &str, catchment: &str| Entry::School { school: code(name), catchment: code(catchment), from };
    vec![
        catchment("C-1", "ASP-1"),
        catchment("C-2", "ASP-2"),
        catchment("C-3", "ASP-3"),
        catchment("C-4", "ASP-3"),
        school("SCH-1", "C-1"),
        school("SCH-2", "C-2"),
        school("SCH-3", "C-3"),
        Entry::InSchool { school: code("SCH-1"), provider: Some(code("ISP-1")), from },
    ]
}

/// Makes an actor.
pub fn person(role: Role, person: &str, organisation: &str) -> Actor {
    Actor { person: code(person), role, organisation: code(organisation) }
}

/// The attendance lead of `SCH-1`.
pub fn school() -> Actor {
    person(Role::AttendanceLead, "S-1", "SCH-1")
}

/// The attendance lead of `SCH-2`.
pub fn other_school() -> Actor {
    person(Role::AttendanceLead, "S-2", "SCH-2")
}

/// The workflow lead of `ASP-1`.
pub fn lead() -> Actor {
    person(Role::WorkflowLead, "L-1", "ASP-1")
}

/// A case manager of `ASP-1`; the one [`super::at_work`] assigns.
pub fn manager() -> Actor {
    person(Role::CaseManager, "M-1", "ASP-1")
}

/// Another case manager of `ASP-1`.
pub fn colleague() -> Actor {
    person(Role::CaseManager, "M-9", "ASP-1")
}

/// What a case manager is told of a colleague's case: writing follows reading (domain §2.1).
pub fn not_assigned() -> crate::refusal::Refusal {
    crate::refusal::Refusal::NotThisRole { needed: "the case manager the case is assigned to" }
}

/// The workflow lead of `ASP-2`.
pub fn other_lead() -> Actor {
    person(Role::WorkflowLead, "L-2", "ASP-2")
}

/// The workflow lead of `ISP-1`.
pub fn in_school_lead() -> Actor {
    person(Role::WorkflowLead, "L-3", "ISP-1")
}

/// A person of CIT.
pub fn cit() -> Actor {
    person(Role::Cit, "T-1", "MOE")
}

/// A person of the Service Desk.
pub fn service_desk() -> Actor {
    person(Role::ServiceDesk, "D-1", "MOE")
}

/// The enrolment register.
pub fn enrol() -> Actor {
    person(Role::Enrol, "ENROL", "MOE")
}

/// Immigration NZ.
pub fn inz() -> Actor {
    person(Role::Inz, "INZ", "INZ")
}

/// The Ministry of Social Development.
pub fn msd() -> Actor {
    person(Role::Msd, "MSD", "MSD")
}

/// The migration from the predecessor system.
pub fn migration() -> Actor {
    person(Role::Migration, "MIGRATION", "MOE")
}

/// A person of the Attendance Prosecutions Unit.
pub fn prosecutions() -> Actor {
    person(Role::ProsecutionsUnit, "U-1", "MOE")
}

/// Where commands of a role come from.
pub fn source_of(role: Role) -> Source {
    match role {
        Role::Enrol => Source::Enrol,
        Role::Inz => Source::Inz,
        Role::Msd => Source::Msd,
        Role::Migration => Source::Migration,
        _ => Source::Person,
    }
}

//! The people of the demo: one for each role, all of them made up.
//!
//! Their codes are those the simulator uses for the same organisations, so that their work is there to look at.

use caseledger_events::envelope::{Actor, Role};
use serde::Serialize;

use crate::claims::role;
use crate::dev::DevToken;

/// A person or feed of the demo.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Person {
    /// The code they act under.
    pub person: &'static str,
    /// What people call them; made up.
    pub name: &'static str,
    /// Their role.
    pub role: Role,
    /// The school, provider or agency they act for.
    pub organisation: &'static str,
    /// The region of a regional office.
    pub region: Option<&'static str>,
    /// Whether they sign in with more than one factor.
    pub mfa: bool,
}

/// Returns everybody.
pub fn cast() -> &'static [Person] {
    CAST
}

const CAST: &[Person] = &[
    // a school in the catchment of ASP14
    person("S1401-A", "Awhina Tauira", Role::AttendanceLead, "S1401"),
    person("S1401-D", "Dov Example", Role::PrimaryContact, "S1401"),
    Person { mfa: false, ..person("S1401-O", "Ofa Sample", Role::OfficeSupport, "S1401") },
    person("S1401-P", "Pania Tauira", Role::DelegatedAuthoriser, "S1401"),
    // another school there
    person("S1402-A", "Ari Sample", Role::AttendanceLead, "S1402"),
    // the provider of that catchment
    person("ASP14-L", "Leilani Tauira", Role::WorkflowLead, "ASP14"),
    person("ASP14-M1", "Manaia Example", Role::CaseManager, "ASP14"),
    person("ASP14-M2", "Moana Sample", Role::CaseManager, "ASP14"),
    // another provider
    person("ASP15-L", "Lorem Ipsum", Role::WorkflowLead, "ASP15"),
    person("ASP15-M1", "Mere Sample", Role::CaseManager, "ASP15"),
    // the Ministry
    person("CIT-1", "Tui Tauira", Role::Cit, "MOE"),
    person("CRM-1", "Rewi Example", Role::RelationshipManager, "MOE"),
    person("DESK-1", "Desi Sample", Role::ServiceDesk, "MOE"),
    person("NSD-1", "Nikau Tauira", Role::NationalServiceDelivery, "MOE"),
    Person { region: Some("TAMAKI-MAKAURAU"), ..person("OFFICE-1", "Rangi Example", Role::RegionalOffice, "MOE") },
    person("APU-1", "Petra Sample", Role::ProsecutionsUnit, "MOE"),
    person("AUDIT-1", "Audrey Example", Role::Auditor, "MOE"),
    person("OPS-1", "Opal Tauira", Role::Operator, "MOE"),
    // machines
    machine("REPORTS", "Reporting job", Role::ReportingJob, "MOE"),
    machine("ENROL", "ENROL feed", Role::Enrol, "ENROL"),
    machine("INZ", "Immigration NZ feed", Role::Inz, "INZ"),
    machine("MSD", "MSD feed", Role::Msd, "MSD"),
    machine("ATTENDANCE", "Attendance feed", Role::Attendance, "MOE"),
    machine("MIGRATION", "Migration", Role::Migration, "MOE"),
];

const fn person(person: &'static str, name: &'static str, role: Role, organisation: &'static str) -> Person {
    Person { person, name, role, organisation, region: None, mfa: true }
}

const fn machine(person: &'static str, name: &'static str, role: Role, organisation: &'static str) -> Person {
    Person { person, name, role, organisation, region: None, mfa: false }
}

/// Finds somebody by code, by name or given name, or by role, in any case; of several the first.
pub fn find(who: &str) -> Option<&'static Person> {
    let is = |text: &str| text.eq_ignore_ascii_case(who);
    let by = |fits: &dyn Fn(&Person) -> bool| CAST.iter().find(|person| fits(person));
    by(&|person| is(person.person))
        .or_else(|| by(&|person| is(person.name) || person.name.split(' ').next().is_some_and(is)))
        .or_else(|| by(&|person| is(person.role.name()) || is(&person.role.name().replace('_', "-"))))
}

/// Reads somebody who need not be of the cast: `person/role/organisation`, such as `ASP14-M2/case_manager/ASP14`.
pub fn actor(text: &str) -> Option<Actor> {
    let mut fields = text.split('/');
    let person = fields.next()?.parse().ok()?;
    let role = role(fields.next()?)?;
    let organisation = fields.next()?.parse().ok()?;
    fields.next().is_none().then_some(Actor { person, role, organisation })
}

impl Person {
    /// Returns them as whoever acts.
    pub fn actor(&self) -> Actor {
        let code = |text: &str| text.parse().expect("a test holds every code of the table to its form");
        Actor { person: code(self.person), role: self.role, organisation: code(self.organisation) }
    }

    /// Returns what a token of theirs says.
    pub fn token(&self) -> DevToken {
        DevToken { is_mfa: self.mfa, ..DevToken::from(self.actor()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_events::ids::Code;
    use std::collections::BTreeSet;

    #[test]
    fn every_role_has_somebody() {
        let held: BTreeSet<Role> = CAST.iter().map(|person| person.role).collect();
        assert_eq!(held, BTreeSet::from(Role::ALL));
    }

    #[test]
    fn everybody_has_codes_and_a_code_of_their_own() {
        let codes: BTreeSet<Code> = CAST.iter().map(|person| person.actor().person).collect();
        assert_eq!(codes.len(), CAST.len());
        assert!(CAST.iter().filter_map(|person| person.region).all(|region| region.parse::<Code>().is_ok()));
    }

    #[test]
    fn people_are_found_by_code_name_and_role() {
        for who in ["ASP14-M1", "asp14-m1", "Manaia", "manaia example", "case_manager", "case-manager"] {
            assert_eq!(find(who).map(|person| person.person), Some("ASP14-M1"), "{who}");
        }
        for who in ["", "nobody", "manager", "ASP14"] {
            assert_eq!(find(who), None, "{who}");
        }
    }

    #[test]
    fn anybody_can_be_written_out() {
        let read = actor("ASP14-M2/case_manager/ASP14").unwrap();
        assert_eq!((read.person.as_str(), read.organisation.as_str()), ("ASP14-M2", "ASP14"));
        for text in ["", "A/case_manager", "A/boss/ASP14", "a/case_manager/ASP14", "A/case_manager/ASP14/more"] {
            assert_eq!(actor(text), None, "{text}");
        }
    }
}

//! The table itself: well formed, and printed as the page people read.

use super::told::*;
use crate::access::*;
use crate::catalogue::compare;
use crate::envelope::Role;
use crate::testing::*;

#[test]
fn access_md_is_what_the_tables_say() {
    compare(&crate::catalogue::root().join("docs/access.md"), &page());
}

#[test]
fn every_role_has_a_row_and_every_operation_somebody_who_may() {
    for role in Role::ALL {
        assert!(TABLE.iter().any(|row| row.role == role), "{role}");
        assert_eq!(serde_json::to_value(role).unwrap(), role.name());
    }
    // Signing in is nobody's by role: a live grant lets in whoever holds it.
    for operation in Operation::ALL.iter().filter(|operation| **operation != Operation::SignIn) {
        assert!(TABLE.iter().any(|row| row.may.contains(operation)), "{operation}");
    }
}

#[test]
fn rows_name_operations_of_their_own_kind_and_what_says_so() {
    for row in TABLE {
        let of_the_ledger = row.reach == Reach::Ledger;
        assert!(row.may.iter().all(|operation| (operation.about() == About::Ledger) == of_the_ledger), "{row:?}");
        assert!(!row.because.is_empty(), "{row:?}");
        assert!(row.cells().iter().all(|cell| !cell.is_empty() && !cell.contains('|')), "{row:?}");
    }
}

#[test]
fn immigration_and_restricted_fields_are_for_those_who_work_the_case_and_for_broken_glass() {
    let seen = |row: &&Row| row.sees.immigration != Sight::No || row.sees.restricted != Sight::No;
    let roles: std::collections::BTreeSet<Role> =
        TABLE.iter().filter(seen).filter(|row| row.shows_existence()).map(|row| row.role).collect();
    assert_eq!(
        roles.into_iter().collect::<Vec<_>>(),
        [Role::WorkflowLead, Role::CaseManager, Role::Cit, Role::Inz, Role::Msd, Role::ProsecutionsUnit]
    );
}

#[test]
fn the_nsn_is_for_schools_and_the_ministry_alone() {
    let case = standing(&told(at_work(ca_case())));
    let open = |asker: &Principal| authorise(asker, Operation::OpenCase, &case, day(TODAY)).ok();
    let nsn = |asker: &&Principal| open(asker).is_some_and(|grant| grant.shows_nsn(&written("SCH-1", 1)));
    let roles: Vec<&str> = everybody().iter().filter(nsn).map(|asker| asker.role().name()).collect();
    assert_eq!(roles, ["attendance_lead", "primary_contact", "office_support", "service_desk", "regional_office"]);
}

#[test]
fn nobody_who_runs_the_service_reads_what_is_personal() {
    for role in [Role::Operator, Role::ReportingJob, Role::RelationshipManager] {
        assert!(TABLE.iter().filter(|row| row.role == role).all(|row| row.sees == Sees::NOTHING), "{role}");
    }
}

//! Who may record what: every action and every role, as one table.

use crate::action::{ACTIONS, CaseAction};
use crate::envelope::{Actor, Role};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

/// The columns of the table, on a CA case of `SCH-1` with case manager `M-1` of `ASP-1`.
fn actors() -> Vec<(&'static str, Actor)> {
    vec![
        ("school", school()),
        ("primary", person(Role::PrimaryContact, "S-1", "SCH-1")),
        ("office", person(Role::OfficeSupport, "S-3", "SCH-1")),
        ("other school", other_school()),
        ("lead", lead()),
        ("manager", manager()),
        ("colleague", colleague()),
        ("other lead", other_lead()),
        ("cit", cit()),
        ("desk", service_desk()),
        ("enrol", enrol()),
        ("inz", inz()),
        ("msd", msd()),
        ("crm", person(Role::RelationshipManager, "R-1", "MOE")),
        ("auditor", person(Role::Auditor, "A-1", "MOE")),
        ("operator", person(Role::Operator, "O-1", "MOE")),
        ("job", person(Role::ReportingJob, "J-1", "MOE")),
        ("authoriser", person(Role::DelegatedAuthoriser, "S-1", "SCH-1")),
        ("national", person(Role::NationalServiceDelivery, "N-1", "MOE")),
        ("region", person(Role::RegionalOffice, "G-1", "MOE")),
        ("prosecutions", person(Role::ProsecutionsUnit, "U-1", "MOE")),
        ("attendance", person(Role::Attendance, "ATTENDANCE", "MOE")),
        ("migration", person(Role::Migration, "MIGRATION", "MOE")),
    ]
}

fn is_about_the_actor(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NotThisRole { .. }
            | Refusal::NotTheCurrentProvider { .. }
            | Refusal::NotWithAProvider
            | Refusal::NotTheCaseOwner
            | Refusal::CitDoesNotClose
            | Refusal::OnlyPeopleReopen
            | Refusal::OnlyItselfInSystem { .. }
            | Refusal::OtherAgency
    )
}

fn may(action: CaseAction, actor: Actor) -> bool {
    let comment = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false };
    let history =
        at_work(ca_case()).into_iter().chain([on("2026-02-20", comment), on("2026-02-20", asked(1, Agency::Inz))]);
    let outcome = given(history).by(actor).when(action);
    !outcome.result.as_ref().is_err_and(is_about_the_actor)
}

/// What is expected: an action and who may record it. All others may not.
const TABLE: &str = "
complete-ministry-check: cit
allocate: cit
assign-case-manager: lead
review: lead, manager, colleague
hold-school-meeting: lead, manager, colleague
hold-caregiver-meeting: lead, manager, colleague
engage-student: lead, manager, colleague
engage-caregiver: lead, manager, colleague
attempt-contact: lead, manager, colleague
record-contact-details: school, primary, office, lead, manager, colleague, cit, enrol
mark-contact-details-out-of-date: lead, manager, colleague, cit
record-plan: lead, manager, colleague
add-comment: school, primary, office, lead, manager, colleague, cit
change-comment-sharing: lead, manager
change-primary-contact: school, primary, office, lead, manager, colleague
change-enrolment: cit, enrol
open-information-request: lead, manager, colleague
answer-information-request: inz
withdraw-information-request: lead, manager, colleague
record-overseas-evidence: lead, manager, colleague
request-detailed-check: lead, manager, colleague
set-not-located: lead, manager, colleague
clear-not-located: lead, manager, colleague
record-agreement: lead, manager, colleague, other lead
reallocate-to-cit: lead, manager, colleague
reallocate-by-cit: cit
decline-reallocation: cit
reallocate-to-catchment-provider: lead, manager, colleague
close: lead, manager, colleague
reopen: lead, cit, desk
";

#[test]
fn the_table_has_a_column_for_every_role() {
    let columns: Vec<Role> = actors().into_iter().map(|(_, actor)| actor.role).collect();
    assert!(Role::ALL.iter().all(|role| columns.contains(role)));
}

#[test]
fn who_may_record_what() {
    let row = |info: &crate::action::ActionInfo| {
        let allowed = actors().into_iter().filter(|&(_, actor)| may(sample_action(info.name), actor));
        let names: Vec<_> = allowed.map(|(name, _)| name).collect();
        format!("{}: {}\n", info.name, names.join(", "))
    };
    let found: String = ACTIONS.iter().map(row).collect();
    assert_eq!(found, TABLE.trim_start());
}

#[test]
fn a7_a_provider_that_does_not_hold_the_case_is_told_who_does() {
    for info in ACTIONS.iter().filter(|info| info.who.contains(&crate::action::Who::CurrentProvider)) {
        given(at_work(ca_case()))
            .by(other_lead())
            .when(sample_action(info.name))
            .then_refused(Refusal::NotTheCurrentProvider { holder: code("ASP-1") });
    }
}

#[test]
fn a7_a_case_that_is_with_no_provider_says_so_to_providers() {
    for history in [notified(), nen_case().into_iter().chain([on("2026-03-02", passed_to_cit())]).collect()] {
        given(history).when(sample_action("engage-student")).then_refused(Refusal::NotWithAProvider);
    }
}

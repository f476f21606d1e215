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
    let outcome = given(history).and_of(OTHER_CASE, ca_case()).by(actor).when(action);
    !outcome.result.as_ref().is_err_and(is_about_the_actor)
}

/// What is expected: an action and who may record it. All others may not. Whose agreement it may be is asked beside it,
/// and over HTTP first of all whether the move names the asker's provider (`Operation::Act`).
const TABLE: &str = "
complete-ministry-check: cit
allocate: cit
assign-case-manager: lead
review: lead, manager
hold-school-meeting: lead, manager
hold-caregiver-meeting: lead, manager
engage-student: lead, manager
engage-caregiver: lead, manager
attempt-contact: lead, manager
record-contact-details: school, primary, office, lead, manager, cit, enrol
mark-contact-details-out-of-date: lead, manager, cit
record-plan: lead, manager
add-comment: school, primary, office, lead, manager, cit
change-comment-sharing: lead, manager
change-primary-contact: school, primary, office, lead, manager
change-enrolment: cit, enrol
open-information-request: lead, manager
answer-information-request: inz
withdraw-information-request: lead, manager
record-overseas-evidence: lead, manager
request-detailed-check: lead, manager
set-not-located: lead, manager
clear-not-located: lead, manager
record-agreement: lead, manager, colleague, other lead
reallocate-to-cit: lead, manager
reallocate-by-cit: cit
decline-reallocation: cit
reallocate-to-catchment-provider: lead, manager
close: lead, manager
reopen: lead, cit, desk
update-risk: lead, manager
upload-file: school, primary, office, lead, manager, cit
change-file-sharing: lead, manager
add-task: lead, manager
complete-task: lead, manager
add-calendar-event: lead, manager
pause: lead, manager
resume: lead, manager
waitlist: lead
remove-from-waitlist: lead
record-pathway: lead, manager, cit
note-home-education-application: lead, manager, cit
grant-exemption: lead, manager, cit
decline-exemption: lead, manager, cit
revoke-exemption: lead, manager, cit
identify-need: lead, manager
fund-need: lead, manager
refer-to-oranga-tamariki: lead, manager
report-concern: lead, manager
notify-prosecution: lead, manager
record-prosecution-outcome: lead, manager
merge: desk
unmerge: desk
report-dual-active: lead, manager, cit, desk
dismiss-dual-active: cit, desk
record-notification: lead, manager, cit, desk
decline-move: other lead
attach-statement-of-correction: lead, manager, cit, desk
give-privacy-notice: school, primary, office, lead, manager, cit
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

#[test]
fn writing_follows_reading_for_case_managers_and_primary_contacts() {
    let named = person(Role::PrimaryContact, "S-1", "SCH-1");
    let unnamed = person(Role::PrimaryContact, "S-9", "SCH-1");
    for (actor, may) in [(manager(), true), (colleague(), false), (named, true), (unnamed, false)] {
        let outcome = given(at_work(ca_case())).by(actor).when(sample_action("add-comment"));
        assert_eq!(outcome.result.is_ok(), may, "{actor:?}");
    }
    given(ca_case()).by(manager()).when(sample_action("engage-student")).then_refused(not_assigned());
}

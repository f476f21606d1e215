//! Why somebody sees a case or does not, as it is told to people.

use super::told::*;
use crate::access::*;
use crate::testing::*;

#[test]
fn an_explanation_names_the_deciding_row_and_what_would_change_it() {
    let case = standing(&told(at_work(ca_case())));
    let told = explain(&asking(manager()), Operation::OpenCase, &case, day(TODAY));
    assert_eq!(told.row().unwrap().reach, Reach::Assigned);
    assert_eq!(
        told.to_string(),
        "case_manager of ASP-1, open, on 2026-06-01:\n\
         \x20 yes, by the row \"cases assigned to the person\" (A7, P3): every fact\n\
         \x20 what would change it: an assignment to another case manager, a reallocation, or the end of the grant\n"
    );
}

#[test]
fn where_the_answer_is_no_every_row_tells_what_it_lacks() {
    let case = standing(&then(at_work(ca_case()), [on("2026-03-20", enrolled(Some("SCH-2"), "2026-03-20"))]));
    let stranger = person(crate::envelope::Role::AttendanceLead, "S-5", "SCH-3");
    let told = explain(&asking(stranger), Operation::OpenCase, &case, day(TODAY));
    assert_eq!(told.answer, Err(Denied::Secret));
    let missing: Vec<Missing> = told.tried.iter().filter_map(|tried| tried.missing).collect();
    assert_eq!(missing, [Missing::NotEnrolledThere, Missing::NoOwnRequest, Missing::NotTheLastSchool]);
    assert_eq!(told.would_change().len(), 3);
    assert!(told.to_string().contains("what would change it: an enrolment at this school"));
}

#[test]
fn a_row_that_decided_after_others_failed_says_why_they_did() {
    let case = standing(&told(closed(at_work(ca_case()), "2026-04-01")));
    let told = explain(&asking(school()), Operation::OpenCase, &case, day(TODAY));
    assert_eq!(told.row().unwrap().reach, Reach::OwnRequest);
    assert_eq!(told.tried[0].missing, Some(Missing::HasEnded));
}

#[test]
fn what_a_role_never_does_is_explained_by_its_role() {
    let case = standing(&told(at_work(ca_case())));
    let told = explain(&asking(enrol()), Operation::Timeline, &case, day(TODAY));
    assert!(told.tried.is_empty());
    assert_eq!(told.would_change(), ["a grant of another role"]);
}

#[test]
fn where_the_glass_may_be_broken_the_explanation_says_by_which_row() {
    let case = standing(&told(at_work(ca_case())));
    let colleague = person(crate::envelope::Role::CaseManager, "P-9", "ASP-1");
    let told = explain(&asking(colleague), Operation::OpenCase, &case, day(TODAY));
    assert_eq!((told.answer.is_err(), told.by_glass.unwrap().reach), (true, Reach::OwnProvider));
    assert!(told.to_string().contains("for a stated reason, on record"), "{told}");
    let glass = explain(&asking(colleague), Operation::BreakGlass, &case, day(TODAY));
    assert_eq!(glass.row().unwrap().reach, Reach::OwnProvider);
    let stranger = person(crate::envelope::Role::CaseManager, "P-9", "ASP-2");
    assert_eq!(explain(&asking(stranger), Operation::OpenCase, &case, day(TODAY)).by_glass, None);
}

#[test]
fn a_past_moment_is_explained_by_what_was_recorded_then() {
    let history = then(at_work(ca_case()), [on("2026-03-20", enrolled(Some("SCH-2"), "2026-03-20"))]);
    for (events, on_day, level) in [(3, "2026-03-01", Level::School), (4, "2026-04-01", Level::OwnRequest)] {
        let case = standing(&history[..events]);
        let told = explain(&asking(school()), Operation::OpenCase, &case, day(on_day));
        assert_eq!(told.answer.unwrap().level(), level, "{on_day}");
    }
}

#[test]
fn what_is_about_the_ledger_or_a_list_is_explained_by_the_row_that_decides_it() {
    use crate::envelope::Role;
    let case = standing(&told(at_work(ca_case())));
    let explained = |actor, operation| explain(&asking(actor), operation, &case, day(TODAY));
    let jobs = explained(person(Role::ReportingJob, "R-1", "MOE"), Operation::RawEvents);
    assert_eq!(jobs.row().unwrap().reach, Reach::Ledger, "{jobs}");
    assert!(explained(person(Role::NationalServiceDelivery, "N-1", "MOE"), Operation::PublishRuns).answer.is_ok());
    assert!(explained(person(Role::Operator, "O-1", "MOE"), Operation::PublishRuns).answer.is_err());
    assert!(explained(school(), Operation::Refer).answer.is_ok());
    assert_eq!(explained(lead(), Operation::Search).row().unwrap().reach, Reach::OwnProvider);
    let other = explained(other_lead(), Operation::Search);
    assert!(other.answer.is_err() && !other.would_change().is_empty(), "{other}");
}

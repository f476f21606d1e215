//! E5, R41: CIT corrects an allocation; E6: the case manager; E7: the review.

use crate::actions::{AllocateCase, AssignCaseManager, ReviewCase};
use crate::case::Status;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

fn to(provider: &str, catchment: Option<&str>) -> AllocateCase {
    AllocateCase { provider: code(provider), catchment: catchment.map(code) }
}

fn by_cit(provider: &str, catchment: &str) -> AllocatedToProvider {
    AllocatedToProvider {
        provider: code(provider),
        catchment: Some(code(catchment)),
        basis: AllocationBasis::Cit,
        in_school: provider.starts_with("ISP"),
    }
}

#[test]
fn r41_cit_corrects_the_allocation_and_the_case_is_new_to_its_provider() {
    given(at_work(ca_case()))
        .by(cit())
        .when(to("ASP-2", None))
        .then([by_cit("ASP-2", "C-2")])
        .then_case(|case| case.provider() == Some(code("ASP-2")) && case.catchment == Some(code("C-2")))
        .then_case(|case| case.manager.is_none() && case.status == Status::Allocated);
}

#[test]
fn r41_cit_may_give_a_case_to_in_school_provision() {
    given(ca_case())
        .by(cit())
        .when(to("ISP-1", None))
        .then([by_cit("ISP-1", "C-1")])
        .then_case(|case| case.in_school && case.catchment == Some(code("C-1")));
}

#[test]
fn r41_a_provider_of_several_catchments_is_given_the_one_that_is_meant() {
    given(ca_case())
        .by(cit())
        .when(to("ASP-3", None))
        .then_refused(Refusal::CatchmentNeeded { provider: code("ASP-3") });
    given(ca_case()).by(cit()).when(to("ASP-3", Some("C-4"))).then([by_cit("ASP-3", "C-4")]);
    given(ca_case())
        .and([on("2026-02-20", confirmed_in("C-3", "2026-02-20"))])
        .by(cit())
        .when(to("ASP-3", None))
        .then([by_cit("ASP-3", "C-3")]);
}

#[test]
fn r41_a_provider_gets_only_a_catchment_it_serves() {
    given(ca_case())
        .by(cit())
        .when(to("ASP-2", Some("C-1")))
        .then_refused(Refusal::DoesNotServe { provider: code("ASP-2"), catchment: code("C-1") });
    given(ca_case())
        .by(cit())
        .when(to("ASP-9", None))
        .then_refused(Refusal::UnknownProvider { provider: code("ASP-9") });
}

#[test]
fn the_provider_that_has_the_case_already_gets_nothing_new() {
    given(ca_case()).by(cit()).when(to("ASP-1", None)).then_nothing();
}

#[test]
fn r20_an_open_request_pins_the_case_against_cit_too() {
    for agency in [Agency::Inz, Agency::Msd] {
        given(ca_case())
            .and([on("2026-02-20", asked(1, agency))])
            .by(cit())
            .when(to("ASP-2", None))
            .then_refused(Refusal::PinnedByRequest { open: 1 });
    }
}

#[test]
fn e4_a_notification_is_allocated_by_its_check_and_not_before() {
    given(notified()).by(cit()).when(to("ASP-2", None)).then_refused(Refusal::CheckIsPending);
}

#[test]
fn e24_a_case_with_cit_is_passed_on_and_not_allocated() {
    given(nen_case())
        .and([on("2026-02-20", passed_to_cit())])
        .by(cit())
        .when(to("ASP-2", None))
        .then_refused(Refusal::IsWithCit);
}

#[test]
fn e6_the_workflow_lead_gives_the_case_to_a_case_manager() {
    given(ca_case())
        .when(AssignCaseManager { manager: code("M-2") })
        .then([AssignedToCaseManager { manager: code("M-2"), before: None }])
        .then_case(|case| case.status == Status::Active && case.manager == Some(code("M-2")));
    given(at_work(ca_case()))
        .when(AssignCaseManager { manager: code("M-2") })
        .then([AssignedToCaseManager { manager: code("M-2"), before: Some(code("M-1")) }]);
}

#[test]
fn e6_the_same_case_manager_again_changes_nothing() {
    given(at_work(ca_case())).when(AssignCaseManager { manager: code("M-1") }).then_nothing();
}

#[test]
fn q5_an_open_request_does_not_pin_the_case_manager() {
    given(at_work(ca_case()))
        .and([on("2026-02-20", asked(1, Agency::Inz))])
        .when(AssignCaseManager { manager: code("M-2") })
        .then([AssignedToCaseManager { manager: code("M-2"), before: Some(code("M-1")) }]);
}

#[test]
fn e7_a_review_names_the_reviewer_or_else_who_records_it() {
    given(ca_case()).when(ReviewCase { reviewer: None }).then([CaseReviewed { reviewer: code("L-1") }]);
    given(at_work(ca_case()))
        .by(manager())
        .when(ReviewCase { reviewer: Some(code("L-1")) })
        .then([CaseReviewed { reviewer: code("L-1") }]);
}

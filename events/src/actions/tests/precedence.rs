//! When several refusals apply, which one wins: the actor, the time, the closed case, the pin, then the action's own.

use serde_json::json;

use crate::actions::{CloseCase, ReallocateToCit};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

const FUTURE: &str = "2026-12-24";

fn is_closed() -> Refusal {
    Refusal::CaseIsClosed { closed_on: day("2026-04-01"), reason: ClosureReason::ReturnedToAttendance }
}

#[test]
fn the_actor_comes_before_the_time_the_time_before_the_closing_and_the_closing_before_the_pin() {
    let pinned = || nen_case().into_iter().chain([on("2026-02-20", asked(1, Agency::Inz))]).collect::<Vec<_>>();
    let pinned_and_closed = || closed(pinned(), "2026-04-01");
    let action =
        || ReallocateToCit { basis: MoveBasis::ReasonableGrounds, target: None, grounds: None, agreements: vec![] };
    given(pinned_and_closed())
        .by(other_lead())
        .occurred(FUTURE)
        .when(action())
        .then_refused(Refusal::NotTheCurrentProvider { holder: code("ASP-1") });
    given(pinned_and_closed())
        .occurred(FUTURE)
        .when(action())
        .then_refused(Refusal::InTheFuture { field: "/occurred_at", today: day("2026-06-01") });
    given(pinned_and_closed()).when(action()).then_refused(is_closed());
    given(pinned()).when(action()).then_refused(Refusal::PinnedByRequest { open: 1 });
    given(nen_case()).when(action()).then_refused(Refusal::TargetMissing);
}

#[test]
fn what_an_action_says_of_the_actor_comes_first_too() {
    let closed_case = || closed(at_work(ca_case()), "2026-04-01");
    let close = CloseCase { reason: ClosureReason::OutOfCountry };
    given(closed_case()).by(cit()).occurred(FUTURE).when(close).then_refused(Refusal::CitDoesNotClose);
    for (name, actor, refusal) in [
        ("reopen", inz(), Refusal::OnlyPeopleReopen),
        ("change-comment-sharing", colleague(), not_assigned()),
        (
            "open-information-request",
            cit(),
            Refusal::NotThisRole { needed: "staff of the provider that holds the case" },
        ),
    ] {
        given(closed_case()).by(actor).occurred(FUTURE).when(sample_action(name)).then_refused(refusal);
    }
}

#[test]
fn a_notification_that_ended_is_told_before_anything_of_its_check() {
    let ended =
        MinistryCheckCompleted { in_new_zealand: None, enrolled: true, outcome: CheckOutcome::DoNotReferEnrolled };
    given(notified())
        .and([on("2026-02-20", ended)])
        .by(cit())
        .when(sample_action("complete-ministry-check"))
        .then_refused(Refusal::NotReferred);
}

#[test]
fn the_future_is_judged_by_the_auckland_day() {
    // 00:30 on 1 July in Auckland is still 30 June in UTC.
    for (occurred, fine) in [
        ("2026-07-01", true),
        ("2026-07-02", false),
        ("2026-07-01T00:30:00+12:00", true),
        ("2026-07-01T00:30:01+12:00", false),
    ] {
        let outcome = given(ca_case()).at("2026-06-30T12:30:00Z").occurred(occurred).when_sent(
            "engage-student",
            json!({"mode": "phone"}),
            json!({}),
        );
        if fine {
            outcome.then([StudentEngaged { mode: Mode::Phone }]);
        } else {
            outcome.then_refused(Refusal::InTheFuture { field: "/occurred_at", today: day("2026-07-01") });
        }
    }
}

/// Clocks go back on 5 April 2026 at 3:00 and forward on 27 September 2026 at 2:00.
#[test]
fn the_day_changes_at_midnight_on_both_sides_of_daylight_saving() {
    for (now, tomorrow) in [
        ("2026-04-04T23:59:59+13:00", "2026-04-05"),
        ("2026-04-05T23:59:59+12:00", "2026-04-06"),
        ("2026-09-26T23:59:59+12:00", "2026-09-27"),
        ("2026-09-27T23:59:59+13:00", "2026-09-28"),
    ] {
        let today = time(now).auckland();
        let engage = || sample_action("engage-student");
        let refused = Refusal::InTheFuture { field: "/occurred_at", today };
        given(ca_case()).at(now).occurred(tomorrow).when(engage()).then_refused(refused);
        given(ca_case())
            .at(now)
            .occurred(&today.to_string())
            .when(engage())
            .then([StudentEngaged { mode: Mode::Phone }]);
    }
}

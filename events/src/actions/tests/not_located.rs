//! E22: Not Located, after all efforts failed (R18, R19, Q38).

use crate::actions::{ClearNotLocated, SetNotLocated};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

fn set(no_check_because: Option<&str>) -> SetNotLocated {
    SetNotLocated { no_check_because: no_check_because.map(code) }
}

fn flag(answered_checks: u16, no_check_because: Option<&str>, attempts: u16) -> NotLocatedFlagSet {
    NotLocatedFlagSet { answered_checks, no_check_because: no_check_because.map(code), attempts }
}

fn tried(checks: &[Whereabouts], attempts: usize) -> Given {
    let mut history = at_work(nen_case());
    for (i, &whereabouts) in checks.iter().enumerate() {
        let request = i as u16 + 1;
        history.push(on("2026-02-20", asked(request, Agency::Inz)));
        history.push(on("2026-02-24", inz_answered(request, whereabouts)));
    }
    history.extend((0..attempts).map(|_| on("2026-02-25", attempt())));
    given(history)
}

#[test]
fn r19_needs_an_answered_check_or_the_reason_why_none_and_an_attempt() {
    for (checks, because, attempts, expected) in [
        (&[][..], None, 1, Err(Refusal::NoAnsweredCheck)),
        (&[], Some("NO-CONSENT"), 0, Err(Refusal::NoAttempt)),
        (&[], Some("NO-CONSENT"), 1, Ok(flag(0, Some("NO-CONSENT"), 1))),
        (&[Whereabouts::NotOut], None, 0, Err(Refusal::NoAttempt)),
        (&[Whereabouts::NotOut], None, 1, Ok(flag(1, None, 1))),
        (&[Whereabouts::NotOut, Whereabouts::Unknown], Some("UNUSED"), 3, Ok(flag(2, None, 3))),
    ] {
        let outcome = tried(checks, attempts).when(set(because));
        match expected {
            Ok(flag) => drop(outcome.then([flag]).then_case(|case| case.not_located)),
            Err(refusal) => drop(outcome.then_refused(refusal)),
        }
    }
}

#[test]
fn r19_nothing_is_given_up_while_an_answer_is_awaited() {
    for open in [asked(2, Agency::Inz), asked(2, Agency::Msd)] {
        tried(&[Whereabouts::NotOut], 2)
            .and([on("2026-03-02", open)])
            .when(set(None))
            .then_refused(Refusal::ChecksStillOpen);
    }
}

#[test]
fn r19_an_engagement_is_no_failed_attempt() {
    tried(&[Whereabouts::NotOut], 0)
        .and([on("2026-02-25", StudentEngaged { mode: Mode::Phone })])
        .when(set(None))
        .then_refused(Refusal::NoAttempt);
}

#[test]
fn e22_the_flag_is_set_once_and_cleared_once() {
    let flagged = || tried(&[Whereabouts::NotOut], 1).and([on("2026-03-02", flag(1, None, 1))]);
    flagged().when(set(None)).then_nothing();
    flagged().when(ClearNotLocated {}).then([NotLocatedFlagCleared {}]).then_case(|case| !case.not_located);
    tried(&[], 0).when(ClearNotLocated {}).then_nothing();
}

#[test]
fn e22_not_located_is_a_flag_beside_the_status_and_no_reason_to_close() {
    tried(&[Whereabouts::NotOut], 1).when(set(None)).then_case(|case| case.status == crate::case::Status::Active);
    let reasons = serde_json::to_value(schemars::schema_for!(ClosureReason)).unwrap().to_string();
    assert!(!reasons.contains("not_located"), "{reasons}");
}

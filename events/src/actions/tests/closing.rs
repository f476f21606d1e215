//! E30: the end of a case (R22, R25, R34, Q33).

use crate::actions::CloseCase;
use crate::case::Status;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

const REASONS: [ClosureReason; 12] = [
    ClosureReason::ReturnedToAttendance,
    ClosureReason::Enrolled,
    ClosureReason::AlternativeEducation,
    ClosureReason::HomeEducation,
    ClosureReason::FifteenExemption,
    ClosureReason::OutOfCountry,
    ClosureReason::TurnedSixteen,
    ClosureReason::TransferredToOtherProvider,
    ClosureReason::ReferredInError,
    ClosureReason::Deceased,
    ClosureReason::ProsecutionOutcome,
    ClosureReason::Other,
];

#[test]
fn e30_every_reason_but_out_of_country_is_free() {
    for reason in REASONS.into_iter().filter(|&reason| reason != ClosureReason::OutOfCountry) {
        given(at_work(nen_case()))
            .by(manager())
            .when(CloseCase { reason })
            .then([CaseClosed { reason }])
            .then_case(|case| case.status == Status::Closed)
            .then_case(|case| case.ending.is_some_and(|ending| ending.on == day("2026-06-01")));
    }
}

#[test]
fn e30_enrolled_closes_a_nen_case_and_no_other() {
    let reason = ClosureReason::Enrolled;
    given(ca_case())
        .when(CloseCase { reason })
        .then_refused(Refusal::ReasonDoesNotFit { kind: CaseKind::ChronicAbsence });
}

#[test]
fn r34_a_granted_exemption_closes_either_kind() {
    for history in [ca_case(), nen_case()] {
        for reason in [ClosureReason::HomeEducation, ClosureReason::FifteenExemption] {
            given(history.clone()).when(CloseCase { reason }).then([CaseClosed { reason }]);
        }
    }
}

#[test]
fn e21_a_detailed_check_that_is_taken_back_says_that_it_was_one() {
    let detailed = DetailedImmigrationCheckRequested { request: RequestNumber(1) };
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Inz,
        reason: WithdrawalReason::CaseClosed,
        detailed: true,
    };
    given(nen_case())
        .and([on("2026-02-20", evidence()), on("2026-02-21", detailed)])
        .when(CloseCase { reason: ClosureReason::Enrolled })
        .then([CaseClosed { reason: ClosureReason::Enrolled }.into(), CaseEvent::from(withdrawn)]);
}

#[test]
fn r22_other_reasons_withdraw_what_is_still_being_asked() {
    let withdrawn = |request, agency| InformationRequestWithdrawn {
        request: RequestNumber(request),
        agency,
        reason: WithdrawalReason::CaseClosed,
        detailed: false,
    };
    given(nen_case())
        .and([on("2026-02-20", asked(1, Agency::Inz)), on("2026-02-21", asked(2, Agency::Msd))])
        .when(CloseCase { reason: ClosureReason::Enrolled })
        .then([
            CaseClosed { reason: ClosureReason::Enrolled }.into(),
            CaseEvent::from(withdrawn(1, Agency::Inz)),
            withdrawn(2, Agency::Msd).into(),
        ])
        .then_case(|case| case.open_requests.is_empty());
}

#[test]
fn r22_cit_does_not_close_whatever_the_case() {
    let out = [on("2026-02-20", asked(1, Agency::Inz)), on("2026-02-24", inz_answered(1, Whereabouts::Out))];
    for history in [notified(), nen_case(), nen_case().into_iter().chain(out).collect()] {
        given(history)
            .by(cit())
            .when(CloseCase { reason: ClosureReason::OutOfCountry })
            .then_refused(Refusal::CitDoesNotClose);
    }
}

#[test]
fn q33_an_answer_of_out_closes_nothing_by_itself() {
    let history = nen_case().into_iter().chain([on("2026-02-20", asked(1, Agency::Inz))]);
    given(history)
        .by(inz())
        .when_sent(
            "answer-information-request",
            serde_json::json!({"request": 1}),
            serde_json::json!({"answer": {"code": "OUT"}}),
        )
        .then([
            CaseEvent::from(inz_answered(1, Whereabouts::Out)),
            TaskAdded { kind: TaskKind::ReadAnswer, due_on: day("2026-06-15"), ..task(1) }.into(),
        ])
        .then_case(|case| case.status != Status::Closed);
}

#[test]
fn q38_other_is_told_in_a_note() {
    let read = |personal: &str| {
        crate::action::CaseAction::parse("close", "{\"reason\": \"other\"}", personal).unwrap().map(|_| ())
    };
    assert_eq!(read("{}").unwrap_err().pointer, "/personal/note");
    assert_eq!(read("{\"note\": {\"text\": \"Family asked for no contact.\"}}"), Ok(()));
}

#[test]
fn a_case_that_is_closed_already_is_not_closed_again() {
    given(closed(nen_case(), "2026-04-01")).when(CloseCase { reason: ClosureReason::Enrolled }).then_refused(
        Refusal::CaseIsClosed { closed_on: day("2026-04-01"), reason: ClosureReason::ReturnedToAttendance },
    );
}

//! E17–E19: information requests, their answers and their withdrawal (§1.8, R20, R25).

use serde_json::json;

use crate::actions::{OpenInformationRequest, WithdrawBecause, WithdrawInformationRequest};
use crate::envelope::Actor;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

/// §1.8: every code, what it means for the rules, and whether it is known.
const CODES: [(&str, Whereabouts, bool); 8] = [
    ("OUT", Whereabouts::Out, true),
    ("IN", Whereabouts::NotOut, true),
    ("UNMATCHED", Whereabouts::NotOut, true),
    ("UNLI", Whereabouts::NotOut, true),
    ("NEWCLIENT", Whereabouts::NotOut, true),
    (" out ", Whereabouts::Out, true),
    ("OUTSIDE", Whereabouts::Unknown, false),
    ("Departed 3 March", Whereabouts::Unknown, false),
];

/// An answer under a policy that adds no task to it (Q33).
fn answer(by: Actor, history: Vec<Past>, request: u16, code: &str) -> Outcome {
    given(history).under(json!({"moves": {"read_answer_days": 0}})).by(by).when_sent(
        "answer-information-request",
        json!({ "request": request }),
        json!({"answer": {"code": code}}),
    )
}

fn asking(agency: Agency) -> Vec<Past> {
    at_work(ca_case()).into_iter().chain([on("2026-02-20", asked(1, agency))]).collect()
}

#[test]
fn e17_either_agency_is_asked_and_each_request_has_its_number() {
    given(ca_case()).when(OpenInformationRequest { agency: Agency::Inz }).then([asked_today(1, Agency::Inz)]);
    given(asking(Agency::Inz))
        .when(OpenInformationRequest { agency: Agency::Msd })
        .then([asked_today(2, Agency::Msd)])
        .then_case(|case| case.pins() == 2);
}

#[test]
fn e17_an_agency_that_is_being_asked_is_not_asked_again() {
    for agency in [Agency::Inz, Agency::Msd] {
        given(asking(agency)).when(OpenInformationRequest { agency }).then_refused(Refusal::AlreadyAsked);
    }
}

#[test]
fn e17_cit_asks_while_it_checks_a_notification_and_no_longer() {
    given(notified())
        .by(cit())
        .when(OpenInformationRequest { agency: Agency::Msd })
        .then([asked_today(1, Agency::Msd)]);
    given(nen_case())
        .by(cit())
        .when(OpenInformationRequest { agency: Agency::Msd })
        .then_refused(Refusal::NotThisRole { needed: "staff of the provider that holds the case" });
}

#[test]
fn s1_8_each_code_of_immigration_nz_means_one_thing_for_the_rules() {
    for (text, meaning, known_code) in CODES {
        answer(inz(), asking(Agency::Inz), 1, text)
            .then([InformationRequestAnswered { known_code, ..inz_answered(1, meaning) }])
            .then_case(|case| case.latest_inz == Some(meaning))
            .then_case(|case| case.pins() == 0 && case.requests_answered == 1);
    }
}

#[test]
fn s1_8_the_code_is_kept_to_the_letter_in_the_personal_part() {
    use crate::action::CaseAction;
    use crate::parts::AgencyAnswer;
    use crate::personal::PartKind;
    let personal = json!({"answer": {"code": " Departed 3 March "}}).to_string();
    let read = CaseAction::parse("answer-information-request", "{\"request\": 1}", &personal).unwrap();
    let (_, parts) = read.unwrap();
    assert_eq!(AgencyAnswer::find(&parts).unwrap().code.reveal(), " Departed 3 March ");
}

#[test]
fn s1_8_an_answer_of_msd_says_nothing_of_whereabouts_whatever_it_holds() {
    let answered =
        InformationRequestAnswered { agency: Agency::Msd, known_code: false, ..inz_answered(1, Whereabouts::Unknown) };
    for text in ["OUT", "IN", "ADDRESS HELD"] {
        answer(msd(), asking(Agency::Msd), 1, text)
            .then([answered.clone()])
            .then_case(|case| case.latest_inz.is_none() && case.requests_answered == 1);
    }
}

#[test]
fn e18_each_agency_answers_what_it_was_asked() {
    answer(inz(), asking(Agency::Msd), 1, "IN").then_refused(Refusal::OtherAgency);
    answer(msd(), asking(Agency::Inz), 1, "IN").then_refused(Refusal::OtherAgency);
}

#[test]
fn e18_cit_enters_the_answer_of_a_detailed_check_alone() {
    let doubted = || -> Vec<Past> {
        let check = DetailedImmigrationCheckRequested { request: RequestNumber(2) };
        asking(Agency::Inz)
            .into_iter()
            .chain([on("2026-02-21", inz_answered(1, Whereabouts::NotOut)), on("2026-02-22", check)])
            .collect()
    };
    let detailed = InformationRequestAnswered { detailed: true, ..inz_answered(2, Whereabouts::Out) };
    for actor in [cit(), inz()] {
        answer(actor, doubted(), 2, "OUT").then([detailed.clone()]);
    }
    answer(cit(), asking(Agency::Inz), 1, "OUT")
        .then_refused(Refusal::NotThisRole { needed: "the agency that was asked" });
}

#[test]
fn e18_an_answer_belongs_to_a_request_that_was_not_answered() {
    answer(inz(), ca_case(), 1, "IN").then_refused(Refusal::NoSuchOpenRequest);
    answer(inz(), asking(Agency::Inz), 2, "IN").then_refused(Refusal::NoSuchOpenRequest);
    let answered = asking(Agency::Inz).into_iter().chain([on("2026-02-21", inz_answered(1, Whereabouts::Out))]);
    answer(inz(), answered.collect(), 1, "IN").then_refused(Refusal::NoSuchOpenRequest);
}

fn withdraw(reason: WithdrawBecause) -> WithdrawInformationRequest {
    WithdrawInformationRequest { request: RequestNumber(1), reason }
}

#[test]
fn e19_a_request_is_taken_back_which_releases_the_pin() {
    for (because, reason) in [
        (WithdrawBecause::NotNeeded, WithdrawalReason::NotNeeded),
        (WithdrawBecause::SentInError, WithdrawalReason::SentInError),
        (WithdrawBecause::NoAnswer, WithdrawalReason::NoAnswer),
    ] {
        given(asking(Agency::Msd))
            .when(withdraw(because))
            .then([InformationRequestWithdrawn {
                request: RequestNumber(1),
                agency: Agency::Msd,
                reason,
                detailed: false,
            }])
            .then_case(|case| case.pins() == 0 && case.requests_answered == 0);
    }
}

#[test]
fn e19_only_an_open_request_is_taken_back() {
    given(ca_case()).when(withdraw(WithdrawBecause::NotNeeded)).then_refused(Refusal::NoSuchOpenRequest);
}

#[test]
fn e19_cit_takes_back_what_the_ministrys_check_asked_and_nothing_of_a_provider() {
    let automatic = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Inz,
        reason: WithdrawalReason::NoAnswer,
        detailed: false,
    };
    given(notified())
        .and([on(OPENED, asked_automatically(1))])
        .by(cit())
        .when(withdraw(WithdrawBecause::NoAnswer))
        .then([automatic]);
    given(asking(Agency::Inz))
        .by(cit())
        .when(withdraw(WithdrawBecause::NoAnswer))
        .then_refused(Refusal::NotThisRole { needed: "staff of the provider that holds the case" });
}

#[test]
fn r40_an_answer_that_comes_after_all_is_kept_open_closed_or_withdrawn() {
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Inz,
        reason: WithdrawalReason::NoAnswer,
        detailed: false,
    };
    let history: Vec<Past> = asking(Agency::Inz).into_iter().chain([on("2026-03-20", withdrawn)]).collect();
    for past in [history.clone(), closed(history, "2026-04-01")] {
        let before = given(past.clone()).case().status;
        answer(inz(), past, 1, "OUT")
            .then([inz_answered(1, Whereabouts::Out)])
            .then_case(|case| case.status == before && case.latest_inz == Some(Whereabouts::Out))
            .then_case(|case| case.withdrawn_requests.is_empty());
    }
}

#[test]
fn numbers_of_requests_end_with_a_refusal() {
    let last = InformationRequestWithdrawn {
        request: RequestNumber(u16::MAX),
        agency: Agency::Msd,
        reason: WithdrawalReason::NotNeeded,
        detailed: false,
    };
    given(ca_case())
        .and([on("2026-02-20", asked(u16::MAX, Agency::Msd)), on("2026-02-21", last)])
        .when(OpenInformationRequest { agency: Agency::Msd })
        .then_refused(Refusal::TooMany { limit: u16::MAX });
}

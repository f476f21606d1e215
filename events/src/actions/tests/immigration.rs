//! R22–R25: what each answer of Immigration NZ makes possible, and the detailed check.

use serde_json::json;

use crate::actions::{CloseCase, RecordOverseasEvidence, RequestDetailedCheck};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

const OUT_OF_COUNTRY: CloseCase = CloseCase { reason: ClosureReason::OutOfCountry };

fn answered(whereabouts: Whereabouts) -> Vec<Past> {
    at_work(nen_case())
        .into_iter()
        .chain([on("2026-02-20", asked(1, Agency::Inz)), on("2026-02-24", inz_answered(1, whereabouts))])
        .collect()
}

/// What each of the five codes, an unknown one, and none make possible.
#[test]
fn r22_r25_the_codes_and_what_they_make_possible() {
    for (meaning, may_close_as_out, may_doubt) in [
        (Some(Whereabouts::Out), true, false),
        (Some(Whereabouts::NotOut), false, true),
        (Some(Whereabouts::Unknown), false, false),
        (None, false, false),
    ] {
        let history = || meaning.map_or_else(|| at_work(nen_case()), answered);
        let closing = given(history()).by(manager()).when(OUT_OF_COUNTRY);
        if may_close_as_out {
            closing.then([CaseClosed { reason: ClosureReason::OutOfCountry }]);
        } else {
            closing.then_refused(Refusal::NotConfirmedOut);
        }
        let doubting = given(history()).and([on("2026-02-25", evidence())]).by(manager()).when(RequestDetailedCheck {});
        if may_doubt {
            doubting.then([DetailedImmigrationCheckRequested { request: RequestNumber(2) }]);
        } else {
            doubting.then_refused(Refusal::NothingToDoubt);
        }
    }
}

#[test]
fn r22_the_latest_answer_decides() {
    let again = |whereabouts| [on("2026-03-02", asked(2, Agency::Inz)), on("2026-03-04", inz_answered(2, whereabouts))];
    given(answered(Whereabouts::Out))
        .and(again(Whereabouts::NotOut))
        .when(OUT_OF_COUNTRY)
        .then_refused(Refusal::NotConfirmedOut);
    given(answered(Whereabouts::NotOut))
        .and(again(Whereabouts::Out))
        .when(OUT_OF_COUNTRY)
        .then([CaseClosed { reason: ClosureReason::OutOfCountry }]);
}

#[test]
fn r22_nothing_is_closed_as_out_while_anybody_is_being_asked() {
    for open in [asked(2, Agency::Inz), asked(2, Agency::Msd), asked_automatically(2)] {
        given(answered(Whereabouts::Out))
            .and([on("2026-03-02", open)])
            .when(OUT_OF_COUNTRY)
            .then_refused(Refusal::RequestStillOpen);
    }
}

#[test]
fn r22_an_answer_of_msd_confirms_nothing() {
    let msd =
        InformationRequestAnswered { agency: Agency::Msd, known_code: false, ..inz_answered(1, Whereabouts::Unknown) };
    given(nen_case())
        .and([on("2026-02-20", asked(1, Agency::Msd)), on("2026-02-24", msd)])
        .when(OUT_OF_COUNTRY)
        .then_refused(Refusal::NotConfirmedOut);
}

#[test]
fn r23_a_detailed_check_needs_evidence_on_the_case() {
    given(answered(Whereabouts::NotOut)).when(RequestDetailedCheck {}).then_refused(Refusal::NoEvidence);
}

#[test]
fn r23_a_detailed_check_counts_as_an_open_request_until_its_answer() {
    let doubted = || {
        given(answered(Whereabouts::NotOut)).and([
            on("2026-02-25", evidence()),
            on("2026-02-26", DetailedImmigrationCheckRequested { request: RequestNumber(2) }),
        ])
    };
    doubted().when(RequestDetailedCheck {}).then_refused(Refusal::AlreadyAsked);
    doubted().when(OUT_OF_COUNTRY).then_refused(Refusal::RequestStillOpen);
    doubted().by(cit()).when(sample_action("allocate")).then_refused(Refusal::PinnedByRequest { open: 1 });
    let confirmed = InformationRequestAnswered { detailed: true, ..inz_answered(2, Whereabouts::Out) };
    doubted()
        .and([on("2026-03-20", confirmed)])
        .when(OUT_OF_COUNTRY)
        .then([CaseClosed { reason: ClosureReason::OutOfCountry }]);
}

#[test]
fn r24_evidence_names_its_kinds_once_each() {
    given(nen_case())
        .when_sent(
            "record-overseas-evidence",
            json!({"kinds": ["passport_number", "date_left", "passport_number"]}),
            json!({"travel": {"date_left": "2026-01-29", "passport": "LA000000"}}),
        )
        .then([OverseasEvidenceReceived { kinds: vec![EvidenceKind::DateLeft, EvidenceKind::PassportNumber] }])
        .then_case(|case| case.overseas_evidence);
    let all = RecordOverseasEvidence {
        kinds: vec![
            EvidenceKind::TravelDocument,
            EvidenceKind::DateLeft,
            EvidenceKind::NameTravelledUnder,
            EvidenceKind::PassportNumber,
            EvidenceKind::CoTravellers,
        ],
    };
    given(nen_case()).when(all.clone()).then([OverseasEvidenceReceived { kinds: all.kinds }]);
}

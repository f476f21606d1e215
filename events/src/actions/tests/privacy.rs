//! E43: statements of correction (IPP 7) and privacy notices (IPP 3A).

use serde_json::json;

use crate::actions::{AttachStatementOfCorrection, GivePrivacyNotice};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

const ABOUT_FACTS: AttachStatementOfCorrection = AttachStatementOfCorrection {
    about: CorrectionOf::Facts,
    comment: None,
    asked_by: CorrectionAsker::Student,
    asked_on: None,
};

fn attached(statement: u16) -> StatementOfCorrectionAttached {
    let (about, asked_by) = (CorrectionOf::Facts, CorrectionAsker::Student);
    StatementOfCorrectionAttached {
        statement: StatementNumber(statement),
        about,
        comment: None,
        asked_by,
        asked_on: None,
    }
}

fn notice() -> GivePrivacyNotice {
    GivePrivacyNotice { to: NoticeReceiver::Caregiver, channel: NoticeChannel::Letter, notice: code("PN-2026-1") }
}

fn given_notice() -> PrivacyNoticeGiven {
    PrivacyNoticeGiven { to: NoticeReceiver::Caregiver, channel: NoticeChannel::Letter, notice: code("PN-2026-1") }
}

#[test]
fn ipp_7_a_statement_stands_beside_what_it_is_about_and_statements_are_numbered() {
    given(at_work(ca_case())).by(manager()).when(ABOUT_FACTS).then([attached(1)]);
    given(at_work(ca_case())).and([on("2026-03-02", attached(1))]).by(lead()).when(ABOUT_FACTS).then([attached(2)]);
}

#[test]
fn r40_a_closed_case_takes_statements_and_notices() {
    let closed_case = || closed(at_work(ca_case()), "2026-04-01");
    given(closed_case()).by(lead()).when(ABOUT_FACTS).then([attached(1)]);
    given(closed_case()).by(lead()).when(notice()).then([given_notice()]);
}

#[test]
fn a_statement_about_a_comment_names_one_that_is_there() {
    let about = |comment: u16| AttachStatementOfCorrection {
        about: CorrectionOf::Narrative,
        comment: Some(CommentNumber(comment)),
        ..ABOUT_FACTS
    };
    let comment = CommentAdded { comment: CommentNumber(1), by_school: false, shared_with_schools: false };
    let history = || given(at_work(ca_case())).and([on("2026-03-02", comment.clone())]).by(manager());
    let expected = StatementOfCorrectionAttached {
        about: CorrectionOf::Narrative,
        comment: Some(CommentNumber(1)),
        ..attached(1)
    };
    history().when(about(1)).then([expected]);
    history().when(about(2)).then_refused(Refusal::UnknownComment);
}

#[test]
fn a_statement_needs_its_words_and_a_comment_only_goes_with_narrative() {
    let sent = |facts: serde_json::Value, personal: serde_json::Value| {
        let read = crate::action::CaseAction::parse(
            "attach-statement-of-correction",
            &facts.to_string(),
            &personal.to_string(),
        );
        read.unwrap().map(drop).map_err(|bad| bad.pointer)
    };
    let words = || json!({"note": {"text": "It was not me who said so."}});
    assert_eq!(sent(json!({"about": "facts", "asked_by": "student"}), words()), Ok(()));
    assert!(sent(json!({"about": "facts", "asked_by": "student"}), json!({})).is_err());
    let misplaced = json!({"about": "contact", "comment": 1, "asked_by": "student"});
    assert_eq!(sent(misplaced, words()), Err("/facts/comment".to_owned()));
}

#[test]
fn a_request_for_correction_does_not_come_from_the_future() {
    let early = AttachStatementOfCorrection { asked_on: Some(day("2030-01-01")), ..ABOUT_FACTS };
    let today = day("2026-06-01");
    let refused = Refusal::InTheFuture { field: "/facts/asked_on", today };
    given(at_work(ca_case())).by(manager()).when(early).then_refused(refused);
}

#[test]
fn ipp_3a_provider_school_and_cit_give_notice_and_agencies_do_not() {
    for (actor, may) in [(manager(), true), (lead(), true), (school(), true), (cit(), true), (enrol(), false)] {
        let outcome = given(at_work(ca_case())).by(actor).when(notice());
        assert_eq!(outcome.result.is_ok(), may, "{actor:?}");
    }
}

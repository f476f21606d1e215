use super::*;
use crate::envelope::{Actor, Scope};
use crate::event::*;
use crate::ids::{CaseId, Tag};
use crate::personal::{Group, Part};
use crate::testing::day;

const SOURCE: &str = "urn:caseledger:00000000-0000-0000-0000-000000000001:0";

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

fn event<'a>(kind: &'a str, facts: &'a [u8]) -> Recorded<'a> {
    Recorded {
        position: Position(42),
        stream: StreamId::Case(CaseId([7; 16])),
        version: Version(3),
        previous: Position(40),
        kind,
        schema: 1,
        occurred_at: "2026-03-01".parse().unwrap(),
        recorded_at: Timestamp(1_772_000_000_000_000),
        source_recorded_at: None,
        actor: Actor { person: code("P-SECRET"), role: Role::CaseManager, organisation: code("ASP-01") },
        on_behalf_of: Some(code("P-OTHER")),
        source: Source::Person,
        scope: Scope { provider: Some(code("ASP-01")), catchment: Some(code("C_07")), school: None },
        policy: 1,
        correlation: CorrelationId([9; 16]),
        causation: None,
        tag: Some(Tag([0xab; 16])),
        salt: [0xcd; 16],
        facts,
        parts: vec![Part {
            group: Group::Narrative,
            name: "text".into(),
            version: 1,
            key: None,
            body: b"Hemi was away".to_vec(),
        }],
    }
}

fn place() -> Place<'static> {
    Place { source: SOURCE, before: [1; 32], hash: [2; 32] }
}

fn header<'a>(message: &'a PublicMessage, name: &str) -> Option<&'a str> {
    message.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
}

/// The stored facts of a comment.
fn comment() -> Vec<u8> {
    let facts = CommentAdded { comment: CommentNumber(2), by_school: false, shared_with_schools: true };
    CaseEvent::from(facts).facts()
}

#[test]
fn the_subject_names_type_and_scope_in_lower_case() {
    let facts = comment();
    let message = message(&event("comment_added", &facts), &place()).unwrap();
    assert_eq!(message.subject, "ledger.ev.comment_added.asp-01.c_07._");
}

#[test]
fn q19_where_cit_passed_a_case_on_goes_out_under_no_provider() {
    let moved = ReallocatedByCit { from: code("ASP-01"), to: code("ASP-02"), catchment: None };
    let moved = CaseEvent::from(moved);
    let facts = moved.facts();
    assert_eq!(moved.kind(), REALLOCATED_BY_CIT);
    let event = event(REALLOCATED_BY_CIT, &facts);
    let message = message(&event, &place()).unwrap();
    assert_eq!((message.subject.as_str(), concerns(&event)), ("ledger.ev.reallocated_by_cit._.c_07._", None));
    let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
    assert_eq!(body["provider"], "ASP-01", "the body says what is recorded");
}

#[test]
fn the_headers_are_cloudevents_with_position_and_hashes() {
    let facts = comment();
    let message = message(&event("comment_added", &facts), &place()).unwrap();
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", "42"),
        ("ce-source", SOURCE),
        ("ce-type", "nz.caseledger.comment_added.v1"),
        ("ce-time", "2026-02-25T06:13:20.000000Z"),
        ("ce-subject", "case/07070707-0707-0707-0707-070707070707"),
        ("ce-datacontenttype", "application/json"),
        ("ce-dataschema", "urn:caseledger:schema:comment_added:v1"),
        ("ce-ledgerposition", "42"),
        ("ce-ledgerhash", &"02".repeat(32)),
        ("ce-ledgerprevhash", &"01".repeat(32)),
        ("ce-correlationid", "09090909-0909-0909-0909-090909090909"),
    ] {
        assert_eq!(header(&message, name), Some(value), "{name}");
    }
    assert_eq!(message.headers.len(), 12, "no header twice, none beside these");
}

#[test]
fn the_body_holds_public_facts() {
    let facts = comment();
    let message = message(&event("comment_added", &facts), &place()).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&message.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "position": 42, "stream": "case/07070707-0707-0707-0707-070707070707", "version": 3, "previous": 40,
            "type": "comment_added", "schema": 1, "occurred_at": "2026-03-01",
            "recorded_at": "2026-02-25T06:13:20.000000Z", "role": "case_manager", "organisation": "ASP-01",
            "source": "person", "provider": "ASP-01", "catchment": "C_07", "policy": 1,
            "correlation": "09090909-0909-0909-0909-090909090909",
            "facts": {"comment": 2, "by_school": false, "shared_with_schools": true},
        })
    );
}

#[test]
fn no_personal_part_person_salt_or_tag_goes_out() {
    let facts = comment();
    for (kind, facts) in [("comment_added", &facts), ("overseas_evidence_received", &vec![])] {
        let message = message(&event(kind, facts), &place()).unwrap();
        let all = format!("{message:?}{}", String::from_utf8(message.body.clone()).unwrap());
        for secret in ["Hemi", "narrative", "P-SECRET", "P-OTHER", &"ab".repeat(16), &"cd".repeat(16)] {
            assert!(!all.contains(secret), "{kind} shows {secret}: {all}");
        }
    }
}

#[test]
fn a_restricted_event_goes_out_with_position_and_hash_alone() {
    let message = message(&event("overseas_evidence_received", b"whatever it holds"), &place()).unwrap();
    assert_eq!(message.subject, "ledger.ev.restricted._._._");
    assert_eq!(message.body, br#"{"position":42}"#);
    assert_eq!(header(&message, "ce-type"), Some("nz.caseledger.restricted.v1"));
    assert_eq!(header(&message, HASH_HEADER), Some("02".repeat(32).as_str()));
    for absent in ["ce-subject", "ce-time", "ce-correlationid"] {
        assert_eq!(header(&message, absent), None, "{absent}");
    }
}

#[test]
fn what_an_agency_answered_is_restricted_and_that_it_was_asked_is_not() {
    for (kind, restricted) in [
        ("information_request_opened", false),
        ("information_request_answered", true),
        ("overseas_evidence_received", true),
        ("detailed_immigration_check_requested", true),
        ("case_closed", false),
    ] {
        assert_eq!(is_restricted(kind), restricted, "{kind}");
    }
}

#[test]
fn what_follows_from_a_restricted_event_goes_out_with_position_and_hash_alone() {
    let task =
        |kind| CaseEvent::from(TaskAdded { task: TaskNumber(2), kind, due_on: day("2026-06-15"), assigned_to: None });
    let ended = |reads_answer| CaseEvent::from(TaskCompleted { task: TaskNumber(2), done: true, reads_answer });
    let (request, reason) = (RequestNumber(2), WithdrawalReason::NotNeeded);
    let back = |detailed| InformationRequestWithdrawn { request, agency: Agency::Inz, reason, detailed };
    let meeting = |kind| CaseEvent::from(CalendarEventAdded { kind, starts_at: OccurredAt::Day(day("2026-06-15")) });
    for (told, is_restricted) in [
        (task(TaskKind::ReadAnswer), true),
        (task(TaskKind::Contact), false),
        (ended(true), true),
        (ended(false), false),
        (back(true).into(), true),
        (back(false).into(), false),
        (meeting(TaskKind::ReadAnswer), true),
        (meeting(TaskKind::Meeting), false),
    ] {
        let facts = told.facts();
        let message = message(&event(told.kind(), &facts), &place()).unwrap();
        assert_eq!(message.subject.starts_with("ledger.ev.restricted."), is_restricted, "{told:?}");
        assert_eq!(message.body == br#"{"position":42}"#, is_restricted, "{told:?}");
    }
}

#[test]
fn prose_and_fractions_are_no_facts() {
    for (value, is_fact) in [
        (serde_json::json!("2026-03-01T09:00:00.000001Z"), true),
        (serde_json::json!({"on": "2026-03-01", "codes": ["A-1", "B_2"], "n": -3, "none": null, "yes": true}), true),
        (serde_json::json!("case/05050505-0505-0505-0505-050505050505"), true),
        (serde_json::json!("away again"), false),
        (serde_json::json!("H\u{113}mi"), false),
        (serde_json::json!("x".repeat(65)), false),
        (serde_json::json!({"list": [{"note": "away again"}]}), false),
        (serde_json::json!(0.5), false),
    ] {
        assert_eq!(facts::is_fact(&value), is_fact, "{value}");
    }
}

#[test]
fn facts_that_cannot_be_read_do_not_go_out_and_are_not_repeated() {
    for (kind, facts) in [("comment_added", &b"\xa4Hemi"[..]), ("a_type_of_tomorrow", b"\x80")] {
        let error = message(&event(kind, facts), &place()).unwrap_err();
        assert!(matches!(error, NotPublic::Unreadable { .. }), "{error}");
        assert!(error.to_string().contains(kind) && !error.to_string().contains("Hemi"), "{error}");
    }
}

#[test]
fn a_body_past_the_limit_does_not_go_out() {
    let plan = |barriers| {
        let facts = StudentPlanRecorded {
            revision: 1,
            goals: 1,
            barriers: vec![code("ABCDEFGHIJ"); barriers],
            review_on: None,
        };
        CaseEvent::from(facts).facts()
    };
    let facts = plan(1200);
    message(&event("student_plan_recorded", &facts), &place()).expect("under the limit");
    let facts = plan(1260);
    let error = message(&event("student_plan_recorded", &facts), &place()).unwrap_err();
    assert!(matches!(error, NotPublic::TooLarge { bytes, .. } if bytes > BODY_LIMIT), "{error}");
}

#[test]
fn a_name_that_would_change_the_subject_does_not_go_out() {
    let facts = comment();
    for kind in ["", "a.b", "a b", "*", ">", "\u{c4}", "a\r\nb"] {
        assert_eq!(message(&event(kind, &facts), &place()), Err(NotPublic::BadName), "{kind:?}");
    }
}

#[test]
fn what_is_told_without_headers_is_the_body_of_the_message_or_that_without_what_counts_restricted_events() {
    for sample in crate::testing::sample_events() {
        let facts = sample.facts();
        let event = event(sample.kind(), &facts);
        let message = message(&event, &place()).unwrap();
        let kind = if tells_of_restricted(&sample) { RESTRICTED } else { sample.kind() };
        assert_eq!(told(&event, true), Ok((kind, message.body.clone())), "{sample:?}");
        let mut uncounted = serde_json::from_slice(&message.body).unwrap();
        leave_places_out(&mut uncounted);
        let (name, body) = told(&event, false).unwrap();
        assert_eq!((name, serde_json::from_slice::<serde_json::Value>(&body).unwrap()), (kind, uncounted));
    }
}

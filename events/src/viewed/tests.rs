//! What is kept of a look at the ledger (E42), as specifications.

use super::*;
use crate::access::GlassReason;
use crate::codec;
use crate::public;
use crate::readable;
use crate::testing::{code, lead};

fn view(viewed: Viewed) -> NewView {
    let request = CorrelationId([3; 16]);
    NewView { actor: lead(), on_behalf_of: None, source: Source::Person, request, policy: 1, at: Timestamp(5), viewed }
}

fn place(position: u64) -> ViewPlace {
    let version = Version(position as u32);
    ViewPlace { position: Position(position), version, recorded_at: Timestamp(7), salt: [4; 16] }
}

fn every_decision() -> Vec<Viewed> {
    let open = |decision| Viewed { decision, ..Viewed::allowed(Operation::OpenCase) };
    let denials = [Denial::NoSuchCase, Denial::NotThisRole, Denial::NeedsMfa, Denial::NoLiveGrant];
    let glass = [
        GlassReason::SafetyOfAChild,
        GlassReason::NobodyElseThere,
        GlassReason::LawfulRequest,
        GlassReason::ComplaintOrAudit,
    ];
    let decisions = denials.map(Decision::Denied).into_iter().chain(glass.map(Decision::BreakGlass));
    std::iter::once(Decision::Allowed).chain(decisions).map(open).collect()
}

#[test]
fn every_operation_and_decision_reads_back_from_stored_bytes() {
    let operations = Operation::ALL.iter().map(|&operation| Viewed::allowed(operation));
    for viewed in operations.chain(every_decision()) {
        let viewed = Viewed { purpose: Some(code("IPP-6")), groups: vec![Group::Health], results: 3, ..viewed }
            .with_cases([CaseId([7; 16])]);
        let (view, facts) = (view(viewed.clone()), viewed.facts());
        let mut frame = Vec::new();
        codec::encode(&view.recorded(place(9), &facts), &mut frame);
        let event = codec::decode(&frame).unwrap();
        assert_eq!(Viewed::read(&event).unwrap(), Some(viewed));
        assert_eq!((event.position, event.version, event.previous), (Position(9), Version(9), Position(8)));
        assert_eq!((event.actor, event.correlation), (lead(), CorrelationId([3; 16])));
    }
}

#[test]
fn cases_past_the_bound_are_counted_and_the_event_stays_far_below_the_longest_frame() {
    let ids = |count: u32| (0..count).map(|n| CaseId([(n % 256) as u8; 16]));
    let few = Viewed::allowed(Operation::List).with_cases(ids(CASES_MAX as u32));
    assert_eq!((few.cases.len(), few.more_cases), (CASES_MAX, 0));
    let many = Viewed::allowed(Operation::Export).with_cases(ids(5_000));
    assert_eq!((many.cases.len(), many.more_cases), (CASES_MAX, 4_000));
    assert!(many.facts().len() < 64 << 10);
}

#[test]
fn a_view_says_nothing_but_closed_values() {
    let viewed = Viewed { purpose: Some(code("SUPPORT")), groups: vec![Group::Contact], ..every_decision().remove(5) };
    let (view, facts) = (view(viewed.clone()), viewed.facts());
    let told = readable::facts(&view.recorded(place(1), &facts)).unwrap();
    assert_eq!(
        told,
        serde_json::json!({
            "operation": "open", "purpose": "SUPPORT", "groups": ["contact"], "results": 0,
            "decision": {"break_glass": "safety_of_a_child"},
        })
    );
}

#[test]
fn an_operation_of_another_build_is_an_error_that_does_not_repeat_it() {
    let facts = [&b"\x83\xa9operation\xa4Hemi\xa7results\x00\xa8decision\xa7allowed"[..]].concat();
    let view = view(Viewed::allowed(Operation::OpenCase));
    let error = Viewed::read(&view.recorded(place(1), &facts)).unwrap_err().to_string();
    assert!(!error.contains("Hemi"), "{error}");
}

#[test]
fn the_head_of_the_access_ledger_goes_out_with_position_and_hash_alone() {
    assert!(AccessHeadEvent::KINDS.into_iter().all(public::is_restricted));
    assert!(public::is_restricted(VIEWED));
}

#[test]
fn a_denial_is_stored_by_what_the_table_answered() {
    let role = lead().role;
    for (denied, denial) in [
        (Denied::Secret, Denial::NoSuchCase),
        (Denied::NotThisRole { role, operation: Operation::Search }, Denial::NotThisRole),
        (Denied::NeedsMfa { operation: Operation::SubjectExport }, Denial::NeedsMfa),
    ] {
        assert_eq!(Denial::from(&denied), denial);
    }
}

//! The same comparison on random people and random cases: a sample by default, 100,000 pairs when asked for.

use proptest::prelude::*;

use super::oracle::{compare, reached};
use crate::access::*;
use crate::case::{Enrolment, Owner, PrimaryContact};
use crate::dates::Timestamp;
use crate::envelope::{Actor, Role};
use crate::event::*;
use crate::ids::{CaseId, Code, Position};
use crate::number::CaseNumber;
use crate::testing::*;

/// Few codes, so that people and cases meet; one that is a school and a provider at once.
const PLACES: [&str; 4] = ["SCH-1", "SCH-2", "ASP-1", "BOTH"];
const PEOPLE: [&str; 3] = ["P-1", "P-2", "P-3"];
const CATCHMENTS: [&str; 3] = ["C-1", "C-2", "C-3"];

fn place() -> impl Strategy<Value = Code> {
    prop::sample::select(PLACES.to_vec()).prop_map(code)
}

fn human() -> impl Strategy<Value = Code> {
    prop::sample::select(PEOPLE.to_vec()).prop_map(code)
}

fn catchment() -> impl Strategy<Value = Code> {
    prop::sample::select(CATCHMENTS.to_vec()).prop_map(code)
}

fn some_day() -> impl Strategy<Value = chrono::NaiveDate> {
    (0..40_u64).prop_map(|days| day("2026-05-01") + chrono::Days::new(days))
}

fn asker() -> impl Strategy<Value = Principal> {
    asker_in(Role::ALL.to_vec())
}

fn of_a_school() -> impl Strategy<Value = Principal> {
    asker_in(Role::ALL.into_iter().filter(|role| role.is_school()).collect())
}

fn asker_in(roles: Vec<Role>) -> impl Strategy<Value = Principal> {
    let role = prop::sample::select(roles);
    let region = prop::collection::vec(catchment(), 0..3);
    (human(), role, place(), region, any::<bool>()).prop_map(|(person, role, organisation, region, is_mfa)| {
        Principal::new(Actor { person, role, organisation }, region, is_mfa)
    })
}

fn enrolments() -> impl Strategy<Value = Vec<Enrolment>> {
    let one = (some_day(), prop::option::of(place())).prop_map(|(from, school)| Enrolment {
        from,
        school,
        student_type: Some(code("RE")),
    });
    prop::collection::vec(one, 0..4).prop_map(|mut all| {
        all.sort_by_key(|enrolment| enrolment.from);
        all
    })
}

fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![
        4 => place().prop_map(Owner::Provider),
        1 => Just(Owner::Ministry),
        1 => place().prop_map(|sender| Owner::Cit { sender }),
    ]
}

fn inquiries() -> impl Strategy<Value = Vec<Inquiry>> {
    let agency = prop::sample::select(vec![Agency::Inz, Agency::Msd]);
    let one = (agency, any::<bool>(), any::<bool>()).prop_map(|(agency, detailed, open)| Inquiry {
        request: RequestNumber(1),
        agency,
        detailed,
        open,
    });
    prop::collection::vec(one, 0..3)
}

fn shared() -> impl Strategy<Value = Vec<SharedComment>> {
    let one = (place(), any::<bool>()).prop_map(|(school, is_enrolled)| SharedComment {
        comment: CommentNumber(1),
        at: Timestamp(0),
        school,
        is_enrolled,
    });
    prop::collection::vec(one, 0..3)
}

fn requests() -> impl Strategy<Value = Vec<OwnRequest>> {
    let one = (place(), human(), prop::option::of(human())).prop_map(|(school, by, contact)| OwnRequest {
        school,
        by,
        contact,
        at: Position(1),
    });
    prop::collection::vec(one, 0..3)
}

fn contact() -> impl Strategy<Value = Option<PrimaryContact>> {
    let one = (human(), prop::option::of(place()), some_day());
    prop::option::of(one.prop_map(|(person, school, since)| PrimaryContact { person, school, since }))
}

fn case() -> impl Strategy<Value = Standing> {
    let people = (owner(), prop::option::of(human()), contact(), requests());
    let places = (prop::option::of(catchment()), place(), enrolments(), shared());
    let targets = prop::collection::vec(place(), 0..3);
    let senders = prop::collection::vec(place(), 0..3);
    let moves = (targets, senders, inquiries());
    (people, places, moves, any::<bool>(), any::<bool>()).prop_map(
        |(people, places, moves, is_active, check_pending)| {
            let (owner, manager, contact, requests) = people;
            let (catchment, school, enrolments, shared) = places;
            let (targets, senders, inquiries) = moves;
            let proposal = |target| Proposal { target, basis: None, grounds: None };
            let hand_over = |provider| HandOver { provider, at: Position(7) };
            Standing {
                case: CaseId([7; 16]),
                number: CaseNumber(1),
                kind: CaseKind::ChronicAbsence,
                is_active,
                owner,
                manager,
                catchment,
                school,
                enrolments,
                contact,
                check_pending,
                requests,
                proposals: targets.into_iter().map(proposal).collect(),
                hand_overs: senders.into_iter().map(hand_over).collect(),
                inquiries,
                shared,
                sharable: 3,
                merged: false,
                active_before_merge: false,
                prosecution: false,
                shared_files: Vec::new(),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(1_000), ..ProptestConfig::default() })]

    #[test]
    fn random_people_are_answered_on_random_cases_as_the_oracle_says(asker in asker(), case in case(), on in some_day()) {
        compare(&asker, &case, on);
    }

    #[test]
    fn a_person_who_reaches_nothing_of_a_case_learns_nothing_of_it(asker in asker(), case in case(), on in some_day()) {
        if !reached(&asker, &case, on).is_empty() {
            return Ok(());
        }
        for operation in [Operation::OpenCase, Operation::Timeline, Operation::Act] {
            let answer = authorise(&asker, operation, &case, on).unwrap_err();
            prop_assert_eq!(answer, no_such_case(&asker, operation));
        }
    }

    #[test]
    fn a_case_in_a_list_is_found_by_the_keys_of_the_list(asker in asker(), case in case(), on in some_day()) {
        let keys = case.keys();
        for operation in [Operation::List, Operation::Search, Operation::Feed] {
            for scope in scopes(&asker, operation, on).unwrap_or_default() {
                let found = scope.filter().keys().is_none_or(|wanted| wanted.iter().any(|key| keys.contains(key)));
                prop_assert!(found || !scope.admits(&case), "{:?} {:?}", scope.filter(), keys);
            }
        }
    }

    #[test]
    fn no_school_is_shown_a_restricted_event_or_field(asker in of_a_school(), case in case(), on in some_day()) {
        let Ok(grant) = authorise(&asker, Operation::OpenCase, &case, on) else { return Ok(()) };
        let own = Written { by: asker.organisation(), at: Position(1), comment: Some(CommentNumber(1)), agency: None };
        for event in sample_events() {
            if crate::public::is_restricted(event.kind()) {
                prop_assert!(!grant.shows_event(&event, &own), "{}", event.kind());
            }
        }
        for group in [crate::personal::Group::Immigration, crate::personal::Group::Restricted] {
            prop_assert!(!grant.shows_field(group, &own));
        }
    }
}

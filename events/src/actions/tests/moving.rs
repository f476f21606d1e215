//! E23–E26: agreements, to CIT and from it, in-school provision to the catchment's provider (R15–R21, T8).

use crate::actions::*;
use crate::case::{Owner, Status};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

fn given_by(provider: &str, channel: AgreementChannel) -> GivenAgreement {
    GivenAgreement { provider: code(provider), agreed_by: code("WORKFLOW-LEAD"), agreed_on: day("2026-03-02"), channel }
}

fn phone(provider: &str) -> GivenAgreement {
    given_by(provider, AgreementChannel::Phone)
}

fn to_cit(basis: MoveBasis, target: Option<&str>, agreements: &[GivenAgreement]) -> ReallocateToCit {
    ReallocateToCit {
        basis,
        target: target.map(code),
        grounds: (basis == MoveBasis::ReasonableGrounds).then(|| code("SEEN-THERE")),
        agreements: agreements.to_vec(),
    }
}

fn moved(action: &ReallocateToCit) -> ReallocatedToCit {
    ReallocatedToCit {
        from: code("ASP-1"),
        basis: action.basis,
        target: action.target,
        grounds: action.grounds,
        agreements: action.agreements.iter().copied().map(Agreement::from).collect(),
    }
}

fn address_in(catchment: &str) -> Past {
    on("2026-02-20", confirmed_in(catchment, "2026-02-20"))
}

#[test]
fn r15_a_confirmed_address_outside_the_catchment_is_enough_for_a_student_who_is_not_enrolled() {
    let action = to_cit(MoveBasis::ConfirmedAddress, None, &[]);
    let expected = moved(&action);
    given(at_work(nen_case()))
        .and([address_in("C-2")])
        .when(action)
        .then([expected])
        .then_case(|case| case.owner == Owner::Cit { sender: code("ASP-1") } && case.manager.is_none());
}

#[test]
fn r15_an_agreement_that_is_given_names_its_target() {
    given(nen_case())
        .and([address_in("C-2")])
        .when(to_cit(MoveBasis::ConfirmedAddress, None, &[phone("ASP-2")]))
        .then_refused(Refusal::TargetMissing);
    let named = to_cit(MoveBasis::ConfirmedAddress, Some("ASP-2"), &[phone("ASP-2")]);
    given(nen_case()).and([address_in("C-2")]).when(named.clone()).then([moved(&named)]);
}

#[test]
fn r15_r18_without_a_confirmed_address_outside_the_case_stays() {
    let unconfirmed = ContactDetailsRecorded { confirmed: false, ..confirmed_in("C-2", "2026-02-20") };
    for (what, history) in [
        ("no details at all", vec![]),
        ("not confirmed", vec![on("2026-02-20", unconfirmed)]),
        ("confirmed in the catchment itself", vec![address_in("C-1")]),
        ("out of date meanwhile", vec![address_in("C-2"), on("2026-02-25", ContactDetailsMarkedOutOfDate {})]),
    ] {
        let outcome = given(nen_case()).and(history).when(to_cit(MoveBasis::ConfirmedAddress, None, &[]));
        assert_eq!(outcome.result.map(|_| ()), Err(Refusal::NoConfirmedAddressOutside), "{what}");
    }
}

#[test]
fn r16_reasonable_grounds_need_a_target_the_grounds_and_its_agreement() {
    let whole = to_cit(MoveBasis::ReasonableGrounds, Some("ASP-2"), &[phone("ASP-2")]);
    let expected = moved(&whole);
    given(nen_case()).when(whole.clone()).then([expected]);
    for (without, refusal) in [
        (ReallocateToCit { target: None, agreements: vec![], ..whole.clone() }, Refusal::TargetMissing),
        (ReallocateToCit { grounds: None, ..whole.clone() }, Refusal::NoGrounds),
        (ReallocateToCit { agreements: vec![], ..whole.clone() }, Refusal::NoAgreement { target: code("ASP-2") }),
        (
            ReallocateToCit { agreements: vec![phone("ASP-1")], ..whole.clone() },
            Refusal::NoAgreement { target: code("ASP-2") },
        ),
        (
            ReallocateToCit { agreements: vec![phone("ASP-3")], ..whole.clone() },
            Refusal::NotAParty { provider: code("ASP-3") },
        ),
        (
            ReallocateToCit { target: Some(code("ASP-9")), ..whole.clone() },
            Refusal::UnknownProvider { provider: code("ASP-9") },
        ),
        (ReallocateToCit { target: Some(code("ASP-1")), ..whole }, Refusal::AlreadyThere { provider: code("ASP-1") }),
    ] {
        given(nen_case()).when(without).then_refused(refusal);
    }
}

#[test]
fn r17_for_an_enrolled_student_both_providers_agree_first() {
    let both = to_cit(MoveBasis::EnrolledElsewhere, Some("ASP-2"), &[phone("ASP-2"), phone("ASP-1")]);
    let expected = moved(&both);
    given(ca_case()).when(both.clone()).then([expected]);
    for (agreements, missing) in [(vec![], "ASP-2"), (vec![phone("ASP-1")], "ASP-2"), (vec![phone("ASP-2")], "ASP-1")] {
        given(ca_case())
            .when(ReallocateToCit { agreements, ..both.clone() })
            .then_refused(Refusal::BothMustAgree { missing: code(missing) });
    }
    given(ca_case())
        .when(ReallocateToCit { target: None, agreements: vec![], ..both })
        .then_refused(Refusal::TargetMissing);
}

#[test]
fn r17_the_basis_follows_enrolment_and_not_the_kind_of_case() {
    let enrolled_now =
        || given(nen_case()).and([address_in("C-2"), on("2026-03-01", enrolled(Some("SCH-1"), "2026-03-01"))]);
    let left = || given(ca_case()).and([address_in("C-2"), on("2026-03-01", enrolled(None, "2026-03-01"))]);
    for basis in [MoveBasis::ConfirmedAddress, MoveBasis::ReasonableGrounds] {
        enrolled_now().when(to_cit(basis, Some("ASP-2"), &[phone("ASP-2")])).then_refused(Refusal::StudentIsEnrolled);
    }
    let by_address = to_cit(MoveBasis::ConfirmedAddress, None, &[]);
    let expected = moved(&by_address);
    left().when(by_address).then([expected]);
    left()
        .when(to_cit(MoveBasis::EnrolledElsewhere, Some("ASP-2"), &[phone("ASP-2"), phone("ASP-1")]))
        .then_refused(Refusal::StudentIsNotEnrolled);
}

#[test]
fn r16_agreements_recorded_before_count_and_stand_in_the_event() {
    let recorded = ProviderAgreementRecorded { target: code("ASP-2"), agreement: agreement("ASP-2", "2026-02-20") };
    given(nen_case())
        .and([on("2026-02-20", recorded)])
        .when(to_cit(MoveBasis::ReasonableGrounds, Some("ASP-2"), &[]))
        .then([ReallocatedToCit {
            agreements: vec![agreement("ASP-2", "2026-02-20")],
            ..moved(&to_cit(MoveBasis::ReasonableGrounds, Some("ASP-2"), &[]))
        }]);
}

#[test]
fn r16_an_agreement_to_one_provider_is_none_to_another() {
    let to_asp_3 = ProviderAgreementRecorded { target: code("ASP-3"), agreement: agreement("ASP-3", "2026-02-20") };
    given(nen_case())
        .and([on("2026-02-20", to_asp_3)])
        .when(to_cit(MoveBasis::ReasonableGrounds, Some("ASP-2"), &[]))
        .then_refused(Refusal::NoAgreement { target: code("ASP-2") });
}

#[test]
fn r16_an_agreement_lies_in_the_past_and_says_how_it_was_reached() {
    let tomorrow = GivenAgreement { agreed_on: day("2026-06-02"), ..phone("ASP-2") };
    given(nen_case())
        .when(to_cit(MoveBasis::ReasonableGrounds, Some("ASP-2"), &[tomorrow]))
        .then_refused(Refusal::InTheFuture { field: "/facts/agreements", today: day("2026-06-01") });
    given(nen_case())
        .when(to_cit(MoveBasis::ReasonableGrounds, Some("ASP-2"), &[given_by("ASP-2", AgreementChannel::InSystem)]))
        .then_refused(Refusal::OnlyItselfInSystem { provider: code("ASP-2") });
}

/// Who may record whose agreement: itself in the system, or the sender for what was said outside it.
#[test]
fn e26_who_records_which_agreement() {
    let other_party = |refusal: Option<Refusal>| refusal;
    for (what, actor, provider, channel, refused) in [
        ("the target itself", other_lead(), "ASP-2", AgreementChannel::InSystem, None),
        ("the holder itself", lead(), "ASP-1", AgreementChannel::InSystem, None),
        ("the holder attests", lead(), "ASP-2", AgreementChannel::Phone, None),
        ("the holder attests by email", lead(), "ASP-2", AgreementChannel::Email, None),
        ("the target says how it told", other_lead(), "ASP-2", AgreementChannel::InPerson, None),
        (
            "the holder for another in the system",
            lead(),
            "ASP-2",
            AgreementChannel::InSystem,
            Some(Refusal::OnlyItselfInSystem { provider: code("ASP-2") }),
        ),
        (
            "the target for the holder",
            other_lead(),
            "ASP-1",
            AgreementChannel::Phone,
            Some(Refusal::NotTheCurrentProvider { holder: code("ASP-1") }),
        ),
        (
            "a stranger for the target",
            in_school_lead(),
            "ASP-2",
            AgreementChannel::Phone,
            Some(Refusal::NotTheCurrentProvider { holder: code("ASP-1") }),
        ),
        (
            "a stranger for itself",
            in_school_lead(),
            "ISP-1",
            AgreementChannel::InSystem,
            Some(Refusal::NotAParty { provider: code("ISP-1") }),
        ),
    ] {
        let action = RecordAgreement { target: code("ASP-2"), agreement: given_by(provider, channel) };
        let outcome = given(nen_case()).by(actor).when(action);
        let refusal = outcome.result.as_ref().err().cloned();
        assert_eq!(refusal, other_party(refused), "{what}");
        if refusal.is_none() {
            outcome.then([ProviderAgreementRecorded {
                target: code("ASP-2"),
                agreement: given_by(provider, channel).into(),
            }]);
        }
    }
}

#[test]
fn e26_the_latest_agreement_of_a_provider_stands_and_the_same_again_is_nothing() {
    let first = ProviderAgreementRecorded { target: code("ASP-2"), agreement: phone("ASP-2").into() };
    let again = RecordAgreement { target: code("ASP-2"), agreement: phone("ASP-2") };
    given(nen_case()).and([on("2026-03-02", first.clone())]).when(again).then_nothing();
    let in_system = RecordAgreement { target: code("ASP-2"), agreement: given_by("ASP-2", AgreementChannel::InSystem) };
    given(nen_case())
        .and([on("2026-03-02", first)])
        .by(other_lead())
        .when(in_system)
        .then_case(|case| case.agreements.len() == 1);
}

#[test]
fn r20_an_open_request_pins_the_case_whatever_the_basis() {
    for agency in [Agency::Inz, Agency::Msd] {
        let pinned = || given(nen_case()).and([address_in("C-2"), on("2026-02-20", asked(1, agency))]);
        for basis in [MoveBasis::ConfirmedAddress, MoveBasis::ReasonableGrounds, MoveBasis::EnrolledElsewhere] {
            pinned()
                .when(to_cit(basis, Some("ASP-2"), &[phone("ASP-2")]))
                .then_refused(Refusal::PinnedByRequest { open: 1 });
        }
    }
}

#[test]
fn r20_answer_or_withdrawal_ends_the_pin_and_nothing_else_does() {
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Inz,
        reason: WithdrawalReason::NotNeeded,
        detailed: false,
    };
    let action = to_cit(MoveBasis::ConfirmedAddress, None, &[]);
    let pinned = || given(nen_case()).and([address_in("C-2"), on("2026-02-20", asked(1, Agency::Inz))]);
    // Q32: time alone releases nothing.
    pinned().at("2031-06-01").when(action.clone()).then_refused(Refusal::PinnedByRequest { open: 1 });
    for end in [CaseEvent::from(inz_answered(1, Whereabouts::NotOut)), withdrawn.into()] {
        pinned().and([on("2026-02-25", end)]).when(action.clone()).then([moved(&action)]);
    }
}

#[test]
fn e4_the_automatic_check_never_pins() {
    let action = to_cit(MoveBasis::ConfirmedAddress, None, &[]);
    given(nen_case())
        .and([address_in("C-2"), on("2026-02-20", asked_automatically(1))])
        .when(action.clone())
        .then([moved(&action)]);
}

#[test]
fn e24_cit_passes_the_case_on_and_the_receivers_clock_starts() {
    let allocated = AllocatedToProvider {
        provider: code("ASP-2"),
        catchment: Some(code("C-2")),
        basis: AllocationBasis::Cit,
        in_school: false,
    };
    let outcome = given(at_work(nen_case()))
        .and([address_in("C-2"), on("2026-03-02", passed_to_cit())])
        .by(cit())
        .when(ReallocateByCit { to: code("ASP-2"), catchment: None })
        .then([
            ReallocatedByCit { from: code("ASP-1"), to: code("ASP-2"), catchment: Some(code("C-2")) }.into(),
            CaseEvent::from(allocated),
        ])
        .then_case(|case| case.owner == Owner::Provider(code("ASP-2")) && case.status == Status::Allocated)
        .then_case(|case| case.agreements.is_empty());
    // A reallocation is two events, under the old and the new scope (design §5).
    assert_eq!(outcome.providers(), [Some(code("ASP-1")), Some(code("ASP-2"))]);
}

#[test]
fn e24_only_a_case_that_was_passed_to_cit_is_passed_on_or_declined() {
    given(nen_case())
        .by(cit())
        .when(ReallocateByCit { to: code("ASP-2"), catchment: None })
        .then_refused(Refusal::NotWithCit);
    given(nen_case()).by(cit()).when(sample_action("decline-reallocation")).then_refused(Refusal::NotWithCit);
}

#[test]
fn e24_back_to_the_sender_is_a_decline_with_a_reason() {
    let with_cit = || given(at_work(nen_case())).and([on("2026-03-02", passed_to_cit())]).by(cit());
    with_cit()
        .when(ReallocateByCit { to: code("ASP-1"), catchment: None })
        .then_refused(Refusal::BackToSender { sender: code("ASP-1") });
    let outcome = with_cit()
        .when(DeclineReallocation { reason: code("NO-ADDRESS") })
        .then([ReallocationDeclinedByCit { back_to: code("ASP-1"), reason: code("NO-ADDRESS") }])
        .then_case(|case| case.owner == Owner::Provider(code("ASP-1")) && case.status == Status::Allocated);
    assert_eq!(outcome.providers(), [Some(code("ASP-1"))]);
}

#[test]
fn r21_a_case_that_cit_sends_back_to_in_school_provision_is_in_school_again() {
    let from_isp = ReallocatedToCit { from: code("ISP-1"), ..passed_to_cit() };
    given(in_school_case())
        .and([
            on("2026-03-02", from_isp),
            on("2026-03-04", ReallocationDeclinedByCit { back_to: code("ISP-1"), reason: code("NO-ADDRESS") }),
        ])
        .by(in_school_lead())
        .when(ReallocateToCatchmentProvider {})
        .then_case(|case| case.provider() == Some(code("ASP-1")));
}

#[test]
fn r21_t8_in_school_provision_passes_a_case_to_the_catchments_provider_in_one_step() {
    let outcome = given(in_school_case())
        .by(in_school_lead())
        .when(ReallocateToCatchmentProvider {})
        .then([
            IspReallocatedToCatchmentProvider { from: code("ISP-1"), to: code("ASP-1"), catchment: code("C-1") }.into(),
            CaseEvent::from(allocation(AllocationBasis::SchoolCatchment)),
        ])
        .then_case(|case| !case.in_school && case.provider() == Some(code("ASP-1")));
    assert_eq!(outcome.providers(), [Some(code("ISP-1")), Some(code("ASP-1"))]);
}

#[test]
fn r21_only_in_school_provision_passes_a_case_on_this_way() {
    given(ca_case()).when(ReallocateToCatchmentProvider {}).then_refused(Refusal::NotInSchool);
}

#[test]
fn r20_q32_an_open_request_pins_a_case_to_in_school_provision_too() {
    given(in_school_case())
        .and([on("2026-02-20", asked(1, Agency::Msd))])
        .by(in_school_lead())
        .when(ReallocateToCatchmentProvider {})
        .then_refused(Refusal::PinnedByRequest { open: 1 });
}

#[test]
fn r16_the_provider_a_move_names_declines_it_and_what_it_agreed_to_counts_no_more() {
    let agreed = ProviderAgreementRecorded { target: code("ASP-2"), agreement: agreement("ASP-2", "2026-02-20") };
    let history = || given(at_work(nen_case())).and([on("2026-03-02", agreed.clone())]);
    let declines = || DeclineMove { reason: code("NO-CAPACITY") };
    let declined = ProposedMoveDeclined { provider: code("ASP-2"), reason: code("NO-CAPACITY") };
    history().by(other_lead()).when(declines()).then([declined]).then_case(|case| case.agreements.is_empty());
    history()
        .by(lead())
        .when(declines())
        .then_refused(Refusal::NotThisRole { needed: "the workflow lead of the provider that the move names" });
    given(at_work(nen_case())).by(other_lead()).when(declines()).then_refused(Refusal::NoMoveProposed);
    given(at_work(nen_case()))
        .and([on("2026-03-02", passed_to_cit())])
        .by(other_lead())
        .when(declines())
        .then([ProposedMoveDeclined { provider: code("ASP-2"), reason: code("NO-CAPACITY") }]);
}

//! What the providers of a move see: R16, R17, R20's agencies, Q19.

use chrono::NaiveDate;

use super::told::*;
use crate::access::*;
use crate::event::*;
use crate::ids::Position;
use crate::personal::Group;
use crate::testing::*;

fn agreed(provider: &str, target: &str) -> ProviderAgreementRecorded {
    ProviderAgreementRecorded { target: code(target), agreement: agreement(provider, "2026-03-02") }
}

fn by_cit() -> AllocatedToProvider {
    AllocatedToProvider { provider: code("ASP-2"), catchment: Some(code("C-2")), ..allocation(AllocationBasis::Cit) }
}

#[test]
fn r16_a_provider_named_in_a_proposed_move_sees_a_preview_without_name_or_address() {
    let unnamed = standing(&told(at_work(nen_case())));
    assert_eq!(open(other_lead(), &unnamed, TODAY), Err(Denied::Secret));
    let case = standing(&then(at_work(nen_case()), [on("2026-03-02", agreed("ASP-1", "ASP-2"))]));
    let grant = open(other_lead(), &case, TODAY).unwrap();
    let preview = Preview::of(&grant, &case, Some(day("2013-07-09"))).unwrap();
    assert_eq!((preview.number, preview.kind), (case.number, CaseKind::NonEnrolment));
    assert_eq!((preview.age_band, preview.catchment), (Some(AgeBand::ElevenToFourteen), Some(code("C-1"))));
    assert_eq!((preview.basis, preview.holder), (None, Some(code("ASP-1"))));
    for group in Sees::GROUPS {
        assert!(!grant.shows_field(group, &written("ASP-1", 1)), "{group:?}");
    }
    assert!(sample_events().iter().all(|event| !grant.shows_event(event, &written("ASP-1", 1))));
    let agree = authorise(&asking(other_lead()), Operation::Act, &case, day(TODAY));
    assert_eq!(agree.unwrap().level(), Level::Preview, "it may agree");
    let timeline = authorise(&asking(other_lead()), Operation::Timeline, &case, day(TODAY));
    assert!(matches!(timeline, Err(Denied::NotThisRole { .. })));
}

#[test]
fn r16_the_holder_names_the_other_provider_by_its_own_agreement_and_the_other_agrees_in_the_system() {
    let agreement = |by: &str| {
        serde_json::json!({"target": "ASP-2",
            "agreement": {"provider": by, "agreed_by": "WORKFLOW-LEAD", "agreed_on": "2026-05-30", "channel": "in_system"}})
    };
    let nothing = || serde_json::json!({});
    let own = given(at_work(nen_case())).by(lead()).when_sent("record-agreement", agreement("ASP-1"), nothing());
    let [CaseEvent::ProviderAgreementRecorded(own)] = &own.events()[..] else { panic!("one agreement is recorded") };
    let history = [at_work(nen_case()), vec![on(TODAY, own.clone())]].concat();
    assert_eq!(open(other_lead(), &standing(&told(history.clone())), TODAY).unwrap().level(), Level::Preview);
    let other = given(history).by(other_lead()).when_sent("record-agreement", agreement("ASP-2"), nothing());
    assert_eq!(other.events().len(), 1);
}

#[test]
fn r17_passed_to_cit_with_a_target_the_preview_says_why() {
    let passed = ReallocatedToCit {
        basis: MoveBasis::ReasonableGrounds,
        target: Some(code("ASP-2")),
        grounds: Some(code("SEEN-THERE")),
        ..passed_to_cit()
    };
    let case = standing(&then(at_work(nen_case()), [on("2026-03-02", passed)]));
    let preview = Preview::of(&open(other_lead(), &case, TODAY).unwrap(), &case, None).unwrap();
    assert_eq!(preview.basis, Some(MoveBasis::ReasonableGrounds));
    assert_eq!((preview.grounds, preview.age_band), (Some(code("SEEN-THERE")), None));
}

#[test]
fn a_preview_ends_when_the_move_is_declined_or_made() {
    let declined = ReallocationDeclinedByCit { back_to: code("ASP-1"), reason: code("NO-ADDRESS") };
    let to_asp_3 = AllocatedToProvider { provider: code("ASP-3"), ..by_cit() };
    let by_itself = ProposedMoveDeclined { provider: code("ASP-2"), reason: code("NO-CAPACITY") };
    let closed = CaseClosed { reason: ClosureReason::Deceased };
    for end in [CaseEvent::from(declined), by_itself.into(), to_asp_3.into(), closed.into()] {
        let history =
            then(at_work(nen_case()), [on("2026-03-02", agreed("ASP-2", "ASP-2")), on("2026-03-03", end.clone())]);
        assert_eq!(open(other_lead(), &standing(&history), TODAY), Err(Denied::Secret), "{end:?}");
    }
}

#[test]
fn a_preview_is_made_for_its_own_grant_alone() {
    let case = standing(&then(at_work(nen_case()), [on("2026-03-02", agreed("ASP-1", "ASP-2"))]));
    let holder = open(lead(), &case, TODAY).unwrap();
    assert_eq!(Preview::of(&holder, &case, None), None);
    let grant = open(other_lead(), &case, TODAY).unwrap();
    let another = Standing { case: NEW_CASE, ..case };
    assert_eq!(Preview::of(&grant, &another, None), None);
}

#[test]
fn age_bands_change_on_the_birthday() {
    let on: NaiveDate = day("2026-06-01");
    for (born, band) in [
        ("2020-06-02", AgeBand::UnderSix),
        ("2020-06-01", AgeBand::SixToTen),
        ("2015-06-02", AgeBand::SixToTen),
        ("2015-06-01", AgeBand::ElevenToFourteen),
        ("2011-06-02", AgeBand::ElevenToFourteen),
        ("2011-06-01", AgeBand::Fifteen),
        ("2010-06-01", AgeBand::SixteenOrOlder),
        ("2012-02-29", AgeBand::ElevenToFourteen),
    ] {
        assert_eq!(AgeBand::of(day(born), on), band, "{born}");
    }
}

#[test]
fn q19_a_former_provider_keeps_the_case_as_it_stood_at_hand_over_read_only() {
    // 1 request, 2 allocation, 3 assignment, 4 comment, 5 to CIT, 6 by CIT, 7 allocation, 8 comment.
    let moved = ReallocatedByCit { from: code("ASP-1"), to: code("ASP-2"), catchment: Some(code("C-2")) };
    let history = then(
        at_work(ca_case()),
        [
            on("2026-03-02", comment(1, false)),
            on("2026-03-03", passed_to_cit()),
            on("2026-03-05", moved),
            on("2026-03-05", by_cit()),
            on("2026-03-06", comment(2, false)),
        ],
    );
    let case = standing(&history);
    let grant = open(lead(), &case, TODAY).unwrap();
    assert_eq!((grant.level(), grant.until()), (Level::AsAtHandOver, Some(Position(5))));
    for (at, shown) in [(4, true), (5, true), (6, false), (8, false)] {
        assert_eq!(grant.shows_field(Group::Narrative, &written("ASP-1", at)), shown, "{at}");
        assert_eq!(grant.shows_event(&comment(1, false).into(), &written("ASP-1", at)), shown, "{at}");
    }
    let act = authorise(&asking(lead()), Operation::Act, &case, day(TODAY));
    assert!(matches!(act, Err(Denied::NotThisRole { .. })), "it knows of the case, and may not change it");
    assert_eq!(open(manager(), &case, TODAY), Err(Denied::Secret), "its case managers have let go");
    assert_eq!(open(other_lead(), &case, TODAY).unwrap().until(), None);
}

#[test]
fn q19_a_correction_by_cit_leaves_the_provider_with_what_was_before_it() {
    let case = standing(&then(at_work(ca_case()), [on("2026-03-05", by_cit())]));
    assert_eq!(open(lead(), &case, TODAY).unwrap().until(), Some(Position(3)));
    let back =
        then(at_work(ca_case()), [on("2026-03-05", by_cit()), on("2026-04-05", allocation(AllocationBasis::Cit))]);
    let case = standing(&back);
    assert_eq!(open(lead(), &case, TODAY).unwrap().level(), Level::Full, "it has the case again");
    assert_eq!(open(other_lead(), &case, TODAY).unwrap().until(), Some(Position(4)));
}

#[test]
fn an_in_school_provider_keeps_what_it_passed_to_the_catchments_provider() {
    let passed = IspReallocatedToCatchmentProvider { from: code("ISP-1"), to: code("ASP-1"), catchment: code("C-1") };
    let history = then(
        in_school_case(),
        [on("2026-03-05", passed), on("2026-03-05", allocation(AllocationBasis::SchoolCatchment))],
    );
    let case = standing(&history);
    assert_eq!(open(in_school_lead(), &case, TODAY).unwrap().until(), Some(Position(3)));
    assert_eq!(open(lead(), &case, TODAY).unwrap().level(), Level::Full);
}

#[test]
fn e17_an_agency_sees_whom_it_is_asked_about_and_its_question_until_it_answers() {
    let case = standing(&then(at_work(nen_case()), [on("2026-03-02", asked(1, Agency::Inz))]));
    let grant = open(inz(), &case, TODAY).unwrap();
    let question = Written { agency: Some(Agency::Inz), ..written("ASP-1", 5) };
    let other = Written { agency: Some(Agency::Msd), ..written("ASP-1", 6) };
    assert!(grant.shows_field(Group::Identity, &written("SCH-1", 1)));
    assert!(!grant.shows_field(Group::Contact, &written("SCH-1", 1)));
    assert!(grant.shows_field(Group::Narrative, &question) && !grant.shows_field(Group::Narrative, &other));
    assert!(grant.shows_event(&asked(1, Agency::Inz).into(), &question));
    assert_eq!(open(msd(), &case, TODAY), Err(Denied::Secret));
    let answered = then(
        at_work(nen_case()),
        [on("2026-03-02", asked(1, Agency::Inz)), on("2026-03-04", inz_answered(1, Whereabouts::NotOut))],
    );
    assert_eq!(open(inz(), &standing(&answered), TODAY), Err(Denied::Secret));
}

#[test]
fn r40_an_agency_may_answer_what_was_withdrawn_and_sees_nothing_of_it() {
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Msd,
        reason: WithdrawalReason::NotNeeded,
        detailed: false,
    };
    let history = then(at_work(nen_case()), [on("2026-03-02", asked(1, Agency::Msd)), on("2026-03-04", withdrawn)]);
    let case = standing(&history);
    assert_eq!(open(msd(), &case, TODAY), Err(Denied::Secret));
    let act = authorise(&asking(msd()), Operation::Act, &case, day(TODAY)).unwrap();
    assert_eq!(act.level(), Level::Receipt);
    assert!(Sees::GROUPS.iter().all(|&group| !act.shows_field(group, &written("MSD", 9))));
}

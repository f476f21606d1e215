//! Oranga Tamariki and prosecution: restricted, prosecution last of all (E35, E36, R36, R37, V7).

use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

#[test]
fn r37_a_concern_and_a_risk_of_harm_are_recorded_as_what_they_are() {
    given(ca_case()).when(sample_action("refer-to-oranga-tamariki")).then([OrangaTamarikiReferralMade {}]);
    given(ca_case()).when(sample_action("report-concern")).then([ReportOfConcernMade { police_told: true }]);
}

#[test]
fn v7_what_is_about_safety_and_prosecution_goes_out_as_position_and_hash_alone() {
    for name in [
        "oranga_tamariki_referral_made",
        "report_of_concern_made",
        "prosecution_notified",
        "prosecution_outcome_recorded",
    ] {
        assert!(crate::public::is_restricted(name), "{name}");
    }
}

fn notify(exhausted: bool) -> crate::actions::NotifyProsecution {
    let evidence = vec![SupportEvidence::Letters, SupportEvidence::Meetings];
    crate::actions::NotifyProsecution { supports_exhausted: exhausted, evidence }
}

#[test]
fn r36_prosecution_is_the_last_resort_and_notified_once() {
    let notified = || ProsecutionNotified { evidence: vec![SupportEvidence::Letters, SupportEvidence::Meetings] };
    given(ca_case()).when(notify(false)).then_refused(Refusal::SupportsFirst);
    given(ca_case()).when(notify(true)).then([notified()]).then_case(|case| case.prosecution);
    given(ca_case()).and([on("2026-05-01", notified())]).when(notify(true)).then_nothing();
}

#[test]
fn e36_the_unit_answers_of_cases_it_was_notified_of_also_closed_ones() {
    let outcome = || sample_action("record-prosecution-outcome");
    let recorded = ProsecutionOutcomeRecorded { outcome: ProsecutionOutcome::NotTakenOn };
    let notified = on("2026-05-01", ProsecutionNotified { evidence: vec![SupportEvidence::Letters] });
    let case = || ca_case().into_iter().chain([notified.clone()]).collect::<Vec<_>>();
    given(case()).by(prosecutions()).when(outcome()).then([recorded.clone()]);
    given(closed(case(), "2026-05-10")).by(prosecutions()).when(outcome()).then([recorded.clone()]);
    given(case()).when(outcome()).then([recorded]);
    given(ca_case()).when(outcome()).then_refused(Refusal::NoProsecution);
    given(ca_case())
        .by(prosecutions())
        .when(outcome())
        .then_refused(Refusal::NotThisRole { needed: "staff of the provider that holds the case" });
}

//! Pathways and exemptions (E28, E29, R30–R34).

use crate::action::ACTIONS;
use crate::actions::*;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

const HOME: ExemptionKind = ExemptionKind::HomeEducation;

#[test]
fn e28_a_pathway_is_recorded_from_a_day_that_has_come() {
    let record = |from: &str| RecordPathway { outcome: Pathway::Enrolled, from: day(from) };
    let recorded = PathwayOutcomeRecorded { outcome: Pathway::Enrolled, from: day("2026-06-01") };
    given(nen_case()).when(record("2026-06-01")).then([recorded.clone()]);
    let refused = Refusal::InTheFuture { field: "/facts/from", today: day("2026-06-01") };
    given(nen_case()).when(record("2026-06-02")).then_refused(refused);
    given(nen_case()).and([on("2026-06-01", recorded)]).when(record("2026-06-01")).then_nothing();
}

/// R30, R32: families need not explain, and nobody says how likely the exemption is; there is no field for either.
#[test]
fn r30_r32_an_application_and_its_answer_take_no_words() {
    for name in ["note-home-education-application", "grant-exemption", "decline-exemption", "revoke-exemption"] {
        let info = ACTIONS.iter().find(|info| info.name == name).unwrap();
        let mut generator = schemars::SchemaGenerator::default();
        (info.personal)(&mut generator);
        let nothing = generator.definitions()["Nothing"].clone();
        assert!(nothing.get("properties").is_none_or(|fields| fields.as_object().unwrap().is_empty()), "{name}");
    }
}

#[test]
fn r31_an_application_waits_for_its_answer_and_the_case_goes_on() {
    let note = || NoteHomeEducationApplication { applied_on: Some(day("2026-05-20")) };
    let noted = || HomeEducationApplicationNoted { applied_on: Some(day("2026-05-20")) };
    given(at_work(ca_case()))
        .when(note())
        .then([noted()])
        .then_case(|case| case.home_education_applied && case.status.is_active());
    given(ca_case()).and([on("2026-05-20", noted())]).when(note()).then_nothing();
    given(ca_case())
        .and([on("2026-05-20", noted())])
        .by(cit())
        .when(DeclineExemption { exemption: HOME })
        .then([ExemptionDeclined { exemption: HOME }])
        .then_case(|case| !case.home_education_applied && case.exemption.is_none());
}

/// R34, R26: a grant closes nothing by itself, and a revocation opens nothing again.
#[test]
fn r34_an_exemption_is_granted_and_revoked_beside_the_status() {
    let (from, later) = (day("2026-05-01"), day("2026-05-20"));
    let granted = || ExemptionGranted { exemption: HOME, from };
    given(ca_case())
        .when(GrantExemption { exemption: HOME, from })
        .then([granted()])
        .then_case(|case| case.status.is_active());
    let held = || on("2026-05-01", granted());
    given(ca_case()).and([held()]).when(GrantExemption { exemption: HOME, from }).then_nothing();
    let case = || closed(ca_case().into_iter().chain([held()]).collect(), "2026-05-02");
    given(case())
        .when(RevokeExemption { exemption: HOME, from: later })
        .then([ExemptionRevoked { exemption: HOME, from: later }])
        .then_case(|case| !case.status.is_active() && case.exemption.is_none());
}

#[test]
fn r34_only_what_was_granted_by_then_is_revoked() {
    let held = on("2026-05-01", ExemptionGranted { exemption: HOME, from: day("2026-05-01") });
    for (exemption, from) in [(HOME, "2026-04-30"), (ExemptionKind::Fifteen, "2026-05-20")] {
        given(ca_case())
            .and([held.clone()])
            .when(RevokeExemption { exemption, from: day(from) })
            .then_refused(Refusal::NoSuchExemption);
    }
    given(ca_case())
        .when(RevokeExemption { exemption: HOME, from: day("2026-05-20") })
        .then_refused(Refusal::NoSuchExemption);
}

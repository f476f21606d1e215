//! The policy as specifications: its defaults, its versions, and that every question is a setting.

use serde_json::json;

use super::*;
use crate::envelope::Role;
use crate::input;
use crate::machine::Machine;
use crate::refusal::Refusal;
use crate::testing::*;
use crate::world::{Command, World};

fn set(changes: serde_json::Value, effective_on: Option<&str>) -> Command {
    let policy = serde_json::from_value(changes).unwrap();
    Command::Policy(SetPolicy { effective_on: effective_on.map(day), policy })
}

fn context(role: Role, today: &str) -> crate::machine::Context {
    crate::machine::Context {
        actor: person(role, "N-1", "MOE"),
        on_behalf_of: None,
        source: crate::envelope::Source::Person,
        now: noon(day(today)),
        new_case: NEW_CASE,
        sealed: None,
    }
}

#[test]
fn every_question_from_q1_to_q39_is_a_setting_with_a_value() {
    let ids: Vec<String> = (1..=39).map(|n| format!("Q{n}")).collect();
    assert_eq!(QUESTIONS.iter().map(|question| question.id).collect::<Vec<_>>(), ids);
    for (question, key, value) in explain(&Policy::default(), None) {
        assert!(!value.is_null(), "{} {key}", question.id);
    }
}

/// The default that the domain proposes for each question, as a value of the policy.
const DEFAULTS: &[(&str, &str, &str)] = &[
    ("Q1", "absence.reaches", "at_least"),
    ("Q2", "absence.threshold_half_days", "30"),
    ("Q3", "duplicates.recent_closure_months", "3"),
    ("Q3", "duplicates.after_closure", "link"),
    ("Q4", "duplicates.second_referral", "attach"),
    ("Q5", "moves.request_pins_case_manager", "false"),
    ("Q6", "measures.clock_start", "allocated"),
    ("Q7", "measures.calendar_profile", "nz_national"),
    ("Q8", "measures.quarters", "term_aligned"),
    ("Q9", "measures.migrated_referral", "list_date"),
    ("Q10", "measures.meetings_of_migrated_alone", "true"),
    ("Q12", "measures.meeting_before_migration", "true"),
    ("Q13", "measures.reassessed", "either"),
    ("Q14", "measures.risk_of", "provider"),
    ("Q15", "measures.details_held", "any_time"),
    ("Q16", "measures.engaged", "both"),
    ("Q18", "measures.cohort", "due"),
    ("Q19", "measures.moved", "each"),
    ("Q20", "measures.pausing_stops_clocks", "false"),
    ("Q21", "measures.closed_early", "per_measure"),
    ("Q22", "measures.in_school", "apart"),
    ("Q23", "measures.start_day_counts", "false"),
    ("Q24", "measures.weeks", "seven_days"),
    ("Q25", "measures.enrolled_from", "effective"),
    ("Q26", "enrolment.form_due_days", "5"),
    ("Q26", "enrolment.days", "school_days"),
    ("Q27", "enrolment.task_after_days", "20"),
    ("Q28", "sharing.former_school_sees_new", "false"),
    ("Q29", "sharing.last_school_sees_shared", "true"),
    ("Q30", "sharing.may_unshare", "true"),
    ("Q31", "sharing.school_may_withdraw", "false"),
    ("Q32", "moves.request_pins_in_school", "true"),
    ("Q33", "moves.read_answer_days", "14"),
    ("Q34", "measures.termly_window", "four_terms"),
    ("Q35", "service.cases_a_year", "80000"),
    ("Q36", "sharing.nsn_to_providers", "false"),
    ("Q37", "moves.cit_may_decline", "true"),
    ("Q38", "location.attempts_min", "1"),
    ("Q39", "measures.migrated_in_referred", "false"),
];

#[test]
fn each_question_has_the_default_that_the_domain_proposes() {
    let all = explain(&Policy::default(), None);
    for (id, key, default) in DEFAULTS {
        let found = all.iter().find(|(question, of, _)| question.id == *id && of == key);
        let (_, _, value) = found.unwrap_or_else(|| panic!("{id} has no setting {key}"));
        assert_eq!(value.to_string().trim_matches('"'), *default, "{id} {key}");
    }
    let told: Vec<&str> = DEFAULTS.iter().map(|(id, _, _)| *id).collect();
    let lists = ["Q11", "Q17"];
    assert!(QUESTIONS.iter().all(|question| told.contains(&question.id) || lists.contains(&question.id)));
    let modes = Policy::default().measures.meeting_modes;
    assert!(modes.contains(&crate::event::Mode::Video) && !modes.contains(&crate::event::Mode::Phone), "Q11");
    assert!(Policy::default().notices.to_schools.contains(&crate::event::KeyAction::CaseClosed), "Q17");
}

#[test]
fn r9_criteria_change_with_the_policy_and_what_was_decided_stays_under_its_own() {
    let request = || crate::testing::requested(json!({"absent_half_days": 20}));
    let policy = json!({"absence": {"threshold_half_days": 20}});
    let refused = |outcome: Outcome| outcome.result.is_err();
    assert!(refused(given_nothing().by(school()).when_opening(request())));
    assert!(!refused(given_nothing().under(policy).by(school()).when_opening(request())));
}

#[test]
fn every_event_type_a_question_names_exists() {
    for question in QUESTIONS {
        for kind in question.decides {
            assert!(crate::event::event_type(kind).is_some(), "{} {kind}", question.id);
        }
    }
}

#[test]
fn q38_a_table_row_is_in_force_from_its_first_to_its_last_day() {
    let row = Dated { value: 1, from: Some(day("2026-03-01")), until: Some(day("2026-03-31")) };
    for (on, fine) in [("2026-02-28", false), ("2026-03-01", true), ("2026-03-31", true), ("2026-04-01", false)] {
        assert_eq!(row.is_in_force(day(on)), fine, "{on}");
    }
}

#[test]
fn a_policy_is_in_force_from_its_day_and_every_event_says_which() {
    let mut stage = Stage::new();
    let owner = |today| context(Role::NationalServiceDelivery, today);
    let lower = json!({"absence": {"threshold_half_days": 20}});
    stage.carry_out(&set(lower.clone(), Some("2026-07-01")), &owner("2026-06-01")).unwrap();
    let version = |on: &str| stage.world.policy(noon(day(on)));
    assert_eq!((version("2026-06-30"), version("2026-07-01")), (1, 2));
    let half_days = |on: &str| stage.world.policies().in_force(day(on)).1.absence.threshold_half_days;
    assert_eq!((half_days("2026-06-30"), half_days("2026-07-01")), (30, 20));
    assert_eq!(stage.carry_out(&set(lower, Some("2026-08-01")), &owner("2026-07-02")).unwrap(), vec![]);
}

#[test]
fn a_policy_is_never_set_for_a_day_that_has_passed() {
    let world = World::default();
    let refused = world.decide(&set(json!({}), Some("2026-05-31")), &context(Role::Operator, "2026-06-01"));
    let today = day("2026-06-01");
    assert_eq!(refused, Err(crate::machine::Declined::Refused(Refusal::PolicyInThePast { today })));
}

#[test]
fn the_owner_of_the_service_and_operators_alone_set_a_policy() {
    for role in Role::ALL {
        let may = matches!(role, Role::NationalServiceDelivery | Role::Operator);
        let changed = set(json!({"service": {"cases_a_year": 65_000}}), None);
        assert_eq!(World::default().decide(&changed, &context(role, "2026-06-01")).is_ok(), may, "{role}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    for (policy, pointer) in [
        (json!({"duplicates": {"recent_closure_months": 13}}), "/policy/duplicates/recent_closure_months"),
        (json!({"absence": {"threshold_half_days": 0}}), "/policy/absence/threshold_half_days"),
        (json!({"measures": {"calendar_profile": "New Zealand"}}), "/policy/measures/calendar_profile"),
        (json!({"measures": {"calendar_profile": "no_such_profile"}}), "/policy/measures/calendar_profile"),
        (json!({"measures": {"meeting_modes": []}}), "/policy/measures/meeting_modes"),
        (json!({"sharing": {"former_school_sees_new": true}}), "/policy/sharing/former_school_sees_new"),
        (json!({"sharing": {"nsn_to_providers": true}}), "/policy/sharing/nsn_to_providers"),
        (
            json!({"tables": {"needs": [{"value": "FOOD", "from": "2026-03-01", "until": "2026-02-01"}]}}),
            "/policy/tables/needs/0/until",
        ),
    ] {
        let read: Policy = serde_json::from_value(policy).unwrap();
        assert_eq!(read.check().unwrap_err().pointer, pointer);
    }
    let unknown = input::read::<SetPolicy>(r#"{"policy": {"absense": {}}}"#, "");
    assert_eq!(unknown.unwrap_err().pointer, "/policy");
}

#[test]
fn a_policy_fits_into_one_broadcast_and_holds_closed_values_alone() {
    let facts = PolicySet { version: 2, effective_on: day("2026-07-01"), policy: Policy::default() };
    let json = serde_json::to_value(&facts).unwrap();
    assert!(json.to_string().len() < crate::world::FACTS_BYTES_MAX);
    assert!(crate::public::holds_facts_alone(&json), "{json}");
}

#[test]
fn q34_termly_attendance_reaches_four_terms_or_twelve_months() {
    let terms = |window: TermlyWindow, on: &str| window.terms(day(on)).join(" ");
    // Term 2 of 2026 ends on 3 July, that of 2025 ended on 27 June.
    let four = "2025-T2 2025-T3 2025-T4 2026-T1";
    assert_eq!(terms(TermlyWindow::FourTerms, "2026-06-30"), four);
    assert_eq!(terms(TermlyWindow::TwelveMonths, "2026-06-30"), "2025-T3 2025-T4 2026-T1");
    assert_eq!(terms(TermlyWindow::FourTerms, "2026-07-03"), four, "a term is completed after its last day");
    assert_eq!(terms(TermlyWindow::FourTerms, "2026-07-04"), "2025-T3 2025-T4 2026-T1 2026-T2");
    assert_eq!(terms(TermlyWindow::FourTerms, "2024-01-01"), "", "before the calendar's terms");
}

#[test]
fn q26_q27_q32_q34_a_policy_says_what_it_means_on_a_day() {
    let said = |changes: serde_json::Value| {
        let policy: Policy = serde_json::from_value(changes).unwrap();
        meaning(&policy, day("2026-05-04")).into_iter().map(|row| row.value.unwrap_or_default()).collect::<Vec<_>>()
    };
    // 1 June is the King's Birthday: no school day.
    assert_eq!(said(json!({}))[..3], ["2026-05-11", "2026-06-02", "2026-05-24"]);
    let other = json!({
        "enrolment": {"form_due_days": 3, "task_after_days": 10, "days": "calendar_days"},
        "moves": {"request_overdue_days": 0}, "measures": {"termly_window": "twelve_months"},
    });
    assert_eq!(said(other)[..3], ["2026-05-07", "2026-05-14", ""]);
    let codes = json!({"tables": {"attendance_codes": [{"value": "J"}, {"value": "K", "until": "2025-01-26"}]}});
    assert_eq!((said(json!({}))[4].as_str(), said(codes)[4].as_str()), ("A G J M Q X", "J"), "Q38, §2.4");
}

#[test]
fn a_decision_is_explained_by_the_settings_it_read() {
    let rows = explain(&Policy::default(), Some("comment_sharing_changed"));
    let said: Vec<_> = rows.iter().map(|(question, key, value)| (question.id, *key, value.clone())).collect();
    assert_eq!(said, [("Q30", "sharing.may_unshare", json!(true))]);
}

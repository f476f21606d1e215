//! What a provider reports about itself (M1–M3, K9, E45, B1–B6).

use serde_json::{Value, json};

use super::*;
use crate::ids::StreamId;
use crate::machine::Draft;
use crate::refusal::Refusal;
use crate::testing::*;

fn of(draft: &Draft) -> ProviderEvent {
    let recorded = recorded(draft, crate::ids::Position(1), crate::dates::Timestamp(0));
    ProviderEvent::read(&recorded).unwrap().unwrap()
}

fn refused(outcome: Outcome) -> Refusal {
    outcome.result.unwrap_err()
}

#[test]
fn e45_m1_m2_m3_k9_a_provider_reports_in_its_own_stream() {
    for (info, expected) in PROVIDER_ACTS.iter().zip(sample_provider_events()) {
        let outcome = given(ca_case()).when_reporting("ASP-1", info.name, provider_facts(info.name));
        let drafts = outcome.result.unwrap();
        assert_eq!(drafts.iter().map(of).collect::<Vec<_>>(), [expected], "{}", info.name);
        assert_eq!(drafts[0].stream, StreamId::Provider(code("ASP-1")));
        assert_eq!(drafts[0].scope.provider, Some(code("ASP-1")));
    }
}

#[test]
fn a5_a_provider_speaks_for_itself_by_its_workflow_lead() {
    let needed = Refusal::NotThisRole { needed: "the workflow lead of the provider" };
    for info in PROVIDER_ACTS {
        for actor in [other_lead(), cit(), school()] {
            let outcome = given(ca_case()).by(actor).when_reporting("ASP-1", info.name, provider_facts(info.name));
            assert_eq!(refused(outcome), needed, "{}", info.name);
        }
        let by_staff = given(ca_case()).by(manager()).when_reporting("ASP-1", info.name, provider_facts(info.name));
        assert_eq!(by_staff.result.is_ok(), info.name == "hold-cohort-activity", "{}", info.name);
    }
}

#[test]
fn b1_a_quarter_is_reported_on_once_it_has_begun() {
    for (quarter, today, fine) in [
        ("2026-Q1", "2026-01-01", true),
        ("2026-Q2", "2026-03-31", false),
        ("2026-Q2", "2026-04-01", true),
        ("2026-Q3", "2026-06-30", false),
        ("2026-Q4", "2026-09-20", true),
    ] {
        let facts = changed(provider_facts("submit-quarterly-report"), json!({ "quarter": quarter }));
        let outcome = given_nothing().at(today).when_reporting("ASP-1", "submit-quarterly-report", facts);
        assert_eq!(outcome.result.is_ok(), fine, "{quarter} on {today}");
    }
    for wrong in ["2026-Q5", "26-Q1", "Q1-2026", "2025-Q4", "2026-Q22"] {
        let facts = changed(provider_facts("submit-quarterly-report"), json!({ "quarter": wrong }));
        let read = ProviderAct::parse("submit-quarterly-report", &facts.to_string()).unwrap();
        assert_eq!(read.unwrap_err().pointer, "/facts/quarter", "{wrong}");
    }
}

#[test]
fn b5_an_invoice_carries_all_seven_things_and_a_number_of_one_payment() {
    let invoice = || provider_facts("submit-invoice");
    let first = given_nothing().when_reporting("ASP-1", "submit-invoice", invoice());
    let again = given_on(first.stage).when_reporting("ASP-1", "submit-invoice", invoice());
    assert_eq!(refused(again), Refusal::InvoiceNumberUsed { number: code("INV-0042") });
    for field in ["catchment", "contract", "purchase_order", "number", "quarter", "withholding_percent", "amount_cents"]
    {
        let facts = changed(invoice(), json!({ field: null }));
        assert!(ProviderAct::parse("submit-invoice", &facts.to_string()).unwrap().is_err(), "{field}");
    }
    for (field, value) in [("withholding_percent", 0), ("withholding_percent", 101), ("amount_cents", 0)] {
        let facts = changed(invoice(), json!({ field: value }));
        let read = ProviderAct::parse("submit-invoice", &facts.to_string()).unwrap();
        assert_eq!(read.unwrap_err().pointer, format!("/facts/{field}"));
    }
}

#[test]
fn b5_the_catchment_is_one_the_provider_serves() {
    let facts = changed(provider_facts("submit-invoice"), json!({"catchment": "C-2"}));
    let (provider, catchment) = (code("ASP-1"), code("C-2"));
    let outcome = given_nothing().when_reporting("ASP-1", "submit-invoice", facts);
    assert_eq!(refused(outcome), Refusal::DoesNotServe { provider, catchment });
}

#[test]
fn b4_school_providers_do_not_invoice() {
    let outcome = given_nothing().by(in_school_lead()).when_reporting(
        "ISP-1",
        "submit-invoice",
        provider_facts("submit-invoice"),
    );
    assert_eq!(refused(outcome), Refusal::SchoolProvidersDoNotInvoice { provider: code("ISP-1") });
}

#[test]
fn e45_a_report_sent_again_is_a_revision_and_the_first_stays() {
    let facts = || provider_facts("submit-quarterly-report");
    let first = given_nothing().when_reporting("ASP-1", "submit-quarterly-report", facts());
    let again = given_on(first.stage).when_reporting("ASP-1", "submit-quarterly-report", facts());
    let expected = QuarterlyReportSubmitted { quarter: code("2026-Q2"), revision: 2, document: document() };
    assert_eq!(of(&again.result.unwrap()[0]), expected.into());
}

#[test]
fn k9_work_with_a_group_is_tied_to_cases_of_the_provider_or_to_none() {
    let with = |cases: Value| changed(provider_facts("hold-cohort-activity"), json!({ "cases": cases }));
    let report = |given: Given, cases| given.when_reporting("ASP-1", "hold-cohort-activity", with(cases));
    assert!(report(given(ca_case()), json!([])).result.is_ok());
    let elsewhere = given(in_school_case());
    let holder = code("ISP-1");
    assert_eq!(refused(report(elsewhere, json!([CASE]))), Refusal::NotTheCurrentProvider { holder });
    assert_eq!(refused(report(given(notified()), json!([CASE]))), Refusal::NotWithAProvider);
}

#[test]
fn m2_the_level_of_a_risk_is_one_of_the_table() {
    let facts = changed(provider_facts("update-provider-risk"), json!({"level": "GRAVE"}));
    let outcome = given_nothing().when_reporting("ASP-1", "update-provider-risk", facts);
    assert_eq!(refused(outcome), Refusal::NotInTable { table: "risk_levels" });
}

#[test]
fn r39_a_report_takes_no_prose() {
    let facts = changed(provider_facts("record-initiative"), json!({"story": "A girl in Ōtaki"}));
    assert!(ProviderAct::parse("record-initiative", &facts.to_string()).unwrap().is_err());
}

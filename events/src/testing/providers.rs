//! One event of every type of a provider's stream.

use serde_json::{Value, json};

use super::{CASE, code};
use crate::event::Mode;
use crate::ids::Sha256;
use crate::provider::*;

/// A document of the tests.
pub fn document() -> Document {
    Document { sha256: Sha256([0x5a; 32]), bytes: 48_211 }
}

/// Returns one event of every type, in the order of the table.
pub fn sample_provider_events() -> Vec<ProviderEvent> {
    let (quarter, document) = (code("2026-Q2"), document());
    vec![
        KeyActionProgressRecorded {
            quarter,
            action: code("KA-3"),
            progress: Progress::OnTrack,
            document: Some(document),
        }
        .into(),
        ProviderRiskUpdated { quarter, risk: code("STAFFING"), level: code("MEDIUM"), document: None }.into(),
        InitiativeRecorded {
            quarter,
            initiative: code("WALKING-BUS"),
            barrier: Some(code("TRANSPORT")),
            document: Some(document),
        }
        .into(),
        CohortActivityHeld {
            activity: 1,
            school: code("SCH-1"),
            mode: Mode::InPerson,
            students: 12,
            cases: vec![CASE],
        }
        .into(),
        QuarterlyReportSubmitted { quarter, revision: 1, document }.into(),
        InvoiceSubmitted {
            catchment: code("C-1"),
            contract: code("MOE-77123"),
            purchase_order: code("PO-9001"),
            number: code("INV-0042"),
            quarter,
            withholding_percent: 10,
            amount_cents: 1_234_500,
        }
        .into(),
    ]
}

/// Returns the facts a client could send for an act of a provider; they become the events of [`sample_provider_events`].
///
/// # Panics
/// For a name that has no sample: a new act gets one here.
pub fn provider_facts(name: &str) -> Value {
    let document = json!({"sha256": "5a".repeat(32), "bytes": 48_211});
    match name {
        "record-key-action" => {
            json!({"quarter": "2026-Q2", "action": "KA-3", "progress": "on_track", "document": document})
        }
        "update-provider-risk" => json!({"quarter": "2026-Q2", "risk": "STAFFING", "level": "MEDIUM"}),
        "record-initiative" => {
            json!({"quarter": "2026-Q2", "initiative": "WALKING-BUS", "barrier": "TRANSPORT", "document": document})
        }
        "hold-cohort-activity" => json!({"school": "SCH-1", "mode": "in_person", "students": 12, "cases": [CASE]}),
        "submit-quarterly-report" => json!({"quarter": "2026-Q2", "document": document}),
        "submit-invoice" => json!({"catchment": "C-1", "contract": "MOE-77123", "purchase_order": "PO-9001",
            "number": "INV-0042", "quarter": "2026-Q2", "withholding_percent": 10, "amount_cents": 1_234_500}),
        other => panic!("{other} has no sample: write one"),
    }
}

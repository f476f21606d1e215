//! The events of `provider/<code>`.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::codec::BadFrame;
use crate::dates::OccurredAt;
use crate::envelope::{Recorded, Scope};
use crate::event::Mode;
use crate::ids::{CaseId, Code, Sha256, StreamId};
use crate::machine::Draft;

/// A document that lies outside the ledger.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// How many bytes it has.
    pub bytes: u64,
}

/// M1: how far a key action of the service delivery plan is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// It is not begun.
    NotBegun,
    /// It goes as planned.
    OnTrack,
    /// It goes slower than planned.
    Behind,
    /// It is done.
    Done,
}

/// M1: progress on a key action in a quarter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct KeyActionProgressRecorded {
    /// The quarter, such as `2026-Q2`.
    pub quarter: Code,
    /// The key action, by its code in the plan.
    pub action: Code,
    /// How far it is.
    pub progress: Progress,
    /// Text and evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// M2, Q14: a risk of the provider, judged anew in a quarter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProviderRiskUpdated {
    /// The quarter.
    pub quarter: Code,
    /// The risk, by its code in the provider's register.
    pub risk: Code,
    /// The level, by code of the lookup table (Q38).
    pub level: Code,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// M3: an initiative or innovation on a barrier.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InitiativeRecorded {
    /// The quarter.
    pub quarter: Code,
    /// The initiative, by code.
    pub initiative: Code,
    /// The barrier it addresses, by code of the lookup table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barrier: Option<Code>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// K9: work with a group of chronically absent students of a school, tied to several cases or to none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CohortActivityHeld {
    /// Which activity of the provider it is, counted from 1.
    pub activity: u16,
    /// The school.
    pub school: Code,
    /// How people met.
    pub mode: Mode,
    /// How many students took part.
    pub students: u16,
    /// The cases it is tied to.
    pub cases: Vec<CaseId>,
}

/// E45: the report of a quarter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct QuarterlyReportSubmitted {
    /// The quarter.
    pub quarter: Code,
    /// 1 for the first, counting those sent after it.
    pub revision: u16,
    /// The report.
    pub document: Document,
}

/// E45, B5: the invoice for the withholding payment, with all seven things it must carry; the provider is the stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceSubmitted {
    /// The catchment.
    pub catchment: Code,
    /// The contract with the Ministry.
    pub contract: Code,
    /// The purchase order.
    pub purchase_order: Code,
    /// The invoice's own number, of one payment.
    pub number: Code,
    /// The quarter it is for: what the description says, with the percentage.
    pub quarter: Code,
    /// The percentage withheld.
    pub withholding_percent: u8,
    /// The amount, in cents of a New Zealand dollar.
    pub amount_cents: u64,
}

macro_rules! provider_events {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $source:literal;)*) => {
        /// Something that a provider reports about itself.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum ProviderEvent {
            $($(#[doc = $doc])* $variant($variant),)*
        }

        /// Every event type of a provider: stored name, id in the domain catalogue, one sentence, JSON Schema.
        pub const PROVIDER_EVENTS: &[ProviderEventType] = &[$(ProviderEventType {
            name: $name,
            source: $source,
            summary: concat!($($doc),*).trim_ascii(),
            schema: |generator| <$variant as JsonSchema>::json_schema(generator),
        },)*];

        impl ProviderEvent {
            /// Returns the stored name.
            pub fn kind(&self) -> &'static str {
                match self { $(ProviderEvent::$variant(_) => $name,)* }
            }

            fn facts(&self) -> Vec<u8> {
                match self { $(ProviderEvent::$variant(facts) => store(facts),)* }
            }

            /// Returns the facts as people and programs outside read them.
            pub fn facts_json(&self) -> serde_json::Value {
                match self { $(ProviderEvent::$variant(facts) => serde_json::to_value(facts).unwrap_or_default(),)* }
            }

            /// Reads one back; `None` when the event is none of these.
            pub fn read(event: &Recorded<'_>) -> Result<Option<ProviderEvent>, BadFrame> {
                match event.kind {
                    $($name => Ok(Some(ProviderEvent::$variant(rmp_serde::from_slice(event.facts)?))),)*
                    _ => Ok(None),
                }
            }
        }

        $(impl From<$variant> for ProviderEvent {
            fn from(facts: $variant) -> Self { ProviderEvent::$variant(facts) }
        })*
    };
}

provider_events! {
    /// The provider told how far a key action of its plan is.
    KeyActionProgressRecorded = "key_action_progress_recorded", "M1";
    /// The provider judged a risk of its own anew.
    ProviderRiskUpdated = "provider_risk_updated", "M2";
    /// The provider told of an initiative on a barrier.
    InitiativeRecorded = "initiative_recorded", "M3";
    /// The provider worked with a group of students of a school.
    CohortActivityHeld = "cohort_activity_held", "K9";
    /// The provider submitted the report of a quarter.
    QuarterlyReportSubmitted = "quarterly_report_submitted", "E45";
    /// The provider submitted an invoice for the withholding payment.
    InvoiceSubmitted = "invoice_submitted", "E45";
}

/// A row of the table of a provider's events; all go out with their facts, in schema version 1.
#[derive(Clone, Copy)]
pub struct ProviderEventType {
    /// The stored name.
    pub name: &'static str,
    /// The id in the domain catalogue.
    pub source: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The JSON Schema of its facts.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

fn store<T: Serialize>(facts: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(facts).expect("facts are plain data of known length")
}

impl ProviderEvent {
    /// Makes the event ready for the sequencer.
    pub fn draft(&self, provider: Code, occurred_at: OccurredAt) -> Draft {
        let (catchment, school) = match self {
            ProviderEvent::InvoiceSubmitted(e) => (Some(e.catchment), None),
            ProviderEvent::CohortActivityHeld(e) => (None, Some(e.school)),
            _ => (None, None),
        };
        Draft {
            stream: StreamId::Provider(provider),
            kind: self.kind(),
            schema: 1,
            facts: self.facts(),
            occurred_at,
            scope: Scope { provider: Some(provider), catchment, school },
            carries_parts: false,
        }
    }
}

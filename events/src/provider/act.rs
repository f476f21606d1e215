//! What a provider may report about itself, with the rules.

use chrono::{Datelike, NaiveDate};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::*;
use crate::action::At;
use crate::envelope::Role;
use crate::event::Mode;
use crate::ids::{CaseId, Code};
use crate::input::{self, BadInput};
use crate::policy::{RiskOf, in_table};
use crate::reference::ProviderKind;
use crate::refusal::Refusal;

/// M1: tells how far a key action is.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordKeyAction {
    /// The quarter, such as `2026-Q2`.
    pub quarter: Code,
    /// The key action, by its code in the plan.
    pub action: Code,
    /// How far it is.
    pub progress: Progress,
    /// Text and evidence.
    #[serde(default)]
    pub document: Option<Document>,
}

/// M2: judges a risk of the provider anew.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProviderRisk {
    /// The quarter.
    pub quarter: Code,
    /// The risk, by its code in the provider's register.
    pub risk: Code,
    /// The level, by code of the lookup table.
    pub level: Code,
    /// The text.
    #[serde(default)]
    pub document: Option<Document>,
}

/// M3: tells of an initiative.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordInitiative {
    /// The quarter.
    pub quarter: Code,
    /// The initiative, by code.
    pub initiative: Code,
    /// The barrier it addresses, by code of the lookup table.
    #[serde(default)]
    pub barrier: Option<Code>,
    /// The text.
    #[serde(default)]
    pub document: Option<Document>,
}

/// K9: tells of work with a group of students.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldCohortActivity {
    /// The school.
    pub school: Code,
    /// How people met.
    pub mode: Mode,
    /// How many students took part.
    pub students: u16,
    /// The cases it is tied to; none where it is tied to none.
    #[serde(default)]
    pub cases: Vec<CaseId>,
}

/// E45: submits the report of a quarter.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitQuarterlyReport {
    /// The quarter.
    pub quarter: Code,
    /// The report.
    pub document: Document,
}

/// E45: submits an invoice for the withholding payment (B5).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitInvoice {
    /// The catchment.
    pub catchment: Code,
    /// The contract with the Ministry.
    pub contract: Code,
    /// The purchase order.
    pub purchase_order: Code,
    /// The invoice's own number.
    pub number: Code,
    /// The quarter it is for.
    pub quarter: Code,
    /// The percentage withheld, 1 to 100.
    pub withholding_percent: u8,
    /// The amount, in cents.
    pub amount_cents: u64,
}

/// Something a provider reports, read and checked for form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProviderAct {
    /// M1.
    KeyAction(RecordKeyAction),
    /// M2.
    Risk(UpdateProviderRisk),
    /// M3.
    Initiative(RecordInitiative),
    /// K9.
    Cohort(HoldCohortActivity),
    /// E45.
    Report(SubmitQuarterlyReport),
    /// E45.
    Invoice(SubmitInvoice),
}

/// What is known of an act of a provider without doing it.
#[derive(Clone, Copy)]
pub struct ProviderActInfo {
    /// Its name in URLs.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The ids of the rules and events it carries out.
    pub rules: &'static str,
    /// JSON Schema of its facts.
    pub facts: fn(&mut SchemaGenerator) -> Schema,
}

const fn info(
    name: &'static str,
    summary: &'static str,
    rules: &'static str,
    facts: fn(&mut SchemaGenerator) -> Schema,
) -> ProviderActInfo {
    ProviderActInfo { name, summary, rules, facts }
}

/// Every act of a provider; the workflow lead records them, work with a group any staff.
#[rustfmt::skip]
pub const PROVIDER_ACTS: &[ProviderActInfo] = &[
    info("record-key-action", "Tells how far a key action of the service delivery plan is.", "M1", |g| g.subschema_for::<RecordKeyAction>()),
    info("update-provider-risk", "Judges a risk of the provider anew.", "M2, Q14, Q38", |g| g.subschema_for::<UpdateProviderRisk>()),
    info("record-initiative", "Tells of an initiative or innovation on a barrier.", "M3, Q38", |g| g.subschema_for::<RecordInitiative>()),
    info("hold-cohort-activity", "Tells of work with a group of students of a school.", "K9", |g| g.subschema_for::<HoldCohortActivity>()),
    info("submit-quarterly-report", "Submits the report of a quarter.", "E45, B2, B7", |g| g.subschema_for::<SubmitQuarterlyReport>()),
    info("submit-invoice", "Submits an invoice for the withholding payment.", "E45, B3, B4, B5", |g| g.subschema_for::<SubmitInvoice>()),
];

/// The largest amount an invoice is taken for: 100 million dollars.
const CENTS_MAX: u64 = 10_000_000_000;

impl ProviderAct {
    /// Reads an act by name; `None` for an unknown name.
    pub fn parse(name: &str, facts: &str) -> Option<Result<ProviderAct, BadInput>> {
        let read = match name {
            "record-key-action" => input::read(facts, "/facts").map(ProviderAct::KeyAction),
            "update-provider-risk" => input::read(facts, "/facts").map(ProviderAct::Risk),
            "record-initiative" => input::read(facts, "/facts").map(ProviderAct::Initiative),
            "hold-cohort-activity" => input::read(facts, "/facts").map(ProviderAct::Cohort),
            "submit-quarterly-report" => input::read(facts, "/facts").map(ProviderAct::Report),
            "submit-invoice" => input::read(facts, "/facts").map(ProviderAct::Invoice),
            _ => return None,
        };
        Some(read.and_then(ProviderAct::complete))
    }

    fn complete(self) -> Result<ProviderAct, BadInput> {
        if self.quarter().is_some_and(|quarter| begins(quarter).is_none()) {
            return Err(BadInput::new("/facts/quarter", "a quarter such as 2026-Q2 is expected"));
        }
        match &self {
            ProviderAct::Cohort(act) if act.students == 0 => {
                return Err(BadInput::new("/facts/students", "at least one student takes part"));
            }
            ProviderAct::Cohort(act) => input::at_most(&act.cases, "/facts/cases")?,
            ProviderAct::Invoice(act) if !(1..=100).contains(&act.withholding_percent) => {
                return Err(BadInput::new("/facts/withholding_percent", "1 to 100 per cent are expected"));
            }
            ProviderAct::Invoice(act) if !(1..=CENTS_MAX).contains(&act.amount_cents) => {
                return Err(BadInput::new("/facts/amount_cents", format!("1 to {CENTS_MAX} cents are expected")));
            }
            _ => {}
        }
        Ok(self)
    }

    fn quarter(&self) -> Option<Code> {
        match self {
            ProviderAct::KeyAction(act) => Some(act.quarter),
            ProviderAct::Risk(act) => Some(act.quarter),
            ProviderAct::Initiative(act) => Some(act.quarter),
            ProviderAct::Report(act) => Some(act.quarter),
            ProviderAct::Invoice(act) => Some(act.quarter),
            ProviderAct::Cohort(_) => None,
        }
    }

    /// Returns the cases it is tied to; their state is held before it is decided.
    pub fn cases(&self) -> &[CaseId] {
        match self {
            ProviderAct::Cohort(act) => &act.cases,
            _ => &[],
        }
    }

    /// Decides the act of a provider; who may, when, then its own rule.
    pub fn decide(&self, provider: Code, state: &ProviderState, at: &At<'_>) -> Result<ProviderEvent, Refusal> {
        let actor = at.context.actor;
        let own = actor.organisation == provider;
        let may = match self {
            ProviderAct::Cohort(_) => own && actor.role.is_provider(),
            _ => own && actor.role == Role::WorkflowLead,
        };
        if !may {
            return Err(Refusal::NotThisRole { needed: "the workflow lead of the provider" });
        }
        at.has_happened()?;
        let kind = at.reference.provider(provider, at.today()).ok_or(Refusal::UnknownProvider { provider })?;
        if let Some(quarter) = self.quarter().filter(|&quarter| begins(quarter) > Some(at.today())) {
            return Err(Refusal::QuarterNotBegun { quarter });
        }
        self.rule(provider, kind, state, at)
    }

    fn rule(
        &self,
        provider: Code,
        kind: ProviderKind,
        state: &ProviderState,
        at: &At<'_>,
    ) -> Result<ProviderEvent, Refusal> {
        let many = Refusal::TooMany { limit: u16::MAX };
        let tables = &at.policy.tables;
        Ok(match self.clone() {
            ProviderAct::KeyAction(RecordKeyAction { quarter, action, progress, document }) => {
                KeyActionProgressRecorded { quarter, action, progress, document }.into()
            }
            ProviderAct::Risk(_) if at.policy.measures.risk_of == RiskOf::Case => return Err(Refusal::RiskIsOfCases),
            ProviderAct::Risk(UpdateProviderRisk { quarter, risk, level, document }) => {
                in_table(&tables.risk_levels, "risk_levels", level, at.today())?;
                ProviderRiskUpdated { quarter, risk, level, document }.into()
            }
            ProviderAct::Initiative(RecordInitiative { quarter, initiative, barrier, document }) => {
                if let Some(barrier) = barrier {
                    in_table(&tables.barriers, "barriers", barrier, at.today())?;
                }
                InitiativeRecorded { quarter, initiative, barrier, document }.into()
            }
            ProviderAct::Cohort(HoldCohortActivity { school, mode, students, cases }) => {
                if at.reference.catchment_of(school, at.today()).is_none() {
                    return Err(Refusal::UnknownSchool { school });
                }
                let activity = state.activities.checked_add(1).ok_or(many)?;
                CohortActivityHeld { activity, school, mode, students, cases }.into()
            }
            ProviderAct::Report(SubmitQuarterlyReport { quarter, document }) => {
                let before = state.reports.get(&quarter).copied().unwrap_or(0);
                let revision = before.checked_add(1).ok_or(many)?;
                QuarterlyReportSubmitted { quarter, revision, document }.into()
            }
            ProviderAct::Invoice(act) => act.rule(provider, kind, state, at)?.into(),
        })
    }
}

impl SubmitInvoice {
    fn rule(
        &self,
        provider: Code,
        kind: ProviderKind,
        state: &ProviderState,
        at: &At<'_>,
    ) -> Result<InvoiceSubmitted, Refusal> {
        let SubmitInvoice { catchment, contract, purchase_order, number, quarter, withholding_percent, amount_cents } =
            *self;
        if kind == ProviderKind::InSchool {
            return Err(Refusal::SchoolProvidersDoNotInvoice { provider });
        }
        if !at.reference.catchments_of(provider, at.today()).contains(&catchment) {
            return Err(Refusal::DoesNotServe { provider, catchment });
        }
        if state.invoices.contains(&number) {
            return Err(Refusal::InvoiceNumberUsed { number });
        }
        Ok(InvoiceSubmitted { catchment, contract, purchase_order, number, quarter, withholding_percent, amount_cents })
    }
}

/// Returns the earliest day a quarter begins on, however quarters are cut (Q8); `None` for what is no quarter.
fn begins(quarter: Code) -> Option<NaiveDate> {
    let (year, number) = quarter.as_str().split_once("-Q")?;
    let year = year.parse().ok().filter(|year| (2026..=2100).contains(year) && quarter.as_str().len() == 7)?;
    let (month, day) = match number {
        "1" => (1, 1),
        "2" => (4, 1),
        "3" => (7, 1),
        "4" => (9, 20),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, month, day).filter(|day| day.year() == year)
}

//! What the rules need of a provider's stream.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ProviderEvent;
use crate::ids::Code;

/// The decision state of one provider.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ProviderState {
    /// How many reports were submitted for which quarter.
    pub reports: BTreeMap<Code, u16>,
    /// The invoice numbers used (B5).
    pub invoices: BTreeSet<Code>,
    /// How many activities with groups were held.
    pub activities: u16,
}

impl ProviderState {
    /// Folds one event in.
    pub fn evolve(&mut self, event: &ProviderEvent) {
        match event {
            ProviderEvent::QuarterlyReportSubmitted(e) => drop(self.reports.insert(e.quarter, e.revision)),
            ProviderEvent::InvoiceSubmitted(e) => drop(self.invoices.insert(e.number)),
            ProviderEvent::CohortActivityHeld(e) => self.activities = e.activity,
            ProviderEvent::KeyActionProgressRecorded(_)
            | ProviderEvent::ProviderRiskUpdated(_)
            | ProviderEvent::InitiativeRecorded(_) => {}
        }
    }
}

//! What policy leaves to the measures (Q6–Q25, Q39), with what a list fixes for itself.

use caseledger_events::policy::Measures;

/// Lays the settings a list fixes over those of the policy in force.
pub fn overlay(policy: &Measures, fixed: &toml::Table) -> Result<Measures, String> {
    let unusable = |error: &dyn std::fmt::Display| format!("[settings]: {error}");
    let mut settings = toml::Table::try_from(policy).map_err(|error| unusable(&error))?;
    for (name, value) in fixed {
        if settings.insert(name.clone(), value.clone()).is_none() {
            let known: Vec<&str> = settings.keys().map(String::as_str).filter(|known| known != name).collect();
            return Err(unusable(&format_args!("there is no setting `{name}`; there are: {}", known.join(", "))));
        }
    }
    settings.try_into().map_err(|error: toml::de::Error| unusable(&error.message()))
}

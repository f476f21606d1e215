//! E10: the contact details held reach nobody any more.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, ContactDetailsMarkedOutOfDate};
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Marks the contact details held as out of date; a confirmed address no longer counts as confirmed (R15).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkContactDetailsOutOfDate {}

impl Action for MarkContactDetailsOutOfDate {
    const NAME: &'static str = "mark-contact-details-out-of-date";
    const SUMMARY: &'static str = "Marks the contact details held as out of date.";
    const RULES: &'static str = "E10, Q15";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit];
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        match case.details {
            None => Err(Refusal::NoContactDetails),
            Some(details) if !details.current => Ok(vec![]),
            Some(_) => Ok(vec![ContactDetailsMarkedOutOfDate {}.into()]),
        }
    }
}

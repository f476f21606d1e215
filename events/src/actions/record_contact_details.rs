//! E10: contact details, whether they are confirmed, and the catchment they lie in (R15, Q15).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, ContactDetailsRecorded, DetailsSource};
use crate::ids::Code;
use crate::input::BadInput;
use crate::parts::ContactParts;
use crate::refusal::Refusal;

/// Records contact details; the details themselves are personal.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordContactDetails {
    /// Who gave them.
    pub source: DetailsSource,
    /// The date they were known to be right.
    #[serde(deserialize_with = "crate::dates::day")]
    pub current_on: NaiveDate,
    /// Whether the address is confirmed (R15).
    #[serde(default)]
    pub confirmed: bool,
    /// The catchment of the address, as the recorder states it (R15).
    #[serde(default)]
    pub catchment: Option<Code>,
}

impl Action for RecordContactDetails {
    const NAME: &'static str = "record-contact-details";
    const SUMMARY: &'static str = "Records contact details of the student and the caregivers.";
    const RULES: &'static str = "E10, R15, R41, Q15";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::CaseSchool, Who::Cit, Who::Enrol];
    type Personal = ContactParts;

    fn complete(self, personal: &ContactParts) -> Result<Self, BadInput> {
        if self.confirmed && personal.contacts.address.is_empty() {
            let what = "an address is needed where one is said to be confirmed (R15)";
            return Err(BadInput::new("/personal/contacts", what));
        }
        Ok(self)
    }

    fn decide(&self, _: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        at.not_in_the_future("/facts/current_on", self.current_on)?;
        if let Some(catchment) = self.catchment
            && at.reference.provider_of(catchment, at.today()).is_none()
        {
            return Err(Refusal::UnknownCatchment { catchment });
        }
        Ok(vec![
            ContactDetailsRecorded {
                source: self.source,
                current_on: self.current_on,
                confirmed: self.confirmed,
                catchment: self.catchment,
            }
            .into(),
        ])
    }
}

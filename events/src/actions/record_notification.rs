//! E41: what was sent about the case (domain §1.7, Q17); the ledger itself sends nothing.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, KeyAction, NoticeTo, NotificationSent};
use crate::ids::Position;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records that a notice was sent; a school is sent notices of key actions alone.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordNotification {
    /// To whom.
    pub to: NoticeTo,
    /// What about.
    pub about: KeyAction,
    /// The position of the event it tells of, where there is one.
    #[serde(default)]
    pub cause: Option<Position>,
}

impl Action for RecordNotification {
    const NAME: &'static str = "record-notification";
    const SUMMARY: &'static str = "Records that a notice about the case was sent.";
    const RULES: &'static str = "E41, Q17, R40";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::Cit, Who::ServiceDesk];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = MaybeNote;

    fn decide(&self, _: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let to_school = matches!(self.to, NoticeTo::Submitter | NoticeTo::PrimaryContact);
        if to_school && !at.policy.notices.to_schools.contains(&self.about) {
            return Err(Refusal::NotAKeyAction);
        }
        Ok(vec![NotificationSent { to: self.to, about: self.about, cause: self.cause }.into()])
    }
}

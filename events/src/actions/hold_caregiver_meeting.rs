//! E9: the provider meets the caregivers (M7); a meeting is also an engagement (M12, M13).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaregiverMeetingHeld, CaseEvent, Mode};
use crate::parts::MaybeNote;
use crate::policy::takes;
use crate::refusal::Refusal;

/// Records a meeting with the caregivers.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldCaregiverMeeting {
    /// How.
    pub mode: Mode,
    /// Whether the student took part: then the student was engaged too.
    #[serde(default)]
    pub student_present: bool,
}

impl Action for HoldCaregiverMeeting {
    const NAME: &'static str = "hold-caregiver-meeting";
    const SUMMARY: &'static str = "Records a meeting with the caregivers.";
    const RULES: &'static str = "E9, M7, M12, M13, Q11";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, _: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if !takes(&at.policy.tables.meeting_modes, &self.mode, at.today()) {
            return Err(Refusal::NotInTable { table: "meeting_modes" });
        }
        Ok(vec![CaregiverMeetingHeld { mode: self.mode, student_present: self.student_present }.into()])
    }
}

//! E8: the provider meets a school to gather information (M6, M10, M11, K10).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, CaseKind, Mode, SchoolMeetingHeld, SchoolRole};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::policy::takes;
use crate::refusal::Refusal;

/// Records a meeting with a school.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldSchoolMeeting {
    /// The school met; the referring or most recently attended one where none is named.
    #[serde(default)]
    pub school: Option<Code>,
    /// How.
    pub mode: Mode,
}

impl Action for HoldSchoolMeeting {
    const NAME: &'static str = "hold-school-meeting";
    const SUMMARY: &'static str = "Records a meeting with a school.";
    const RULES: &'static str = "E8, K10, M6, M10, M11, Q11";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if !takes(&at.policy.tables.meeting_modes, &self.mode, at.today()) {
            return Err(Refusal::NotInTable { table: "meeting_modes" });
        }
        let school = self.school.unwrap_or(case.school);
        if school != case.school && at.reference.catchment_of(school, at.today()).is_none() {
            return Err(Refusal::UnknownSchool { school });
        }
        let school_role = match case.kind {
            _ if school != case.school => SchoolRole::Other,
            CaseKind::ChronicAbsence => SchoolRole::Referring,
            CaseKind::NonEnrolment => SchoolRole::MostRecentlyAttended,
        };
        Ok(vec![SchoolMeetingHeld { school, school_role, mode: self.mode }.into()])
    }
}

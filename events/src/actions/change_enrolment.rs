//! E27: what the enrolment register reports (V1, Q25, Q28, T4).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::{Case, Enrolment};
use crate::event::{CaseEvent, EnrolmentStatusChanged};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records a change of enrolment; also on a closed case, without changing its status (R40, R26).
///
/// The effective date is the register's, and may lie in the past (a late report) or in the future; when the ledger
/// learned of it stands beside it as `recorded_at` (T4).
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEnrolment {
    /// The school of enrolment; absent when the student is enrolled nowhere.
    #[serde(default)]
    pub school: Option<Code>,
    /// The student type, such as `RE` or `NA`.
    pub student_type: Code,
    /// The date the register says it takes effect (Q25).
    #[serde(deserialize_with = "crate::dates::day")]
    pub effective_on: NaiveDate,
}

impl Action for ChangeEnrolment {
    const NAME: &'static str = "change-enrolment";
    const SUMMARY: &'static str = "Records what the enrolment register reports.";
    const RULES: &'static str = "E27, V1, Q25, Q28, T4, R40";
    const WHO: &'static [Who] = &[Who::Enrol, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = MaybeNote;

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if let Some(school) = self.school
            && at.reference.catchment_of(school, at.today().max(self.effective_on)).is_none()
        {
            return Err(Refusal::UnknownSchool { school });
        }
        let report = Enrolment { from: self.effective_on, school: self.school, student_type: Some(self.student_type) };
        if case.enrolments.contains(&report) {
            return Ok(vec![]);
        }
        Ok(vec![
            EnrolmentStatusChanged {
                school: self.school,
                student_type: self.student_type,
                effective_on: self.effective_on,
            }
            .into(),
        ])
    }
}

//! E3, K5: a student outside any school is reported by a school that never enrolled them, a provider or an office of the
//! Ministry. The Ministry checks the report like a notification from the register (K2).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Onto, beside, kind_change};
use crate::action::At;
use crate::envelope::Role;
use crate::event::{CaseEvent, CaseKind, Reporter, UnenrolledStudentReported};
use crate::ids::Code;
use crate::refusal::Refusal;

/// E3: somebody reports a student outside any school.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportUnenrolledStudent {
    /// The last school where it is known; else the school near which the student lives.
    pub school: Code,
    /// Whether the student is known to have attended that school.
    #[serde(default)]
    pub attended: bool,
    /// The last day present there, where it is known.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub last_day_attended: Option<NaiveDate>,
    /// Whether somebody from the public told the reporter.
    #[serde(default)]
    pub told_by_public: bool,
    /// Why a separate case is wanted though the student has an active one (Q4).
    #[serde(default)]
    pub separate_because: Option<Code>,
}

impl ReportUnenrolledStudent {
    fn reporter(&self, role: Role) -> Option<Reporter> {
        let reporter = match role {
            role if role.is_school() => Reporter::School,
            role if role.is_provider() => Reporter::Provider,
            Role::Cit | Role::RegionalOffice | Role::NationalServiceDelivery => Reporter::Ministry,
            _ => return None,
        };
        Some(if self.told_by_public { Reporter::Public } else { reporter })
    }

    pub(super) fn may(&self, at: &At<'_>) -> Result<(), Refusal> {
        match self.reporter(at.context.actor.role) {
            Some(_) => Ok(()),
            None => Err(Refusal::NotThisRole { needed: "staff of a school, a provider or the Ministry" }),
        }
    }

    pub(super) fn decide(&self, onto: Onto<'_>, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if let Some(day) = self.last_day_attended {
            at.not_in_the_future("/facts/last_day_attended", day)?;
        }
        if at.reference.catchment_of(self.school, at.today()).is_none() {
            return Err(Refusal::UnknownSchool { school: self.school });
        }
        let reported = UnenrolledStudentReported {
            number: onto.number,
            student: onto.student,
            reporter: self.reporter(at.context.actor.role).unwrap_or(Reporter::Public),
            school: self.school,
            attended: self.attended,
            last_day_attended: self.last_day_attended,
            attached: onto.attach.is_some(),
        };
        let mut events = vec![reported.into()];
        match onto.attach {
            Some(case) => events.extend(kind_change(case, CaseKind::NonEnrolment)),
            None => events.extend(beside(&onto)),
        }
        Ok(events)
    }
}

//! E40, K3: a case is carried over from the predecessor system, as CA or NEN (K4), and allocated at once.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Onto;
use crate::action::At;
use crate::envelope::Role;
use crate::event::{CaseEvent, CaseKind, CaseMigrated};
use crate::ids::Code;
use crate::refusal::Refusal;
use crate::routing;

/// E40: a case of the predecessor system.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MigrateCase {
    /// What kind of case it is.
    pub kind: CaseKind,
    /// Its id in the predecessor system.
    pub former: Code,
    /// The referring school (CA) or the most recently attended one (NEN).
    pub school: Code,
    /// The day it was first referred there (Q9).
    #[serde(deserialize_with = "crate::dates::day")]
    pub referred_on: NaiveDate,
    /// The last day of attendance, where it is known.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub last_day_attended: Option<NaiveDate>,
    /// Whether the school's own in-school provision takes it.
    #[serde(default)]
    pub to_in_school_provider: bool,
}

impl MigrateCase {
    pub(super) fn may(&self, at: &At<'_>) -> Result<(), Refusal> {
        match at.context.actor.role {
            Role::Migration => Ok(()),
            _ => Err(Refusal::NotThisRole { needed: "the migration from the predecessor system" }),
        }
    }

    pub(super) fn decide(&self, onto: Onto<'_>, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        if let Some(case) = onto.active {
            return Err(Refusal::MigratedTwice { case });
        }
        if let Some(case) = onto.carried_over {
            return Err(Refusal::CarriedOverAlready { case });
        }
        at.not_in_the_future("/facts/referred_on", self.referred_on)?;
        if let Some(day) = self.last_day_attended {
            at.not_in_the_future("/facts/last_day_attended", day)?;
        }
        let allocated = routing::of_school(at.reference, self.school, self.to_in_school_provider, at.today())?;
        let migrated = CaseMigrated {
            number: onto.number,
            student: onto.student,
            kind: self.kind,
            former: self.former,
            school: self.school,
            referred_on: self.referred_on,
            last_day_attended: self.last_day_attended,
        };
        Ok(vec![migrated.into(), allocated.into()])
    }
}

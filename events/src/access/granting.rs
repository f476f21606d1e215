//! Who grants what to whom (A4, E47): a table of its own, and the rules around it.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{AccessEvent, Grants, Key, RevokeReason, RevokeToken, RoleGranted, RoleRevoked};
use crate::envelope::Role::{self, *};
use crate::envelope::Source;
use crate::ids::Code;
use crate::machine::Context;
use crate::reference::Reference;
use crate::refusal::Refusal;
use crate::system::ledger_actor;

/// Something to be done about who may act as what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AccessAct {
    /// Grants a role.
    Grant(GrantRole),
    /// Revokes one.
    Revoke(RevokeRole),
    /// Takes a token back.
    RevokeToken(RevokeToken),
}

/// Grants a role; the same again with other dates or another region takes its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRole {
    /// Our opaque id of the person or feed.
    pub person: Code,
    /// The role.
    pub role: Role,
    /// The school, provider or agency.
    pub organisation: Code,
    /// The region, for a regional office.
    #[serde(default)]
    pub region: Option<Code>,
    /// The first day, in New Zealand; today where absent.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub from: Option<NaiveDate>,
    /// The last day; open where absent.
    #[serde(default, deserialize_with = "crate::dates::maybe_day")]
    pub until: Option<NaiveDate>,
}

/// Revokes a role at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeRole {
    /// The person or feed.
    pub person: Code,
    /// The role.
    pub role: Role,
    /// The organisation.
    pub organisation: Code,
    /// Why.
    pub reason: RevokeReason,
}

/// A row of the table of granting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Granting {
    /// Who grants.
    pub by: Role,
    /// Which roles.
    pub roles: &'static [Role],
    /// Whether in its own organisation alone.
    pub own_organisation: bool,
    /// The ids of what says so.
    pub because: &'static str,
}

/// Who grants and revokes which roles.
///
/// An operator runs the service and opens no case, and so grants no role that does: those come from the people whose
/// service it is.
pub const GRANTING: &[Granting] = &[
    Granting {
        by: DelegatedAuthoriser,
        roles: &[AttendanceLead, PrimaryContact, OfficeSupport, WorkflowLead, CaseManager],
        own_organisation: true,
        because: "A4",
    },
    Granting {
        by: ServiceDesk,
        roles: &[AttendanceLead, PrimaryContact, OfficeSupport, WorkflowLead, CaseManager, DelegatedAuthoriser],
        own_organisation: false,
        because: "A10",
    },
    Granting {
        by: NationalServiceDelivery,
        roles: &[Cit, RelationshipManager, ServiceDesk, RegionalOffice, ProsecutionsUnit, DelegatedAuthoriser],
        own_organisation: false,
        because: "A21",
    },
    Granting {
        by: Operator,
        roles: &[
            NationalServiceDelivery,
            Auditor,
            Operator,
            ReportingJob,
            Enrol,
            Inz,
            Msd,
            Attendance,
            Migration,
            ServiceDesk,
        ],
        own_organisation: false,
        because: "A22",
    },
];

/// The first operator of a ledger: granted by the ledger itself (`ledger_actor`, `Source::Ledger`) when it is created.
pub fn first_operator(person: Code, organisation: Code) -> AccessAct {
    AccessAct::Grant(GrantRole { person, role: Operator, organisation, region: None, from: None, until: None })
}

impl AccessAct {
    /// Decides it: who may, where it fits, and whether there is anything to do.
    pub fn decide(
        &self,
        grants: &Grants,
        context: &Context,
        reference: &Reference,
    ) -> Result<Option<AccessEvent>, Refusal> {
        let may = |key: Key| match is_the_ledger(context) {
            true => self.fills_the_void(grants, context),
            false if !grants.is_enforced() => Err(Refusal::OperatorFirst),
            false => may_grant(key, context),
        };
        match self {
            AccessAct::Grant(grant) => {
                may(Key(grant.person, grant.role, grant.organisation))?;
                grant.decide(grants, context, reference)
            }
            AccessAct::Revoke(revoke) => {
                may(Key(revoke.person, revoke.role, revoke.organisation))?;
                revoke.decide(grants, context)
            }
            AccessAct::RevokeToken(revoke) => revoke.decide(grants, context),
        }
    }

    /// The ledger itself grants an operator where there is none: at creation, and where the last one's time ran out.
    fn fills_the_void(&self, grants: &Grants, context: &Context) -> Result<(), Refusal> {
        let is_operator = matches!(self, AccessAct::Grant(grant) if grant.role == Operator);
        let is_void = grants.holders(Operator, context.now) == 0;
        if is_operator && is_void { Ok(()) } else { Err(Refusal::OperatorFirst) }
    }
}

/// Returns whether the ledger itself acts; no request from outside can say so, for the source is set by the service.
pub(crate) fn is_the_ledger(context: &Context) -> bool {
    context.actor == ledger_actor() && context.source == Source::Ledger
}

fn may_grant(Key(person, role, organisation): Key, context: &Context) -> Result<(), Refusal> {
    let actor = context.actor;
    let rows = || GRANTING.iter().filter(|row| row.by == actor.role && row.roles.contains(&role));
    if rows().next().is_none() {
        return Err(Refusal::MayNotGrant { role: role.name() });
    }
    if rows().all(|row| row.own_organisation) && organisation != actor.organisation {
        return Err(Refusal::NotOwnOrganisation { organisation });
    }
    if person == actor.person { Err(Refusal::NotToOneself) } else { Ok(()) }
}

impl GrantRole {
    fn decide(
        &self,
        grants: &Grants,
        context: &Context,
        reference: &Reference,
    ) -> Result<Option<AccessEvent>, Refusal> {
        let GrantRole { person, role, organisation, region, from, until } = *self;
        let today = context.now.auckland();
        let from = from.unwrap_or(today);
        fits(role, organisation, reference, today.max(from))?;
        match (role == RegionalOffice, region) {
            (true, None) => return Err(Refusal::RegionNeeded),
            (false, Some(_)) => return Err(Refusal::NoRegionHere),
            (true, Some(region)) if reference.catchments_in(region, today.max(from)).is_empty() => {
                return Err(Refusal::UnknownRegion { region });
            }
            _ => {}
        }
        if let Some(until) = until.filter(|&until| until < from || until < today) {
            return Err(Refusal::EndsBeforeItBegins { until });
        }
        let key = Key(person, role, organisation);
        let same = |held: &&super::Held| (held.region, held.from, held.until) == (region, from, until);
        let begun = |held: &&super::Held| held.region == region && held.until == until && held.from <= today;
        let current = grants.history(key).iter().rfind(|held| held.is_in_force(context.now));
        if current.filter(|held| same(held) || (self.from.is_none() && begun(held))).is_some() {
            return Ok(None);
        }
        Ok(Some(AccessEvent::RoleGranted(RoleGranted { person, role, organisation, region, from, until })))
    }
}

/// School roles belong to schools, provider roles to providers, all others to neither.
fn fits(role: Role, organisation: Code, reference: &Reference, day: NaiveDate) -> Result<(), Refusal> {
    let is_school = reference.catchment_of(organisation, day).is_some();
    let is_provider = reference.provider(organisation, day).is_some();
    let fits = match role {
        role if role.is_school() => is_school,
        role if role.is_provider() => is_provider,
        DelegatedAuthoriser => is_school || is_provider,
        _ => !is_school && !is_provider,
    };
    if fits { Ok(()) } else { Err(Refusal::OrganisationDoesNotFit { organisation, role: role.name() }) }
}

impl RevokeRole {
    fn decide(&self, grants: &Grants, context: &Context) -> Result<Option<AccessEvent>, Refusal> {
        let RevokeRole { person, role, organisation, reason } = *self;
        let history = grants.history(Key(person, role, organisation));
        if history.is_empty() {
            return Err(Refusal::NoSuchGrant);
        }
        if !history.iter().any(|held| held.is_in_force(context.now)) {
            return Ok(None);
        }
        let is_live = history.iter().any(|held| held.is_live(context.now));
        if role == Operator && is_live && grants.holders(Operator, context.now) == 1 {
            return Err(Refusal::LastOperator);
        }
        Ok(Some(AccessEvent::RoleRevoked(RoleRevoked { person, role, organisation, reason })))
    }
}

//! E26: a provider agrees to a move, in the system or attested by the sender (R16, R17).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{Agreement, AgreementChannel, CaseEvent, ProviderAgreementRecorded};
use crate::ids::Code;
use crate::parts::AgreementParts;
use crate::policy::in_table;
use crate::refusal::Refusal;

/// Records that a provider agreed that `target` takes the case.
///
/// The provider says so itself (channel `in_system`), or the sender attests what was said by phone, email or in
/// person. A later agreement of the same provider to the same move replaces the earlier one.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordAgreement {
    /// Who would take the case.
    pub target: Code,
    /// Who agreed, and how.
    pub agreement: GivenAgreement,
}

/// An agreement as it is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenAgreement {
    /// The provider that agreed.
    pub provider: Code,
    /// The role of the person who agreed, by code.
    pub agreed_by: Code,
    /// The day.
    #[serde(deserialize_with = "crate::dates::day")]
    pub agreed_on: NaiveDate,
    /// How.
    pub channel: AgreementChannel,
}

impl From<GivenAgreement> for Agreement {
    fn from(given: GivenAgreement) -> Agreement {
        let GivenAgreement { provider, agreed_by, agreed_on, channel } = given;
        Agreement { provider, agreed_by, agreed_on, channel }
    }
}

impl Action for RecordAgreement {
    const NAME: &'static str = "record-agreement";
    const SUMMARY: &'static str = "Records that a provider agreed to a move of the case.";
    const RULES: &'static str = "E26, R16, R17";
    const WHO: &'static [Who] = &[Who::AnyProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    type Personal = AgreementParts;

    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        speaks_for(self.agreement.into(), case, at.context.actor.organisation)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        known_target(self.target, case, at)?;
        let agreement = Agreement::from(self.agreement);
        fits("/facts/agreement/agreed_on", agreement, self.target, case, at)?;
        if case.agreements.contains(&(self.target, agreement)) {
            return Ok(vec![]);
        }
        Ok(vec![ProviderAgreementRecorded { target: self.target, agreement }.into()])
    }
}

/// R16: a provider speaks for itself in the system; the holder attests what another said outside it.
fn speaks_for(agreement: Agreement, case: &Case, actor: Code) -> Result<(), Refusal> {
    let itself = agreement.provider == actor;
    let holder = case.provider();
    match (agreement.channel, holder) {
        (AgreementChannel::InSystem, _) if itself => Ok(()),
        (AgreementChannel::InSystem, _) => Err(Refusal::OnlyItselfInSystem { provider: agreement.provider }),
        _ if holder == Some(actor) || itself => Ok(()),
        (_, Some(holder)) => Err(Refusal::NotTheCurrentProvider { holder }),
        (_, None) => Err(Refusal::NotWithAProvider),
    }
}

/// The provider that is to take the case exists and does not hold it already.
pub(crate) fn known_target(target: Code, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    if case.provider() == Some(target) {
        return Err(Refusal::AlreadyThere { provider: target });
    }
    match at.reference.provider(target, at.today()) {
        Some(_) => Ok(()),
        None => Err(Refusal::UnknownProvider { provider: target }),
    }
}

/// An agreement is given by the one who takes the case or the one who gives it, and lies in the past; `day` names the
/// field of its day.
pub(crate) fn fits(
    day: &'static str,
    agreement: Agreement,
    target: Code,
    case: &Case,
    at: &At<'_>,
) -> Result<(), Refusal> {
    if agreement.provider != target && Some(agreement.provider) != case.provider() {
        return Err(Refusal::NotAParty { provider: agreement.provider });
    }
    in_table(&at.policy.tables.contact_roles, "contact_roles", agreement.agreed_by, at.today())?;
    at.not_in_the_future(day, agreement.agreed_on)
}

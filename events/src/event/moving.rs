//! Moving a case between providers: agreements, to CIT and from it, ISP to catchment provider (R15–R21).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Code;

/// Why a case may go to CIT.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoveBasis {
    /// A confirmed new address outside the catchment (R15).
    ConfirmedAddress,
    /// Reasonable grounds, and the other provider has agreed (R16).
    ReasonableGrounds,
    /// An enrolled student lives outside the catchment, and both providers agree (R17).
    EnrolledElsewhere,
}

/// R16, R17: how an agreement was reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgreementChannel {
    /// Given in this system by the provider itself.
    InSystem,
    /// By telephone, attested by the sender.
    Phone,
    /// By email, attested by the sender.
    Email,
    /// In person, attested by the sender.
    InPerson,
}

/// R16, R17: that a provider agreed, as facts; the comment is composed from them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Agreement {
    /// The provider that agreed.
    pub provider: Code,
    /// The role of the person who agreed, by code.
    pub agreed_by: Code,
    /// The day.
    pub agreed_on: NaiveDate,
    /// How.
    pub channel: AgreementChannel,
}

/// E26: a provider agreed to a move before it is made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProviderAgreementRecorded {
    /// Who would take the case.
    pub target: Code,
    /// Who agreed, and how.
    pub agreement: Agreement,
}

/// E23: the case was passed to CIT.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReallocatedToCit {
    /// Who passed it.
    pub from: Code,
    /// Why it may be passed.
    pub basis: MoveBasis,
    /// Which provider it should go to; named where R16 or R17 ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Code>,
    /// The reasonable grounds, by code, where R16 asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Code>,
    /// The agreements it rests on.
    pub agreements: Vec<Agreement>,
}

/// E24: CIT gave the case to a provider.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReallocatedByCit {
    /// Who had passed it to CIT.
    pub from: Code,
    /// Who has it now.
    pub to: Code,
    /// The catchment it goes to, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
}

/// E24, Q37: CIT sent the case back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReallocationDeclinedByCit {
    /// The sender, who has it again.
    pub back_to: Code,
    /// Why, by code.
    pub reason: Code,
}

/// E25, R21: an in-school provider passed the case to the provider of the school's catchment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct IspReallocatedToCatchmentProvider {
    /// The in-school provider.
    pub from: Code,
    /// The catchment's provider.
    pub to: Code,
    /// The catchment.
    pub catchment: Code,
}

/// E26: the provider that a proposed move names declined it; what it agreed to before counts no more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProposedMoveDeclined {
    /// Who declined.
    pub provider: Code,
    /// Why, by code.
    pub reason: Code,
}

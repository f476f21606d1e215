//! Information requests to Immigration NZ and MSD, overseas evidence, Not Located (R18–R25).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Code;

/// Whom an information request goes to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agency {
    /// Immigration NZ (A13).
    Inz,
    /// The Ministry of Social Development (A14).
    Msd,
}

/// An information request of one case, counted from 1 in the order of opening.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RequestNumber(pub u16);

/// E17: an agency was asked; pins the case to its provider (R20).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InformationRequestOpened {
    /// Which request of the case it is.
    pub request: RequestNumber,
    /// Whom.
    pub agency: Agency,
    /// Whether the leave reason *Gone Overseas* triggered it (R14).
    pub automatic: bool,
    /// The day from which it is overdue, as policy says; it stays open and goes on pinning (Q32). Absent where policy names
    /// no such day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue_on: Option<NaiveDate>,
}

/// What an immigration answer means for the rules; the code as answered is personal (design §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whereabouts {
    /// Out of the country (OUT).
    Out,
    /// Not shown to be out (IN, UNLI, UNMATCHED, NEWCLIENT): keep locating (R25).
    NotOut,
    /// A code nobody knows yet, kept as answered; or an answer that does not say (MSD).
    Unknown,
}

/// E18: an agency answered; releases the pin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InformationRequestAnswered {
    /// Which request of the case.
    pub request: RequestNumber,
    /// Who answered.
    pub agency: Agency,
    /// What it means for the rules.
    pub whereabouts: Whereabouts,
    /// Whether it answers a detailed check (E21).
    pub detailed: bool,
    /// Whether the code is one of the five of Immigration NZ (§1.8); any other, MSD's included, is for a person to read.
    pub known_code: bool,
}

/// E19: a request was taken back; releases the pin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct InformationRequestWithdrawn {
    /// Which request of the case.
    pub request: RequestNumber,
    /// Who was asked.
    pub agency: Agency,
    /// Why.
    pub reason: WithdrawalReason,
    /// Whether it was a detailed check (E21), which restricted events alone tell of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detailed: bool,
}

/// E19: why a request was taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawalReason {
    /// It is no longer needed.
    NotNeeded,
    /// It was sent by mistake.
    SentInError,
    /// The agency does not answer.
    NoAnswer,
    /// The case was closed for another reason (R22).
    CaseClosed,
}

/// E20, R24: the kinds of evidence that help a detailed check; the documents themselves are immigration data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Details of a travel document.
    TravelDocument,
    /// The date the student left.
    DateLeft,
    /// The name travelled under.
    NameTravelledUnder,
    /// The passport number.
    PassportNumber,
    /// The names of people travelling along.
    CoTravellers,
}

/// E20: the family gave evidence that the student is overseas (R23).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OverseasEvidenceReceived {
    /// What was received.
    pub kinds: Vec<EvidenceKind>,
}

/// E21: CIT was asked for a detailed check; an open INZ request until it is answered (R20).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DetailedImmigrationCheckRequested {
    /// Which request of the case it is.
    pub request: RequestNumber,
}

/// E22, R19: all efforts failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NotLocatedFlagSet {
    /// How many agency checks were answered.
    pub answered_checks: u16,
    /// Why there is none, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_check_because: Option<Code>,
    /// How many attempts at contact were made (E46).
    pub attempts: u16,
}

/// E22: the student was located.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NotLocatedFlagCleared {}

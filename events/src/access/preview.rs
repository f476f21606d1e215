//! What is shown where a case itself is not: the preview of a proposed move, the state of a school's own request.

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Grant, Level, Standing};
use crate::case::Owner;
use crate::event::{CaseKind, MoveBasis};
use crate::ids::{CaseId, Code, Position};
use crate::number::CaseNumber;

/// R16, R17: what a provider named in a proposed move sees before it agrees; no name, no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// The case.
    pub case: CaseId,
    /// The readable number.
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// How old the student is, roughly; absent where the birth date is not known.
    pub age_band: Option<AgeBand>,
    /// The catchment the case was routed by.
    pub catchment: Option<Code>,
    /// Why it is to move; absent until it is passed to CIT.
    pub basis: Option<MoveBasis>,
    /// The reasonable grounds, by code (R16).
    pub grounds: Option<Code>,
    /// Who has the case, and is to be spoken with.
    pub holder: Option<Code>,
}

/// An age that tells nobody apart; the borders are those of duty and schooling (ss 35, 38, 39).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgeBand {
    /// Younger than six.
    UnderSix,
    /// Six to ten.
    SixToTen,
    /// Eleven to fourteen.
    ElevenToFourteen,
    /// Fifteen: an exemption is possible (s 39).
    Fifteen,
    /// Sixteen or older.
    SixteenOrOlder,
}

impl AgeBand {
    /// Returns the band of somebody born on a day.
    pub fn of(born: NaiveDate, on: NaiveDate) -> AgeBand {
        let had_birthday = (on.month(), on.day()) >= (born.month(), born.day());
        let age = on.year() - born.year() - i32::from(!had_birthday);
        match age {
            ..=5 => AgeBand::UnderSix,
            6..=10 => AgeBand::SixToTen,
            11..=14 => AgeBand::ElevenToFourteen,
            15 => AgeBand::Fifteen,
            16.. => AgeBand::SixteenOrOlder,
        }
    }
}

impl Preview {
    /// Makes the preview a grant allows; the birth date becomes a band and goes no further.
    ///
    /// `None` where the grant is for another case or shows the case itself.
    pub fn of(grant: &Grant, case: &Standing, born: Option<NaiveDate>) -> Option<Preview> {
        if grant.level() != Level::Preview || grant.case() != case.case {
            return None;
        }
        let proposal = case.proposal_to(grant.decided().asker.organisation)?;
        let on = grant.decided().on;
        let holder = match case.owner {
            Owner::Provider(holder) | Owner::Cit { sender: holder } => Some(holder),
            Owner::Ministry => None,
        };
        Some(Preview {
            case: case.case,
            number: case.number,
            kind: case.kind,
            age_band: born.map(|born| AgeBand::of(born, on)),
            catchment: case.catchment,
            basis: proposal.basis,
            grounds: proposal.grounds,
            holder,
        })
    }
}

/// What a school sees of its own request, from submission on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct OwnRequestState {
    /// The case.
    pub case: CaseId,
    /// The readable number.
    pub number: CaseNumber,
    /// Chronic absence or non-enrolment.
    pub kind: CaseKind,
    /// Where the school's own requests stand in the log; their parts are its own.
    pub sent: Vec<Position>,
    /// Where it stands; absent once another school has the student (Q28).
    pub state: Option<RequestState>,
    /// The provider that has it, while its state is shown.
    pub provider: Option<Code>,
}

/// Where a request stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// It was received and waits for the Ministry's check.
    Received,
    /// A provider has it.
    WithProvider,
    /// It is between providers, with CIT.
    BetweenProviders,
    /// It has ended.
    Ended,
}

impl OwnRequestState {
    /// Makes what a grant allows; `None` where the grant is for another case or does not rest on a request.
    pub fn of(grant: &Grant, case: &Standing) -> Option<OwnRequestState> {
        if grant.level() != Level::OwnRequest || grant.case() != case.case {
            return None;
        }
        let school = grant.decided().asker.organisation;
        let own = case.requests.iter().filter(|request| request.school == school);
        let state = match case.owner {
            _ if !case.is_active => RequestState::Ended,
            Owner::Ministry => RequestState::Received,
            Owner::Provider(_) => RequestState::WithProvider,
            Owner::Cit { .. } => RequestState::BetweenProviders,
        };
        Some(OwnRequestState {
            case: case.case,
            number: case.number,
            kind: case.kind,
            sent: own.map(|request| request.at).collect(),
            state: grant.follows().then_some(state),
            provider: case.provider().filter(|_| grant.follows() && case.is_active),
        })
    }
}

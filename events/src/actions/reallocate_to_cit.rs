//! E23: the provider passes the case to CIT (R15–R18, R20).

use schemars::JsonSchema;
use serde::Deserialize;

use super::record_agreement::{GivenAgreement, fits, known_target};
use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{Agreement, AgreementChannel, CaseEvent, MoveBasis, ReallocatedToCit};
use crate::ids::Code;
use crate::input::{self, BadInput};
use crate::parts::AgreementParts;
use crate::refusal::Refusal;

/// Passes the case to CIT, on one of three grounds; with none of them the provider keeps locating (R18).
///
/// The comment that R16 and R17 ask for is composed from these facts; free text stands beside it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReallocateToCit {
    /// Why it may go.
    pub basis: MoveBasis,
    /// Which provider it should go to; needed for all but a confirmed address.
    #[serde(default)]
    pub target: Option<Code>,
    /// The reasonable grounds, by code; needed for that basis (R16).
    #[serde(default)]
    pub grounds: Option<Code>,
    /// Agreements the sender attests here; those recorded on the case before count too.
    #[serde(default)]
    pub agreements: Vec<GivenAgreement>,
}

impl Action for ReallocateToCit {
    const NAME: &'static str = "reallocate-to-cit";
    const SUMMARY: &'static str =
        "Passes the case to CIT: a confirmed address elsewhere, or an agreement of providers.";
    const RULES: &'static str = "E23, R15, R16, R17, R18, R20";
    const WHO: &'static [Who] = &[Who::CurrentProvider];
    const ON_CLOSED: OnClosed = OnClosed::Refused;
    const MOVES: bool = true;
    type Personal = AgreementParts;

    fn complete(self, _: &AgreementParts) -> Result<Self, BadInput> {
        input::at_most(&self.agreements, "/facts/agreements")?;
        Ok(self)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        // The actor is staff of the provider that holds the case.
        let from = at.context.actor.organisation;
        if let Some(target) = self.target {
            known_target(target, case, at)?;
        }
        let agreements = match self.basis {
            MoveBasis::ConfirmedAddress => self.confirmed_address(case, at)?,
            MoveBasis::ReasonableGrounds => self.reasonable_grounds(case, at)?,
            MoveBasis::EnrolledElsewhere => self.enrolled_elsewhere(case, from, at)?,
        };
        Ok(vec![
            ReallocatedToCit { from, basis: self.basis, target: self.target, grounds: self.grounds, agreements }.into(),
        ])
    }
}

impl ReallocateToCit {
    /// R15: the student is not enrolled and has a confirmed new address outside the catchment.
    fn confirmed_address(&self, case: &Case, at: &At<'_>) -> Result<Vec<Agreement>, Refusal> {
        not_enrolled(case, at)?;
        let outside = case.confirmed_catchment().is_some_and(|there| Some(there) != case.catchment);
        if !outside {
            return Err(Refusal::NoConfirmedAddressOutside);
        }
        match self.target {
            Some(target) => self.agreements_on(target, case, at),
            None if self.agreements.is_empty() => Ok(vec![]),
            None => Err(Refusal::TargetMissing),
        }
    }

    /// R16: the student is not enrolled, there are reasonable grounds, and the other provider has agreed.
    fn reasonable_grounds(&self, case: &Case, at: &At<'_>) -> Result<Vec<Agreement>, Refusal> {
        not_enrolled(case, at)?;
        let target = self.target.ok_or(Refusal::TargetMissing)?;
        if self.grounds.is_none() {
            return Err(Refusal::NoGrounds);
        }
        let agreements = self.agreements_on(target, case, at)?;
        match agreements.iter().any(|agreement| agreement.provider == target) {
            true => Ok(agreements),
            false => Err(Refusal::NoAgreement { target }),
        }
    }

    /// R17: the student is enrolled, and both providers agree who is best placed.
    fn enrolled_elsewhere(&self, case: &Case, from: Code, at: &At<'_>) -> Result<Vec<Agreement>, Refusal> {
        if case.enrolled_at(at.today()).is_none() {
            return Err(Refusal::StudentIsNotEnrolled);
        }
        let target = self.target.ok_or(Refusal::TargetMissing)?;
        let agreements = self.agreements_on(target, case, at)?;
        for party in [target, from] {
            if !agreements.iter().any(|agreement| agreement.provider == party) {
                return Err(Refusal::BothMustAgree { missing: party });
            }
        }
        Ok(agreements)
    }

    /// The agreements to this target: those given here, and those recorded before of providers not given here.
    fn agreements_on(&self, target: Code, case: &Case, at: &At<'_>) -> Result<Vec<Agreement>, Refusal> {
        let given: Vec<Agreement> = self.agreements.iter().copied().map(Agreement::from).collect();
        for &given in &given {
            if given.channel == AgreementChannel::InSystem && given.provider != at.context.actor.organisation {
                return Err(Refusal::OnlyItselfInSystem { provider: given.provider });
            }
            fits("/facts/agreements", given, target, case, at)?;
        }
        let here = |provider| given.iter().any(|given| given.provider == provider);
        let before = case.agreements.iter().filter(|(to, held)| *to == target && !here(held.provider));
        Ok(given.iter().copied().chain(before.map(|&(_, held)| held)).collect())
    }
}

fn not_enrolled(case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    match case.enrolled_at(at.today()) {
        Some(_) => Err(Refusal::StudentIsEnrolled),
        None => Ok(()),
    }
}

//! E18: an agency answers; what the code means for the rules is read off it here (§1.8, R25).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::envelope::Role;
use crate::event::{Agency, CaseEvent, InformationRequestAnswered, RequestNumber, Whereabouts};
use crate::input::BadInput;
use crate::parts::AnswerParts;
use crate::refusal::Refusal;

/// Records an agency's answer; an answer to a request that was withdrawn meanwhile is kept too (R40).
///
/// The code as answered is personal and kept verbatim, also one that nobody knows. The fact the rules read is made
/// from it when the command is read, before anything is decided.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerInformationRequest {
    /// Which request of the case.
    pub request: RequestNumber,
    /// What the code means if Immigration NZ gave it.
    #[serde(skip)]
    code: Option<Whereabouts>,
}

/// §1.8: the five codes of Immigration NZ and what they mean for the rules; `None` for a code nobody knows.
pub fn whereabouts(code: &str) -> Option<Whereabouts> {
    match code.trim().to_ascii_uppercase().as_str() {
        "OUT" => Some(Whereabouts::Out),
        "UNMATCHED" | "IN" | "UNLI" | "NEWCLIENT" => Some(Whereabouts::NotOut),
        _ => None,
    }
}

impl Action for AnswerInformationRequest {
    const NAME: &'static str = "answer-information-request";
    const SUMMARY: &'static str = "Records the answer of Immigration NZ or MSD.";
    const RULES: &'static str = "E18, R20, R22, R25, R40";
    const WHO: &'static [Who] = &[Who::Agency, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = AnswerParts;

    fn complete(mut self, personal: &AnswerParts) -> Result<Self, BadInput> {
        self.code = whereabouts(personal.answer.code.reveal());
        Ok(self)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let asked = case.unanswered(self.request).ok_or(Refusal::NoSuchOpenRequest)?;
        match (at.context.actor.role, asked.agency) {
            (Role::Inz, Agency::Inz) | (Role::Msd, Agency::Msd) => {}
            (Role::Cit, _) if asked.detailed => {}
            (Role::Cit, _) => return Err(Refusal::NotThisRole { needed: "the agency that was asked" }),
            _ => return Err(Refusal::OtherAgency),
        }
        // No list of MSD's codes is known: its answers are read by people.
        let code = self.code.filter(|_| asked.agency == Agency::Inz);
        Ok(vec![
            InformationRequestAnswered {
                request: self.request,
                agency: asked.agency,
                whereabouts: code.unwrap_or(Whereabouts::Unknown),
                detailed: asked.detailed,
                known_code: code.is_some(),
            }
            .into(),
        ])
    }
}

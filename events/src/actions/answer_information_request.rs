//! E18: an agency answers; what the code means for the rules is read off it here (§1.8, R25).

use chrono::Days;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::envelope::Role;
use crate::event::{Agency, CaseEvent, InformationRequestAnswered, RequestNumber, TaskAdded, TaskKind, Whereabouts};
use crate::ids::Code;
use crate::input::BadInput;
use crate::parts::AnswerParts;
use crate::personal::Personal;
use crate::refusal::Refusal;

/// Records an agency's answer; an answer to a request that was withdrawn meanwhile is kept too (R40).
///
/// The code as answered is personal and kept verbatim, also one that nobody knows. The event holds what it means for the
/// rules, by the table of the policy in force, and nothing else of it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerInformationRequest {
    /// Which request of the case.
    pub request: RequestNumber,
    /// The code as far as it can be one of a table; the policy of the day says what it means (§1.8).
    #[serde(skip)]
    code: Personal<Option<Code>>,
}

impl Action for AnswerInformationRequest {
    const NAME: &'static str = "answer-information-request";
    const SUMMARY: &'static str = "Records the answer of Immigration NZ or MSD.";
    const RULES: &'static str = "E18, R20, R22, R25, R40, Q33, Q38";
    const WHO: &'static [Who] = &[Who::Agency, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = AnswerParts;

    fn complete(mut self, personal: &AnswerParts) -> Result<Self, BadInput> {
        self.code = Personal::new(personal.answer.code.reveal().trim().to_ascii_uppercase().parse().ok());
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
        let code = self.code.reveal().filter(|_| asked.agency == Agency::Inz);
        let meaning = code.and_then(|code| at.policy.tables.whereabouts(code, at.today()));
        let answered = InformationRequestAnswered {
            request: self.request,
            agency: asked.agency,
            whereabouts: meaning.unwrap_or(Whereabouts::Unknown),
            detailed: asked.detailed,
            known_code: meaning.is_some(),
        };
        let mut events = vec![answered.into()];
        events.extend(read_it(case, at)?);
        Ok(events)
    }
}

/// Q33: whatever was answered, the provider gets a task to read it and act on it; the case never closes by itself, and
/// the task tells nothing of the answer.
fn read_it(case: &Case, at: &At<'_>) -> Result<Option<CaseEvent>, Refusal> {
    let days = at.policy.moves.read_answer_days;
    let Some(due_on) = at.today().checked_add_days(Days::new(u64::from(days))) else { return Ok(None) };
    if days == 0 || case.provider().is_none() || !case.status.is_active() {
        return Ok(None);
    }
    let task = case.next_task()?;
    Ok(Some(TaskAdded { task, kind: TaskKind::ReadAnswer, due_on, assigned_to: None }.into()))
}

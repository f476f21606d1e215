//! What people can do with a case: the table of actions, and what they all have in common.
//!
//! One file an action in `actions/`: its facts as they are sent, who may record it, what it does on a closed
//! case, and its rule. To add one: the file, a row in the table below, a specification.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use crate::actions::*;
use crate::case::{Case, Owner, Status};
use crate::dates::OccurredAt;
use crate::envelope::Role;
use crate::event::CaseEvent;
use crate::input::{self, BadInput};
use crate::machine::Context;
use crate::parts::PersonalParts;
use crate::personal::Part;
use crate::reference::Reference;
use crate::refusal::Refusal;

/// What a rule may know beside the case: who, when, and the reference data of the day.
pub struct At<'a> {
    /// Who asks, and when it will be recorded.
    pub context: &'a Context,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// Schools, catchments and providers.
    pub reference: &'a Reference,
}

/// Who may record an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Staff of the provider that holds the case.
    CurrentProvider,
    /// Its workflow lead.
    CurrentWorkflowLead,
    /// Staff of any provider: a second provider agrees to a move.
    AnyProvider,
    /// The school the case came from or where the student is enrolled.
    CaseSchool,
    /// The Ministry team CIT.
    Cit,
    /// The enrolment register.
    Enrol,
    /// Immigration NZ or MSD.
    Agency,
    /// The Education Service Desk.
    ServiceDesk,
}

/// What an action does on a closed case (R40).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnClosed {
    /// It is refused.
    Refused,
    /// A late record: taken when it occurred before the closing day or on it.
    IfItOccurredBefore,
    /// It is taken.
    Accepted,
}

/// Something that can be done with a case.
pub trait Action: for<'de> Deserialize<'de> + JsonSchema {
    /// Its name in URLs, imperative.
    const NAME: &'static str;
    /// One sentence for people.
    const SUMMARY: &'static str;
    /// The ids of the rules and events it carries out.
    const RULES: &'static str;
    /// Who may record it.
    const WHO: &'static [Who];
    /// What it does on a closed case (R40).
    const ON_CLOSED: OnClosed = OnClosed::IfItOccurredBefore;
    /// The personal parts it takes.
    type Personal: PersonalParts;

    /// Decides it on a case; an empty list means there is nothing to do.
    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal>;
}

/// A row of the table: what is known of an action without doing it.
#[derive(Clone, Copy)]
pub struct ActionInfo {
    /// Its name in URLs.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The ids of the rules and events it carries out.
    pub rules: &'static str,
    /// Who may record it.
    pub who: &'static [Who],
    /// What it does on a closed case.
    pub on_closed: OnClosed,
    /// JSON Schema of its facts.
    pub facts: fn(&mut SchemaGenerator) -> Schema,
    /// JSON Schema of its personal parts.
    pub personal: fn(&mut SchemaGenerator) -> Schema,
}

macro_rules! case_actions {
    ($($name:ident,)*) => {
        /// Something to be done with a case, its facts read and checked for form.
        #[derive(Clone, Debug)]
        pub enum CaseAction {
            $(#[doc = concat!("See [`", stringify!($name), "`].")] $name($name),)*
        }

        /// Every action on a case.
        pub const ACTIONS: &[ActionInfo] = &[$(ActionInfo {
            name: $name::NAME,
            summary: $name::SUMMARY,
            rules: $name::RULES,
            who: $name::WHO,
            on_closed: $name::ON_CLOSED,
            facts: |generator| generator.subschema_for::<$name>(),
            personal: |generator| generator.subschema_for::<<$name as Action>::Personal>(),
        },)*];

        impl CaseAction {
            /// Reads an action by name from its JSON facts and personal parts; `None` for an unknown name.
            pub fn parse(name: &str, facts: &str, personal: &str) -> Option<Result<(CaseAction, Vec<Part>), BadInput>> {
                match name {
                    $($name::NAME => Some(read::<$name>(facts, personal).map(|(action, parts)| (CaseAction::$name(action), parts))),)*
                    _ => None,
                }
            }

            /// Returns the row of the table.
            pub fn info(&self) -> &'static ActionInfo {
                let name = match self { $(CaseAction::$name(_) => $name::NAME,)* };
                ACTIONS.iter().find(|info| info.name == name).expect("the table is made from the same list")
            }

            /// Decides the action's own rule.
            fn rule(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
                match self { $(CaseAction::$name(action) => action.decide(case, at),)* }
            }
        }

        $(impl From<$name> for CaseAction {
            fn from(action: $name) -> Self { CaseAction::$name(action) }
        })*
    };
}

case_actions! {
    AssignCaseManager,
    AddComment,
    ChangeCommentSharing,
    CloseCase,
    ReopenCase,
}

fn read<A: Action>(facts: &str, personal: &str) -> Result<(A, Vec<Part>), BadInput> {
    let action = input::read(facts, "/facts")?;
    let parts = input::read::<A::Personal>(personal, "/personal")?.into_parts();
    Ok((action, parts))
}

impl CaseAction {
    /// Decides the action: who, when, closed or not, then its own rule.
    pub fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let info = self.info();
        may_record(info.who, case, at)?;
        if at.occurred_at.is_after(at.context.now) {
            return Err(Refusal::InTheFuture { today: at.context.now.auckland() });
        }
        takes_it(info.on_closed, case, at)?;
        self.rule(case, at)
    }
}

/// R40, E4: what a closed case, and a notification that was not referred, still take.
fn takes_it(on_closed: OnClosed, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    if case.status == Status::NotReferred && on_closed != OnClosed::Accepted {
        return Err(Refusal::NotReferred);
    }
    let Some(ending) = case.ending else { return Ok(()) };
    let taken = match on_closed {
        OnClosed::Refused => false,
        OnClosed::IfItOccurredBefore => at.occurred_at.auckland() <= ending.on && is_a_past_date(at),
        OnClosed::Accepted => true,
    };
    if taken { Ok(()) } else { Err(Refusal::CaseIsClosed { closed_on: ending.on, reason: ending.reason }) }
}

/// A late record speaks of an earlier day; what happens now is no late record, also on the closing day.
fn is_a_past_date(at: &At<'_>) -> bool {
    match at.occurred_at {
        OccurredAt::Day(day) => day <= at.context.now.auckland(),
        OccurredAt::Instant(time) => time < at.context.now,
    }
}

/// Returns whether the actor is one of those who may record it, and otherwise the refusal that helps most.
fn may_record(who: &'static [Who], case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    let actor = at.context.actor;
    let fits = |who: &Who| match who {
        Who::CurrentProvider => actor.role.is_provider() && case.provider() == Some(actor.organisation),
        Who::CurrentWorkflowLead => actor.role == Role::WorkflowLead && case.provider() == Some(actor.organisation),
        Who::AnyProvider => actor.role.is_provider(),
        Who::CaseSchool => {
            actor.role.is_school()
                && (case.school == actor.organisation || case.enrolled_at == Some(actor.organisation))
        }
        Who::Cit => actor.role == Role::Cit,
        Who::Enrol => actor.role == Role::Enrol,
        Who::Agency => matches!(actor.role, Role::Inz | Role::Msd),
        Who::ServiceDesk => actor.role == Role::ServiceDesk,
    };
    if who.iter().any(fits) {
        return Ok(());
    }
    let providers = who.iter().any(|who| matches!(who, Who::CurrentProvider | Who::CurrentWorkflowLead));
    match case.owner {
        Owner::Provider(holder) if providers && actor.role.is_provider() && holder != actor.organisation => {
            Err(Refusal::NotTheCurrentProvider { holder })
        }
        Owner::Ministry | Owner::Cit { .. } if providers && actor.role.is_provider() => Err(Refusal::NotWithAProvider),
        _ => Err(Refusal::NotThisRole { needed: needed(who) }),
    }
}

fn needed(who: &'static [Who]) -> &'static str {
    match who.first() {
        Some(Who::CurrentProvider) => "staff of the provider that holds the case",
        Some(Who::CurrentWorkflowLead) => "the workflow lead of the provider that holds the case",
        Some(Who::AnyProvider) => "staff of a provider",
        Some(Who::CaseSchool) => "the student's school",
        Some(Who::Cit) => "CIT",
        Some(Who::Enrol) => "the enrolment register",
        Some(Who::Agency) => "the agency that was asked",
        Some(Who::ServiceDesk) => "the Service Desk",
        None => "nobody",
    }
}

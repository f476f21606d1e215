//! What people can do with a case: the table of actions, and what they all have in common.
//!
//! One file an action in `actions/`: its facts as they are sent, who may record it, what it does on a closed
//! case, and its rule. To add one: the file, a row in the table below, a specification.

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use crate::actions::*;
use crate::case::{Case, Owner, Status};
use crate::dates::OccurredAt;
use crate::envelope::{Actor, Role};
use crate::event::CaseEvent;
use crate::ids::{CaseId, Version};
use crate::input::{self, BadInput};
use crate::machine::Context;
use crate::parts::PersonalParts;
use crate::personal::Part;
use crate::policy::Policy;
use crate::reference::Reference;
use crate::refusal::Refusal;

/// What a rule may know beside the case: who, when, and the reference data and policy of the day.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// Who asks, and when it will be recorded.
    pub context: &'a Context,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// Schools, catchments and providers.
    pub reference: &'a Reference,
    /// The policy in force on the day.
    pub policy: &'a Policy,
    /// The two cases of an action that speaks of another one; absent where both are the same.
    pub pair: Option<Pair<'a>>,
}

/// A case, and another that an action on it speaks of.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    /// The case the action is on.
    pub this_id: CaseId,
    /// The other one.
    pub other: &'a Case,
}

impl At<'_> {
    /// Returns *today* for the rules: the Auckland date of recording (Q23).
    pub fn today(&self) -> NaiveDate {
        self.context.now.auckland()
    }

    /// Refuses a date that has not come yet (Q23); the field is named by JSON pointer.
    pub fn not_in_the_future(&self, field: &'static str, day: NaiveDate) -> Result<(), Refusal> {
        let today = self.today();
        if day > today { Err(Refusal::InTheFuture { field, today }) } else { Ok(()) }
    }

    /// Refuses that it happened later than now (Q23).
    pub fn has_happened(&self) -> Result<(), Refusal> {
        match self.occurred_at.is_after(self.context.now) {
            true => Err(Refusal::InTheFuture { field: "/occurred_at", today: self.today() }),
            false => Ok(()),
        }
    }

    /// Refuses a day that has passed where one that lies ahead is asked for; the field is named by JSON pointer.
    pub fn not_in_the_past(&self, field: &'static str, day: NaiveDate) -> Result<(), Refusal> {
        let today = self.today();
        if day < today { Err(Refusal::InThePast { field, today }) } else { Ok(()) }
    }

    /// Returns the two cases; refuses an action that speaks of its own case as of another.
    pub fn pair(&self) -> Result<Pair<'_>, Refusal> {
        self.pair.ok_or(Refusal::SameCase)
    }
}

/// Who may record an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Of the provider that holds the case: its workflow lead, and the case manager the case is assigned to.
    CurrentProvider,
    /// Its workflow lead.
    CurrentWorkflowLead,
    /// Staff of any provider: a second provider agrees to a move.
    AnyProvider,
    /// The school where the student is enrolled today (V1, V2), its primary contacts where they are named; the school of
    /// before no longer (Q28, Q29).
    CaseSchool,
    /// The Ministry team CIT.
    Cit,
    /// The enrolment register.
    Enrol,
    /// Immigration NZ or MSD.
    Agency,
    /// The Education Service Desk.
    ServiceDesk,
    /// The Attendance Prosecutions Unit, of a case it was notified of (E36).
    Prosecutions,
}

/// What an action does on a closed case (R40).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnClosed {
    /// It is refused.
    Refused,
    /// A late record: taken when it occurred before the case was closed.
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
    /// Whether it moves the case to another provider: then an open information request forbids it (R20).
    const MOVES: bool = false;
    /// The personal parts it takes.
    type Personal: PersonalParts;

    /// Checks its form beyond single fields, and derives the facts that follow from personal parts: done at the edge,
    /// where the command is read, so that `decide` reads facts alone.
    fn complete(self, personal: &Self::Personal) -> Result<Self, BadInput> {
        let _ = personal;
        Ok(self)
    }

    /// Returns whether an open information request forbids it (R20).
    fn is_pinned(&self, policy: &Policy) -> bool {
        let _ = policy;
        Self::MOVES
    }

    /// Names another case it speaks of, with the version that was seen; its state is held before it is decided.
    fn other(&self) -> Option<(CaseId, Option<Version>)> {
        None
    }

    /// Returns whether what happens to the case happens to the other one alike.
    fn tells_the_other(&self) -> bool {
        false
    }

    /// Returns what happens to the other case.
    fn to_the_other(&self, case: &Case, at: &At<'_>) -> Vec<CaseEvent> {
        let _ = (case, at);
        vec![]
    }

    /// Returns a refusal that tells an actor who may not record it more than *not this role* would.
    fn told(role: Role) -> Option<Refusal> {
        let _ = role;
        None
    }

    /// Refuses an actor whom [`Action::WHO`] lets through but this action does not.
    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        let _ = (case, at);
        Ok(())
    }

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
    /// Whether it moves the case to another provider (R20).
    pub moves: bool,
    /// JSON Schema of its facts.
    pub facts: fn(&mut SchemaGenerator) -> Schema,
    /// JSON Schema of its personal parts.
    pub personal: fn(&mut SchemaGenerator) -> Schema,
}

/// The events of a case, and of another that an action on it speaks of.
pub type Both = (Vec<CaseEvent>, Vec<CaseEvent>);

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
            moves: $name::MOVES,
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

            /// Asks the action what it tells an actor who may not record it.
            fn told(&self, role: Role) -> Option<Refusal> {
                match self { $(CaseAction::$name(_) => $name::told(role),)* }
            }

            /// Asks the action about the actor.
            fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
                match self { $(CaseAction::$name(action) => action.may(case, at),)* }
            }

            /// Asks the action whether an open request forbids it.
            fn is_pinned(&self, policy: &Policy) -> bool {
                match self { $(CaseAction::$name(action) => action.is_pinned(policy),)* }
            }

            /// Names another case the action speaks of, with the version that was seen.
            pub fn other(&self) -> Option<(CaseId, Option<Version>)> {
                match self { $(CaseAction::$name(action) => action.other(),)* }
            }

            /// Decides the action's own rule: the events of the case, and those of the other one it speaks of.
            pub fn rule(&self, case: &Case, at: &At<'_>) -> Result<Both, Refusal> {
                match self { $(CaseAction::$name(action) => {
                    let here = action.decide(case, at)?;
                    let there = match (here.is_empty(), action.tells_the_other()) {
                        (true, _) => vec![],
                        (false, true) => here.clone(),
                        (false, false) => action.to_the_other(case, at),
                    };
                    Ok((here, there))
                })* }
            }
        }

        $(impl From<$name> for CaseAction {
            fn from(action: $name) -> Self { CaseAction::$name(action) }
        })*
    };
}

case_actions! {
    CompleteMinistryCheck,
    AllocateCase,
    AssignCaseManager,
    ReviewCase,
    HoldSchoolMeeting,
    HoldCaregiverMeeting,
    EngageStudent,
    EngageCaregiver,
    AttemptContact,
    RecordContactDetails,
    MarkContactDetailsOutOfDate,
    RecordPlan,
    AddComment,
    ChangeCommentSharing,
    ChangePrimaryContact,
    ChangeEnrolment,
    OpenInformationRequest,
    AnswerInformationRequest,
    WithdrawInformationRequest,
    RecordOverseasEvidence,
    RequestDetailedCheck,
    SetNotLocated,
    ClearNotLocated,
    RecordAgreement,
    ReallocateToCit,
    ReallocateByCit,
    DeclineReallocation,
    ReallocateToCatchmentProvider,
    CloseCase,
    ReopenCase,
    UpdateRisk,
    UploadFile,
    ChangeFileSharing,
    AddTask,
    CompleteTask,
    AddCalendarEvent,
    PauseCase,
    ResumeCase,
    Waitlist,
    RemoveFromWaitlist,
    RecordPathway,
    NoteHomeEducationApplication,
    GrantExemption,
    DeclineExemption,
    RevokeExemption,
    IdentifyNeed,
    FundNeed,
    ReferToOrangaTamariki,
    ReportConcern,
    NotifyProsecution,
    RecordProsecutionOutcome,
    MergeCases,
    UnmergeCase,
    ReportDualActive,
    DismissDualActive,
    RecordNotification,
    DeclineMove,
    AttachStatementOfCorrection,
    GivePrivacyNotice,
}

fn read<A: Action>(facts: &str, personal: &str) -> Result<(A, Vec<Part>), BadInput> {
    let action: A = input::read(facts, "/facts")?;
    let personal: A::Personal = input::read(personal, "/personal")?;
    let action = action.complete(&personal)?;
    Ok((action, personal.into_parts()))
}

impl CaseAction {
    /// Asks what comes before the action's own rule, in the order refusals win: who, when, ended or not, pinned or not.
    pub fn before_the_rule(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        let info = self.info();
        may_record(info.who, case, at).map_err(|no| self.told(at.context.actor.role).unwrap_or(no))?;
        self.may(case, at)?;
        at.has_happened()?;
        takes_it(info.on_closed, case, at)?;
        if case.pins() > 0 && self.is_pinned(at.policy) {
            return Err(Refusal::PinnedByRequest { open: case.pins() });
        }
        Ok(())
    }
}

/// R40, E4, R28: what a closed case, a notification that was not referred, and a case that was merged still take.
fn takes_it(on_closed: OnClosed, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    if case.status == Status::NotReferred && on_closed != OnClosed::Accepted {
        return Err(Refusal::NotReferred);
    }
    if let Some(into) = case.merged_into.filter(|_| on_closed != OnClosed::Accepted) {
        return Err(Refusal::CaseIsMerged { into });
    }
    let Some(ending) = case.ending else { return Ok(()) };
    let taken = match on_closed {
        OnClosed::Refused => false,
        OnClosed::IfItOccurredBefore => ending.follows(at.occurred_at),
        OnClosed::Accepted => true,
    };
    if taken { Ok(()) } else { Err(Refusal::CaseIsClosed { closed_on: ending.on, reason: ending.reason }) }
}

/// Returns whether the actor is one of those who may record it, and otherwise the refusal that helps most.
fn may_record(who: &'static [Who], case: &Case, at: &At<'_>) -> Result<(), Refusal> {
    let actor = at.context.actor;
    let fits = |who: &Who| match who {
        Who::CurrentProvider => case.provider() == Some(actor.organisation) && works_it(actor, case),
        Who::CurrentWorkflowLead => actor.role == Role::WorkflowLead && case.provider() == Some(actor.organisation),
        Who::AnyProvider => actor.role.is_provider(),
        Who::CaseSchool => case.enrolled_at(at.today()) == Some(actor.organisation) && is_asked(actor, case, at),
        Who::Cit => actor.role == Role::Cit,
        Who::Enrol => actor.role == Role::Enrol,
        Who::Agency => matches!(actor.role, Role::Inz | Role::Msd),
        Who::ServiceDesk => actor.role == Role::ServiceDesk,
        Who::Prosecutions => actor.role == Role::ProsecutionsUnit && case.prosecution,
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
        Owner::Provider(_) if who.contains(&Who::CurrentProvider) && actor.role == Role::CaseManager => {
            Err(Refusal::NotThisRole { needed: "the case manager the case is assigned to" })
        }
        _ => Err(Refusal::NotThisRole { needed: needed(who, actor.role) }),
    }
}

/// Writing follows reading: a case manager works the cases assigned to them (domain §2.1).
fn works_it(actor: Actor, case: &Case) -> bool {
    match actor.role {
        Role::WorkflowLead => true,
        Role::CaseManager => case.manager == Some(actor.person),
        _ => false,
    }
}

/// Writing follows reading: a primary contact speaks for the cases they are named in (domain §2.1).
fn is_asked(actor: Actor, case: &Case, at: &At<'_>) -> bool {
    match actor.role {
        Role::PrimaryContact => case.primary_contact(at.today()) == Some(actor.person),
        role => role.is_school(),
    }
}

/// Names who records it: for a school the school that may, where one may; else whom the action names first.
fn needed(who: &'static [Who], role: Role) -> &'static str {
    let schools = who.iter().find(|who| role.is_school() && **who == Who::CaseSchool);
    match schools.or(who.first()) {
        Some(Who::CurrentProvider) => "staff of the provider that holds the case",
        Some(Who::CurrentWorkflowLead) => "the workflow lead of the provider that holds the case",
        Some(Who::AnyProvider) => "staff of a provider",
        Some(Who::CaseSchool) => "the school where the student is enrolled",
        Some(Who::Cit) => "CIT",
        Some(Who::Enrol) => "the enrolment register",
        Some(Who::Agency) => "the agency that was asked",
        Some(Who::ServiceDesk) => "the Service Desk",
        Some(Who::Prosecutions) => "the Attendance Prosecutions Unit",
        None => "nobody",
    }
}

//! What a rule answers when it says no: the rule, what was true, and what would make it possible.
//!
//! When several apply, the first wins, in this order: the actor (E47, A7, R22's CIT, R26, V4), the time (Q23), the closed
//! case (R40, E4, R28), the pin (R20), then the rules of the action in the order they stand in its file.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::event::{CaseKind, ClosureReason};
use crate::ids::{CaseId, Code};

mod source;

pub use source::source_of;

macro_rules! refusals {
    ($($(#[doc = $doc:literal])* $name:ident $({ $($field:ident: $type:ty),* })? = $rule:literal, $code:literal, $what:literal, $way_out:literal;)*) => {
        /// A command that a rule does not allow; nothing was written.
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
        #[serde(untagged)]
        pub enum Refusal {
            $($(#[doc = $doc])* $name $({ $(#[doc = "What was true."] $field: $type),* })?,)*
        }

        impl Refusal {
            /// Returns the id of the rule in the domain's list.
            pub fn rule(&self) -> &'static str {
                match self { $(Refusal::$name { .. } => $rule,)* }
            }

            /// Returns the stable code programs may switch on.
            pub fn code(&self) -> &'static str {
                match self { $(Refusal::$name { .. } => $code,)* }
            }

            /// Returns what would make it possible.
            pub fn way_out(&self) -> &'static str {
                match self { $(Refusal::$name { .. } => $way_out,)* }
            }

            /// Every refusal as (rule, code, way out), in the order of the list.
            pub const ALL: &[(&'static str, &'static str, &'static str)] = &[$(($rule, $code, $way_out),)*];

            /// The sentence of each refusal, in the order of [`Refusal::ALL`], with facts in braces.
            pub const SENTENCES: &[&'static str] = &[$($what,)*];
        }

        impl std::fmt::Display for Refusal {
            #[allow(unused_variables, reason = "not every sentence names every fact")]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $(Refusal::$name $({ $($field),* })? => write!(f, $what),)* }
            }
        }
    };
}

refusals! {
    /// The case is not known, or not the asker's to know of.
    UnknownCase = "404", "unknown-case",
        "there is no such case", "check the case id";
    /// The time lies in the future.
    InTheFuture { field: &'static str, today: NaiveDate } = "Q23", "in-the-future",
        "the time given ({field}) lies in the future; today is {today} in New Zealand", "give the time it happened";
    /// The day lies behind where one ahead is asked for.
    InThePast { field: &'static str, today: NaiveDate } = "E39", "in-the-past",
        "the day given ({field}) has passed; today is {today} in New Zealand", "give today or a day ahead";
    /// The action belongs to the provider that holds the case.
    NotTheCurrentProvider { holder: Code } = "A7", "not-the-current-provider",
        "the case is with {holder}, which alone records this", "ask that provider, or have the case reallocated";
    /// The case is with nobody who could do this: not allocated, or with CIT.
    NotWithAProvider = "A7", "not-with-a-provider",
        "the case is not with a provider at present", "wait until it is allocated";
    /// Nobody granted the actor this role in this organisation, or not for today.
    NoGrant { role: &'static str, organisation: Code } = "E47", "no-grant",
        "no live grant of {role} for {organisation} lets this person act", "let the organisation's delegated authoriser, or the Service Desk, grant the role";
    /// The actor's role does not do this.
    NotThisRole { needed: &'static str } = "A7", "not-this-role",
        "this is recorded by {needed}", "let that role record it";
    /// The case was closed.
    CaseIsClosed { closed_on: NaiveDate, reason: ClosureReason } = "R40", "case-is-closed",
        "the case was closed on {closed_on}", "record only what occurred before that day, or reopen the case with a reason";
    /// The notification was not referred to a provider and has ended.
    NotReferred = "E4", "not-referred",
        "the Ministry's check ended this notification", "notify the student again if things have changed";
    /// The Ministry's check still has to be made.
    CheckIsPending = "E4", "check-is-pending",
        "the Ministry's check of this notification is not complete", "complete the check first";
    /// There is no check to complete.
    NoCheckPending = "E4", "no-check-pending",
        "this case has no notification that waits for the Ministry's check", "nothing needs to be done";
    /// The automatic immigration check is still open.
    AutomaticCheckOpen = "R14", "automatic-check-open",
        "the check with Immigration NZ that *Gone Overseas* triggered is not answered", "wait for the answer, or withdraw the request";
    /// More absence than school.
    MoreAbsentThanOpen { absent_half_days: u16, open_half_days: u16 } = "Q2", "more-absent-than-open",
        "{absent_half_days} half-days absent are more than the {open_half_days} the school was open", "check both counts";
    /// The threshold is not reached and no reason was given.
    BelowThreshold { absent_half_days: u16, threshold_half_days: u16 } = "R3", "below-threshold",
        "{absent_half_days} half-days absent are below the {threshold_half_days} that advise a referral", "give the reason for an earlier referral (`earlier_because`)";
    /// The school's own steps come first.
    SchoolStepsFirst = "R1", "school-steps-first",
        "the school's own steps have not been taken", "take them first; the service is for absence that they did not change";
    /// A temporary absence with a known return date stays on the roll.
    StaysOnTheRoll = "R10", "stays-on-the-roll",
        "an absence with a known return date is temporary: the student stays on the roll", "keep the student enrolled, or notify when the date has passed";
    /// The last day of attendance cannot follow the withdrawal.
    LastDayAfterWithdrawal { last_day: NaiveDate, withdrawn_on: NaiveDate } = "R14", "last-day-after-withdrawal",
        "the last day of attendance ({last_day}) lies after the withdrawal ({withdrawn_on})", "give the last day the student was present";
    /// The school is not in the reference data on that day.
    UnknownSchool { school: Code } = "R41", "unknown-school",
        "school {school} is not in the reference data of that day", "check the code, or load the reference data";
    /// No provider serves the catchment on that day.
    NoProvider { catchment: Code } = "R41", "no-provider",
        "no provider serves catchment {catchment} on that day", "load the reference data";
    /// The catchment is not in the reference data.
    UnknownCatchment { catchment: Code } = "R41", "unknown-catchment",
        "catchment {catchment} is not in the reference data", "check the code";
    /// A row of reference data stands on a catchment that no row gives a provider.
    CatchmentWithoutProvider { catchment: Code } = "R41", "catchment-without-provider",
        "catchment {catchment} is in no row of kind `catchment`, neither recorded nor sent along", "check the code, or send the row that names its provider first";
    /// In-school provision of a school that no row gives a catchment.
    SchoolWithoutCatchment { school: Code } = "R41", "school-without-catchment",
        "school {school} is in no row of kind `school`, neither recorded nor sent along", "check the code, or send the row that names its catchment first";
    /// A row of reference data would begin many years ahead.
    FarAhead { from: NaiveDate, last: NaiveDate } = "R41", "far-ahead",
        "the row begins on {from}; rows that begin after {last} are not taken", "check the year, or send it when the day is near";
    /// The provider is not in the reference data.
    UnknownProvider { provider: Code } = "R41", "unknown-provider",
        "provider {provider} is not in the reference data of that day", "check the code";
    /// Policy says that risk updates are of cases.
    RiskIsOfCases = "Q14", "risk-is-of-cases",
        "policy says that a risk update is of a case, not of the provider", "record `update-risk` on the case, or have the policy changed (measures.risk_of)";
    /// The school holds no in-school provision.
    NoInSchoolProvider { school: Code } = "R41", "no-in-school-provider",
        "school {school} holds no in-school provision on that day", "refer to the catchment's provider";
    /// The student has an active case.
    StudentHasActiveCase { case: CaseId } = "R27", "student-has-active-case",
        "the student has an active case ({case})", "work on that case";
    /// An open information request pins the case.
    PinnedByRequest { open: u16 } = "R20", "pinned-by-request",
        "{open} information request(s) to Immigration NZ or MSD are open: the case stays with its provider", "wait for the answer, or withdraw the request";
    /// The request named is not open.
    NoSuchOpenRequest = "E18", "no-such-open-request",
        "there is no open request of that number", "check the number on the case";
    /// The same agency is being asked already.
    AlreadyAsked = "E17", "already-asked",
        "a request to that agency is open already", "wait for its answer, or withdraw it";
    /// Another agency answered.
    OtherAgency = "E18", "other-agency",
        "the request went to another agency", "answer the request of that agency";
    /// Closing as out of the country needs Immigration NZ's latest answer to be OUT.
    NotConfirmedOut = "R22", "not-confirmed-out",
        "the latest answer of Immigration NZ is not OUT", "ask Immigration NZ; if the answer is IN but the family has left, gather evidence and ask CIT for a detailed check (R23)";
    /// Closing as out of the country needs every request answered.
    RequestStillOpen = "R22", "request-still-open",
        "an information request is still open", "wait for the answer, or withdraw the request";
    /// CIT does not close cases.
    CitDoesNotClose = "R22", "cit-does-not-close",
        "the current provider closes a case, CIT does not", "let the provider close it";
    /// The reason to close does not fit the kind of case.
    ReasonDoesNotFit { kind: CaseKind } = "E30", "reason-does-not-fit",
        "this reason does not close a case of this kind", "choose another reason";
    /// A detailed check needs the answer that it doubts.
    NothingToDoubt = "R23", "nothing-to-doubt",
        "a detailed check is asked for when Immigration NZ answered that the student is in the country", "ask Immigration NZ first";
    /// A detailed check needs evidence.
    NoEvidence = "R23", "no-evidence",
        "there is no evidence on the case that the student is overseas", "ask the parents for documents and put them on the case";
    /// Not Located needs a check that was answered.
    NoAnsweredCheck = "R19", "no-answered-check",
        "no check with Immigration NZ or MSD was answered", "make the checks, or say why there is none (`no_check_because`)";
    /// Not Located needs an attempt at contact.
    NoAttempt = "R19", "no-attempt",
        "no attempt at contact is recorded", "try to reach the student and record the attempt";
    /// Not Located needs every request answered.
    ChecksStillOpen = "R19", "checks-still-open",
        "an information request is still open", "wait for the answer, or withdraw the request";
    /// A confirmed address outside the catchment is needed.
    NoConfirmedAddressOutside = "R15", "no-confirmed-address-outside",
        "there is no confirmed address outside the catchment", "record the confirmed address, or agree with the other provider (R16); without either, keep locating (R18)";
    /// The other provider has not agreed.
    NoAgreement { target: Code } = "R16", "no-agreement",
        "no agreement of {target} is given", "reach the agreement first; without it or a confirmed address, keep locating (R18)";
    /// Both providers must agree when the student is enrolled.
    BothMustAgree { missing: Code } = "R17", "both-must-agree",
        "the student is enrolled: the agreement of {missing} is missing", "reach the agreement of both providers first";
    /// The reasonable grounds are not named.
    NoGrounds = "R16", "no-grounds",
        "the reasonable grounds are not named", "name them (`grounds`)";
    /// Only the two providers of a move agree to it.
    NotAParty { provider: Code } = "R16", "not-a-party",
        "{provider} is neither the provider that has the case nor the one that would take it", "give the agreement of those two";
    /// A provider speaks for itself in the system.
    OnlyItselfInSystem { provider: Code } = "R16", "only-itself-in-system",
        "an agreement given in the system is recorded by {provider} itself", "say how it was reached (phone, email, in person), or let that provider record it";
    /// The basis belongs to students who are not enrolled.
    StudentIsEnrolled = "R17", "student-is-enrolled",
        "the student is enrolled", "use the basis `enrolled_elsewhere`, with the agreement of both providers";
    /// The basis belongs to enrolled students.
    StudentIsNotEnrolled = "R17", "student-is-not-enrolled",
        "the student is not enrolled", "use a confirmed address (R15) or reasonable grounds with agreement (R16)";
    /// The target must be named.
    TargetMissing = "R16", "target-missing",
        "the provider the case should go to is not named", "name it (`target`)";
    /// The case is there already.
    AlreadyThere { provider: Code } = "R16", "already-there",
        "the case is with {provider} already", "nothing needs to be done";
    /// The case is not with CIT.
    NotWithCit = "E24", "not-with-cit",
        "the case is not with CIT", "only a case that was passed to CIT can be passed on or declined";
    /// The case is with CIT.
    IsWithCit = "E24", "is-with-cit",
        "the case is with CIT", "pass it on with `reallocate-by-cit`, or decline it";
    /// CIT would give the case to the provider it came from.
    BackToSender { sender: Code } = "E24", "back-to-sender",
        "{sender} passed this case to CIT", "send it back with `decline-reallocation` and the reason";
    /// The provider does not serve the catchment.
    DoesNotServe { provider: Code, catchment: Code } = "R41", "does-not-serve",
        "{provider} does not serve catchment {catchment} on that day", "name a catchment it serves, or another provider";
    /// The provider serves several catchments.
    CatchmentNeeded { provider: Code } = "R41", "catchment-needed",
        "{provider} serves several catchments", "name the one the case is for (`catchment`)";
    /// Only an in-school provider passes a case on this way.
    NotInSchool = "R21", "not-in-school",
        "the case is not with an in-school provider", "use `reallocate-to-cit`";
    /// Only the case owner decides about sharing.
    NotTheCaseOwner = "V4", "not-the-case-owner",
        "sharing with schools is decided by the case owner", "ask the case manager or the provider's workflow lead";
    /// The comment does not exist.
    UnknownComment = "E14", "unknown-comment",
        "there is no such comment on the case", "check the number on the case";
    /// A school's own comment is visible to it as it stands.
    SchoolsOwnComment = "V2", "schools-own-comment",
        "a school's own comment is visible to that school and the provider as it stands", "share comments of the provider only";
    /// There is no primary contact on a NEN case.
    NoPrimaryContactOnNen = "A3", "no-primary-contact-on-nen",
        "a non-enrolment case has no primary contact at a school", "ask the last school's office";
    /// A feed must not reopen a case.
    OnlyPeopleReopen = "R26", "only-people-reopen",
        "a closed case is reopened by a person only", "let a person reopen it, with a reason";
    /// The case is not closed.
    NotClosed = "R26", "not-closed",
        "the case is not closed", "nothing needs to be done";
    /// Nobody has recorded contact details.
    NoContactDetails = "E10", "no-contact-details",
        "no contact details are held", "record them first";
    /// What is personal about the student was destroyed.
    StudentDisposed = "PRA18", "student-disposed",
        "what is personal about the student was destroyed on lawful authority", "record facts alone; a new referral begins a new student";
    /// The command was sealed under a key that was replaced meanwhile.
    KeyReplaced = "KEYS", "key-replaced",
        "the student's key was replaced while the command was under way", "send it again under the same key";
    /// The key store does not know the student's key.
    KeyMissing = "KEYS", "key-missing",
        "the student has no key to seal personal parts under", "have the operator restore the newest copy of the key store";
    /// The personal parts were sealed for another student; a fault of the service, not of the client.
    SealedForAnother = "KEYS", "sealed-for-another",
        "the personal parts were sealed for another student", "send it again; if it happens twice, tell the operator";
    /// A hold forbids destroying anything about the student.
    LegalHold { hold: Code } = "PRA18", "legal-hold",
        "hold {hold} forbids destroying anything about the student", "have the hold lifted first";
    /// A student with an active case is not disposed of.
    CaseStillActive { case: CaseId } = "PRA18", "case-still-active",
        "the student has an active case ({case})", "close it first; records are disposed of when their retention has ended";
    /// Nobody proposed it.
    NoDisposalProposed = "PRA18", "no-disposal-proposed",
        "no disposal of this student is proposed", "let one person propose it with its authority, and another approve";
    /// The one who proposed it does not approve it.
    SecondPersonNeeded = "PRA18", "second-person-needed",
        "who proposed a disposal does not approve it", "let another person approve it";
    /// The actor's role does not grant that role.
    MayNotGrant { role: &'static str } = "A4", "may-not-grant",
        "{role} is granted and revoked by others", "ask one who may; the table of granting is in docs/access.md";
    /// A delegated authoriser grants in the own organisation alone.
    NotOwnOrganisation { organisation: Code } = "A4", "not-own-organisation",
        "{organisation} is another organisation", "ask its delegated authoriser, or the Service Desk";
    /// Nobody grants roles to themselves, or takes their own away.
    NotToOneself = "A4", "not-to-oneself",
        "nobody grants a role to themselves, or revokes their own", "ask another who may";
    /// School roles belong to schools, provider roles to providers, all others to neither.
    OrganisationDoesNotFit { organisation: Code, role: &'static str } = "A4", "organisation-does-not-fit",
        "{role} is not a role of {organisation}, as the reference data know it", "check the code, or load the reference data";
    /// A regional office has a region.
    RegionNeeded = "A12", "region-needed",
        "a regional office sees the cases of its region", "name it (`region`)";
    /// No other role has one.
    NoRegionHere = "A12", "no-region-here",
        "only a regional office has a region", "leave it out";
    /// No catchment lies in the region.
    UnknownRegion { region: Code } = "A12", "unknown-region",
        "no catchment lies in region {region} in the reference data of that day", "check the code, or load the reference data";
    /// The last day lies before the first, or has passed.
    EndsBeforeItBegins { until: NaiveDate } = "E47", "ends-before-it-begins",
        "the last day ({until}) lies before the first, or has passed", "check both days";
    /// There is no grant to revoke.
    NoSuchGrant = "E47", "no-such-grant",
        "there is no grant of that role to that person for that organisation", "check the three";
    /// The ledger always has an operator.
    LastOperator = "E47", "last-operator",
        "this is the last operator: nobody could grant the role again", "grant it to another person first";
    /// While there is no operator the ledger grants one itself, and nobody grants anything else.
    OperatorFirst = "E47", "operator-first",
        "while there is no operator the ledger grants one itself, and nothing else is granted", "name the operator in the configuration; that person grants what comes next";
    /// A value is not one of its lookup table on that day.
    NotInTable { table: &'static str } = "Q38", "not-in-table",
        "the value is not in the table {table} of the policy in force", "choose one that is (`caseledger policy show`)";
    /// A lookup table of codes has no rows, so that no code can be taken.
    TableIsEmpty { table: &'static str } = "Q38", "table-is-empty",
        "the setting tables.{table} of the policy in force has no rows, so that it takes no code", "have the owner of the service or an operator fill that table in (`caseledger policy set`), or leave the code out";
    /// A policy begins today or later.
    PolicyInThePast { today: NaiveDate } = "POLICY", "policy-in-the-past",
        "a policy takes effect on {today} or later", "give a later day; what was decided stays decided under the policy of its day";
    /// The student's last case was closed not long ago.
    RecentlyClosed { case: CaseId, closed_on: NaiveDate } = "Q3", "recently-closed",
        "the student's case {case} was closed on {closed_on}, within the time that counts as recent", "have it reopened, or ask for a separate case with a reason (`separate_because`)";
    /// A migrated case of a student who has one already.
    MigratedTwice { case: CaseId } = "K3", "migrated-twice",
        "the student has an active case here ({case})", "merge by hand what the predecessor system held apart";
    /// The case of the predecessor system is here already.
    CarriedOverAlready { case: CaseId } = "K3", "carried-over-already",
        "the case of that id in the predecessor system was carried over already ({case})", "work on that one; where two cases there bear one id, give the second an id of its own";
    /// Nobody works on the case.
    NotAtWork = "E38", "not-at-work",
        "no case manager is at work on the case", "assign it first; only work that goes on can rest";
    /// The case is at work, and waits for nothing.
    AtWorkAlready = "R8", "at-work-already",
        "the case does not wait for capacity: it is at work, or with nobody", "only a case that was allocated and has no case manager waits";
    /// The file does not exist.
    UnknownFile = "E15", "unknown-file",
        "there is no such file on the case", "check the number on the case";
    /// A school's own file is visible to it as it stands.
    SchoolsOwnFile = "V2", "schools-own-file",
        "a school's own file is visible to that school and the provider as it stands", "share files of the provider only";
    /// Policy keeps what was shared.
    SharingStays = "Q30", "sharing-stays",
        "policy does not take sharing back", "add a comment that says what is so now";
    /// The task is not open.
    NoSuchOpenTask = "E39", "no-such-open-task",
        "there is no open task of that number", "check the number on the case";
    /// The exemption is not in force.
    NoSuchExemption = "R34", "no-such-exemption",
        "no such exemption is recorded as granted by that day", "record that it was granted first";
    /// The fund is run by the catchment's provider.
    FundIsOfTheCatchmentProvider = "R35", "fund-is-of-the-catchment-provider",
        "the fund for basic needs is run by the provider of the catchment", "pass the case on, or ask that provider";
    /// The fund needs chronic absence.
    FundIsForChronicAbsence = "R35", "fund-is-for-chronic-absence",
        "the fund is for students who are enrolled and chronically absent", "use it once the student is enrolled";
    /// The school's own support comes first.
    SchoolSupportFirst = "R35", "school-support-first",
        "the school's own support is not exhausted", "exhaust it first";
    /// Other funding comes first.
    OtherFundingFirst = "R35", "other-funding-first",
        "other funding exists", "use that";
    /// The need was not identified.
    NeedNotIdentified { need: Code } = "R35", "need-not-identified",
        "need {need} is not identified on the case", "identify it first";
    /// Supports come before a prosecution.
    SupportsFirst = "R36", "supports-first",
        "not all reasonable supports are exhausted", "exhaust them first; prosecution is the last resort";
    /// There is no notification to answer.
    NoProsecution = "R36", "no-prosecution",
        "the Attendance Prosecutions Unit was not notified of this case", "notify it first";
    /// An action speaks of its own case as of another.
    SameCase = "R28", "same-case",
        "the other case is this one", "name the other case";
    /// The case went into another.
    CaseIsMerged { into: CaseId } = "R28", "case-is-merged",
        "the case was merged into {into}", "work on that case, or have the Service Desk take the merge back";
    /// The other case went into a third.
    AlreadyMerged { into: CaseId } = "R28", "already-merged",
        "the other case was merged into {into} already", "take that merge back first";
    /// An active case would go into one that has ended.
    SurvivorHasEnded = "R28", "survivor-has-ended",
        "the other case is active and this one has ended", "merge the other way round: the active case goes on";
    /// The two cases are of two students.
    TwoStudents = "R28", "two-students",
        "the two cases are of two students' ids", "confirm that they are one student (`same_student_confirmed`)";
    /// The other case was not merged into this one.
    NotMerged = "R28", "not-merged",
        "the other case was not merged into this one", "nothing needs to be done";
    /// The other case is not active.
    OtherHasEnded = "R27", "other-has-ended",
        "the other case is not active", "two active cases alone are too many";
    /// The two cases were not suspected.
    NotSuspected = "R27", "not-suspected",
        "the two cases are not marked as of one student", "nothing needs to be done";
    /// Schools are sent notices of key actions alone.
    NotAKeyAction = "Q17", "not-a-key-action",
        "policy sends schools no notice of this", "send none, or have the policy changed";
    /// CIT does not send cases back.
    CitDoesNotDecline = "Q37", "cit-does-not-decline",
        "policy does not let CIT send a case back", "pass it on to a provider";
    /// School providers are not paid this way.
    SchoolProvidersDoNotInvoice { provider: Code } = "B4", "school-providers-do-not-invoice",
        "{provider} is a school provider, which does not invoice for the withholding payment", "nothing needs to be sent";
    /// An invoice number is of one payment.
    InvoiceNumberUsed { number: Code } = "B5", "invoice-number-used",
        "invoice number {number} was used for another payment", "give a number of its own";
    /// The quarter has not ended.
    QuarterNotBegun { quarter: Code } = "B1", "quarter-not-begun",
        "quarter {quarter} has not begun", "check the quarter";
    /// Nothing is proposed to the asker's provider.
    NoMoveProposed = "R16", "no-move-proposed",
        "no move of the case to this provider is proposed", "nothing needs to be done";
    /// A case holds as many of these as can be numbered.
    TooMany { limit: u16 } = "E-64K", "too-many",
        "the case holds {limit} of these already, the most that are numbered", "ask the Service Desk";
    /// An event's public facts outgrow what is broadcast.
    TooMuch { limit_bytes: u32 } = "E-16K", "too-much",
        "the facts of this action exceed {limit_bytes} bytes", "say less, or split it into several actions";
}

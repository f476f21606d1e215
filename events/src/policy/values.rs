//! The settings, grouped by what reads them, with the defaults of the domain.

use caseledger_calendar::Calendar;
use chrono::{Days, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tables;
use crate::event::{KeyAction, Mode};
use crate::input::BadInput;

/// Declares closed choices: enums with a stored name for each.
macro_rules! choices {
    ($($(#[doc = $doc:literal])* $name:ident { $first_doc:literal $first:ident, $($variant_doc:literal $variant:ident),* $(,)? })*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            #[doc = $first_doc]
            #[default]
            $first,
            $(#[doc = $variant_doc] $variant,)*
        }
    )*};
}

choices! {
    /// Q1: how the threshold of absence is read.
    Reaches { "At least so many." AtLeast, "More than so many." MoreThan }
    /// Q4: what a referral of a student with an active case becomes.
    SecondReferral { "It is attached to the active case, whose kind may change." Attach, "It opens a case of its own, and both are marked." OpenBeside }
    /// Q3: what a referral shortly after a closure becomes.
    AfterClosure { "A new case, linked to the closed one." Link, "It is refused until the closed case is reopened, or a separate one is asked for with a reason." AskToReopen, "A new case, as any other." Nothing }
    /// Q6: what starts the clocks of M10–M13.
    ClockStart { "The day the allocation to the provider was recorded." Allocated, "The day the request was submitted." Submitted, "The day a case manager was assigned." Assigned }
    /// Q8: how quarters are cut.
    Quarters { "By school terms, without gaps." TermAligned, "By the calendar." Calendar }
    /// Q9: from which referral the weeks of M4 are counted.
    MigratedReferral { "The date the list of measures names." ListDate, "The case's own referral date." OwnDate }
    /// Q13: by which deadline M5–M8 are judged again.
    Reassessed { "By either, both shown." Either, "By the original deadline." Original }
    /// Q14: what a risk update is of.
    RiskOf { "Of the provider; of cases by level beside it." Provider, "Of cases alone." Case }
    /// Q15: when contact details must be held.
    DetailsHeld { "At any time from the start of the clock to the deadline." AnyTime, "On the deadline." AtDeadline }
    /// Q16: who must be engaged.
    Engaged { "The student and at least one caregiver." Both, "Either." Either }
    /// Q18: which referrals a quarter judges.
    Cohort { "Those due in it." Due, "Those allocated in it." Allocated }
    /// Q19: who owns the result of a case that moved.
    Moved { "The sender until it moved, the receiver by a clock of its own." Each, "The receiver." Receiver }
    /// Q21: what closing before the due date means.
    ClosedEarly { "Each measure says." PerMeasure, "It is counted like any other." Counted }
    /// Q22: where cases of in-school providers are counted.
    InSchool { "Apart." Apart, "With all others." Included }
    /// Q24: what a week is.
    Weeks { "Seven days." SevenDays, "A week of school." SchoolWeeks }
    /// Q25: from when enrolment counts.
    EnrolledFrom { "The date the register says it takes effect." Effective, "The day the ledger learned of it." Recorded }
    /// Q26, Q27: which days a period of days counts.
    DayKind { "Days the school is open." SchoolDays, "Any day." CalendarDays }
    /// Q34: how far back termly attendance reaches.
    TermlyWindow { "The last four completed terms." FourTerms, "The last twelve months." TwelveMonths }
}

/// Everything that policy decides.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Policy {
    /// When absence advises a referral.
    pub absence: Absence,
    /// What a referral meets of the same student.
    pub duplicates: Duplicates,
    /// What holds a case where it is.
    pub moves: Moves,
    /// What must have been tried before *Not Located*.
    pub location: Location,
    /// What schools see and send.
    pub sharing: Sharing,
    /// Who is told of what.
    pub notices: Notices,
    /// Periods of the enrolment register.
    pub enrolment: EnrolmentDays,
    /// What the measures read.
    pub measures: Measures,
    /// How large the service is planned.
    pub service: Service,
    /// The lookup tables.
    pub tables: Tables,
}

/// Q1, Q2: when absence advises a referral; it never hard-blocks (R3).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Absence {
    /// Q1, Q2: half-days absent in a term, two to a day.
    pub threshold_half_days: u16,
    /// Q1: how it is read.
    pub reaches: Reaches,
}

impl Default for Absence {
    fn default() -> Self {
        Absence { threshold_half_days: 30, reaches: Reaches::AtLeast }
    }
}

impl Absence {
    /// Returns whether so much absence reaches the threshold (R2).
    pub fn is_reached_by(&self, half_days: u16) -> bool {
        match self.reaches {
            Reaches::AtLeast => half_days >= self.threshold_half_days,
            Reaches::MoreThan => half_days > self.threshold_half_days,
        }
    }
}

/// Q3, Q4: what a referral meets of the same student.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Duplicates {
    /// Q4: while the student has an active case.
    pub second_referral: SecondReferral,
    /// Q3: months after a closure within which it counts as recent; at most [`RECENT_MONTHS_MAX`].
    pub recent_closure_months: u8,
    /// Q3: what a referral within them becomes.
    pub after_closure: AfterClosure,
}

/// The most months a closure may count as recent: so long is one remembered without reading.
pub const RECENT_MONTHS_MAX: u8 = 12;

impl Default for Duplicates {
    fn default() -> Self {
        let (second_referral, after_closure) = Default::default();
        Duplicates { second_referral, recent_closure_months: 3, after_closure }
    }
}

/// Q5, Q32, Q37: what holds a case where it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Moves {
    /// Q5: whether an open request also keeps the case manager.
    pub request_pins_case_manager: bool,
    /// Q32: whether an open request also keeps a case with its in-school provider.
    pub request_pins_in_school: bool,
    /// Q32: days after which an unanswered request is overdue, 0 for never; it never releases by itself.
    pub request_overdue_days: u16,
    /// Q33: days in which an agency's answer is to be read and acted on; 0 adds no task.
    pub read_answer_days: u16,
    /// Q37: whether CIT may send a case back.
    pub cit_may_decline: bool,
}

impl Moves {
    /// Returns the day from which a request made on a day is overdue; none where policy names no such day (Q32).
    pub fn overdue_on(&self, asked_on: NaiveDate) -> Option<NaiveDate> {
        let days = Some(self.request_overdue_days).filter(|&days| days > 0)?;
        asked_on.checked_add_days(Days::new(u64::from(days)))
    }
}

impl Default for Moves {
    fn default() -> Self {
        Moves {
            request_pins_case_manager: false,
            request_pins_in_school: true,
            request_overdue_days: 20,
            read_answer_days: 14,
            cit_may_decline: true,
        }
    }
}

/// Q38: what must have been tried before *Not Located* (R19).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Location {
    /// Attempts at contact (E46), at least.
    pub attempts_min: u16,
    /// Answered checks, at least, or the reason why there are fewer.
    pub answered_checks_min: u16,
}

impl Default for Location {
    fn default() -> Self {
        Location { attempts_min: 1, answered_checks_min: 1 }
    }
}

/// Q28–Q31, Q36: what schools see and send; the table of access carries out all but the second.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sharing {
    /// Q28: whether the school of before keeps what is new to it.
    pub former_school_sees_new: bool,
    /// Q29: whether the last school of a student enrolled nowhere sees what is shared with it.
    pub last_school_sees_shared: bool,
    /// Q30: whether sharing may be taken back.
    pub may_unshare: bool,
    /// Q31: whether a school may withdraw what it sent; a correction stands beside it otherwise.
    pub school_may_withdraw: bool,
    /// Q36: whether providers are shown the National Student Number.
    pub nsn_to_providers: bool,
}

impl Sharing {
    /// What the table of access carries out is set for people to read, and cannot be set to what it does not carry out.
    fn check(&self) -> Result<(), BadInput> {
        let carried_out = Sharing { may_unshare: self.may_unshare, ..Sharing::default() };
        let rows = [
            ("former_school_sees_new", self.former_school_sees_new, carried_out.former_school_sees_new),
            ("last_school_sees_shared", self.last_school_sees_shared, carried_out.last_school_sees_shared),
            ("school_may_withdraw", self.school_may_withdraw, carried_out.school_may_withdraw),
            ("nsn_to_providers", self.nsn_to_providers, carried_out.nsn_to_providers),
        ];
        match rows.into_iter().find(|(_, set, carried_out)| set != carried_out) {
            None => Ok(()),
            Some((name, _, carried_out)) => {
                let what = format!("this build carries out {carried_out} alone (docs/access.md)");
                Err(BadInput::new(format!("/policy/sharing/{name}"), what))
            }
        }
    }
}

impl Default for Sharing {
    fn default() -> Self {
        Sharing {
            former_school_sees_new: false,
            last_school_sees_shared: true,
            may_unshare: true,
            school_may_withdraw: false,
            nsn_to_providers: false,
        }
    }
}

/// Q17: who is told of what.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Notices {
    /// Q17: the key actions a school is sent an email about.
    pub to_schools: Vec<KeyAction>,
}

impl Default for Notices {
    fn default() -> Self {
        use KeyAction::*;
        Notices {
            to_schools: vec![
                RequestReceived,
                CommentShared,
                FileShared,
                CaseManagerChanged,
                PlanRecorded,
                CasePaused,
                CaseClosed,
                CaseReopened,
                CaseReallocated,
            ],
        }
    }
}

/// Q26, Q27: periods of the enrolment register.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EnrolmentDays {
    /// Q26: days in which the form is due after its task (R13).
    pub form_due_days: u16,
    /// Q27: days after which a student enrolled nowhere becomes a task (R11).
    pub task_after_days: u16,
    /// Q26, Q27: which days those are.
    pub days: DayKind,
}

impl EnrolmentDays {
    /// Returns the day by which the form is due after its task reached the school (R13, Q26).
    pub fn form_due_on(&self, task_received_on: NaiveDate) -> Option<NaiveDate> {
        self.days.after(task_received_on, self.form_due_days)
    }

    /// Returns the day on which a student enrolled nowhere becomes a task, after a withdrawal (R11, Q27).
    pub fn task_expected_on(&self, withdrawn_on: NaiveDate) -> Option<NaiveDate> {
        self.days.after(withdrawn_on, self.task_after_days)
    }
}

impl DayKind {
    /// Returns the day so many days after another; `None` where the tables do not say which days schools are open.
    fn after(self, day: NaiveDate, days: u16) -> Option<NaiveDate> {
        match self {
            DayKind::CalendarDays => day.checked_add_days(Days::new(u64::from(days))),
            DayKind::SchoolDays => {
                let open = Calendar::newest().days(SCHOOL_DAY, None, None).ok()?;
                open.end_of(day, u32::from(days)).ok()
            }
        }
    }
}

/// The definition of a school day in the calendar.
const SCHOOL_DAY: &str = "school_day";

impl Default for EnrolmentDays {
    fn default() -> Self {
        EnrolmentDays { form_due_days: 5, task_after_days: 20, days: DayKind::SchoolDays }
    }
}

/// Q6–Q16, Q18–Q25, Q34, Q39: what the measures read; a list of measures may fix its own and says so.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Measures {
    /// Q6: what starts the clocks of M10–M13.
    pub clock_start: ClockStart,
    /// Q7: the profile that says what a business day is; `a`-`z`, `0`-`9`, `_` and `-`.
    pub calendar_profile: String,
    /// Q8: how quarters are cut.
    pub quarters: Quarters,
    /// Q9: from which referral the weeks of M4 are counted.
    pub migrated_referral: MigratedReferral,
    /// Q10: whether M6 and M7 are of migrated cases alone.
    pub meetings_of_migrated_alone: bool,
    /// Q11: the modes that make a meeting for M6, M7, M10 and M11.
    pub meeting_modes: Vec<Mode>,
    /// Q12: whether a meeting before the migration counts.
    pub meeting_before_migration: bool,
    /// Q13: by which deadline M5–M8 are judged again.
    pub reassessed: Reassessed,
    /// Q14: what a risk update is of.
    pub risk_of: RiskOf,
    /// Q15: when contact details must be held.
    pub details_held: DetailsHeld,
    /// Q16: who must be engaged.
    pub engaged: Engaged,
    /// Q18: which referrals a quarter judges.
    pub cohort: Cohort,
    /// Q19: who owns the result of a case that moved.
    pub moved: Moved,
    /// Q20: whether a pause, a wait-list or *Not Located* stops clocks.
    pub pausing_stops_clocks: bool,
    /// Q21: what closing before the due date means.
    pub closed_early: ClosedEarly,
    /// Q22: where cases of in-school providers are counted.
    pub in_school: InSchool,
    /// Q23: whether the first day is counted.
    pub start_day_counts: bool,
    /// Q24: what a week is.
    pub weeks: Weeks,
    /// Q25: from when enrolment counts.
    pub enrolled_from: EnrolledFrom,
    /// Q34: how far back termly attendance reaches.
    pub termly_window: TermlyWindow,
    /// Q39: whether migrated cases are in M9–M13.
    pub migrated_in_referred: bool,
}

impl Default for Measures {
    fn default() -> Self {
        Measures {
            clock_start: ClockStart::default(),
            calendar_profile: "nz_national".to_owned(),
            quarters: Quarters::default(),
            migrated_referral: MigratedReferral::default(),
            meetings_of_migrated_alone: true,
            meeting_modes: vec![Mode::InPerson, Mode::HomeVisit, Mode::Video],
            meeting_before_migration: true,
            reassessed: Reassessed::default(),
            risk_of: RiskOf::default(),
            details_held: DetailsHeld::default(),
            engaged: Engaged::default(),
            cohort: Cohort::default(),
            moved: Moved::default(),
            pausing_stops_clocks: false,
            closed_early: ClosedEarly::default(),
            in_school: InSchool::default(),
            start_day_counts: false,
            weeks: Weeks::default(),
            enrolled_from: EnrolledFrom::default(),
            termly_window: TermlyWindow::default(),
            migrated_in_referred: false,
        }
    }
}

/// Q35: how large the service is planned.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Service {
    /// New cases a year.
    pub cases_a_year: u32,
}

impl Default for Service {
    fn default() -> Self {
        Service { cases_a_year: 80_000 }
    }
}

impl Policy {
    /// Checks what no single field shows: limits, names, tables.
    pub fn check(&self) -> Result<(), BadInput> {
        let bad = |pointer: &str, what: String| Err(BadInput::new(pointer, what));
        if self.duplicates.recent_closure_months > RECENT_MONTHS_MAX {
            let what = format!("at most {RECENT_MONTHS_MAX} months are remembered");
            return bad("/policy/duplicates/recent_closure_months", what);
        }
        if self.absence.threshold_half_days == 0 {
            return bad("/policy/absence/threshold_half_days", "at least one half-day is expected".to_owned());
        }
        if let Err(unknown) = Calendar::newest().profile(&self.measures.calendar_profile) {
            let what = format!("there is no such profile; there are: {}", unknown.known);
            return bad("/policy/measures/calendar_profile", what);
        }
        if self.measures.meeting_modes.is_empty() {
            return bad("/policy/measures/meeting_modes", "at least one mode makes a meeting".to_owned());
        }
        self.sharing.check()?;
        self.tables.check()
    }
}

//! What is to be done on a case and by when, read off its row: the entries of people's work queues (design §6).
//!
//! Days are business days of the national calendar (Q7), counted from the New Zealand day the allocation was recorded
//! (Q6). Due days are an aid to work; what counts towards a measure is judged by `measures` alone.

use std::collections::HashMap;

use caseledger_calendar::Calendar;
use caseledger_events::event::TaskKind;
use caseledger_events::ids::Code;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::case_view::{CaseRow, CaseStatus, OwnerKind};
use crate::moment::Moment;

/// What a business day is (Q7).
const PROFILE: &str = "nz_national";

/// One kind of work.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// The Ministry checks a notification (K2, E4).
    MinistryCheck,
    /// CIT finds the provider whose case it is (R15).
    FindProvider,
    /// The provider assigns a case manager.
    AssignManager,
    /// Active work begins within about two weeks of the referral (R7).
    BeginWork,
    /// The referring or most recently attended school is met (M10, M11).
    MeetSchool,
    /// Student and caregivers are engaged (M12, M13).
    Engage,
    /// An agency's answer is waited for (R22).
    AgencyAnswer,
    /// Two active cases seem to be of one student (R27).
    SuspectedDuplicate,
    /// An agency's answer is to be read (Q33).
    ReadAnswer,
    /// A task somebody set (E39).
    Task,
}

impl Work {
    /// Every kind of work.
    pub const ALL: [Work; 10] = [
        Work::MinistryCheck,
        Work::FindProvider,
        Work::AssignManager,
        Work::BeginWork,
        Work::MeetSchool,
        Work::Engage,
        Work::AgencyAnswer,
        Work::SuspectedDuplicate,
        Work::ReadAnswer,
        Work::Task,
    ];

    /// Returns whether that there is such work tells what restricted events alone tell: that a detailed check was asked
    /// for, or that an agency answered (design §3).
    pub fn tells_of_restricted(self) -> bool {
        matches!(self, Work::AgencyAnswer | Work::ReadAnswer)
    }

    /// Returns its name, as it is stored and asked for.
    pub fn name(self) -> &'static str {
        match self {
            Work::MinistryCheck => "ministry_check",
            Work::FindProvider => "find_provider",
            Work::AssignManager => "assign_manager",
            Work::BeginWork => "begin_work",
            Work::MeetSchool => "meet_school",
            Work::Engage => "engage",
            Work::AgencyAnswer => "agency_answer",
            Work::SuspectedDuplicate => "suspected_duplicate",
            Work::ReadAnswer => "read_answer",
            Work::Task => "task",
        }
    }

    /// Returns the rule or measure it comes from.
    pub fn rule(self) -> &'static str {
        match self {
            Work::MinistryCheck => "K2, E4",
            Work::FindProvider => "R15",
            Work::AssignManager => "R41, R7",
            Work::BeginWork => "R7",
            Work::MeetSchool => "M10, M11",
            Work::Engage => "M12, M13",
            Work::AgencyAnswer => "R22",
            Work::SuspectedDuplicate => "R27",
            Work::ReadAnswer => "Q33",
            Work::Task => "E39",
        }
    }
}

/// Something that is to be done on a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkItem {
    /// What.
    pub what: Work,
    /// Which one, where a case may have several of a kind: the number of a request or task; otherwise 0.
    pub number: u32,
    /// The first day it is due; absent where no rule names one.
    pub due_on: Option<NaiveDate>,
    /// The last day that still counts, where a later one than the first does (M11, M13).
    pub last_on: Option<NaiveDate>,
    /// Who is to do it, where somebody is named; otherwise whoever the case is with.
    pub who: Option<Code>,
}

impl WorkItem {
    fn of(what: Work) -> WorkItem {
        WorkItem { what, number: 0, due_on: None, last_on: None, who: None }
    }
}

/// Counts business days, each span once.
#[derive(Default)]
pub struct Deadlines(HashMap<(NaiveDate, u32), Option<NaiveDate>>);

impl Deadlines {
    /// Returns where so many business days after a day lead; `None` where the calendar does not know those days.
    fn after(&mut self, day: NaiveDate, days: u32) -> Option<NaiveDate> {
        *self.0.entry((day, days)).or_insert_with(|| {
            let national = Calendar::newest().days(PROFILE, None, None).ok()?;
            national.end_of(day, days).ok()
        })
    }
}

/// Lists what is to be done on a case, in the order of [`Work`].
pub fn work(row: &CaseRow, deadlines: &mut Deadlines) -> Vec<WorkItem> {
    let mut items = Vec::new();
    if matches!(row.status, CaseStatus::Closed | CaseStatus::Merged | CaseStatus::NotReferred) {
        return items;
    }
    if row.flags.check_pending {
        items.push(WorkItem::of(Work::MinistryCheck));
    }
    if row.owner == OwnerKind::Cit {
        items.push(WorkItem::of(Work::FindProvider));
    }
    if let (OwnerKind::Provider, Some(allocated)) = (row.owner, row.allocated) {
        of_provider(row, recorded_on(allocated), deadlines, &mut items);
    }
    items.extend(
        row.open_requests
            .iter()
            .map(|request| WorkItem { number: u32::from(request.0), ..WorkItem::of(Work::AgencyAnswer) }),
    );
    if row.flags.dual_active_suspected {
        items.push(WorkItem::of(Work::SuspectedDuplicate));
    }
    items.extend(row.beside.tasks.iter().map(|task| WorkItem {
        number: u32::from(task.task.0),
        due_on: Some(task.due_on),
        who: task.assigned_to,
        ..WorkItem::of(if task.kind == TaskKind::ReadAnswer { Work::ReadAnswer } else { Work::Task })
    }));
    items
}

/// What the provider that holds the case has to do, by the clocks that its allocation started.
fn of_provider(row: &CaseRow, allocated_on: NaiveDate, deadlines: &mut Deadlines, items: &mut Vec<WorkItem>) {
    let referred_on = recorded_on(row.referred);
    if row.manager.is_none() {
        let due_on = deadlines.after(referred_on, 10);
        items.push(WorkItem { due_on, ..WorkItem::of(Work::AssignManager) });
    } else if !has_begun(row) {
        let due_on = deadlines.after(referred_on, 10);
        items.push(WorkItem { due_on, ..WorkItem::of(Work::BeginWork) });
    }
    // What was brought over from the system before is judged by other measures (Q39).
    if row.flags.migrated {
        return;
    }
    let mut clock = |what, first, last| {
        let (due_on, last_on) = (deadlines.after(allocated_on, first), deadlines.after(allocated_on, last));
        items.push(WorkItem { due_on, last_on, ..WorkItem::of(what) });
    };
    if row.first_school_meeting.is_none() {
        clock(Work::MeetSchool, 5, 10);
    }
    let engaged = row.first_student_engagement.is_some() && row.first_caregiver_engagement.is_some();
    let reachable = row.details.is_some_and(|details| !details.out_of_date) && !row.flags.not_located;
    if !engaged && reachable {
        clock(Work::Engage, 10, 15);
    }
}

/// Active work shows in a review, a meeting, an engagement or an attempt at contact.
fn has_begun(row: &CaseRow) -> bool {
    let meetings = [row.reviewed, row.first_school_meeting, row.first_caregiver_meeting];
    let engagements = [row.first_student_engagement, row.first_caregiver_engagement];
    row.counts.attempts > 0 || meetings.iter().chain(&engagements).any(Option::is_some)
}

fn recorded_on(moment: Moment) -> NaiveDate {
    moment.recorded_at.auckland()
}

mod public;

pub use public::QueueRow;

#[cfg(test)]
mod tests;

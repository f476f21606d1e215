//! What stands beside the core of a case: risk, needs, tasks, files, pathways and exemptions, and the cases it has to do
//! with. Facts alone; what people wrote of them is in the parts of the events.

use caseledger_events::dates::OccurredAt;
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Code, Position};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// A file of the case; its name is the `file` part of the event at its position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FileRow {
    /// Its number on the case; null where not all are shown.
    #[serde(serialize_with = "super::row::told")]
    #[schemars(with = "Option<FileNumber>")]
    pub file: FileNumber,
    /// What it is.
    pub kind: FileKind,
    /// How many bytes it has.
    pub bytes: u64,
    /// Whether a school put it there.
    pub by_school: bool,
    /// Whether schools may see it now.
    pub shared_with_schools: bool,
    /// The event that recorded it.
    pub at: Position,
}

/// A task that is not ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TaskRow {
    /// Its number on the case; null where not all are shown.
    #[serde(serialize_with = "super::row::told")]
    #[schemars(with = "Option<TaskNumber>")]
    pub task: TaskNumber,
    /// What kind of task.
    pub kind: TaskKind,
    /// The day it is due.
    pub due_on: NaiveDate,
    /// Who is to do it, where somebody is named.
    pub assigned_to: Option<Code>,
    /// The event that recorded it.
    pub at: Position,
}

/// An entry of the case's calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CalendarRow {
    /// What is to take place.
    pub kind: TaskKind,
    /// When it begins.
    pub starts_at: OccurredAt,
    /// The event that recorded it.
    pub at: Position,
}

/// A statement of correction (IPP 7); its text is the `note` part of the event at its position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StatementRow {
    /// Its number on the case.
    pub statement: StatementNumber,
    /// What it is about.
    pub about: CorrectionOf,
    /// The comment it is about, where it is about one.
    pub comment: Option<CommentNumber>,
    /// Who asked for the correction.
    pub asked_by: CorrectionAsker,
    /// The event that recorded it.
    pub at: Position,
}

/// The latest privacy notice (IPP 3A).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PrivacyNoticeRow {
    /// Who was told.
    pub to: NoticeReceiver,
    /// Which text, by the code of its version.
    pub notice: Code,
    /// When.
    pub given: Moment,
}

/// The facts beside the core.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Beside {
    /// How much is at risk, by code (E12).
    pub risk: Option<Code>,
    /// The unmet basic needs that were identified (R35).
    pub needs: Vec<Code>,
    /// What the fund spent, in cents.
    pub funded_cents: u64,
    /// The tasks that are not ended (E39).
    pub tasks: Vec<TaskRow>,
    /// The entries of the calendar (E39).
    pub calendar: Vec<CalendarRow>,
    /// The files (E15).
    pub files: Vec<FileRow>,
    /// Since when work rests, while it does (E38).
    pub paused: Option<Moment>,
    /// The day a waiting case is expected to be begun on (R8).
    pub waits_until: Option<NaiveDate>,
    /// The latest pathway (M9).
    pub pathway: Option<Pathway>,
    /// From when.
    pub pathway_from: Option<NaiveDate>,
    /// When an application to educate at home was noted, while it waits for its answer.
    pub home_education_applied: Option<Moment>,
    /// The exemption that was granted and not revoked (R34).
    pub exemption: Option<ExemptionKind>,
    /// From when.
    pub exemption_from: Option<NaiveDate>,
    /// The day a migrated case was first referred on (K3, Q9).
    pub referred_before: Option<NaiveDate>,
    /// The student's case that was closed not long before this one was opened (Q3).
    pub follows: Option<CaseId>,
    /// The cases that went into this one (R28).
    pub merged: Vec<CaseId>,
    /// The case it went into.
    pub merged_into: Option<CaseId>,
    /// Notices that were sent (E41).
    pub notices: u16,
    /// The statements of correction (E43).
    pub statements: Vec<StatementRow>,
    /// The latest privacy notice given (E43).
    pub privacy_notice: Option<PrivacyNoticeRow>,
}

impl Beside {
    /// Folds one event in; most change nothing here.
    pub(super) fn take(&mut self, now: Moment, read: &CaseEvent) {
        let at = now.position;
        match read {
            CaseEvent::CaseMigrated(e) => self.referred_before = Some(e.referred_on),
            CaseEvent::RecentClosureLinked(e) => self.follows = Some(e.earlier),
            CaseEvent::RiskUpdated(e) => self.risk = Some(e.level),
            CaseEvent::UnmetNeedIdentified(e) => self.needs.push(e.need),
            CaseEvent::UnmetNeedFunded(e) => self.funded_cents += u64::from(e.amount_cents),
            CaseEvent::TaskAdded(e) => {
                let TaskAdded { task, kind, due_on, assigned_to } = *e;
                self.tasks.push(TaskRow { task, kind, due_on, assigned_to, at });
            }
            CaseEvent::TaskCompleted(e) => self.tasks.retain(|held| held.task != e.task),
            CaseEvent::CalendarEventAdded(e) => {
                self.calendar.push(CalendarRow { kind: e.kind, starts_at: e.starts_at, at });
            }
            CaseEvent::FileUploaded(e) => {
                let FileUploaded { file, kind, bytes, by_school, shared_with_schools, .. } = *e;
                self.files.push(FileRow { file, kind, bytes, by_school, shared_with_schools, at });
            }
            CaseEvent::FileSharingChanged(e) => {
                let held = self.files.iter_mut().filter(|held| held.file == e.file);
                held.for_each(|held| held.shared_with_schools = e.shared_with_schools);
            }
            CaseEvent::CasePaused(_) => self.paused = Some(now),
            CaseEvent::Waitlisted(e) => self.waits_until = Some(e.expected_on),
            CaseEvent::RemovedFromWaitlist(_) => self.waits_until = None,
            CaseEvent::CaseResumed(_) | CaseEvent::CaseClosed(_) | CaseEvent::CaseReopened(_) => self.paused = None,
            CaseEvent::ReallocatedToCit(_) | CaseEvent::ReallocationDeclinedByCit(_) => self.paused = None,
            CaseEvent::AllocatedToProvider(_) => (self.paused, self.waits_until) = (None, None),
            CaseEvent::PathwayOutcomeRecorded(e) => {
                (self.pathway, self.pathway_from) = (Some(e.outcome), Some(e.from));
            }
            CaseEvent::HomeEducationApplicationNoted(_) => self.home_education_applied = Some(now),
            CaseEvent::ExemptionGranted(e) => {
                (self.exemption, self.exemption_from) = (Some(e.exemption), Some(e.from));
                self.answered(e.exemption);
            }
            CaseEvent::ExemptionDeclined(e) => self.answered(e.exemption),
            CaseEvent::ExemptionRevoked(_) => (self.exemption, self.exemption_from) = (None, None),
            CaseEvent::CasesMerged(e) => self.merged.push(e.merged),
            CaseEvent::CaseMergedInto(e) => self.merged_into = Some(e.survivor),
            CaseEvent::CaseUnmerged(e) => {
                self.merged.retain(|&merged| merged != e.merged);
                self.merged_into = self.merged_into.filter(|&into| into != e.survivor);
            }
            CaseEvent::StatementOfCorrectionAttached(e) => {
                let StatementOfCorrectionAttached { statement, about, comment, asked_by, .. } = *e;
                self.statements.push(StatementRow { statement, about, comment, asked_by, at });
            }
            CaseEvent::PrivacyNoticeGiven(e) => {
                self.privacy_notice = Some(PrivacyNoticeRow { to: e.to, notice: e.notice, given: now });
            }
            CaseEvent::NotificationSent(_) => self.notices = self.notices.saturating_add(1),
            _ => {}
        }
    }

    fn answered(&mut self, exemption: ExemptionKind) {
        if exemption == ExemptionKind::HomeEducation {
            self.home_education_applied = None;
        }
    }
}

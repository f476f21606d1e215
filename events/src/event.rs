//! The events of a case, and the one table of their stored names.
//!
//! To add one: its facts in the topic file it belongs to, a row below, the arms the compiler asks for,
//! a specification, and a golden file (`UPDATE_GOLDEN=1 cargo test -p caseledger-events golden`).

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::codec::BadFrame;
use crate::ids::StudentId;

mod allocation;
mod closing;
mod comments;
mod education;
mod files;
mod information;
mod intake;
mod merging;
mod moving;
mod needs;
mod notices;
mod pausing;
mod privacy;
mod reports;
mod safety;
mod tasks;
mod work;

pub use allocation::*;
pub use closing::*;
pub use comments::*;
pub use education::*;
pub use files::*;
pub use information::*;
pub use intake::*;
pub use merging::*;
pub use moving::*;
pub use needs::*;
pub use notices::*;
pub use pausing::*;
pub use privacy::*;
pub use reports::*;
pub use safety::*;
pub use tasks::*;
pub use work::*;

/// Who may learn of an event over the bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broadcast {
    /// Its facts are published.
    Facts,
    /// Published as type `restricted`, position and hash only (design §3).
    Restricted,
}

/// A row of the table: what is known of an event type without having one.
#[derive(Clone, Copy)]
pub struct EventType {
    /// The stored name.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// The newest schema version.
    pub version: u16,
    /// The id in the domain catalogue, such as `E1`.
    pub source: &'static str,
    /// Whether its facts are published.
    pub broadcast: Broadcast,
    /// The JSON Schema of its facts.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

macro_rules! case_events {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $version:literal, $source:literal, $broadcast:ident;)*) => {
        /// Something that has happened to a case.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum CaseEvent {
            $($(#[doc = $doc])* $variant($variant),)*
        }

        /// Every event type, in the order of the catalogue.
        pub const EVENT_TYPES: &[EventType] = &[$(EventType {
            name: $name,
            summary: concat!($($doc),*).trim_ascii(),
            version: $version,
            source: $source,
            broadcast: Broadcast::$broadcast,
            schema: |generator| <$variant as JsonSchema>::json_schema(generator),
        },)*];

        impl CaseEvent {
            /// Returns the stored name.
            pub fn kind(&self) -> &'static str {
                match self { $(CaseEvent::$variant(_) => $name,)* }
            }

            /// Returns the schema version written today.
            pub fn schema(&self) -> u16 {
                match self { $(CaseEvent::$variant(_) => $version,)* }
            }

            /// Returns the facts as stored.
            pub fn facts(&self) -> Vec<u8> {
                match self { $(CaseEvent::$variant(facts) => store(facts),)* }
            }

            /// Returns the facts as people and programs outside read them.
            pub fn facts_json(&self) -> serde_json::Value {
                match self { $(CaseEvent::$variant(facts) => serde_json::to_value(facts).unwrap_or_default(),)* }
            }

            /// Reads facts as the broadcast tells them, in JSON; `None` for a type this build does not know.
            pub fn read_json(kind: &str, schema: u16, facts: &str) -> Result<Option<CaseEvent>, BadFrame> {
                // What serde says of a value that does not fit repeats the value.
                let bad = |error: serde_json::Error| BadFrame {
                    reason: format!("the facts of {kind} do not fit at column {}", error.column()),
                };
                match kind {
                    $($name => {
                        newer_is_refused(kind, schema, $version)?;
                        Ok(Some(CaseEvent::$variant(serde_json::from_str(facts).map_err(bad)?)))
                    })*
                    _ => Ok(None),
                }
            }

            /// Reads stored facts, upcasting older versions; `None` for a type this build does not know.
            pub fn read(kind: &str, schema: u16, facts: &[u8]) -> Result<Option<CaseEvent>, BadFrame> {
                match kind {
                    $($name => {
                        newer_is_refused(kind, schema, $version)?;
                        Ok(Some(CaseEvent::$variant(rmp_serde::from_slice(facts)?)))
                    })*
                    _ => Ok(None),
                }
            }
        }

        $(impl From<$variant> for CaseEvent {
            fn from(facts: $variant) -> Self { CaseEvent::$variant(facts) }
        })*
    };
}

case_events! {
    /// A school asked for support for a chronically absent student.
    SupportRequestSubmitted = "support_request_submitted", 1, "E1", Facts;
    /// A student was notified as not enrolled anywhere.
    NonEnrolmentNotified = "non_enrolment_notified", 1, "E2", Facts;
    /// The Ministry checked a notification before it is referred, or not.
    MinistryCheckCompleted = "ministry_check_completed", 1, "E4", Facts;
    /// The case was given to a provider.
    AllocatedToProvider = "allocated_to_provider", 1, "E5", Facts;
    /// The case was given to a case manager of its provider, the first or another.
    AssignedToCaseManager = "assigned_to_case_manager", 1, "E6", Facts;
    /// The case was reviewed.
    CaseReviewed = "case_reviewed", 1, "E7", Facts;
    /// The provider met the school.
    SchoolMeetingHeld = "school_meeting_held", 1, "E8", Facts;
    /// The provider met the caregivers.
    CaregiverMeetingHeld = "caregiver_meeting_held", 1, "E9", Facts;
    /// The provider engaged the student directly.
    StudentEngaged = "student_engaged", 1, "E9", Facts;
    /// The provider engaged a caregiver directly.
    CaregiverEngaged = "caregiver_engaged", 1, "E9", Facts;
    /// Contact details were recorded.
    ContactDetailsRecorded = "contact_details_recorded", 1, "E10", Facts;
    /// The contact details held were found to be out of date.
    ContactDetailsMarkedOutOfDate = "contact_details_marked_out_of_date", 1, "E10", Facts;
    /// A student plan was recorded or revised.
    StudentPlanRecorded = "student_plan_recorded", 1, "E11", Facts;
    /// A comment was added.
    CommentAdded = "comment_added", 1, "E13", Facts;
    /// A comment was shared with schools, or no longer.
    CommentSharingChanged = "comment_sharing_changed", 1, "E14", Facts;
    /// The school's primary contact for the case changed.
    PrimaryContactChanged = "primary_contact_changed", 1, "E16", Facts;
    /// Immigration NZ or MSD was asked.
    InformationRequestOpened = "information_request_opened", 1, "E17", Facts;
    /// Immigration NZ or MSD answered.
    InformationRequestAnswered = "information_request_answered", 1, "E18", Restricted;
    /// A request for information was withdrawn.
    InformationRequestWithdrawn = "information_request_withdrawn", 1, "E19", Facts;
    /// Evidence that the student is overseas was received.
    OverseasEvidenceReceived = "overseas_evidence_received", 1, "E20", Restricted;
    /// CIT was asked for a detailed immigration check.
    DetailedImmigrationCheckRequested = "detailed_immigration_check_requested", 1, "E21", Restricted;
    /// The student could not be located.
    NotLocatedFlagSet = "not_located_flag_set", 1, "E22", Facts;
    /// The student was located after all.
    NotLocatedFlagCleared = "not_located_flag_cleared", 1, "E22", Facts;
    /// The case was passed to CIT.
    ReallocatedToCit = "reallocated_to_cit", 1, "E23", Facts;
    /// CIT passed the case on to a provider.
    ReallocatedByCit = "reallocated_by_cit", 1, "E24", Facts;
    /// CIT sent the case back to its sender.
    ReallocationDeclinedByCit = "reallocation_declined_by_cit", 1, "E24", Facts;
    /// An in-school provider passed the case to the catchment's provider.
    IspReallocatedToCatchmentProvider = "isp_reallocated_to_catchment_provider", 1, "E25", Facts;
    /// A provider agreed to a proposed move.
    ProviderAgreementRecorded = "provider_agreement_recorded", 1, "E26", Facts;
    /// The enrolment register reported a change.
    EnrolmentStatusChanged = "enrolment_status_changed", 1, "E27", Facts;
    /// The case was closed.
    CaseClosed = "case_closed", 1, "E30", Facts;
    /// A person reopened the case.
    CaseReopened = "case_reopened", 1, "E31", Facts;
    /// A second active case of the same student was found, or opened on purpose.
    DualActiveDetected = "dual_active_detected", 1, "E33", Facts;
    /// The kind of the case changed with a later referral.
    CaseKindChanged = "case_kind_changed", 1, "Q4", Facts;
    /// Somebody tried to reach the student, a caregiver or another and did not.
    ContactAttempted = "contact_attempted", 1, "E46", Facts;
    /// A student outside any school was reported.
    UnenrolledStudentReported = "unenrolled_student_reported", 1, "E3", Facts;
    /// The case was carried over from the predecessor system.
    CaseMigrated = "case_migrated", 1, "E40", Facts;
    /// The student's last case was closed not long ago.
    RecentClosureLinked = "recent_closure_linked", 1, "Q3", Facts;
    /// How much is at risk was judged anew.
    RiskUpdated = "risk_updated", 1, "E12", Facts;
    /// A file was put on the case.
    FileUploaded = "file_uploaded", 1, "E15", Facts;
    /// A file was shared with schools, or no longer.
    FileSharingChanged = "file_sharing_changed", 1, "E15", Facts;
    /// A task was added.
    TaskAdded = "task_added", 1, "E39", Facts;
    /// A task was done, or is not needed any more.
    TaskCompleted = "task_completed", 1, "E39", Facts;
    /// Something is to take place.
    CalendarEventAdded = "calendar_event_added", 1, "E39", Facts;
    /// Work on the case rests for a while.
    CasePaused = "case_paused", 1, "E38", Facts;
    /// Work on the case goes on.
    CaseResumed = "case_resumed", 1, "E38", Facts;
    /// The case waits for capacity.
    Waitlisted = "waitlisted", 1, "E37", Facts;
    /// The case waits no longer.
    RemovedFromWaitlist = "removed_from_waitlist", 1, "E37", Facts;
    /// The student is on a pathway.
    PathwayOutcomeRecorded = "pathway_outcome_recorded", 1, "E28", Facts;
    /// The family has applied to educate at home.
    HomeEducationApplicationNoted = "home_education_application_noted", 1, "E29", Facts;
    /// An exemption was granted.
    ExemptionGranted = "exemption_granted", 1, "E29", Facts;
    /// An exemption was declined.
    ExemptionDeclined = "exemption_declined", 1, "E29", Facts;
    /// An exemption was revoked.
    ExemptionRevoked = "exemption_revoked", 1, "E29", Facts;
    /// A basic need that is not met was identified.
    UnmetNeedIdentified = "unmet_need_identified", 1, "E34", Facts;
    /// The fund met a basic need.
    UnmetNeedFunded = "unmet_need_funded", 1, "E34", Facts;
    /// Oranga Tamariki was asked under section 19.
    OrangaTamarikiReferralMade = "oranga_tamariki_referral_made", 1, "E35", Restricted;
    /// A risk of harm was reported to Oranga Tamariki.
    ReportOfConcernMade = "report_of_concern_made", 1, "E35", Restricted;
    /// The Attendance Prosecutions Unit was notified.
    ProsecutionNotified = "prosecution_notified", 1, "E36", Restricted;
    /// The Attendance Prosecutions Unit answered.
    ProsecutionOutcomeRecorded = "prosecution_outcome_recorded", 1, "E36", Restricted;
    /// Another case went into this one.
    CasesMerged = "cases_merged", 1, "E32", Facts;
    /// The case went into another one.
    CaseMergedInto = "case_merged_into", 1, "E32", Facts;
    /// A merge was taken back.
    CaseUnmerged = "case_unmerged", 1, "E32", Facts;
    /// Two cases that seemed to be of one student are not.
    DualActiveDismissed = "dual_active_dismissed", 1, "E33", Facts;
    /// A notice was sent.
    NotificationSent = "notification_sent", 1, "E41", Facts;
    /// The provider that a proposed move names declined it.
    ProposedMoveDeclined = "proposed_move_declined", 1, "E26", Facts;
    /// A statement of correction was attached.
    StatementOfCorrectionAttached = "statement_of_correction_attached", 1, "E43", Facts;
    /// Student or caregivers were told what is held about them.
    PrivacyNoticeGiven = "privacy_notice_given", 1, "E43", Facts;
}

fn store<T: Serialize>(facts: &T) -> Vec<u8> {
    // Most facts fit: growing from nothing was a sixth of what a command costs.
    let mut stored = Vec::with_capacity(192);
    rmp_serde::encode::write_named(&mut stored, facts).expect("facts are plain data of known length");
    stored
}

fn newer_is_refused(kind: &str, schema: u16, known: u16) -> Result<(), BadFrame> {
    if schema <= known {
        return Ok(());
    }
    Err(BadFrame {
        reason: format!("{kind} has schema version {schema}, this build reads up to {known}: use a newer build"),
    })
}

impl CaseEvent {
    /// Returns the student of a case that this event begins; `None` where it begins none.
    pub fn begins_for(&self) -> Option<StudentId> {
        match self {
            CaseEvent::SupportRequestSubmitted(e) => Some(e.student),
            CaseEvent::NonEnrolmentNotified(e) => Some(e.student),
            CaseEvent::UnenrolledStudentReported(e) => Some(e.student),
            CaseEvent::CaseMigrated(e) => Some(e.student),
            _ => None,
        }
    }
}

/// Finds a row of the table by its stored name.
pub fn event_type(name: &str) -> Option<&'static EventType> {
    EVENT_TYPES.iter().find(|row| row.name == name)
}

/// The two kinds of case (K1, K2); migrated is an attribute, not a kind (K4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// Chronic absence, referred by a school.
    ChronicAbsence,
    /// Non-enrolment, notified from ENROL.
    NonEnrolment,
}

impl CaseKind {
    /// Returns its stored name.
    pub fn name(self) -> &'static str {
        match self {
            CaseKind::ChronicAbsence => "chronic_absence",
            CaseKind::NonEnrolment => "non_enrolment",
        }
    }
}

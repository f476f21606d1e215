//! The events of a case, and the one table of their stored names.
//!
//! To add one: its facts in the topic file it belongs to, a row below, the arms the compiler asks for,
//! a specification, and a golden file (`UPDATE_GOLDEN=1 cargo test -p caseledger-events golden`).

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::codec::BadFrame;

mod allocation;
mod closing;
mod comments;
mod information;
mod intake;
mod moving;
mod work;

pub use allocation::*;
pub use closing::*;
pub use comments::*;
pub use information::*;
pub use intake::*;
pub use moving::*;
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
}

fn store<T: Serialize>(facts: &T) -> Vec<u8> {
    rmp_serde::to_vec_named(facts).expect("facts are plain data of known length")
}

fn newer_is_refused(kind: &str, schema: u16, known: u16) -> Result<(), BadFrame> {
    if schema <= known {
        return Ok(());
    }
    Err(BadFrame {
        reason: format!("{kind} has schema version {schema}, this build reads up to {known}: use a newer build"),
    })
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

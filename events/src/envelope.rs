//! The envelope: what every event carries in clear, whatever happened.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::dates::{OccurredAt, Timestamp};
use crate::ids::{Code, CorrelationId, Position, StreamId, Tag, Version};
use crate::personal::Part;

/// Who acted: our opaque id of a person or system, in which role, for which organisation.
///
/// Names are written out in JSON and short in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Actor {
    /// Our opaque id of the person; never a name.
    pub person: Code,
    /// The role the person acted in.
    pub role: Role,
    /// The school, provider or agency the person acted for.
    pub organisation: Code,
}

/// An actor as stored.
#[derive(Serialize, Deserialize)]
struct StoredActor {
    #[serde(rename = "p")]
    person: Code,
    #[serde(rename = "r")]
    role: Role,
    #[serde(rename = "o")]
    organisation: Code,
}

impl Serialize for Actor {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            return Actor::serialize(self, s);
        }
        let Actor { person, role, organisation } = *self;
        StoredActor { person, role, organisation }.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            return Actor::deserialize(d);
        }
        let StoredActor { person, role, organisation } = StoredActor::deserialize(d)?;
        Ok(Actor { person, role, organisation })
    }
}

/// The roles people and feeds act in (domain §1.1, §2.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// School attendance lead (A2).
    AttendanceLead,
    /// The school's primary contact for a case (A3).
    PrimaryContact,
    /// School office support.
    OfficeSupport,
    /// Runs the queue of a provider, ASP or ISP (P3).
    WorkflowLead,
    /// Holds cases at a provider (A7).
    CaseManager,
    /// The Ministry team that receives and passes on reallocated cases (A8).
    Cit,
    /// Contract and relationship manager (A9).
    RelationshipManager,
    /// Education Service Desk (A10).
    ServiceDesk,
    /// Auditor (A22).
    Auditor,
    /// Operator (A22).
    Operator,
    /// Reporting job (A22).
    ReportingJob,
    /// The ENROL feed (A15).
    Enrol,
    /// The Immigration NZ feed (A13).
    Inz,
    /// The MSD feed (A14).
    Msd,
    /// Assigns roles in an own organisation, a school or provider (A4).
    DelegatedAuthoriser,
    /// The Ministry's owner of the service; publishes measure runs (A21).
    NationalServiceDelivery,
    /// A regional office of the Ministry (A12).
    RegionalOffice,
    /// The Attendance Prosecutions Unit (A17).
    ProsecutionsUnit,
    /// The attendance feed (A20).
    Attendance,
    /// The migration from the predecessor system (K3).
    Migration,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 20] = [
        Role::AttendanceLead,
        Role::PrimaryContact,
        Role::OfficeSupport,
        Role::WorkflowLead,
        Role::CaseManager,
        Role::Cit,
        Role::RelationshipManager,
        Role::ServiceDesk,
        Role::Auditor,
        Role::Operator,
        Role::ReportingJob,
        Role::Enrol,
        Role::Inz,
        Role::Msd,
        Role::DelegatedAuthoriser,
        Role::NationalServiceDelivery,
        Role::RegionalOffice,
        Role::ProsecutionsUnit,
        Role::Attendance,
        Role::Migration,
    ];

    /// Returns the stored name, which tokens and the tables of access use too.
    pub fn name(self) -> &'static str {
        match self {
            Role::AttendanceLead => "attendance_lead",
            Role::PrimaryContact => "primary_contact",
            Role::OfficeSupport => "office_support",
            Role::WorkflowLead => "workflow_lead",
            Role::CaseManager => "case_manager",
            Role::Cit => "cit",
            Role::RelationshipManager => "relationship_manager",
            Role::ServiceDesk => "service_desk",
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::ReportingJob => "reporting_job",
            Role::Enrol => "enrol",
            Role::Inz => "inz",
            Role::Msd => "msd",
            Role::DelegatedAuthoriser => "delegated_authoriser",
            Role::NationalServiceDelivery => "national_service_delivery",
            Role::RegionalOffice => "regional_office",
            Role::ProsecutionsUnit => "prosecutions_unit",
            Role::Attendance => "attendance",
            Role::Migration => "migration",
        }
    }

    /// Returns whether a machine acts in this role; R26 asks for a person.
    pub fn is_feed(self) -> bool {
        let brings = matches!(self, Role::Enrol | Role::Inz | Role::Msd | Role::Attendance | Role::Migration);
        brings || self == Role::ReportingJob
    }

    /// Returns whether the National Student Number may be shown to the role: it is for registered schools and the
    /// Ministry (Education and Training Act 2020, Schedule 24); contracted providers and other agencies are not named.
    pub fn may_use_nsn(self) -> bool {
        let of_the_ministry = matches!(
            self,
            Role::Cit | Role::ServiceDesk | Role::Auditor | Role::NationalServiceDelivery | Role::RegionalOffice
        );
        self.is_school() || of_the_ministry
    }

    /// Returns whether the role belongs to a school.
    pub fn is_school(self) -> bool {
        matches!(self, Role::AttendanceLead | Role::PrimaryContact | Role::OfficeSupport)
    }

    /// Returns whether the role belongs to a provider (ASP or ISP).
    pub fn is_provider(self) -> bool {
        matches!(self, Role::WorkflowLead | Role::CaseManager)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Where an event came from (domain §1.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A person through this service.
    Person,
    /// The enrolment register.
    Enrol,
    /// Immigration NZ.
    Inz,
    /// The Ministry of Social Development.
    Msd,
    /// The attendance feed.
    Attendance,
    /// Migration from the predecessor system (K3).
    Migration,
    /// The ledger itself: what follows from an event in the same commit.
    Ledger,
}

impl Source {
    /// Returns whose word a role's is: feeds speak for their systems, everybody else for themselves.
    pub fn of(role: Role) -> Source {
        match role {
            Role::Enrol => Source::Enrol,
            Role::Inz => Source::Inz,
            Role::Msd => Source::Msd,
            Role::Attendance => Source::Attendance,
            Role::Migration => Source::Migration,
            _ => Source::Person,
        }
    }
}

/// Provider, catchment and school a case stood under at that time; never changed afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// The provider, ASP or ISP.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Code>,
    /// The catchment.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
    /// The school.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub school: Option<Code>,
}

/// A recorded event: the envelope in clear, the facts as stored, the personal parts as stored.
///
/// Decoding borrows from the frame; ids and codes are held in place, so nothing is allocated but the parts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Recorded<'a> {
    /// Global position, gapless from 1.
    #[serde(rename = "p")]
    pub position: Position,
    /// The stream.
    #[serde(rename = "s")]
    pub stream: StreamId,
    /// Version in the stream, gapless from 1.
    #[serde(rename = "v")]
    pub version: Version,
    /// Position of the stream's previous event; 0 for the first. Proves a stream's history complete.
    #[serde(rename = "q")]
    pub previous: Position,
    /// The stored name of the event type.
    #[serde(rename = "t", borrow)]
    pub kind: &'a str,
    /// The schema version of the facts.
    #[serde(rename = "n")]
    pub schema: u16,
    /// When it happened in the world.
    #[serde(rename = "o")]
    pub occurred_at: OccurredAt,
    /// When the ledger recorded it.
    #[serde(rename = "r")]
    pub recorded_at: Timestamp,
    /// When a source system recorded it, for imports and migration; shown beside ours.
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    pub source_recorded_at: Option<Timestamp>,
    /// Who acted.
    #[serde(rename = "a")]
    pub actor: Actor,
    /// For whom, when somebody acts for another person.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Code>,
    /// Where it came from.
    #[serde(rename = "c")]
    pub source: Source,
    /// Provider, catchment and school at that time.
    #[serde(rename = "d")]
    pub scope: Scope,
    /// The policy version decided under.
    #[serde(rename = "y")]
    pub policy: u32,
    /// The request all events of one act share.
    #[serde(rename = "i")]
    pub correlation: CorrelationId,
    /// The event this one follows from, where one does.
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<Position>,
    /// The idempotency tag of the command.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// Random, so that a leaf hash given to third parties tells nothing.
    #[serde(rename = "x", with = "serde_bytes")]
    pub salt: [u8; 16],
    /// The facts: MessagePack of the event's own type, decoded by `kind` and `schema`.
    #[serde(rename = "f", borrow, with = "serde_bytes")]
    pub facts: &'a [u8],
    /// The personal parts.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

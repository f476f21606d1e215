//! Histories with who told what, folded as they are stored; and the people who ask.

use crate::access::{Grants, Operation, Principal, Standing, Written};
use crate::codec;
use crate::envelope::{Actor, Recorded, Role};
use crate::event::*;
use crate::ids::{Position, StreamId, Version};
use crate::machine::Draft;
use crate::reference::Reference;
use crate::testing::*;

/// The day of asking where nothing else is said.
pub const TODAY: &str = "2026-06-01";

/// Something that happened, and who told it.
#[derive(Clone)]
pub struct Told(pub Actor, pub Past);

impl From<Past> for Told {
    /// A request is told by the school, a notification by the register, everything else by the provider.
    fn from(past: Past) -> Told {
        let by = match &past.event {
            CaseEvent::SupportRequestSubmitted(e) => person(Role::AttendanceLead, "S-1", e.school.as_str()),
            CaseEvent::NonEnrolmentNotified(_) | CaseEvent::EnrolmentStatusChanged(_) => enrol(),
            _ => lead(),
        };
        Told(by, past)
    }
}

/// A history and what follows it.
pub fn then<T: Into<Told>>(history: Vec<Past>, more: impl IntoIterator<Item = T>) -> Vec<Told> {
    history.into_iter().map(Told::from).chain(more.into_iter().map(Into::into)).collect()
}

/// A history alone.
pub fn told(history: Vec<Past>) -> Vec<Told> {
    then(history, Vec::<Past>::new())
}

/// Stores a history as the case of the tests, from position 1 on, each event linked to the one before.
pub fn frames(history: &[Told]) -> Vec<Vec<u8>> {
    let frame = |(Told(by, past), i): (&Told, u64)| {
        let draft = Draft {
            stream: StreamId::Case(CASE),
            kind: past.event.kind(),
            schema: past.event.schema(),
            facts: past.event.facts(),
            occurred_at: past.times.occurred_at,
            scope: Default::default(),
            carries_parts: false,
        };
        let link = Recorded {
            actor: *by,
            version: Version(i as u32),
            previous: Position(i - 1),
            ..recorded(&draft, Position(i), past.times.recorded_at)
        };
        let mut frame = Vec::new();
        codec::encode(&link, &mut frame);
        frame
    };
    history.iter().zip(1..).map(frame).collect()
}

pub fn decoded(frames: &[Vec<u8>]) -> Vec<Recorded<'_>> {
    frames.iter().map(|frame| codec::decode(frame).unwrap()).collect()
}

pub fn standing(history: &[Told]) -> Standing {
    Standing::fold(&decoded(&frames(history))).unwrap().unwrap()
}

/// Lets somebody ask, as in a ledger that asks for no grants, with more than one factor.
pub fn asking(actor: Actor) -> Principal {
    Grants::default().admit(actor, true, noon(day(TODAY)), &Reference::default()).unwrap()
}

/// The regional office of a region with one catchment.
pub fn office_of(catchment: &str) -> Principal {
    Principal::new(person(Role::RegionalOffice, "G-1", "MOE"), vec![code(catchment)], true)
}

/// One who asks in each role: of `SCH-1`, of `ASP-1`, of the region of `C-1`.
pub fn everybody() -> Vec<Principal> {
    let of = |role: Role| match role {
        Role::AttendanceLead => asking(school()),
        Role::PrimaryContact => asking(person(role, "S-1", "SCH-1")),
        Role::OfficeSupport => asking(person(role, "S-3", "SCH-1")),
        Role::WorkflowLead => asking(lead()),
        Role::CaseManager => asking(manager()),
        Role::RegionalOffice => office_of("C-1"),
        Role::Inz => asking(inz()),
        Role::Msd => asking(msd()),
        Role::DelegatedAuthoriser => asking(person(role, "D-1", "SCH-1")),
        other => asking(person(other, "X-1", "MOE")),
    };
    Role::ALL.into_iter().map(of).collect()
}

pub fn open(asker: Actor, case: &Standing, on: &str) -> Result<crate::access::Grant, crate::access::Denied> {
    crate::access::authorise(&asking(asker), Operation::OpenCase, case, day(on))
}

/// A comment of the provider's, shared or not.
pub fn comment(number: u16, shared: bool) -> CommentAdded {
    CommentAdded { comment: CommentNumber(number), by_school: false, shared_with_schools: shared }
}

pub fn sharing(number: u16, shared: bool) -> CommentSharingChanged {
    CommentSharingChanged { comment: CommentNumber(number), shared_with_schools: shared }
}

/// A school's own comment, as it is recorded.
pub fn school_comment(number: u16, by: Actor, on_day: &str) -> Told {
    let event = CommentAdded { comment: CommentNumber(number), by_school: true, shared_with_schools: true };
    Told(by, on(on_day, event))
}

/// The text of a comment.
pub fn text_of(number: u16, by: &str) -> Written {
    Written { by: code(by), at: Position(1), comment: Some(CommentNumber(number)), agency: None }
}

/// A field of an event that is no comment.
pub fn written(by: &str, at: u64) -> Written {
    Written { by: code(by), at: Position(at), comment: None, agency: None }
}

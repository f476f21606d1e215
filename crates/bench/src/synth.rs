//! A made-up history of any length: valid events of many cases, interleaved, with every link in place.

use caseledger_events::codec;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role, Scope, Source};
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StreamId, StudentId, Tag, Version};
use caseledger_events::number::CaseNumber;
use caseledger_events::parts::{Note, Student};
use caseledger_events::personal::{PartKind, Personal};
use caseledger_events::reference::Entry;
use caseledger_events::system::{LedgerEvent, ledger_actor};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// Events of a case, on average: 10 M events are 650,000 cases.
const EVENTS_A_CASE: u32 = 15;

/// Cases that are worked on at the same time: what lies between two events of one case.
const OPEN_CASES: usize = 20_000;

/// Makes frames one after the other.
pub struct History {
    random: StdRng,
    position: u64,
    cases: u32,
    open: Vec<Case>,
    time: i64,
    /// The case that gets many scattered events, and where its newest stands.
    pub long: Option<(CaseId, Position)>,
    /// Every hundredth case, once somebody works on it, with its provider: to ask for.
    pub some: Vec<(CaseId, Code)>,
    long_left: u32,
    every: u64,
}

struct Case {
    id: CaseId,
    number: u32,
    version: u32,
    previous: u64,
    left: u32,
}

impl History {
    /// Begins a history of so many events; one case among them gets `long` scattered events.
    pub fn new(seed: u64, events: u64, long: u32) -> History {
        History {
            random: StdRng::seed_from_u64(seed),
            position: 0,
            cases: 0,
            open: Vec::new(),
            time: 1_769_900_000_000_000,
            long: None,
            some: Vec::new(),
            long_left: long,
            every: (events / u64::from(long.max(1))).max(1),
        }
    }

    /// Appends the next frame to `out`.
    pub fn next(&mut self, out: &mut Vec<u8>) {
        self.position += 1;
        self.time += 1_000;
        if self.position <= 3 {
            return self.beginning(out);
        }
        if self.long_left > 0 && self.position.is_multiple_of(self.every) {
            return self.long_event(out);
        }
        if self.open.len() < OPEN_CASES && self.random.random_ratio(1, 2) || self.open.is_empty() {
            self.cases += 1;
            let mut id = [0; 16];
            self.random.fill_bytes(&mut id);
            self.open.push(Case { id: CaseId(id), number: self.cases, version: 0, previous: 0, left: EVENTS_A_CASE });
            let last = self.open.len() - 1;
            return self.event(last, out);
        }
        let at = self.random.random_range(0..self.open.len());
        self.event(at, out);
    }

    /// The ledger's own first event, and reference data to go on with.
    fn beginning(&mut self, out: &mut Vec<u8>) {
        let from = "2020-01-01".parse().unwrap_or_default();
        let draft = match self.position {
            1 => LedgerEvent::LedgerCreated { simulated: false, format: codec::FORMAT }.draft(Timestamp(self.time)),
            2 => Entry::School { school: code("S-001"), catchment: code("C-01"), from }.draft(self.now()),
            _ => Entry::Catchment { catchment: code("C-01"), provider: code("ASP-01"), from }.draft(self.now()),
        };
        let (version, previous) = if self.position == 3 { (2, 2) } else { (1, 0) };
        let mut event = self.envelope(draft.stream, version, previous, draft.kind, &draft.facts);
        event.actor = ledger_actor();
        codec::encode(&event, out);
    }

    fn now(&self) -> OccurredAt {
        OccurredAt::Instant(Timestamp(self.time))
    }

    fn long_event(&mut self, out: &mut Vec<u8>) {
        let id = CaseId([0x42; 16]);
        let (version, previous) = self.long.map_or((0, 0), |(_, head)| (500 - self.long_left, head.0));
        let mut case = Case { id, number: 0, version, previous, left: 2 };
        if version == 0 {
            self.cases += 1;
            case.number = self.cases;
            self.long_left = 500.min(self.long_left);
        }
        self.long_left -= 1;
        case.version = version;
        self.write(&mut case, out);
        self.long = Some((id, Position(self.position)));
    }

    fn event(&mut self, at: usize, out: &mut Vec<u8>) {
        let mut case = self.open.swap_remove(at);
        self.write(&mut case, out);
        if case.left > 0 {
            self.open.push(case);
        }
    }

    fn write(&mut self, case: &mut Case, out: &mut Vec<u8>) {
        case.version += 1;
        case.left -= 1;
        let event = what_happens(case);
        let facts = event.facts();
        let mut recorded = self.envelope(StreamId::Case(case.id), case.version, case.previous, event.kind(), &facts);
        recorded.actor.organisation = provider(case.number);
        recorded.scope.provider = Some(provider(case.number));
        recorded.parts = match &event {
            CaseEvent::SupportRequestSubmitted(_) => vec![student().to_part()],
            CaseEvent::CommentAdded(_) | CaseEvent::ContactAttempted(_) => vec![note().to_part()],
            _ => vec![],
        };
        codec::encode(&recorded, out);
        case.previous = self.position;
        if case.version == 3 && case.number.is_multiple_of(100) {
            self.some.push((case.id, provider(case.number)));
        }
    }

    fn envelope<'a>(
        &mut self,
        stream: StreamId,
        version: u32,
        previous: u64,
        kind: &'a str,
        facts: &'a [u8],
    ) -> Recorded<'a> {
        let mut random = [[0; 16]; 3];
        random.iter_mut().for_each(|bytes| self.random.fill_bytes(bytes));
        let [salt, correlation, tag] = random;
        Recorded {
            position: Position(self.position),
            stream,
            version: Version(version),
            previous: Position(previous),
            kind,
            schema: 1,
            occurred_at: self.now(),
            recorded_at: Timestamp(self.time),
            source_recorded_at: None,
            actor: Actor { person: code("P-1042"), role: Role::CaseManager, organisation: code("ASP-01") },
            on_behalf_of: None,
            source: Source::Person,
            scope: Scope { provider: Some(code("ASP-01")), catchment: Some(code("C-01")), school: Some(code("S-001")) },
            policy: 1,
            correlation: CorrelationId(correlation),
            causation: None,
            tag: Some(Tag(tag)),
            salt,
            facts,
            parts: vec![],
        }
    }
}

fn what_happens(case: &Case) -> CaseEvent {
    match case.version {
        1 => SupportRequestSubmitted {
            number: CaseNumber(case.number),
            student: StudentId(case.id.0),
            school: code("S-001"),
            primary_contact: code("P-7"),
            absent_half_days: 34,
            open_half_days: 60,
            reaches_threshold: true,
            earlier_because: None,
            engagement: SchoolEngagement::Partly,
            school_steps_taken: true,
            urgent: false,
            unmet_need: false,
            to_in_school_provider: false,
            attached: false,
        }
        .into(),
        2 => AllocatedToProvider {
            provider: provider(case.number),
            catchment: Some(code("C-01")),
            basis: AllocationBasis::SchoolCatchment,
            in_school: false,
        }
        .into(),
        3 => AssignedToCaseManager { manager: code("P-1042"), before: None }.into(),
        _ if case.left == 0 => CaseClosed { reason: ClosureReason::ReturnedToAttendance }.into(),
        n if n % 2 == 0 => {
            ContactAttempted { with: ContactWith::Caregiver, mode: Mode::Phone, outcome: AttemptOutcome::NotReached }
                .into()
        }
        n => CommentAdded { comment: CommentNumber((n / 2) as u16 - 1), by_school: false, shared_with_schools: false }
            .into(),
    }
}

/// Eighty providers hold the cases in turn: about as many as there are.
fn provider(case: u32) -> Code {
    code(&format!("ASP-{:02}", case % 80 + 1))
}

fn code(text: &str) -> Code {
    text.parse().expect("the codes of this file are constants")
}

fn student() -> Student {
    Student {
        nsn: None,
        family_name: Personal::new("Tūhoe".to_owned()),
        given_names: Personal::new("Aroha".to_owned()),
        preferred_name: None,
        birth_date: Personal::new("2014-05-06".parse().unwrap_or_default()),
    }
}

fn note() -> Note {
    Note {
        text: Personal::new(
            "Rang twice in the afternoon and left a message with the aunt, who will ask them to ring.".to_owned(),
        ),
    }
}

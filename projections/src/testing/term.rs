//! Invented terms: many cases at once, seeded, with what happens to cases in about the proportions of real ones.

use caseledger_events::case::Times;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, Code, StudentId};
use caseledger_events::number::CaseNumber;
use caseledger_events::parts::{AgencyAnswer, Contacts, PlanText};
use caseledger_events::personal::{Part, PartKind, Personal};
use caseledger_events::testing::{Past, code, day, noon, notice, request};

use super::{Tape, Written, note, student, written};

const GIVEN: [&str; 12] =
    ["Hēmi", "Aroha", "Māia", "Tāne", "Wiremu", "Ngaio", "Rāwiri", "Anahera", "Sione", "Grace", "Oliver", "Kahurangi"];
const FAMILY: [&str; 10] =
    ["Parata", "Kōrewha", "Te Rangi", "Smith", "Whaanga", "Pōtae", "Tamatea", "Singh", "Faʻasavalu", "Brown"];

/// How many cases something happens to at a time; older ones rest.
const AT_WORK: usize = 4_000;

/// Something that makes a term up, event by event.
pub struct Term {
    random: Random,
    now: Timestamp,
    cases: Vec<Invented>,
    /// Events a case gets on average.
    events_per_case: u64,
}

/// What must be known of an invented case to go on with it.
struct Invented {
    id: CaseId,
    provider: Code,
    school: Code,
    manager: Option<Code>,
    comments: Vec<bool>,
    open_requests: Vec<u16>,
    requests: u16,
    plans: u16,
    closed: bool,
}

/// A small, seeded source of numbers (SplitMix64), the same for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

impl Term {
    /// Begins a term.
    pub fn new(seed: u64, events_per_case: u64) -> Term {
        let now = noon(day("2026-02-16"));
        Term { random: Random(seed), now, cases: Vec::new(), events_per_case: events_per_case.max(4) }
    }

    /// Records some more events.
    pub fn play(&mut self, tape: &mut Tape, events: usize) {
        let end = tape.frames().len() + events;
        while tape.frames().len() < end {
            let (case, next) = self.invent();
            tape.case(case, next);
        }
    }

    /// Makes the next event up.
    fn invent(&mut self) -> (CaseId, Written) {
        // A working day of 65,000 cases a year, so that the days of a long history spread over years.
        self.now.0 += 1_000_000;
        if self.cases.is_empty() || self.random.next().is_multiple_of(self.events_per_case) {
            return self.open();
        }
        let recent = self.cases.len().min(AT_WORK);
        let at = self.cases.len() - 1 - self.random.below(recent);
        let written = self.happens(at);
        (self.cases[at].id, written)
    }

    fn open(&mut self) -> (CaseId, Written) {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.random.next().to_be_bytes());
        id[8..].copy_from_slice(&(self.cases.len() as u64).to_be_bytes());
        let number = CaseNumber(self.cases.len() as u32 + 1);
        let school = code(&format!("SCH-{}", self.random.below(2_000)));
        let provider = code(&format!("ASP-{}", self.random.below(80)));
        let pupil = StudentId(id);
        let event: CaseEvent = if self.random.below(100) < 30 {
            NonEnrolmentNotified { number, student: pupil, last_school: school, ..notice() }.into()
        } else {
            let urgent = self.random.below(10) == 0;
            SupportRequestSubmitted { number, student: pupil, school, urgent, ..request() }.into()
        };
        let (given, family) = (self.random.pick(&GIVEN), self.random.pick(&FAMILY));
        let parts = [student(given, family), contacts(&mut self.random)];
        self.cases.push(Invented {
            id: CaseId(id),
            provider,
            school,
            manager: None,
            comments: Vec::new(),
            open_requests: Vec::new(),
            requests: 0,
            plans: 0,
            closed: false,
        });
        (CaseId(id), self.written(event, Role::AttendanceLead, school, parts))
    }

    fn happens(&mut self, at: usize) -> Written {
        let case = &mut self.cases[at];
        let (provider, school) = (case.provider, case.school);
        let Some(manager) = case.manager else {
            case.manager = Some(code(&format!("M-{}", self.random.below(400))));
            let catchment = Some(code(&format!("C-{}", self.random.below(84))));
            let basis = AllocationBasis::SchoolCatchment;
            let allocated = AllocatedToProvider { provider, catchment, basis, in_school: false };
            return self.written(allocated.into(), Role::AttendanceLead, school, []);
        };
        if case.closed {
            case.closed = false;
            let reopened = CaseReopened { reason: ReopenReason::AbsentAgain };
            return self.written(reopened.into(), Role::WorkflowLead, provider, []);
        }
        let (event, parts) = case.work(&mut self.random, manager);
        self.written(event, Role::CaseManager, provider, parts)
    }

    fn written(
        &mut self,
        event: CaseEvent,
        role: Role,
        organisation: Code,
        parts: impl IntoIterator<Item = Part>,
    ) -> Written {
        let days_late = i64::from(self.random.below(5) == 0) * self.random.below(4) as i64;
        let occurred_at = OccurredAt::Instant(Timestamp(self.now.0 - days_late * 86_400_000_000));
        let past = Past { event, times: Times { occurred_at, recorded_at: self.now } };
        let person = code(&format!("P-{}", self.random.below(900)));
        written(past, Actor { person, role, organisation }, parts)
    }
}

impl Invented {
    fn work(&mut self, random: &mut Random, manager: Code) -> (CaseEvent, Vec<Part>) {
        let mode = random.pick(&[Mode::InPerson, Mode::Phone, Mode::Video, Mode::HomeVisit]);
        match random.below(100) {
            0..3 => (AssignedToCaseManager { manager, before: None }.into(), vec![]),
            3..38 => self.comment(random),
            38..42 => self.share(random),
            42..60 => (
                ContactAttempted { with: ContactWith::Caregiver, mode, outcome: AttemptOutcome::NotReached }.into(),
                vec![],
            ),
            60..68 => (StudentEngaged { mode }.into(), vec![note("We talked about Mondays.")]),
            68..76 => (CaregiverEngaged { mode }.into(), vec![]),
            76..80 => (CaregiverMeetingHeld { mode, student_present: random.below(2) == 0 }.into(), vec![]),
            80..84 => {
                (SchoolMeetingHeld { school: self.school, school_role: SchoolRole::Referring, mode }.into(), vec![])
            }
            84..88 => self.plan(random),
            88..95 => self.ask(random),
            95..97 => {
                let source = random.pick(&[DetailsSource::Family, DetailsSource::School]);
                let current_on = day("2026-03-01");
                let recorded = ContactDetailsRecorded { source, current_on, confirmed: false, catchment: None };
                (recorded.into(), vec![contacts(random)])
            }
            _ => {
                self.closed = true;
                (CaseClosed { reason: ClosureReason::ReturnedToAttendance }.into(), vec![])
            }
        }
    }

    fn comment(&mut self, random: &mut Random) -> (CaseEvent, Vec<Part>) {
        let by_school = random.below(6) == 0;
        let shared = by_school || random.below(3) == 0;
        self.comments.push(shared || by_school);
        let comment = CommentNumber(self.comments.len() as u16);
        let event = CommentAdded { comment, by_school, shared_with_schools: shared };
        (
            event.into(),
            vec![note("Whānau would like to meet at the marae; kuia will come along. Bus pass is asked for.")],
        )
    }

    /// Shares a comment that is not shared; with none, it is one more comment.
    fn share(&mut self, random: &mut Random) -> (CaseEvent, Vec<Part>) {
        let Some(at) = self.comments.iter().position(|shared| !shared) else { return self.comment(random) };
        self.comments[at] = true;
        let comment = CommentNumber(at as u16 + 1);
        (CommentSharingChanged { comment, shared_with_schools: true }.into(), vec![])
    }

    fn plan(&mut self, random: &mut Random) -> (CaseEvent, Vec<Part>) {
        self.plans += 1;
        let goals = 1 + random.below(4) as u8;
        let event =
            StudentPlanRecorded { revision: self.plans, goals, barriers: vec![code("TRANSPORT")], review_on: None };
        let text = |text: &str| vec![Personal::new(text.to_owned())];
        (
            event.into(),
            vec![PlanText { goals: text("Every Monday at school"), actions: text("Call on Sunday") }.to_part()],
        )
    }

    /// Asks an agency, or has it answer what it was asked.
    fn ask(&mut self, random: &mut Random) -> (CaseEvent, Vec<Part>) {
        let agency = Agency::Inz;
        if let Some(request) = self.open_requests.pop() {
            let whereabouts = random.pick(&[Whereabouts::NotOut, Whereabouts::NotOut, Whereabouts::Out]);
            let request = RequestNumber(request);
            let event = InformationRequestAnswered { request, agency, whereabouts, detailed: false, known_code: true };
            let answer = AgencyAnswer { code: Personal::new("IN".to_owned()), detail: None };
            return (event.into(), vec![answer.to_part()]);
        }
        self.requests += 1;
        self.open_requests.push(self.requests);
        let request = RequestNumber(self.requests);
        (InformationRequestOpened { request, agency, automatic: false, overdue_on: None }.into(), vec![])
    }
}

fn contacts(random: &mut Random) -> Part {
    let text = |text: String| vec![Personal::new(text)];
    Contacts {
        address: text(format!("{} Rātā Street", 1 + random.below(200))),
        phones: text(format!("02{}", random.below(100_000_000))),
        ..Contacts::default()
    }
    .to_part()
}

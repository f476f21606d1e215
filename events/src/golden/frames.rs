//! One stored frame of every event type: of a case, of the ledger itself, and of the reference data.

use crate::access::{
    AccessEvent, GlassReason, Operation, RevokeReason, RoleGranted, RoleRevoked, TokenName, TokenRevoked,
};
use crate::codec;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Recorded, Role, Scope, Source};
use crate::event::CaseEvent;
use crate::ids::{CaseId, CorrelationId, Epoch, KeyId, Position, Sha256, StreamId, StudentId, Tag, Version};
use crate::keys::KeyEvent;
use crate::machine::Draft;
use crate::measured::{
    Basis, MeasureEvent, MeasureResult, MeasureResultsPublished, MeasureRunPublished, PublishedOutcome, RunSource,
};
use crate::parts::*;
use crate::personal::{Group, Part, PartKind, Personal};
use crate::policy::{Policy, PolicySet};
use crate::provider::ProviderEvent;
use crate::system::{LedgerEvent, ledger_actor};
use crate::testing::*;
use crate::viewed::*;

/// A frame and the name of its file.
pub struct Sample {
    pub name: String,
    pub frame: Vec<u8>,
}

/// Returns one frame of every type, as written today.
pub fn samples() -> Vec<Sample> {
    let cases = sample_events().into_iter().zip(1..).map(|(event, i)| of_a_case(&event, i));
    cases
        .chain(of_providers())
        .chain(of_policy())
        .chain(of_measures())
        .chain(of_the_ledger())
        .chain(of_reference())
        .chain(of_keys())
        .chain(of_access())
        .chain(of_views())
        .collect()
}

fn of_a_case(event: &CaseEvent, i: u64) -> Sample {
    let draft = Draft {
        stream: StreamId::Case(CaseId([7; 16])),
        kind: event.kind(),
        schema: event.schema(),
        facts: event.facts(),
        occurred_at: if i.is_multiple_of(2) { time("2026-02-16") } else { time("2026-02-16T09:30:00+13:00") },
        scope: Scope { provider: Some(code("ASP-1")), catchment: Some(code("C-1")), school: Some(code("SCH-1")) },
        carries_parts: true,
    };
    let recorded = Recorded {
        position: Position(i * 1_000_000),
        version: Version(i as u32),
        previous: Position(i * 1_000),
        source_recorded_at: (i == 1).then_some(Timestamp(1_771_188_300_000_000)),
        on_behalf_of: (i == 2).then(|| code("P-9")),
        causation: (i == 3).then_some(Position(2)),
        tag: (!i.is_multiple_of(3)).then_some(Tag([0xab; 16])),
        salt: [i as u8; 16],
        parts: parts_of(event),
        ..recorded(&draft, Position(1), Timestamp(1_771_188_300_123_456))
    };
    sample(format!("{}.v{}", event.kind(), event.schema()), &recorded)
}

fn sample(name: String, recorded: &Recorded<'_>) -> Sample {
    let mut frame = Vec::new();
    codec::encode(recorded, &mut frame);
    Sample { name, frame }
}

/// The personal parts that travel with an event: each kind with one of them at least.
fn parts_of(event: &CaseEvent) -> Vec<Part> {
    let text = |text: &str| Personal::new(text.to_owned());
    let note = Note { text: text("Spoke with the whānau.") }.to_part();
    match event {
        CaseEvent::SupportRequestSubmitted(_) => {
            let student = Student {
                nsn: Some(text("123456789")),
                family_name: text("Tāmihana"),
                given_names: text("Hēmi Rāwiri"),
                preferred_name: Some(text("Hēmi")),
                birth_date: Personal::new(day("2013-07-09")),
            };
            let contacts = Contacts {
                address: vec![text("12 Tāwhai Street"), text("Ōtaki")],
                phones: vec![text("021 555 0100")],
                emails: vec![text("whanau@example.nz")],
                caregivers: vec![Caregiver {
                    name: text("Mere Tāmihana"),
                    relation: Some(text("mother")),
                    phone: None,
                }],
            };
            let health = HealthNote { text: text("Asthma.") };
            vec![student.to_part(), contacts.to_part(), note, health.to_part()]
        }
        CaseEvent::StudentPlanRecorded(_) => {
            vec![PlanText { goals: vec![text("Four days a week")], actions: vec![text("Bus card")] }.to_part()]
        }
        CaseEvent::InformationRequestAnswered(_) => {
            vec![AgencyAnswer { code: text("OUT"), detail: Some(text("Left on 29 January.")) }.to_part()]
        }
        CaseEvent::OverseasEvidenceReceived(_) => {
            let travel = TravelEvidence {
                document: Some(text("Boarding pass")),
                date_left: Some(Personal::new(day("2026-01-29"))),
                travelled_as: Some(text("Hemi Tamihana")),
                passport: Some(text("LA000000")),
                companions: vec![text("Mere Tāmihana")],
            };
            vec![travel.to_part()]
        }
        CaseEvent::ProviderAgreementRecorded(_) => {
            vec![AgreementNote { agreed_by: Some(text("Ana Māhina")), text: Some(text("By phone.")) }.to_part()]
        }
        CaseEvent::FileUploaded(_) => vec![FileName { name: text("Mahere o Hēmi.pdf") }.to_part()],
        CaseEvent::ReportOfConcernMade(_) => vec![Concern { text: text("Seen alone at home.") }.to_part()],
        CaseEvent::ProsecutionNotified(_) => vec![Prosecution { text: text("Nine letters.") }.to_part()],
        CaseEvent::CommentAdded(_) | CaseEvent::CaseReopened(_) | CaseEvent::StatementOfCorrectionAttached(_) => {
            vec![note]
        }
        _ => vec![],
    }
}

/// One event of every type of a provider's stream.
fn of_providers() -> Vec<Sample> {
    let now = Timestamp(1_771_188_300_123_456);
    let sample = |(event, i): (ProviderEvent, u64)| {
        let draft = event.draft(code("ASP-1"), OccurredAt::Instant(now));
        sample(format!("{}.v1", draft.kind), &recorded(&draft, Position(i), now))
    };
    sample_provider_events().into_iter().zip(1..).map(sample).collect()
}

fn of_policy() -> Vec<Sample> {
    let now = Timestamp(1_771_188_300_123_456);
    // As the file was written: its tables of codes had no rows then.
    let mut policy = Policy::default();
    (policy.tables.contact_roles, policy.tables.barriers) = (vec![], vec![]);
    let set = PolicySet { version: 2, effective_on: day("2026-07-01"), policy };
    let draft = set.draft(OccurredAt::Instant(now));
    vec![sample("policy_set.v1".to_owned(), &recorded(&draft, Position(1), now))]
}

fn of_measures() -> Vec<Sample> {
    let now = Timestamp(1_782_900_000_123_456);
    let (quarter, provider, hash) = (code("2026-Q2"), code("ASP-1"), Sha256([0xab; 32]));
    let basis = Basis {
        list: 1,
        list_hash: hash,
        rules: 1,
        calendar: 1,
        calendar_fingerprint: "00112233aabbccdd".to_owned().try_into().unwrap(),
        policy: 1,
        position: Position(420),
        as_at: Timestamp(1_782_860_400_000_000),
        verdicts: 12,
        verdicts_hash: hash,
    };
    let result = MeasureResult {
        measure: code("M10"),
        catchment: Some(code("C-1")),
        population: 9,
        achieved: 7,
        late: 1,
        not_achieved: 1,
        not_yet_due: 0,
        excluded: 3,
        not_assessable: 0,
        outcome: PublishedOutcome::Passed,
    };
    let run =
        |from, basis| MeasureEvent::MeasureRunPublished(MeasureRunPublished { quarter, from, providers: 1, basis });
    let results = MeasureResultsPublished { quarter, provider, results: vec![result] };
    let events = [
        (run(RunSource::Ledger, Some(basis)), ""),
        (run(RunSource::External, None), ".external"),
        (MeasureEvent::MeasureResultsPublished(results), ""),
    ];
    let sample = |(event, name): &(MeasureEvent, &str)| {
        let draft = event.draft(now);
        sample(format!("{}.v{}{name}", draft.kind, draft.schema), &recorded(&draft, Position(421), now))
    };
    events.iter().map(sample).collect()
}

fn of_the_ledger() -> Vec<Sample> {
    let now = Timestamp(1_771_188_300_123_456);
    let events = [
        LedgerEvent::LedgerCreated { simulated: false, format: codec::FORMAT },
        LedgerEvent::HistoryRestored { epoch_before: Epoch(0), head_before: Position(420), head_kept: Position(400) },
        LedgerEvent::ClockConfirmed { before: Timestamp(now.0 - 7_200_000_000), confirmed: now },
    ];
    let sample = |(event, i): (&LedgerEvent, u64)| {
        let draft = event.draft(now);
        let recorded = Recorded { actor: ledger_actor(), source: Source::Ledger, ..recorded(&draft, Position(i), now) };
        sample(format!("{}.v{}", draft.kind, draft.schema), &recorded)
    };
    events.iter().zip(1..).map(sample).collect()
}

fn of_keys() -> Vec<Sample> {
    let (student, hold, authority) = (StudentId([5; 16]), code("INQUIRY-7"), code("DA999"));
    let events = [
        KeyEvent::StudentKeyReplaced { student, old: KeyId([1; 16]), new: KeyId([2; 16]) },
        KeyEvent::LegalHoldPlaced { student, hold },
        KeyEvent::LegalHoldLifted { student, hold },
        KeyEvent::DisposalProposed { student, authority },
        KeyEvent::DisposalWithdrawn { student },
        KeyEvent::StudentDisposed { student, authority, proposed_by: code("P-1") },
    ];
    let sample = |event: &KeyEvent| {
        let draft = event.draft(time("2026-01-05"));
        let recorded = recorded(&draft, Position(2), Timestamp(1_767_567_600_000_000));
        sample(format!("{}.v{}", draft.kind, draft.schema), &recorded)
    };
    events.iter().map(sample).collect()
}

fn of_access() -> Vec<Sample> {
    let (person, organisation, from) = (code("P-1"), code("ASP-1"), day("2026-01-05"));
    let role = Role::CaseManager;
    let plain = RoleGranted { person, role, organisation, region: None, from, until: Some(day("2026-12-31")) };
    let office = RoleGranted {
        role: Role::RegionalOffice,
        organisation: code("MOE"),
        region: Some(code("R-1")),
        until: None,
        ..plain
    };
    let events = [
        (AccessEvent::RoleGranted(plain), ""),
        (AccessEvent::RoleGranted(office), ".regional_office"),
        (AccessEvent::RoleRevoked(RoleRevoked { person, role, organisation, reason: RevokeReason::OtherWork }), ""),
        (
            AccessEvent::TokenRevoked(TokenRevoked {
                token: TokenName([0xa7; 32]),
                until: Timestamp(1_767_571_200_000_000),
            }),
            "",
        ),
    ];
    let sample = |(event, name): &(AccessEvent, &str)| {
        let draft = event.draft(time("2026-01-05"));
        let recorded = recorded(&draft, Position(2), Timestamp(1_767_567_600_000_000));
        sample(format!("{}.v{}{name}", draft.kind, draft.schema), &recorded)
    };
    events.iter().map(sample).collect()
}

/// What the access ledger holds, and what the main ledger holds of it.
fn of_views() -> Vec<Sample> {
    let now = Timestamp(1_771_188_300_123_456);
    let allowed = Viewed {
        purpose: Some(code("SUPPORT")),
        groups: vec![Group::Identity, Group::Narrative],
        results: 1_002,
        ..Viewed::allowed(Operation::List)
    };
    let listed = allowed.with_cases((0..CASES_MAX + 2).map(|_| CaseId([7; 16])));
    let glass =
        Viewed { decision: Decision::BreakGlass(GlassReason::LawfulRequest), ..Viewed::allowed(Operation::BreakGlass) };
    let one = [CaseId([8; 16])];
    let views = [
        (Viewed { cases: listed.cases[..2].to_vec(), ..listed }, ""),
        (Viewed::denied(Operation::OpenCase, Denial::NoSuchCase).with_cases(one), ".denied"),
        (glass.with_cases(one), ".break_glass"),
    ];
    let view = |(viewed, name): &(Viewed, &str)| {
        let facts = viewed.facts();
        let (request, source) = (CorrelationId([3; 16]), Source::Person);
        let view =
            NewView { actor: lead(), on_behalf_of: None, source, request, policy: 1, at: now, viewed: viewed.clone() };
        let place = ViewPlace { position: Position(7), version: Version(7), recorded_at: now, salt: [5; 16] };
        sample(format!("{VIEWED}.v1{name}"), &view.recorded(place, &facts))
    };
    let head = AccessHeadRecorded { position: Position(7), chain_hash: ChainHash([0xcd; 32]) };
    let draft = AccessHeadEvent::AccessHeadRecorded(head).draft(now);
    let of_head = Recorded { actor: ledger_actor(), source: Source::Ledger, ..recorded(&draft, Position(9), now) };
    let head = sample(format!("{}.v{}", draft.kind, draft.schema), &of_head);
    views.iter().map(view).chain([head]).collect()
}

fn of_reference() -> Vec<Sample> {
    let region =
        crate::reference::Entry::Region { catchment: code("C-1"), region: code("R-1"), from: day("2026-01-05") };
    let ended = crate::reference::Entry::InSchool { school: code("SCH-1"), provider: None, from: day("2026-07-01") };
    let rows = [reference()[4], reference()[0], reference()[7], ended, region];
    let sample = |(row, name): (&crate::reference::Entry, &str)| {
        let draft = row.draft(time("2026-01-05"));
        let recorded = recorded(&draft, Position(2), Timestamp(1_767_567_600_000_000));
        sample(
            format!("{}.v{}{name}", draft.kind, draft.schema),
            &Recorded { correlation: CorrelationId([4; 16]), ..recorded },
        )
    };
    rows.iter().zip(["", ".catchment", ".in_school", ".in_school_ended", ".region"]).map(sample).collect()
}

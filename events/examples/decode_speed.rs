//! Measures how fast recorded events are decoded on one core (design §9: replay).
//!
//! `cargo run --release -p caseledger-events --example decode_speed`

use std::hint::black_box;
use std::time::Duration;

use caseledger_events::codec;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role, Scope, Source};
use caseledger_events::event::{AllocatedToProvider, AllocationBasis, CaseEvent, CommentAdded, CommentNumber};
use caseledger_events::event::{Mode, SchoolMeetingHeld, SchoolRole};
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StreamId, Tag, Version};
use caseledger_events::parts::Note;
use caseledger_events::personal::{Part, PartKind, Personal};

const FRAMES: usize = 100_000;
const ROUNDS: usize = 20;

fn code(text: &str) -> Code {
    text.parse().expect("a constant that is a code")
}

fn event(i: usize) -> CaseEvent {
    match i % 3 {
        0 => CommentAdded { comment: CommentNumber(3), by_school: false, shared_with_schools: true }.into(),
        1 => SchoolMeetingHeld { school: code("SCH-0231"), school_role: SchoolRole::Referring, mode: Mode::InPerson }
            .into(),
        _ => AllocatedToProvider {
            provider: code("ASP-17"),
            catchment: Some(code("C-17")),
            basis: AllocationBasis::SchoolCatchment,
            in_school: false,
        }
        .into(),
    }
}

fn frame(i: usize) -> Vec<u8> {
    let event = event(i);
    let facts = event.facts();
    let note = Note { text: Personal::new("Spoke with the whānau; they will call back on Thursday.".to_owned()) };
    let parts: Vec<Part> = if i.is_multiple_of(2) { vec![note.to_part()] } else { vec![] };
    let mut out = Vec::new();
    let recorded = Recorded {
        position: Position(i as u64 + 1),
        stream: StreamId::Case(CaseId([i as u8; 16])),
        version: Version(3),
        previous: Position(i as u64),
        kind: event.kind(),
        schema: event.schema(),
        occurred_at: OccurredAt::Instant(Timestamp(1_772_000_000_000_000)),
        recorded_at: Timestamp(1_772_000_000_000_001),
        source_recorded_at: None,
        actor: Actor { person: code("P-000123"), role: Role::CaseManager, organisation: code("ASP-17") },
        on_behalf_of: None,
        source: Source::Person,
        scope: Scope { provider: Some(code("ASP-17")), catchment: Some(code("C-17")), school: Some(code("SCH-0231")) },
        policy: 1,
        correlation: CorrelationId([9; 16]),
        causation: None,
        tag: Some(Tag([1; 16])),
        salt: [5; 16],
        facts: &facts,
        parts,
    };
    codec::encode(&recorded, &mut out);
    out
}

/// The processor time this process has used; the core itself reads no clock, so neither does its example.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells a process about itself");
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn measure(name: &str, frames: &[Vec<u8>], decode: impl Fn(&[u8])) {
    let before = cpu_time();
    for _ in 0..ROUNDS {
        frames.iter().for_each(|frame| decode(frame));
    }
    let took = cpu_time() - before;
    let rate = (ROUNDS * frames.len()) as f64 / took.as_secs_f64() / 1e6;
    println!("{name:<32} {rate:6.2} M/s a core");
}

fn main() {
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(frame).collect();
    let bytes: usize = frames.iter().map(Vec::len).sum();
    println!("{FRAMES} frames, {} bytes each", bytes / FRAMES);
    measure("envelope", &frames, |frame| {
        black_box(codec::decode(frame).expect("a frame just made"));
    });
    measure("envelope and facts", &frames, |frame| {
        let event = codec::decode(frame).expect("a frame just made");
        black_box(CaseEvent::read(event.kind, event.schema, event.facts).expect("facts just made"));
    });
}

//! A history and the hash of the state it folds into: a change of what a state holds, or of how, is seen here.
//!
//! A change that is meant raises `World::STATE`, which names the file: the old one stays, a new one is written.

use caseledger_proof::{Hash, extend};

use super::{folder, keep};
use crate::codec;
use crate::event::*;
use crate::ids::{CaseId, StudentId};
use crate::machine::Machine;
use crate::number::CaseNumber;
use crate::testing::*;
use crate::world::World;

/// Five lives that between them hold every event: at work, in school, with the Ministry, with CIT, and closed.
fn stage() -> Stage {
    let mut stage = Stage::new();
    let mut number = 0;
    let mut remember = |id: u8, history: Vec<Past>| {
        number += 1;
        // Spread over the shards, which are told by all bytes together.
        let mut bytes = [id; 16];
        bytes[0] = id.wrapping_mul(41);
        let (case, student) = (CaseId(bytes), StudentId([id; 16]));
        for mut past in history {
            match &mut past.event {
                CaseEvent::SupportRequestSubmitted(e) if !e.attached => {
                    (e.number, e.student) = (CaseNumber(number), student)
                }
                CaseEvent::NonEnrolmentNotified(e) if !e.attached => {
                    (e.number, e.student) = (CaseNumber(number), student)
                }
                _ => {}
            }
            stage.remember(case, &past);
        }
    };
    let begins = |event: &CaseEvent| matches!(event.kind(), "support_request_submitted" | "non_enrolment_notified");
    let everything = sample_events().into_iter().filter(|event| !begins(event)).map(|event| on("2026-03-02", event));
    remember(1, at_work(ca_case()).into_iter().chain(everything).collect());
    remember(2, at_work(in_school_case()).into_iter().chain([on("2026-03-02", asked(1, Agency::Msd))]).collect());
    remember(3, notified().into_iter().chain([on(OPENED, asked_automatically(1))]).collect());
    remember(4, nen_case().into_iter().chain([on("2026-03-02", passed_to_cit())]).collect());
    remember(5, closed(nen_case(), "2026-04-01"));
    stage
}

fn state_hash(world: &World) -> Hash {
    let mut bytes = Vec::new();
    (0..=255).fold(Hash::ZERO, |before, shard| {
        bytes.clear();
        world.save(shard, &mut bytes);
        extend(before, &bytes)
    })
}

#[test]
fn a_kept_history_folds_into_the_state_it_folded_into() {
    let today: Vec<_> = stage().frames.into_iter().map(serde_bytes::ByteBuf::from).collect();
    let kept = keep(&folder().join("history").join("frames.v1.bin"), &rmp_serde::to_vec(&today).unwrap());
    let frames: Vec<serde_bytes::ByteBuf> = rmp_serde::from_slice(&kept).unwrap();
    let mut world = World::default();
    for frame in &frames {
        world.evolve(&codec::decode(frame).unwrap()).unwrap();
    }
    let hash = state_hash(&world).to_string();
    let kept = keep(&folder().join("history").join(format!("state.{}.txt", World::STATE)), hash.as_bytes());
    assert_eq!(hash, String::from_utf8(kept).unwrap(), "the state changed: raise World::STATE");
}

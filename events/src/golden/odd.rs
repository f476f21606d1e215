//! Frames that are not as they should be: damaged, of a later build, of a type nobody knows. Kept as files too.

use super::{folder, keep, told};
use crate::codec;
use crate::event::CaseEvent;
use crate::golden::frames::samples;
use crate::personal::PartKind;

fn comment() -> Vec<u8> {
    samples().into_iter().find(|sample| sample.name == "comment_added.v1").unwrap().frame
}

fn odd(name: &str, today: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    keep(&folder().join("odd").join(name), &today())
}

/// Returns a map with one more field than its type knows.
fn with_one_more(map: &[u8]) -> Vec<u8> {
    let fields = map[0];
    // Up to fourteen fields the first byte counts them; longer maps count in two more bytes.
    let mut more = match fields {
        0x80..=0x8e => [&[fields + 1], &map[1..]].concat(),
        0x8f => [&[0xde, 0, 16], &map[1..]].concat(),
        0xde => [&[0xde, map[1], map[2] + 1], &map[3..]].concat(),
        _ => panic!("no map"),
    };
    more.extend_from_slice(b"\xa5later\x07");
    more
}

#[test]
fn a_damaged_frame_is_an_error_that_says_what_is_missing() {
    let damaged = odd("damaged.msgpack", || {
        let whole = comment();
        whole[..whole.len() / 2].to_vec()
    });
    assert_eq!(
        codec::decode(&damaged).unwrap_err().to_string(),
        "cannot decode a recorded event: the bytes end before the event does"
    );
}

#[test]
fn fields_of_a_later_build_are_passed_over() {
    let later = odd("later_fields.msgpack", || {
        let frame = comment();
        let event = codec::decode(&frame).unwrap();
        let facts = with_one_more(event.facts);
        let mut parts = event.parts.clone();
        parts[0].body = with_one_more(&parts[0].body);
        let mut out = Vec::new();
        codec::encode(&crate::envelope::Recorded { facts: &facts, parts, ..event }, &mut out);
        with_one_more(&out)
    });
    assert_ne!(later, comment());
    let event = codec::decode(&later).unwrap();
    let known = comment();
    let known = codec::decode(&known).unwrap();
    let read = |event: &crate::envelope::Recorded<'_>| CaseEvent::read(event.kind, event.schema, event.facts).unwrap();
    assert_eq!(read(&event), read(&known));
    assert_eq!(crate::parts::Note::find(&event.parts), crate::parts::Note::find(&known.parts));
    assert!(crate::parts::Note::find(&event.parts).is_some());
    assert_eq!(crate::envelope::Recorded { facts: known.facts, parts: known.parts.clone(), ..event }, known);
}

#[test]
fn a_later_schema_version_is_refused_and_says_what_to_do() {
    let later = odd("later_schema.msgpack", || {
        let frame = comment();
        let event = codec::decode(&frame).unwrap();
        let mut out = Vec::new();
        codec::encode(&crate::envelope::Recorded { schema: 2, ..event }, &mut out);
        out
    });
    let event = codec::decode(&later).unwrap();
    assert_eq!(
        CaseEvent::read(event.kind, event.schema, event.facts).unwrap_err().to_string(),
        "cannot decode a recorded event: comment_added has schema version 2, this build reads up to 1: use a newer build"
    );
}

#[test]
fn an_event_type_of_a_later_build_is_left_alone() {
    let later = odd("later_kind.msgpack", || {
        let frame = comment();
        let event = codec::decode(&frame).unwrap();
        let mut out = Vec::new();
        codec::encode(&crate::envelope::Recorded { kind: "told_by_a_later_build", ..event }, &mut out);
        out
    });
    let event = codec::decode(&later).unwrap();
    assert_eq!(CaseEvent::read(event.kind, event.schema, event.facts).unwrap(), None);
}

#[test]
fn no_cut_and_no_flipped_byte_makes_decoding_panic() {
    for sample in samples() {
        for at in 0..sample.frame.len() {
            let cut = &sample.frame[..at];
            assert!(codec::decode(cut).is_err(), "{} cut at {at}", sample.name);
            let mut flipped = sample.frame.clone();
            flipped[at] ^= 0xff;
            if let Ok(event) = codec::decode(&flipped) {
                let _ = CaseEvent::read(event.kind, event.schema, event.facts);
            }
        }
        assert!(!told(&sample.frame).is_empty());
    }
}

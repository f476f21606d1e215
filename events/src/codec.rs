//! Bytes to recorded events and back: MessagePack with named fields.
//!
//! Stored names are short and pinned with `rename`; unknown fields are tolerated; stored bytes are never
//! re-encoded. The facts lie in the frame as one byte string, so a reader skips what it does not need.

use rmp_serde::decode::Error;

use crate::envelope::Recorded;

/// The stored format's number; frozen: bytes of another number are refused with the way out.
pub const FORMAT: u16 = 1;

/// Bytes that are no event of this format.
#[derive(Debug, thiserror::Error)]
#[error("cannot decode a recorded event: {reason}")]
pub struct BadFrame {
    /// What the decoder met; never the contents.
    pub reason: String,
}

impl From<Error> for BadFrame {
    fn from(error: Error) -> Self {
        let reason = match &error {
            // What serde says of a value that does not fit repeats the value; what was expected does not.
            Error::Syntax(text) | Error::Uncategorized(text) => match text.rsplit_once(", expected ") {
                Some((_, expected)) => format!("a value does not fit: {expected} is expected"),
                None if text.starts_with("missing field") => text.clone(),
                None => "a value does not fit".to_owned(),
            },
            Error::InvalidMarkerRead(_) | Error::InvalidDataRead(_) => "the bytes end before the event does".to_owned(),
            plain => plain.to_string(),
        };
        BadFrame { reason }
    }
}

/// Appends the stored form of an event to `out`.
pub fn encode(event: &Recorded<'_>, out: &mut Vec<u8>) {
    let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
    serde::Serialize::serialize(event, &mut serializer).expect("an event is plain data of known length");
}

/// Reads an event, borrowing from its stored bytes.
pub fn decode(frame: &[u8]) -> Result<Recorded<'_>, BadFrame> {
    Ok(rmp_serde::from_slice(frame)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dates::{OccurredAt, Timestamp};
    use crate::envelope::{Actor, Role, Scope, Source};
    use crate::ids::{CaseId, CorrelationId, Position, StreamId, Tag, Version};

    #[test]
    fn what_is_encoded_reads_back_the_same() {
        let event = Recorded {
            position: Position(42),
            stream: StreamId::Case(CaseId([7; 16])),
            version: Version(3),
            previous: Position(40),
            kind: "comment_added",
            schema: 1,
            occurred_at: OccurredAt::Instant(Timestamp(1_772_000_000_000_000)),
            recorded_at: Timestamp(1_772_000_000_000_001),
            source_recorded_at: None,
            actor: Actor {
                person: "P-1".parse().unwrap(),
                role: Role::CaseManager,
                organisation: "ASP-01".parse().unwrap(),
            },
            on_behalf_of: None,
            source: Source::Person,
            scope: Scope { provider: Some("ASP-01".parse().unwrap()), catchment: None, school: None },
            policy: 1,
            correlation: CorrelationId([9; 16]),
            causation: None,
            tag: Some(Tag([1; 16])),
            salt: [5; 16],
            facts: &[0x80],
            parts: vec![],
        };
        let mut bytes = Vec::new();
        encode(&event, &mut bytes);
        assert_eq!(decode(&bytes).unwrap(), event);
    }

    #[test]
    fn garbage_is_an_error_that_does_not_repeat_the_bytes() {
        for garbage in [&b"\x81\xa1pHemi"[..], b"\xa4Hemi", b"\x81\xa1p\xa4Hemi", b"\x81\xa4Hemi\x01", b"\x80"] {
            let error = decode(garbage).unwrap_err().to_string();
            assert!(!error.contains("Hemi"), "{error}");
        }
        let error = decode(b"\xa4Hemi").unwrap_err().to_string();
        assert!(error.contains("struct Recorded is expected"), "{error}");
        assert!(decode(b"\x80").unwrap_err().to_string().contains("missing field"));
    }
}

//! Reading the broadcast: what a message says, for read models that need public facts alone.

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{Position, StreamId};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::moment::Moment;

/// What a message tells.
#[derive(Clone, PartialEq, Debug)]
pub enum Told<'a> {
    /// That there is an event at a position, and no more.
    Restricted(Position),
    /// A public event; its facts are read when they are asked for.
    Event(PublicEvent<'a>),
}

/// A public event as far as read models ask.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PublicEvent<'a> {
    /// Where it stands in the ledger.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its type.
    pub kind: &'a str,
    /// The version of its facts.
    pub schema: u16,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    facts: &'a str,
}

/// A message that is no public event of this ledger's form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the message cannot be read as a public event: {reason}; a newer program may have written it")]
pub struct BadMessage {
    /// What the reader met; never the contents.
    pub reason: String,
}

/// The body of a message; of a restricted event the position is all there is.
#[derive(Deserialize)]
struct Body<'a> {
    position: Position,
    stream: Option<StreamId>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    schema: Option<u16>,
    occurred_at: Option<OccurredAt>,
    recorded_at: Option<Timestamp>,
    #[serde(borrow)]
    facts: Option<&'a RawValue>,
}

/// Reads the body of a message.
pub fn read(body: &[u8]) -> Result<Told<'_>, BadMessage> {
    let body: Body<'_> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    match body {
        Body {
            position,
            stream: None,
            kind: None,
            schema: None,
            occurred_at: None,
            recorded_at: None,
            facts: None,
        } => Ok(Told::Restricted(position)),
        Body {
            position,
            stream: Some(stream),
            kind: Some(kind),
            schema: Some(schema),
            occurred_at: Some(occurred_at),
            recorded_at: Some(recorded_at),
            facts: Some(facts),
        } => {
            let facts = facts.get();
            Ok(Told::Event(PublicEvent { position, stream, kind, schema, occurred_at, recorded_at, facts }))
        }
        _ => Err(BadMessage { reason: "part of what every event says is missing".to_owned() }),
    }
}

/// What serde says of a value that does not fit repeats the value: the place alone is told.
fn unreadable(error: &serde_json::Error) -> BadMessage {
    BadMessage { reason: format!("it does not fit at column {}", error.column()) }
}

impl PublicEvent<'_> {
    /// Returns its place and its two times.
    pub fn moment(&self) -> Moment {
        Moment { occurred_at: self.occurred_at, recorded_at: self.recorded_at, position: self.position }
    }

    /// Reads the facts of an event of a case; `None` for a type this build does not know.
    pub fn case_event(&self) -> Result<Option<CaseEvent>, BadMessage> {
        let read = CaseEvent::read_json(self.kind, self.schema, self.facts);
        read.map_err(|error| BadMessage { reason: error.reason })
    }
}

#[cfg(test)]
mod tests {
    use caseledger_events::event::event_type;
    use caseledger_events::public::{Place, message, restricts};
    use caseledger_events::testing::{CASE, manager, on};

    use super::*;
    use crate::testing::{Tape, every_event, personal_parts, written};

    #[test]
    fn every_public_event_of_a_case_is_read_back_with_its_facts() {
        let mut tape = Tape::new();
        for event in every_event() {
            tape.case(CASE, written(on("2026-03-01", event), manager(), personal_parts()));
        }
        let place = Place { source: "urn:caseledger:test:0", before: [0; 32], hash: [0; 32] };
        for (event, stored) in tape.case_events() {
            let body = message(&event, &place).unwrap().body;
            match read(&body).unwrap() {
                Told::Restricted(position) => {
                    assert!(restricts(&event).unwrap(), "{}", event.kind);
                    assert_eq!(position, event.position);
                }
                Told::Event(told) => {
                    assert_eq!((told.moment(), told.stream), (Moment::of(&event), event.stream));
                    assert_eq!(told.case_event().unwrap().as_ref(), Some(&stored), "{}", event.kind);
                    assert!(event_type(told.kind).is_some());
                }
            }
        }
    }

    #[test]
    fn what_is_no_public_event_is_refused() {
        for body in ["", "{}", "[]", r#"{"position": "eight"}"#, r#"{"position": 8, "type": "case_closed"}"#] {
            let error = read(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("cannot be read as a public event"), "{body}: {error}");
        }
        assert_eq!(read(br#"{"position": 7}"#), Ok(Told::Restricted(Position(7))));
    }
}

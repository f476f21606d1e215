//! One stream or one command read back from the log.

use caseledger_events::codec;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Recorded};
use caseledger_events::ids::{Position, StreamId};
use caseledger_events::machine::{Machine, Receipt};

use crate::entry::Entry;
use crate::ledger::heads::Head;
use crate::ledger::idempotency::is_same_request;
use crate::ledger::outcome::HistoryError;
use crate::reader::Reader;

/// Folds a whole stream from its history, found by following the links back from its head.
pub(crate) fn fold_stream<M: Machine>(reader: &Reader, stream: StreamId, head: Head) -> Result<M::Warm, HistoryError> {
    let entries = reader.history(head.position)?;
    let events = entries.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
    let complete = events.len() == head.version.0 as usize && events.iter().all(|event| event.stream == stream);
    if !complete {
        return Err(HistoryError::Incomplete { stream, found: events.len(), version: head.version });
    }
    M::fold(&events).map_err(|source| HistoryError::Frame { position: head.position, source })
}

/// Reads the receipt of the command whose first event stands at `first` again; `None` where its body was another.
pub(crate) fn read_receipt(
    reader: &Reader,
    first: Position,
    fingerprint: &[u8; 32],
) -> Result<Option<Receipt>, HistoryError> {
    let entry = reader.get(first)?;
    let event = decode(&entry)?;
    if !is_same_request(&event, fingerprint) {
        return Ok(None);
    }
    let (mut position, mut version) = (first, event.version);
    // All events of a command share its tag and stand together.
    while position < reader.durable() {
        let entry = reader.get(position.next())?;
        let next = decode(&entry)?;
        if next.tag != event.tag {
            break;
        }
        position = next.position;
        if next.stream == event.stream {
            version = next.version;
        }
    }
    let chain = reader.chain_at(position)?.0;
    Ok(Some(Receipt { first, position, stream: event.stream, version, recorded_at: event.recorded_at, chain }))
}

/// Reads who recorded a stream's last event, and when.
pub(crate) fn who_moved_it(reader: &Reader, head: Head) -> Result<(Actor, Timestamp), HistoryError> {
    let entry = reader.get(head.position)?;
    decode(&entry).map(|event| (event.actor, event.recorded_at))
}

/// Reads one event.
pub(crate) fn decode(entry: &Entry) -> Result<Recorded<'_>, HistoryError> {
    codec::decode(&entry.frame).map_err(|source| HistoryError::Frame { position: entry.position, source })
}

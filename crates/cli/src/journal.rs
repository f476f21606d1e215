//! Reading a ledger directory without disturbing whoever owns it: the journal, never sled, never a lock.

use std::ops::ControlFlow;
use std::path::Path;

use caseledger_events::codec;
use caseledger_events::envelope::Recorded;
use caseledger_events::ids::Position;
use caseledger_events::system::LedgerEvent;
use caseledger_log::JournalReader;
use caseledger_proof::Hash;

use crate::exit::{Exit, Failure};
use crate::progress::Progress;

/// Opens the journal of a ledger directory.
pub fn open(dir: &Path) -> Result<JournalReader, Failure> {
    Ok(JournalReader::open(dir)?)
}

/// Hands every event in a range of positions to `each`, oldest first, with the chain hash at its position.
pub fn read(
    journal: &JournalReader,
    what: &'static str,
    from: Position,
    to: Position,
    mut each: impl FnMut(Position, &[u8], Hash) -> Result<ControlFlow<()>, Failure>,
) -> Result<(), Failure> {
    let from = from.max(Position(1));
    let to = to.min(journal.last());
    let mut progress = Progress::events(what, (to.0 + 1).saturating_sub(from.0));
    let mut scan = journal.scan(from);
    'groups: while scan.position() <= to {
        let Some(group) = scan.next_group()? else { break };
        for (position, frame, chain) in group.chained() {
            if position > to || each(position, frame, chain)?.is_break() {
                break 'groups;
            }
        }
        progress.set(group.last().0.saturating_sub(from.0));
    }
    progress.finish();
    Ok(())
}

/// Has several threads read every event up to a position, and hands what they made of each to `each`, oldest first.
pub fn read_by_many<T: Send>(
    journal: &JournalReader,
    what: &'static str,
    to: Position,
    make: impl Fn(Position, &[u8]) -> Result<T, Failure> + Sync,
    mut each: impl FnMut(T),
) -> Result<(), Failure> {
    let to = to.min(journal.last());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut progress = Progress::events(what, to.0);
    let read = journal.scan(Position(1)).parallel_events(threads, to, make, |last, made| {
        made.into_iter().for_each(&mut each);
        progress.set(last.0);
    });
    progress.finish();
    read
}

/// Decodes a frame; what cannot be decoded ends the command with its position.
pub fn decode(position: Position, frame: &[u8]) -> Result<Recorded<'_>, Failure> {
    codec::decode(frame).map_err(|error| undecodable(position, &error.reason))
}

/// Returns what to say about an event this build cannot read.
pub fn undecodable(position: Position, reason: &str) -> Failure {
    Failure::new(Exit::FoundWrong, format_args!("the event at position {position} cannot be read: {reason}"))
        .next("run `caseledger lint` for all of them, and use the release that wrote them")
}

/// Returns whether the ledger's recorded times are those of a simulation, as its first event says.
pub fn is_simulated(journal: &JournalReader) -> Result<bool, Failure> {
    if journal.last() == Position(0) {
        return Err(Failure::new(Exit::NoData, "the ledger was never finished being created: it has no first event")
            .next("start `caseledger serve` on it once more"));
    }
    let mut simulated = false;
    read(journal, "reading", Position(1), Position(1), |position, frame, _| {
        let event = decode(position, frame)?;
        let first = LedgerEvent::read(&event).map_err(|error| undecodable(position, &error.reason))?;
        simulated = matches!(first, Some(LedgerEvent::LedgerCreated { simulated: true, .. }));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(simulated)
}

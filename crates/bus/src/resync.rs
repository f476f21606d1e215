//! Where the stream stands, and whether it is the copy of this log it should be.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Info, State};
use caseledger_events::ids::Position;
use caseledger_events::public::{HASH_HEADER, POSITION_HEADER};
use caseledger_log::{LedgerIdentity, ReadError};
use caseledger_proof::Hash;
use futures::{StreamExt, stream};

use crate::api::{Api, ApiError};
use crate::halt::Halt;
use crate::log_source::LogSource;
use crate::session::WINDOW_MAX;
use crate::stream::{StreamSettings, ledger_of, recognise};

/// Messages asked for at once while the end of the stream is compared.
const READS_AT_ONCE: usize = 16;

/// Why the stream's standing is not known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// It may be known later.
    Later(String),
    /// The stream is not a copy of this log.
    Halt(Halt),
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Trouble::Later(error.to_string())
    }
}

impl From<Halt> for Trouble {
    fn from(halt: Halt) -> Self {
        Trouble::Halt(halt)
    }
}

/// Returns the last sequence of a stream that agrees with the log so far; `None` when there is no stream.
///
/// `verified` is the last position this relay knows to be right. Messages after it are compared one by one, as far back
/// as a window reaches: the fence of position p asks only that *something* stands at p-1, so a message that somebody
/// else slipped in between can have ours behind it, and the hash at the end alone would not show it.
pub(crate) async fn standing(
    api: &Api,
    log: &LogSource,
    settings: StreamSettings,
    verified: Position,
) -> Result<Option<Position>, Trouble> {
    let Some(info) = api.stream_info().await? else { return Ok(None) };
    let last = shape(&info, log.identity(), settings)?;
    if last > log.last() {
        return Err(ahead(api, log, last).await?.into());
    }
    let window = Position(last.0.saturating_sub(WINDOW_MAX as u64));
    let known = if verified <= last { verified.max(window) } else { window };
    // The last one is compared always: the stream may have been made anew and be as long again.
    let from = known.next().min(last);
    if last > Position(0) {
        compare(api, log, from, last).await?;
    }
    Ok(Some(last))
}

/// Compares every message from one position to another with the log.
async fn compare(api: &Api, log: &LogSource, from: Position, last: Position) -> Result<(), Trouble> {
    if !agrees(api, log, last).await? {
        return Err(fork(api, log, last).await?.into());
    }
    let hashes = chain_from(log, from, last).await?;
    let messages = stream::iter(from.0..=last.0).map(|sequence| api.message(sequence)).buffered(READS_AT_ONCE);
    let mut compared = std::pin::pin!(messages.zip(stream::iter(hashes)));
    while let Some((message, (position, ours))) = compared.next().await {
        let Some(message) = message? else {
            return Err(Trouble::Later("the stream changed while it was asked where it stands".to_owned()));
        };
        if hash_of(&message) != Some(ours) || position_of(&message) != Some(position) {
            return Err(Halt::Diverged { position, stream: hash_of(&message), log: ours }.into());
        }
    }
    Ok(())
}

/// Checks what the stream says of itself; returns its last sequence.
pub(crate) fn shape(info: &Info, identity: LedgerIdentity, settings: StreamSettings) -> Result<Position, Halt> {
    recognise(&info.config, identity, settings)?;
    let State { messages, first_sequence: first, last_sequence: last, .. } = info.state;
    if last > 0 && messages > 0 && first != 1 {
        return Err(Halt::NotFromOne { first });
    }
    if messages != last {
        return Err(Halt::Holes { messages, last });
    }
    Ok(Position(last))
}

/// Returns the chain hash a message names.
pub(crate) fn hash_of(message: &StreamMessage) -> Option<Hash> {
    message.headers.get(HASH_HEADER).and_then(|value| value.as_str().parse().ok())
}

fn position_of(message: &StreamMessage) -> Option<Position> {
    message.headers.get(POSITION_HEADER).and_then(|value| value.as_str().parse().ok()).map(Position)
}

/// Reads the chain hashes from one position to another off the async threads.
async fn chain_from(log: &LogSource, from: Position, last: Position) -> Result<Vec<(Position, Hash)>, Halt> {
    let log = log.clone();
    let read = move || {
        let mut hashes = Vec::new();
        let mut scan = log.scan(from);
        while let Some(group) = scan.next_group()? {
            hashes.extend(group.chained().map(|(position, _, hash)| (position, hash)).filter(|(at, _)| *at <= last));
            if group.last() >= last {
                break;
            }
        }
        Ok(hashes)
    };
    off_thread(read).await
}

async fn off_thread<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, Halt> {
    let unreadable = |reason: String| Halt::LogUnreadable { reason };
    let done = tokio::task::spawn_blocking(read).await.map_err(|error| unreadable(error.to_string()))?;
    done.map_err(|error| unreadable(error.to_string()))
}

async fn ahead(api: &Api, log: &LogSource, stream: Position) -> Result<Halt, Trouble> {
    let last = log.last();
    let same_history = match last {
        Position(0) => true,
        _ => agrees(api, log, last).await?,
    };
    Ok(Halt::Ahead { stream, log: last, same_history })
}

async fn fork(api: &Api, log: &LogSource, last: Position) -> Result<Halt, Trouble> {
    let position = last_agreeing(api, log, last).await?.next();
    let stream = api.message(position.0).await?.as_ref().and_then(hash_of);
    Ok(Halt::Diverged { position, stream, log: chain_at(log, position).await? })
}

/// Returns the last position up to which a stream of this ledger and its log hold the same events.
pub(crate) async fn agreed(api: &Api, log: &LogSource) -> Result<Position, Trouble> {
    match api.stream_info().await? {
        Some(info) if ledger_of(&info.config) == Some(log.identity().ledger) => {
            last_agreeing(api, log, log.last().min(Position(info.state.last_sequence))).await
        }
        _ => Ok(Position(0)),
    }
}

/// Finds the last position up to `end` where both agree: where the chain differs once, it differs ever after.
async fn last_agreeing(api: &Api, log: &LogSource, end: Position) -> Result<Position, Trouble> {
    if end == Position(0) || agrees(api, log, end).await? {
        return Ok(end);
    }
    let (mut same, mut differs) = (0, end.0);
    while differs - same > 1 {
        let middle = same + (differs - same) / 2;
        if agrees(api, log, Position(middle)).await? {
            same = middle;
        } else {
            differs = middle;
        }
    }
    Ok(Position(same))
}

async fn agrees(api: &Api, log: &LogSource, position: Position) -> Result<bool, Trouble> {
    let theirs = api.message(position.0).await?.as_ref().and_then(hash_of);
    Ok(theirs == Some(chain_at(log, position).await?))
}

/// Reads a chain hash off the async threads.
pub(crate) async fn chain_at(log: &LogSource, position: Position) -> Result<Hash, Halt> {
    let log = log.clone();
    off_thread(move || log.chain_at(position)).await
}

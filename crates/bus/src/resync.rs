//! Where the stream stands, and whether it is the copy of this log it should be.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Info, State};
use caseledger_events::ids::Position;
use caseledger_events::public::{HASH_HEADER, POSITION_HEADER};
use caseledger_log::LedgerIdentity;
use caseledger_proof::Hash;

use crate::api::{Api, ApiError};
use crate::halt::Halt;
use crate::log_source::LogSource;
use crate::stream::{StreamSettings, ledger_of, recognise};

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
pub(crate) async fn standing(
    api: &Api,
    log: &LogSource,
    settings: StreamSettings,
) -> Result<Option<Position>, Trouble> {
    let Some(info) = api.stream_info().await? else { return Ok(None) };
    let last = shape(&info, log.identity(), settings)?;
    if last > log.last() {
        return Err(ahead(api, log, last).await?.into());
    }
    if last == Position(0) {
        return Ok(Some(last));
    }
    let ours = chain_at(log, last).await?;
    match api.message(last.0).await? {
        Some(message) if hash_of(&message) == Some(ours) && position_of(&message) == Some(last) => Ok(Some(last)),
        Some(_) => Err(fork(api, log, last).await?.into()),
        None => Err(Trouble::Later("the stream changed while it was asked where it stands".to_owned())),
    }
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
    let read = tokio::task::spawn_blocking(move || log.chain_at(position)).await;
    let unreadable = |reason: String| Halt::LogUnreadable { reason };
    read.map_err(|error| unreadable(error.to_string()))?.map_err(|error| unreadable(error.to_string()))
}

//! Raw events from a position: a stream of NDJSON or of MessagePack frames, and single ones.
//!
//! Whoever may not see restricted events gets of each its position and hash alone, so that the chain has no gap. Frames
//! are the bytes the hashes are made of and cannot be cut: they are an operation of their own in the table.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use caseledger_events::access::{Level, Operation};
use caseledger_events::ids::Position;
use caseledger_events::public::{self, RESTRICTED};
use caseledger_events::readable::ReadableEvent;
use caseledger_events::viewed::Viewed;
use caseledger_log::ReadError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::on_record::note;
use crate::openapi;
use crate::problem::Problem;
use crate::query::Query;
use crate::state::AppState;
use crate::tail::{Read, Tail};

/// The content type of a stream of frames: each a 4-byte big-endian length and the bytes as stored.
pub const FRAMES: &str = "application/vnd.caseledger.frames";

const NDJSON: &str = "application/x-ndjson";

/// A recorded event as its reader may see it.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Shown {
    /// With its facts.
    Whole(Box<ReadableEvent>),
    /// Position and hash alone.
    Restricted(RestrictedEvent),
}

/// What is told of a restricted event.
#[derive(Serialize, JsonSchema)]
pub struct RestrictedEvent {
    /// Global position, gapless from 1.
    position: Position,
    /// The chain hash there, 64 hex digits.
    chain_hash: String,
    /// Always `restricted`.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// How events are written out.
#[derive(Clone, Copy)]
enum Form {
    /// As stored.
    Frames,
    /// As JSON, of restricted ones what the level shows.
    Lines(Level),
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/events",
            summary: "Streams recorded events from a position, oldest first: NDJSON, or frames as stored.",
            handler: || get(stream),
            describe: |route, generator| openapi::stream::<Shown>(route, generator, NDJSON, &["from", "limit"]),
        },
        Route {
            method: Method::GET,
            path: "/v1/events/{position}",
            summary: "Returns the event at a position.",
            handler: || get(one),
            describe: |route, generator| openapi::get::<Shown>(route, generator, &[]),
        },
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Option<u64>,
    limit: Option<u64>,
}

async fn stream(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let frames = wants_frames(&headers);
    let operation = if frames { Operation::Frames } else { Operation::RawEvents };
    let pass = may(&state, &asker, operation).await?;
    let form = if frames { Form::Frames } else { Form::Lines(pass.decided().level()) };
    let range: Range = Query::read(raw.as_deref())?.rest()?;
    note(&state, &asker, Viewed::allowed(operation)).await?;
    let tail = Tail::new(state.ledger.reader(), Position(range.from.unwrap_or(1)));
    let body =
        futures::stream::try_unfold((tail, range.limit.unwrap_or(u64::MAX)), move |(mut tail, left)| async move {
            let block = tail.block(left).await.map_err(broken)?;
            if block.is_empty() {
                return Ok(None);
            }
            let left = left - block.len() as u64;
            Ok::<_, std::io::Error>(Some((written(&block, form)?, (tail, left))))
        });
    let content_type = if frames { FRAMES } else { NDJSON };
    Ok(([(header::CONTENT_TYPE, content_type)], Body::from_stream(body)).into_response())
}

fn wants_frames(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    accept.contains(FRAMES) || accept.contains("application/vnd.msgpack")
}

/// An error in mid-stream breaks the response off, so that nobody takes a part for the whole.
fn broken(error: ReadError) -> std::io::Error {
    tracing::error!(%error, "a stream of events was broken off");
    std::io::Error::other("the log could not be read on")
}

fn written(block: &[Read], form: Form) -> std::io::Result<Bytes> {
    let mut out = Vec::with_capacity(block.len() * 512);
    for read in block {
        match form {
            Form::Frames => write_frame(read, &mut out)?,
            Form::Lines(level) => write_line(read, level, &mut out)?,
        }
    }
    Ok(out.into())
}

fn write_line(read: &Read, level: Level, out: &mut Vec<u8>) -> std::io::Result<()> {
    let event = shown(read, level).map_err(|_| std::io::Error::other("an event could not be read"))?;
    serde_json::to_writer(&mut *out, &event)?;
    out.push(b'\n');
    Ok(())
}

fn write_frame((entry, _): &Read, out: &mut Vec<u8>) -> std::io::Result<()> {
    let length = u32::try_from(entry.frame.len()).map_err(std::io::Error::other)?;
    out.extend(length.to_be_bytes());
    out.extend(&entry.frame);
    Ok(())
}

fn shown((entry, hash): &Read, level: Level) -> Result<Shown, Problem> {
    let event = entry.decode().and_then(|event| {
        if public::restricts(&event)? && !level.shows_restricted() {
            let (position, chain_hash) = (event.position, hash.to_string());
            return Ok(Shown::Restricted(RestrictedEvent { position, chain_hash, kind: RESTRICTED }));
        }
        Ok(Shown::Whole(Box::new(ReadableEvent::of(&event, hash.0)?)))
    });
    event.map_err(|error| {
        tracing::error!(position = entry.position.0, %error, "an event could not be read");
        Problem::internal("this build cannot read the event at that position")
    })
}

async fn one(
    State(state): State<AppState>,
    asker: Asker,
    Path(position): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let pass = may(&state, &asker, Operation::RawEvents).await?;
    let position =
        Position(position.parse().map_err(|_| Problem::bad_request("bad-position", "a position is a number from 1"))?);
    let reader = state.ledger.reader();
    if position.0 == 0 || position > reader.durable() {
        return Err(Problem::not_found("position").with("position", json!(reader.durable())));
    }
    let read =
        tokio::task::spawn_blocking(move || Ok::<_, ReadError>((reader.get(position)?, reader.chain_at(position)?)));
    match read.await {
        Ok(read) => {
            note(&state, &asker, Viewed::allowed(Operation::RawEvents)).await?;
            shown(&read?, pass.decided().level()).map(Json)
        }
        Err(_) => Err(Problem::internal("the read ended before its answer")),
    }
}

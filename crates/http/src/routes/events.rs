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
use caseledger_events::access::{Denied, Level, Operation};
use caseledger_events::ids::{Code, Position};
use caseledger_events::readable::ShownEvent;
use caseledger_events::viewed::Viewed;
use caseledger_log::ReadError;
use serde::Deserialize;
use serde_json::json;

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::on_record::{self, note};
use crate::openapi;
use crate::problem::Problem;
use crate::query::Query;
use crate::state::AppState;
use crate::tail::{Read, Tail};

/// The content type of a stream of frames: each a 4-byte big-endian length and the bytes as stored.
pub const FRAMES: &str = "application/vnd.caseledger.frames";

/// The content type of a stream of events, one a line as JSON.
pub const NDJSON: &str = "application/x-ndjson";

const PARAMETERS: &[&str] = &["from", "limit", "restricted", "purpose"];

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
            describe: |route, generator| openapi::stream::<ShownEvent>(route, generator, NDJSON, PARAMETERS),
        },
        Route {
            method: Method::GET,
            path: "/v1/events/{position}",
            summary: "Returns the event at a position.",
            handler: || get(one),
            describe: |route, generator| openapi::get::<ShownEvent>(route, generator, &[]),
        },
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Option<u64>,
    limit: Option<u64>,
    /// Whether nothing will do but restricted events with their facts.
    #[serde(default)]
    restricted: bool,
    /// What for, by code; stands in the access ledger.
    purpose: Option<Code>,
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
    if range.restricted && !frames && !pass.decided().level().shows_restricted() {
        let no = Denied::NotThisRole { role: asker.principal.role(), operation };
        return Err(on_record::denied(&state, &asker, operation, None, no).await);
    }
    note(&state, &asker, Viewed { purpose: range.purpose, ..Viewed::allowed(operation) }).await?;
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

fn shown((entry, hash): &Read, level: Level) -> Result<ShownEvent, Problem> {
    let event = entry.decode().and_then(|event| ShownEvent::of(&event, hash.0, level.shows_restricted()));
    event.map_err(|error| {
        tracing::error!(position = entry.position.0, %error, "an event could not be read");
        Problem::internal("this build cannot read the event at that position")
    })
}

async fn one(
    State(state): State<AppState>,
    asker: Asker,
    Path(position): Path<String>,
) -> Result<Json<ShownEvent>, Problem> {
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

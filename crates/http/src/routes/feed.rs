//! The live feed: Server-Sent Events with the position as id, resumable by `Last-Event-ID`.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use caseledger_events::access::{Denied, Filter, Operation, Scope, scope};
use caseledger_events::ids::{Code, Position};
use caseledger_events::public::{self, Place};
use caseledger_events::viewed::Viewed;
use futures::stream::{self, StreamExt};

use super::Route;
use crate::actor::{self, Asker};
use crate::on_record::{self, note};
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;
use crate::tail::{Read, Tail};

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::GET,
        path: "/v1/feed",
        summary: "Follows the ledger live: public facts as Server-Sent Events, resumed by Last-Event-ID.",
        handler: || get(feed),
        describe: |route, generator| openapi::stream::<serde_json::Value>(route, generator, "text/event-stream", &[]),
    }]
}

async fn feed(State(state): State<AppState>, asker: Asker, headers: HeaderMap) -> Result<Response, Problem> {
    let provider = whose(&state, &asker).await?;
    note(&state, &asker, Viewed::allowed(Operation::Feed)).await?;
    let from = match actor::text(&headers, "last-event-id")? {
        Some(text) => Position(
            text.parse().map_err(|_| actor::bad_header("last-event-id", "a position is a number; 0 for all of it"))?,
        )
        .next(),
        None => state.ledger.reader().durable().next(),
    };
    let reader = state.ledger.reader();
    let identity = reader.identity();
    let source = public::source(identity.ledger, identity.epoch);
    let tail = Tail::new(reader, from);
    let stopping = state.stopping.clone();
    let blocks = stream::unfold(tail, |mut tail| async move {
        if !tail.wait().await {
            return None;
        }
        // Unreadable: the feed ends, and the client comes back from its last position.
        let block = tail.block(u64::MAX).await.ok()?;
        Some((stream::iter(block), tail))
    });
    let events = blocks.flatten().scan(None, move |before, read| {
        let event = event(&read, *before, &source, provider);
        *before = Some(read.1.0);
        futures::future::ready(event.map(Ok::<_, Infallible>))
    });
    // An open feed would hold the service's shutdown for ever.
    let events = events.take_until(stopping.cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}

/// Returns whose events somebody follows; `None` for those of all.
async fn whose(state: &AppState, asker: &Asker) -> Result<Option<Code>, Problem> {
    let today = state.ledger.now().auckland();
    let scope = scope(&asker.principal, Operation::Feed, None, today);
    let no = match scope.as_ref().map(Scope::filter) {
        Ok(Filter::All) => return Ok(None),
        Ok(Filter::Provider { provider }) => return Ok(Some(*provider)),
        // A list that needs more than the event says is asked for as a list.
        Ok(_) => Denied::NotThisRole { role: asker.actor.role, operation: Operation::Feed },
        Err(denied) => *denied,
    };
    Err(on_record::denied(state, asker, Operation::Feed, None, no).await)
}

fn event((entry, hash): &Read, before: Option<[u8; 32]>, source: &str, provider: Option<Code>) -> Option<Event> {
    let decoded = entry.decode().ok()?;
    if provider.is_some() && decoded.scope.provider != provider {
        return None;
    }
    let place = Place { source, before: before.unwrap_or_default(), hash: hash.0 };
    let message = public::message(&decoded, &place).ok()?;
    let kind = if public::is_restricted(decoded.kind) { public::RESTRICTED } else { decoded.kind };
    let data = String::from_utf8(message.body).ok()?;
    Some(Event::default().id(entry.position.to_string()).event(kind).data(data))
}

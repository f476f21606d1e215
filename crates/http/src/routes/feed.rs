//! The live feed: Server-Sent Events with the position as id, resumable by `Last-Event-ID`.
//!
//! Whoever follows is asked again, while the feed runs, whether they may: a feed lives no longer than its token and its
//! grant. It ends with an event `end` that says why. A provider gets the events of cases it has; of stretches without
//! any it is told the position now and then, so that it need not begin from the last event it saw.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use caseledger_events::access::{Denied, Filter, Operation, Principal, Scope, scope};
use caseledger_events::ids::{Code, Position};
use caseledger_events::public;
use caseledger_events::viewed::Viewed;
use futures::stream::{self, StreamExt};
use serde::Deserialize;

use super::Route;
use crate::actor::{self, Asker};
use crate::on_record::{self, note};
use crate::openapi;
use crate::problem::Problem;
use crate::query::Query;
use crate::state::AppState;
use crate::tail::{Read, Tail};

/// The type of the last event of a feed that is ended by the service; its data is a problem document.
pub const END: &str = "end";

/// How long a feed on which nothing happens goes on before it is asked again whether it may.
const ASK_AGAIN: Duration = Duration::from_secs(3);

/// After how many events that are not shown the follower is told where the feed stands.
const TELL_AFTER: u64 = 200;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn feed(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Problem> {
    let followed = match followed(&state, &asker.principal) {
        Ok(followed) => followed,
        Err(no) => return Err(on_record::denied(&state, &asker, Operation::Feed, None, no).await),
    };
    let query = Query::read(raw.as_deref())?;
    let Nothing {} = query.rest()?;
    if query.min_position.is_some() {
        return Err(Problem::bad_request("bad-query", "a feed takes no min_position")
            .way_out("say in the header Last-Event-ID after which position it begins"));
    }
    let from = match actor::text(&headers, "last-event-id")? {
        Some(text) => Position(
            text.parse().map_err(|_| actor::bad_header("last-event-id", "a position is a number; 0 for all of it"))?,
        )
        .next(),
        None => state.ledger.reader().durable().next(),
    };
    note(&state, &asker, Viewed::allowed(Operation::Feed)).await?;
    let stopping = state.stopping.clone();
    let follower = Follower::new(state, headers, followed, from);
    let events = stream::unfold(Some(follower), async |follower| follower?.next().await);
    // An open feed would hold the service's shutdown for ever.
    let events = events.take_until(stopping.cancelled_owned()).map(Ok::<_, Infallible>);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}

/// What somebody follows.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Followed {
    /// Whose events; `None` for those of all.
    provider: Option<Code>,
    /// Whether the row shows restricted events elsewhere: then nothing is told by counting that may not be known.
    counts: bool,
}

/// Decides what somebody follows.
fn followed(state: &AppState, principal: &Principal) -> Result<Followed, Denied> {
    let scope = scope(principal, Operation::Feed, None, state.ledger.now().auckland())?;
    let counts = scope.decided().level().shows_restricted();
    match Scope::filter(&scope) {
        Filter::All => Ok(Followed { provider: None, counts }),
        Filter::Provider { provider } => Ok(Followed { provider: Some(*provider), counts }),
        // A list that needs more than the event says is asked for as a list.
        _ => Err(Denied::NotThisRole { role: principal.role(), operation: Operation::Feed }),
    }
}

/// Somebody who follows.
struct Follower {
    state: AppState,
    /// What they signed in with.
    headers: HeaderMap,
    followed: Followed,
    tail: Tail,
    /// What was read and not looked at.
    read: VecDeque<Read>,
    /// How many events were passed over since the follower was last told a position.
    passed_over: u64,
}

impl Follower {
    fn new(state: AppState, headers: HeaderMap, followed: Followed, from: Position) -> Follower {
        let tail = Tail::new(state.ledger.reader(), from);
        Follower { state, headers, followed, tail, read: VecDeque::new(), passed_over: 0 }
    }

    /// Returns what is sent next, and the follower unless it ends with that; `None` where it breaks off, and the client
    /// comes back from its last position.
    async fn next(mut self) -> Option<(Event, Option<Follower>)> {
        loop {
            if self.read.is_empty() {
                if let Err(why) = self.still().await {
                    return Some((why, None));
                }
                tokio::select! {
                    is_more = self.tail.wait() => if !is_more { return None },
                    () = tokio::time::sleep(ASK_AGAIN) => continue,
                }
                self.read = self.tail.block(u64::MAX).await.ok()?.into();
            }
            while let Some(read) = self.read.pop_front() {
                let Some(event) = self.look_at(&read)? else { continue };
                // A slow client takes what was read a while ago.
                return match self.still().await {
                    Ok(()) => Some((event, Some(self))),
                    Err(why) => Some((why, None)),
                };
            }
        }
    }

    /// Returns what is sent of an event, if anything; the outer `None` for one that this build cannot read.
    fn look_at(&mut self, (entry, _): &Read) -> Option<Option<Event>> {
        let told = Event::default().id(entry.position.to_string());
        let decoded = entry.decode().ok()?;
        let Followed { provider, counts } = self.followed;
        if provider.is_some() && public::concerns(&decoded) != provider {
            self.passed_over += 1;
            if self.passed_over < TELL_AFTER {
                return Some(None);
            }
            self.passed_over = 0;
            return Some(Some(told));
        }
        self.passed_over = 0;
        let (kind, body) = public::told(&decoded, counts).ok()?;
        Some(Some(told.event(kind).data(String::from_utf8(body).ok()?)))
    }

    /// Asks again whether they may follow; the error is what they are told at the end.
    async fn still(&self) -> Result<(), Event> {
        let problem = match actor::again(&self.state, &self.headers).await {
            Ok(principal) => match followed(&self.state, &principal) {
                Ok(followed) if followed == self.followed => return Ok(()),
                Ok(_) => Problem::from(Denied::NotThisRole { role: principal.role(), operation: Operation::Feed }),
                Err(denied) => denied.into(),
            },
            Err(problem) => problem,
        };
        Err(Event::default().event(END).data(problem.document().to_string()))
    }
}

//! `POST /v1/access-ledger/search`: who looked at what, for those who look after that (NZISM 16.6, IPP 6).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::routing::post;
use caseledger_events::access::Operation;
use caseledger_events::codec::{self, BadFrame};
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position};
use caseledger_events::input;
use caseledger_events::viewed::Viewed;
use caseledger_log::AccessReader;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::command::{Body, JsonText};
use crate::on_record::note;
use crate::openapi;
use crate::problem::Problem;
use crate::query::case_id;
use crate::state::AppState;
use crate::view_index::{DecisionKind, ViewIndex, Wanted};

/// The views of a page where nothing is said.
const LIMIT_DEFAULT: u32 = 100;
/// The most views of a page.
const LIMIT_MAX: u32 = 1_000;

/// Which views are asked for; all of them where nothing is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookedBody {
    /// Views that showed this case, or tried to: its id or its number.
    #[serde(default)]
    case: Option<String>,
    /// Views by this person.
    #[serde(default)]
    person: Option<Code>,
    /// Views that came to this: `allowed`, `denied`, `break_glass`.
    #[serde(default)]
    decision: Option<DecisionKind>,
    /// Views after this position of the access ledger.
    #[serde(default)]
    after: Option<u64>,
    /// How many at most; 100 when nothing is said, 1,000 at most.
    #[serde(default)]
    limit: Option<u32>,
}

/// Views, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LookedPage {
    /// The views.
    items: Vec<Looked>,
    /// What to ask `after` for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Position>,
    /// The last position of the access ledger.
    head: Position,
}

/// One view.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Looked {
    /// Its position in the access ledger.
    position: Position,
    /// When it was recorded.
    recorded_at: Timestamp,
    /// Who looked, in which role, for which organisation.
    actor: Actor,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<Code>,
    /// What all that one request asked for shares.
    request: CorrelationId,
    /// What was asked, and what came of it.
    viewed: Viewed,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/access-ledger/search",
        summary: "Finds who looked at a case, or what a person looked at; this is put on record as well.",
        handler: || post(search),
        describe: openapi::post::<LookedBody, LookedPage>,
    }]
}

async fn search(State(state): State<AppState>, asker: Asker, body: Body) -> Result<Json<LookedPage>, Problem> {
    may(&state, &asker, Operation::AccessLedger).await?;
    let JsonText(text) = body?;
    let body: LookedBody = input::read(&text, "")?;
    if !(1..=LIMIT_MAX).contains(&body.limit.unwrap_or(LIMIT_DEFAULT)) {
        return Err(Problem::bad_request("bad-limit", format!("a page holds 1 to {LIMIT_MAX} views"))
            .with("pointer", "/limit".into()));
    }
    let case = match &body.case {
        Some(named) => Some(case_id(&state, named).await.map_err(|no| no.with("pointer", "/case".into()))?),
        None => None,
    };
    let (reader, index) = (state.access_log.reader(), Arc::clone(&state.view_index));
    let found = tokio::task::spawn_blocking(move || page(&reader, &index, case, &body)).await;
    let page = found.map_err(|_| Problem::internal("the search ended before its answer"))??;
    let mut viewed = Viewed::allowed(Operation::AccessLedger).with_cases(case);
    viewed.results = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
    note(&state, &asker, viewed).await?;
    Ok(Json(page))
}

fn page(
    reader: &AccessReader,
    index: &ViewIndex,
    case: Option<CaseId>,
    body: &LookedBody,
) -> Result<LookedPage, Problem> {
    let limit = body.limit.unwrap_or(LIMIT_DEFAULT) as usize;
    let wanted = Wanted { case, person: body.person, decision: body.decision };
    index.catch_up(reader)?;
    let mut page = LookedPage { items: Vec::new(), next: None, head: reader.head().0 };
    for range in index.ranges(&wanted, Position(body.after.unwrap_or(0))) {
        let mut scan = reader.scan(Position(*range.start()));
        'range: while let Some(group) = scan.next_group()? {
            for (position, frame, _) in group.chained() {
                if position.0 > *range.end() {
                    break 'range;
                }
                let looked = looked(position, frame, &wanted).map_err(|error| unreadable(position, &error))?;
                if looked.is_some() && page.items.len() == limit {
                    page.next = page.items.last().map(|last| last.position);
                    return Ok(page);
                }
                page.items.extend(looked);
            }
        }
    }
    Ok(page)
}

impl Looked {
    /// Returns its position in the access ledger.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns when it was recorded.
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// Returns for which organisation it was.
    pub fn organisation(&self) -> Code {
        self.actor.organisation
    }
}

/// Returns a view where it is one of those wanted.
pub(super) fn looked(position: Position, frame: &[u8], wanted: &Wanted) -> Result<Option<Looked>, BadFrame> {
    let event = codec::decode(frame)?;
    let Some(viewed) = Viewed::read(&event)? else { return Ok(None) };
    if !wanted.fits(event.actor.person, &viewed) {
        return Ok(None);
    }
    Ok(Some(Looked {
        position,
        recorded_at: event.recorded_at,
        actor: event.actor,
        on_behalf_of: event.on_behalf_of,
        request: event.correlation,
        viewed,
    }))
}

pub(super) fn unreadable(position: Position, error: &BadFrame) -> Problem {
    tracing::error!(position = position.0, %error, "a view in the access ledger could not be read");
    Problem::internal("a view in the access ledger could not be read")
}

//! `POST /v1/audit`: who did what to which case, when, in which role; and who looked at it.
//!
//! Acts come from the audit trail, views from the access ledger of this machine; both stand in one list, oldest first.
//! Whoever reads the access ledger is told both, an operator the acts alone. Restricted acts are told to those who see
//! restricted events. That somebody asked is itself on record.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::routing::post;
use caseledger_events::access::{Operation, Pass, pass};
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Code, Position};
use caseledger_events::input;
use caseledger_events::viewed::Viewed;
use caseledger_log::{AccessReader, ReadError};
use caseledger_views::{ActItem, ActQuery, ListId, QueryError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use super::looked::{Looked, looked, unreadable};
use crate::actor::Asker;
use crate::admission::may;
use crate::command::{Body, JsonText};
use crate::on_record::note;
use crate::openapi;
use crate::problem::Problem;
use crate::query::{ask_a_view, case_id};
use crate::state::AppState;
use crate::view_index::{ViewIndex, Wanted};

/// The entries of a page where nothing is said.
const LIMIT_DEFAULT: u32 = 100;
/// The most entries of a page.
const LIMIT_MAX: u32 = 500;

/// What of a trail is asked for; all of it where nothing is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditBody {
    /// What was done to this case or shown of it, by id or number.
    #[serde(default)]
    case: Option<String>,
    /// What this person did or looked at, or had done for them.
    #[serde(default)]
    person: Option<Code>,
    /// What was done or looked at for this organisation.
    #[serde(default)]
    organisation: Option<Code>,
    /// Acts of this type of event alone, and no views.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// Recorded at this time or later.
    #[serde(default)]
    since: Option<Timestamp>,
    /// Recorded before this time.
    #[serde(default)]
    until: Option<Timestamp>,
    /// What the page before gave as `next`; it belongs to what was asked for there.
    #[serde(default)]
    cursor: Option<String>,
    /// How many entries at most; 100 when nothing is said, 500 at most.
    #[serde(default)]
    limit: Option<u32>,
}

/// Where a page ended, in each of the two ledgers.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct After {
    /// The last position of the ledger that was told.
    act: Position,
    /// The last position of the access ledger that was told.
    view: Position,
}

/// An entry of the trail.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Entry {
    /// Somebody did something.
    Act(ActItem),
    /// Somebody looked at something, or tried to.
    View(Box<Looked>),
}

/// A page of the trail, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditPage {
    items: Vec<Entry>,
    /// The `cursor` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Whether views are among what was asked for.
    with_views: bool,
    /// The position of the ledger that acts are told up to.
    as_of: Position,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/audit",
        summary: "Tells who did what to which case, when, in which role, and who looked at it; this is put on record as well.",
        handler: || post(trail),
        describe: openapi::post::<AuditBody, AuditPage>,
    }]
}

async fn trail(State(state): State<AppState>, asker: Asker, body: Body) -> Result<Json<AuditPage>, Problem> {
    let (pass, operation) = admitted(&state, &asker).await?;
    let JsonText(text) = body?;
    let body: AuditBody = input::read(&text, "")?;
    let limit = body.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Problem::bad_request("bad-limit", format!("a page holds 1 to {LIMIT_MAX} entries"))
            .with("pointer", "/limit".into()));
    }
    let case = match &body.case {
        Some(case) => Some(case_id(&state, case).await.map_err(|no| no.with("pointer", "/case".into()))?),
        None => None,
    };
    let with_views = operation == Operation::AccessLedger && body.kind.is_none();
    let list = list_of(&state, &body, case, with_views);
    let after = match &body.cursor {
        Some(cursor) => {
            After::read(list, cursor).map_err(|error| Problem::from(error).with("pointer", "/cursor".into()))?
        }
        None => After::default(),
    };
    let acts = ActQuery {
        case,
        person: body.person,
        organisation: body.organisation,
        kind: body.kind.clone(),
        since: body.since,
        until: body.until,
        after: after.act,
        limit,
    };
    let view = state.views.audit_trail().clone();
    let acts = ask_a_view(move || view.acts(&pass, &acts)).await?;
    let looking =
        Looking { wanted: Wanted { case, person: body.person, decision: None }, body, after: after.view, limit };
    let views = if with_views { views(&state, looking).await? } else { Vec::new() };
    let (items, next) = merged(acts.items, acts.more, views, after, limit as usize);
    let page = AuditPage { items, next: next.map(|next| next.cursor(list)), with_views, as_of: acts.as_of };
    let mut viewed = Viewed::allowed(operation).with_cases(case);
    viewed.results = u32::try_from(page.items.len()).unwrap_or(u32::MAX);
    note(&state, &asker, viewed).await?;
    Ok(Json(page))
}

impl After {
    fn cursor(self, list: ListId) -> String {
        list.cursor_of(&[self.act.0.to_be_bytes(), self.view.0.to_be_bytes()].concat())
    }

    fn read(list: ListId, cursor: &str) -> Result<After, QueryError> {
        let key = u128::from_be_bytes(list.key_bytes(cursor)?);
        Ok(After { act: Position((key >> 64) as u64), view: Position(key as u64) })
    }
}

/// Returns the list that a cursor belongs to: what is asked for, and whether views are told.
fn list_of(state: &AppState, body: &AuditBody, case: Option<CaseId>, with_views: bool) -> ListId {
    let AuditBody { case: _, person, organisation, kind, since, until, cursor: _, limit: _ } = body;
    let what = format!("audit {case:?} {person:?} {organisation:?} {kind:?} {since:?} {until:?} {with_views}");
    ListId::of(state.ledger.identity(), &what)
}

/// Those who read the access ledger are told views too; operators are told acts.
async fn admitted(state: &AppState, asker: &Asker) -> Result<(Pass, Operation), Problem> {
    let operates = pass(&asker.principal, Operation::Operate, state.ledger.now().auckland());
    match operates {
        Ok(pass) => Ok((pass, Operation::Operate)),
        Err(_) => Ok((may(state, asker, Operation::AccessLedger).await?, Operation::AccessLedger)),
    }
}

/// Which views are looked for.
struct Looking {
    wanted: Wanted,
    body: AuditBody,
    after: Position,
    limit: u32,
}

async fn views(state: &AppState, looking: Looking) -> Result<Vec<Looked>, Problem> {
    let (reader, index) = (state.access_log.reader(), Arc::clone(&state.view_index));
    let found = tokio::task::spawn_blocking(move || found(&reader, &index, &looking)).await;
    found.map_err(|_| Problem::internal("the search ended before its answer"))?
}

/// Returns the views after a position, one more than a page holds.
fn found(reader: &AccessReader, index: &ViewIndex, looking: &Looking) -> Result<Vec<Looked>, Problem> {
    let Looking { wanted, body, after, limit } = looking;
    index.catch_up(reader)?;
    let mut after = *after;
    if let Some(since) = body.since {
        after = after.max(last_before(reader, since)?);
    }
    let mut views = Vec::new();
    for range in index.ranges(wanted, after) {
        let mut scan = reader.scan(Position(*range.start()));
        'range: while let Some(group) = scan.next_group()? {
            for (position, frame, _) in group.chained() {
                if position.0 > *range.end() {
                    break 'range;
                }
                let Some(view) = looked(position, frame, wanted).map_err(|error| unreadable(position, &error))? else {
                    continue;
                };
                if body.until.is_some_and(|until| view.recorded_at() >= until) || views.len() > *limit as usize {
                    return Ok(views);
                }
                let is_theirs = body.organisation.is_none_or(|organisation| view.organisation() == organisation);
                views.extend(is_theirs.then_some(view));
            }
        }
    }
    Ok(views)
}

/// Returns the last position recorded before a time, by halving: recorded times never go back.
fn last_before(reader: &AccessReader, since: Timestamp) -> Result<Position, Problem> {
    let (mut low, mut high) = (0, reader.head().0.0);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if recorded_at(reader, Position(middle))?.is_none_or(|recorded| recorded < since) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(Position(low))
}

fn recorded_at(reader: &AccessReader, wanted: Position) -> Result<Option<Timestamp>, Problem> {
    let group = reader.scan(wanted).next_group().map(|group| {
        let entry = group.and_then(|group| {
            let found = group.chained().find(|(position, ..)| *position == wanted);
            found.map(|(position, frame, _)| {
                let event = caseledger_events::codec::decode(frame).map_err(|error| unreadable(position, &error))?;
                Ok(event.recorded_at)
            })
        });
        entry.transpose()
    });
    group.map_err(|error: ReadError| Problem::from(error))?
}

/// Puts acts and views into one order, by when they were recorded, and cuts what a page does not hold.
fn merged(
    acts: Vec<ActItem>,
    more_acts: bool,
    views: Vec<Looked>,
    after: After,
    limit: usize,
) -> (Vec<Entry>, Option<After>) {
    let (mut acts, mut views) = (acts.into_iter().peekable(), views.into_iter().peekable());
    let (mut items, mut next) = (Vec::new(), after);
    while items.len() < limit {
        let act_first = match (acts.peek(), views.peek()) {
            (Some(act), Some(view)) => act.recorded_at <= view.recorded_at(),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        if act_first {
            if let Some(act) = acts.next() {
                next.act = act.position;
                items.push(Entry::Act(act));
            }
        } else if let Some(view) = views.next() {
            next.view = view.position();
            items.push(Entry::View(Box::new(view)));
        }
    }
    let more = more_acts || acts.peek().is_some() || views.peek().is_some();
    (items, more.then_some(next))
}

//! `POST /v1/cases/{case}/viewers`: which organisations could see a comment or a file, and when; and to whom a moment showed it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Method;
use axum::routing::post;
use caseledger_events::access::{
    Denied, Item, ItemThen, Key, Level, Operation, Principal, Span, Standing, authorise, no_such_case, pass,
    who_could_see,
};
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::event::{CommentNumber, FileNumber};
use caseledger_events::ids::{CaseId, Code, StreamId};
use caseledger_events::input;
use caseledger_events::viewed::Viewed;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::command::{Body, JsonText};
use crate::on_record;
use crate::openapi;
use crate::problem::Problem;
use crate::query::case_id;
use crate::standing;
use crate::state::AppState;

/// Which item is asked about.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewersBody {
    /// The comment, by its number on the case.
    #[serde(default)]
    comment: Option<CommentNumber>,
    /// Or the file, by its number on the case.
    #[serde(default)]
    file: Option<FileNumber>,
    /// Only up to this moment, and with the people who could act then; now where nothing is said.
    #[serde(default)]
    at: Option<Timestamp>,
}

impl ViewersBody {
    fn item(&self) -> Result<Item, Problem> {
        match (self.comment, self.file) {
            (Some(comment), None) => Ok(Item::Comment(comment)),
            (None, Some(file)) => Ok(Item::File(file)),
            _ => Err(Problem::bad_request("bad-input", "the body names no item, or two")
                .with("pointer", "".into())
                .way_out("give `comment`, or `file`")),
        }
    }
}

/// Who could see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ViewersDocument {
    /// The case.
    case: CaseId,
    /// The comment, where one was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<CommentNumber>,
    /// The file, where one was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileNumber>,
    /// The moment up to which it is told.
    at: Timestamp,
    /// Organisations, each for as long as it could see the item, by when it began.
    spans: Vec<Span>,
    /// People who held a role at `at` by which the case, opened then, would have shown them the item; breaking glass is
    /// left out. Empty where no roles had been granted by then.
    people: Vec<Holder>,
}

/// Somebody who held a role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
pub struct Holder {
    /// The person.
    person: Code,
    /// The role.
    role: Role,
    /// The organisation.
    organisation: Code,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/cases/{case}/viewers",
        summary: "Tells who could see a comment or a file, and when; for the case's owner and those who watch over access.",
        handler: || post(viewers),
        describe: openapi::post::<ViewersBody, ViewersDocument>,
    }]
}

async fn viewers(
    State(state): State<AppState>,
    asker: Asker,
    Path(case): Path<String>,
    body: Body,
) -> Result<Json<ViewersDocument>, Problem> {
    let (case, operation) = decide(&state, &asker, &case).await?;
    let JsonText(text) = body?;
    let body: ViewersBody = input::read(&text, "")?;
    let item = body.item()?;
    let at = body.at.unwrap_or_else(|| state.ledger.now());
    let (spans, then) = told(&state, case, item, at).await?;
    let people = match then {
        Some(then) => people(&state, then, at).await?,
        None => Vec::new(),
    };
    let mut viewed = Viewed::allowed(operation).with_cases([case]);
    viewed.results = u32::try_from(spans.len()).unwrap_or(u32::MAX);
    on_record::note(&state, &asker, viewed).await?;
    let ViewersBody { comment, file, .. } = body;
    Ok(Json(ViewersDocument { case, comment, file, at, spans, people }))
}

/// Whoever watches over access may ask about every case; others about one of which they see every fact.
async fn decide(state: &AppState, asker: &Asker, case: &str) -> Result<(CaseId, Operation), Problem> {
    let today = state.ledger.now().auckland();
    let watches = pass(&asker.principal, Operation::ExplainAccess, today).is_ok();
    let operation = if watches { Operation::ExplainAccess } else { Operation::Timeline };
    let found = case_id(state, case).await.ok();
    let standing = match found {
        Some(found) => standing::of(state, found).await?,
        None => None,
    };
    let denied = match &standing {
        Some(_) if watches => None,
        Some(standing) => sees_all(&asker.principal, standing, today).err(),
        None if watches => Some(Denied::Secret),
        None => Some(no_such_case(&asker.principal, operation)),
    };
    match (denied, standing) {
        (None, Some(standing)) => Ok((standing.case, operation)),
        (denied, _) => {
            let denied = denied.unwrap_or(Denied::Secret);
            Err(on_record::denied(state, asker, operation, found, denied).await)
        }
    }
}

fn sees_all(asker: &Principal, case: &Standing, today: NaiveDate) -> Result<(), Denied> {
    let grant = authorise(asker, Operation::Timeline, case, today)?;
    let no = Denied::NotThisRole { role: asker.role(), operation: Operation::ExplainAccess };
    if grant.level() == Level::Full { Ok(()) } else { Err(no) }
}

/// Tells who could see an item when, and how it stood at the last moment of that.
async fn told(
    state: &AppState,
    case: CaseId,
    item: Item,
    at: Timestamp,
) -> Result<(Vec<Span>, Option<ItemThen>), Problem> {
    let Some((_, head)) = state.ledger.head(StreamId::Case(case)) else { return Ok((Vec::new(), None)) };
    let reader = state.ledger.reader();
    let told = tokio::task::spawn_blocking(move || {
        let history = reader.history(head)?;
        let events: Result<Vec<_>, _> = history.iter().map(|entry| entry.decode()).collect();
        let both = |events: Vec<_>| Ok((who_could_see(&events, item, at)?, ItemThen::fold(&events, item, at)?));
        Ok::<_, Problem>(events.and_then(both))
    });
    let told = told.await.map_err(|_| Problem::internal("the search ended before its answer"))??;
    told.map_err(|error| {
        tracing::error!(%error, "the history of a case cannot be read");
        Problem::internal("the history of the case cannot be read")
    })
}

/// Finds who held a role then by which they would have been shown the item.
async fn people(state: &AppState, item: ItemThen, at: Timestamp) -> Result<Vec<Holder>, Problem> {
    let holders = state.ledger.inspect(move |world| {
        let grants = world.grants();
        let shown = |&Key(person, role, organisation): &Key| {
            let asker = grants.admit(Actor { person, role, organisation }, true, at, world.reference());
            asker.is_ok_and(|asker| item.is_shown_to(&asker))
        };
        let acting = grants.acting_at(at).map(|(key, _)| key).filter(shown);
        acting.map(|Key(person, role, organisation)| Holder { person, role, organisation }).collect()
    });
    holders.await.ok_or_else(|| Problem::unavailable("shutting-down", "the service is stopping", 5))
}

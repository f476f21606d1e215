//! Query strings: read strictly, so that a misspelt filter is an error and not a list of everything.

use caseledger_events::access::{Denied, Grant, Operation, Scope, Standing, no_such_case, scopes};
use caseledger_events::ids::{CaseId, Position};
use caseledger_events::input;
use caseledger_events::number::CaseNumber;
use caseledger_views::{Asked, CaseView, QueryError, WhichCase};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

use crate::actor::Asker;
use crate::on_record;
use crate::problem::Problem;
use crate::state::AppState;

mod pairs;

/// A query string apart from what every query may carry.
pub struct Query {
    pairs: Vec<(String, String)>,
    /// The position the answer must know of.
    pub min_position: Option<Position>,
}

impl Query {
    /// Splits a query string.
    pub fn read(raw: Option<&str>) -> Result<Query, Problem> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(raw.unwrap_or(""))
            .map_err(|_| Problem::bad_request("bad-query", "the query string cannot be read"))?;
        let (common, pairs): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| name == "min_position");
        let min_position = match common.as_slice() {
            [] => None,
            [(_, value)] => Some(Position(value.parse().map_err(|_| bad("min_position", "a position is a number"))?)),
            _ => return Err(bad("min_position", "it is given more than once")),
        };
        Ok(Query { pairs, min_position })
    }

    /// Reads the rest as `T`; unknown and repeated names are errors, which name our fields and nothing that was sent.
    pub fn rest<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        input::read_from(pairs::of(&self.pairs)).map_err(|error| {
            let problem = match error.pointer.strip_prefix('/') {
                Some(name) => bad(name, &error.what),
                None => Problem::bad_request("bad-query", error.what),
            };
            problem.way_out("/openapi.json lists the filters of this route")
        })
    }
}

/// 400: a field of the query string is not what it should be; the text names it and repeats nothing that was sent.
pub fn bad(name: &str, what: &str) -> Problem {
    Problem::bad_request("bad-query", format!("{name}: {what}")).with("parameter", name.into())
}

/// Waits briefly until the case view knows of a position (read your own writes).
pub async fn wait_for(state: &AppState, position: Option<Position>) -> Result<(), Problem> {
    let Some((position, timeout)) = wanted(state, position)? else { return Ok(()) };
    Ok(state.views.case_view().wait_for(position, timeout).await?)
}

/// Returns which position a view is to have read, and how long that is waited for; one beyond the ledger is refused.
pub fn wanted(state: &AppState, position: Option<Position>) -> Result<Option<(Position, Duration)>, Problem> {
    let Some(position) = position else { return Ok(None) };
    let durable = state.ledger.reader().durable();
    if position > durable {
        return Err(Problem::new(
            axum::http::StatusCode::UNPROCESSABLE_ENTITY,
            "position-ahead",
            format!("the ledger ends at position {durable}"),
        )
        .way_out("give a position from a receipt of this ledger and epoch"));
    }
    Ok(Some((position, Duration::from_millis(state.settings.wait_ms_max))))
}

/// Runs a query of the case view on a thread that may block.
pub async fn ask<T: Send + 'static>(
    state: &AppState,
    query: impl FnOnce(&CaseView) -> Result<T, QueryError> + Send + 'static,
) -> Result<T, Problem> {
    let view = state.views.case_view().clone();
    ask_a_view(move || query(&view)).await
}

/// Runs a query of any view on a thread that may block.
pub async fn ask_a_view<T: Send + 'static>(
    query: impl FnOnce() -> Result<T, QueryError> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(query).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Problem::internal("the query ended before its answer")),
    }
}

/// Asks for one case as somebody: what is not theirs to know of is answered like what there is not.
pub async fn ask_for<T: Send + 'static>(
    state: &AppState,
    asker: &Asker,
    operation: Operation,
    case: &str,
    query: impl FnOnce(&CaseView, WhichCase, Decide<'_>) -> Result<Asked<T>, QueryError> + Send + 'static,
) -> Result<(Grant, T), Problem> {
    let none = no_such_case(&asker.principal, operation);
    let Some(which) = which(case) else {
        return Err(on_record::denied(state, asker, operation, None, none).await);
    };
    let named = if let WhichCase::Id(id) = which { Some(id) } else { None };
    let today = state.ledger.now().auckland();
    let principal = asker.principal.clone();
    let glass = Arc::clone(&state.glass);
    let asked = ask(state, move |view| {
        query(view, which, &|standing: &Standing| glass.authorise(&principal, operation, standing, today))
    });
    let (no, tried) = match asked.await? {
        Asked::Granted(grant, Some(shown)) => {
            on_record::shown(state, asker, operation, &grant).await?;
            return Ok((grant, shown));
        }
        // Which case was tried is on record also where it was named by its number.
        Asked::Denied(denied) => (denied, ask(state, move |view| view.standing(which)).await?.map(|at| at.case)),
        Asked::Unknown | Asked::Granted(_, None) => (none, named),
    };
    Err(on_record::denied(state, asker, operation, tried, no).await)
}

/// Denies whoever's role never does something with any case, before anything else of the request is looked at.
///
/// Which case was tried is on record.
pub async fn role_may(state: &AppState, asker: &Asker, operation: Operation, case: &str) -> Result<(), Problem> {
    let none = no_such_case(&asker.principal, operation);
    if none.is_secret() {
        return Ok(());
    }
    let tried = case_id(state, case).await.ok();
    Err(on_record::denied(state, asker, operation, tried, none).await)
}

/// Decides the lists of an operation; a denial is put on record.
pub async fn lists_of(state: &AppState, asker: &Asker, operation: Operation) -> Result<Vec<Scope>, Problem> {
    match scopes(&asker.principal, operation, state.ledger.now().auckland()) {
        Ok(scopes) => Ok(scopes),
        Err(denied) => Err(on_record::denied(state, asker, operation, None, denied).await),
    }
}

/// Decides what somebody may see of a case, from where it stands.
pub type Decide<'a> = &'a dyn Fn(&Standing) -> Result<Grant, Denied>;

/// Reads how a case is named: by its id or its number.
pub fn which(text: &str) -> Option<WhichCase> {
    let number = || text.parse::<CaseNumber>().ok().map(WhichCase::Number);
    text.parse().ok().map(WhichCase::Id).or_else(number)
}

/// Finds the id of a case that a command names by its id or its number.
pub async fn case_id(state: &AppState, text: &str) -> Result<CaseId, Problem> {
    match which(text) {
        Some(WhichCase::Id(id)) => Ok(id),
        Some(number) => {
            let found = ask(state, move |view| view.standing(number)).await?;
            found.map(|standing| standing.case).ok_or_else(unknown_case)
        }
        None => Err(unknown_case()),
    }
}

/// 404: no such case, or not the asker's to know of.
pub fn unknown_case() -> Problem {
    caseledger_events::refusal::Refusal::UnknownCase.into()
}

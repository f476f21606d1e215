//! Every view on record before its answer leaves: what cannot be recorded is not shown (design §3).

use std::time::Duration;

use caseledger_events::access::{Denied, Grant, Operation, Scope};
use caseledger_events::envelope::{Actor, Source};
use caseledger_events::ids::{CaseId, Code, CorrelationId};
use caseledger_events::viewed::{Decision, Denial, NewView, Viewed};
use caseledger_log::AccessLogError;
use caseledger_views::ShownItem;
use tokio::time::timeout;

use crate::actor::Asker;
use crate::problem::Problem;
use crate::state::AppState;

/// A disk that takes longer to take a view than this does not get to hold up its reader.
const LIMIT: Duration = Duration::from_secs(10);

/// Puts a view on record; durable on return.
pub async fn note(state: &AppState, asker: &Asker, viewed: Viewed) -> Result<(), Problem> {
    write(state, asker.actor, asker.on_behalf_of, asker.correlation, viewed).await
}

/// Puts on record what somebody asked who may not have been admitted.
pub async fn write(
    state: &AppState,
    actor: Actor,
    on_behalf_of: Option<Code>,
    request: CorrelationId,
    viewed: Viewed,
) -> Result<(), Problem> {
    let (source, at) = (Source::of(actor.role), state.ledger.now());
    let view = NewView { actor, on_behalf_of, source, request, policy: 1, at, viewed };
    match timeout(LIMIT, state.access_log.append(view)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(not_on_record(&error)),
        Err(_) => Err(unavailable("the access ledger takes too long")),
    }
}

/// Puts on record that one case was shown.
pub async fn shown(state: &AppState, asker: &Asker, operation: Operation, grant: &Grant) -> Result<(), Problem> {
    let mut viewed = Viewed::allowed(operation).with_cases([grant.case()]);
    viewed.groups = grant.decided().sees().groups().collect();
    viewed.results = 1;
    if let Some(because) = grant.glass() {
        viewed.decision = Decision::BreakGlass(because);
    }
    note(state, asker, viewed).await
}

/// Puts on record which cases a list showed.
pub async fn listed(state: &AppState, asker: &Asker, scopes: &[Scope], items: &[ShownItem]) -> Result<(), Problem> {
    let Some(first) = scopes.first() else { return Ok(()) };
    let mut viewed = Viewed::allowed(first.decided().operation).with_cases(items.iter().map(ShownItem::id));
    let mut groups: Vec<_> =
        scopes.iter().flat_map(|scope| scope.decided().sees().groups().collect::<Vec<_>>()).collect();
    groups.sort();
    groups.dedup();
    viewed.groups = groups;
    viewed.results = u32::try_from(items.len()).unwrap_or(u32::MAX);
    note(state, asker, viewed).await
}

/// Puts an attempt on record that was denied, and returns what it is answered.
pub async fn denied(
    state: &AppState,
    asker: &Asker,
    operation: Operation,
    case: Option<CaseId>,
    denied: Denied,
) -> Problem {
    let viewed = Viewed::denied(operation, Denial::from(&denied)).with_cases(case);
    match note(state, asker, viewed).await {
        Ok(()) => denied.into(),
        Err(unrecorded) => unrecorded,
    }
}

fn not_on_record(error: &AccessLogError) -> Problem {
    tracing::error!(%error, "a view could not be put on record, so nothing was shown");
    unavailable("the view could not be put on record")
}

fn unavailable(detail: &'static str) -> Problem {
    Problem::unavailable("not-on-record", format!("{detail}: nothing is shown"), 10)
        .way_out("ask again in a moment; an operator sees why in the log")
}

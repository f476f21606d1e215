//! Where a case stands for access, from its history in the log: for decisions that a read model might be late for.

use caseledger_events::access::{Operation, Principal, Standing, authorise};
use caseledger_events::ids::{CaseId, Position, StreamId};
use caseledger_log::Reader;

use crate::problem::Problem;
use crate::query::unknown_case;
use crate::state::AppState;

/// Lets those go on who may know of a case; to others it is answered like one that there is not.
pub async fn may_know(state: &AppState, asker: &Principal, case: CaseId) -> Result<(), Problem> {
    let standing = of(state, case).await?.ok_or_else(unknown_case)?;
    let today = state.ledger.now().auckland();
    let may = |operation| authorise(asker, operation, &standing, today).is_ok();
    if may(Operation::Act) || may(Operation::OpenCase) { Ok(()) } else { Err(unknown_case()) }
}

/// Lets those go on who may act on a case; to others it is answered like one that there is not.
pub async fn may_act(state: &AppState, asker: &Principal, case: CaseId) -> Result<(), Problem> {
    let standing = of(state, case).await?.ok_or_else(unknown_case)?;
    let today = state.ledger.now().auckland();
    match authorise(asker, Operation::Act, &standing, today) {
        Ok(_) => Ok(()),
        Err(denied) => Err(denied.into()),
    }
}

/// Returns where a case stands; `None` where there is none.
pub async fn of(state: &AppState, case: CaseId) -> Result<Option<Standing>, Problem> {
    let Some((_, head)) = state.ledger.head(StreamId::Case(case)) else { return Ok(None) };
    let reader = state.ledger.reader();
    let folded = tokio::task::spawn_blocking(move || in_history(&reader, head)).await.ok().flatten();
    folded.map(Some).ok_or_else(|| Problem::internal("the history of the case cannot be read"))
}

fn in_history(reader: &Reader, head: Position) -> Option<Standing> {
    let history = match reader.history(head) {
        Ok(history) => history,
        Err(error) => {
            tracing::error!(%error, position = head.0, "the history of a case cannot be read");
            return None;
        }
    };
    let events: Result<Vec<_>, _> = history.iter().map(|entry| entry.decode()).collect();
    Standing::fold(&events.ok()?).ok().flatten()
}

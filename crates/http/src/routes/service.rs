//! `GET /v1/service-levels`: how referrals were served, as far as they are the asker's.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::Method;
use axum::routing::get;
use caseledger_events::access::{Denied, Operation};
use caseledger_events::viewed::Viewed;
use caseledger_views::{ServiceLevels, ServicePage, ServiceQuery};

use super::Route;
use crate::actor::Asker;
use crate::on_record::{denied, note};
use crate::openapi;
use crate::problem::Problem;
use crate::query::{Query, ask_a_view, lists_of, wanted};
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::GET,
        path: "/v1/service-levels",
        summary: "Says how referrals of a period were served: allocated, assigned, begun, school met, engaged, planned, and in how many business days.",
        handler: || get(levels),
        describe: openapi::list::<ServiceQuery, ServicePage>,
    }]
}

/// Whoever lists cases as a whole sees their figures; whoever sees of cases what concerns them alone sees none.
async fn levels(
    State(state): State<AppState>,
    asker: Asker,
    RawQuery(raw): RawQuery,
) -> Result<Json<ServicePage>, Problem> {
    let scopes = lists_of(&state, &asker, Operation::List).await?;
    if !ServiceLevels::reaches(&scopes) {
        let no = Denied::NotThisRole { role: asker.principal.role(), operation: Operation::List };
        return Err(denied(&state, &asker, Operation::List, None, no).await);
    }
    let query = Query::read(raw.as_deref())?;
    let filters: ServiceQuery = query.rest()?;
    if let Some((position, timeout)) = wanted(&state, query.min_position)? {
        state.views.service_levels().wait_for(position, timeout).await?;
    }
    let view = state.views.service_levels().clone();
    let page = ask_a_view(move || view.levels(&scopes, &filters)).await?;
    let mut viewed = Viewed::allowed(Operation::List);
    viewed.results = u32::try_from(page.rows.len()).unwrap_or(u32::MAX);
    note(&state, &asker, viewed).await?;
    Ok(Json(page))
}

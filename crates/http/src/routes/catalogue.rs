//! `GET /v1/actions`: what can be done with a case, by whom, under which rules.

use axum::Json;
use axum::http::Method;
use axum::routing::get;
use caseledger_events::action::ACTIONS;
use caseledger_events::opening::OPENINGS;
use caseledger_events::refusal::Refusal;
use schemars::JsonSchema;
use serde::Serialize;

use super::Route;
use crate::actor::Asker;
use crate::openapi;

#[derive(Debug, Serialize, JsonSchema)]
struct Catalogue {
    /// The ways to open a case.
    openings: Vec<Item>,
    /// The actions on a case.
    actions: Vec<Item>,
    /// What rules may answer.
    refusals: Vec<RefusalItem>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Item {
    name: &'static str,
    summary: &'static str,
    /// Ids of the rules and events it carries out.
    rules: &'static str,
    /// What it does on a closed case (R40).
    #[serde(skip_serializing_if = "Option::is_none")]
    on_closed: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct RefusalItem {
    rule: &'static str,
    code: &'static str,
    way_out: &'static str,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::GET,
        path: "/v1/actions",
        summary: "Lists what can be done with a case, and what rules may answer.",
        handler: || get(catalogue),
        describe: |route, generator| openapi::get::<Catalogue>(route, generator, &[]),
    }]
}

async fn catalogue(_: Asker) -> Json<Catalogue> {
    let openings = OPENINGS
        .iter()
        .map(|info| Item { name: info.name, summary: info.summary, rules: info.rules, on_closed: None })
        .collect();
    let actions = ACTIONS
        .iter()
        .map(|info| Item {
            name: info.name,
            summary: info.summary,
            rules: info.rules,
            on_closed: Some(format!("{:?}", info.on_closed)),
        })
        .collect();
    let refusals = Refusal::ALL.iter().map(|&(rule, code, way_out)| RefusalItem { rule, code, way_out }).collect();
    Json(Catalogue { openings, actions, refusals })
}

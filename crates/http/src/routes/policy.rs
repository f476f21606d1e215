//! `GET /v1/policy` and `POST /v1/policy`: what the founding documents leave open, as settings (Q1–Q39).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::{get, post};
use caseledger_events::input;
use caseledger_events::policy::{Policies, Policy, PolicySet, SetPolicy};
use caseledger_events::world::Command;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::Route;
use crate::actor::Asker;
use crate::answer::CommandDocument;
use crate::command::{Headers, JsonText, Plain, record};
use crate::openapi;
use crate::problem::Problem;
use crate::state::AppState;

/// The policy in force, and every other that was set.
#[derive(Debug, Serialize, JsonSchema)]
struct PolicyDocument {
    /// The New Zealand day it is in force on.
    on: NaiveDate,
    /// Its version; 1 is in force without any event.
    version: u32,
    /// The policy.
    policy: Policy,
    /// Those that were set, the eldest first.
    set: Vec<PolicySet>,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/policy",
            summary: "Returns the policy in force, and every other that was set.",
            handler: || get(show),
            describe: |route, generator| openapi::get::<PolicyDocument>(route, generator, &[]),
        },
        Route {
            method: Method::POST,
            path: "/v1/policy",
            summary: "Sets another policy, in force from today or later (the owner of the service, operators).",
            handler: || post(set),
            describe: openapi::command::<SetPolicy, CommandDocument>,
        },
    ]
}

async fn show(State(state): State<AppState>, _: Asker) -> Result<Json<PolicyDocument>, Problem> {
    let on = state.ledger.now().auckland();
    let asked = state.ledger.inspect(move |world| document(world.policies(), on)).await;
    asked.map(Json).ok_or_else(|| Problem::unavailable("shutting-down", "the service is stopping", 5))
}

fn document(policies: &Policies, on: NaiveDate) -> PolicyDocument {
    let (version, policy) = policies.in_force(on);
    PolicyDocument { on, version, policy: policy.clone(), set: policies.all().to_vec() }
}

async fn set(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    JsonText(text): JsonText,
) -> Result<Response, Problem> {
    let headers = Headers::read(asker, &headers)?;
    let body: SetPolicy = input::read(&text, "")?;
    body.policy.check()?;
    let command = Command::Policy(body);
    record(&state, &headers, Plain { name: "set-policy", about: "policy", text: &text, stream: None, command }).await
}

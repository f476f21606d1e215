//! `POST /v1/cases/{case}/break-glass`: reading a case beyond the usual rows, for a stated reason, for a short time.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Method;
use axum::routing::post;
use caseledger_events::access::{GlassReason, Operation, break_glass, no_such_case};
use caseledger_events::ids::{CaseId, Code};
use caseledger_events::input;
use caseledger_events::number::CaseNumber;
use caseledger_events::personal::Group;
use caseledger_events::viewed::{Decision, Viewed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::command::{Body, JsonText};
use crate::on_record;
use crate::openapi;
use crate::problem::Problem;
use crate::query::{ask, which};
use crate::state::AppState;

/// Why the case is opened.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlassBody {
    /// The reason, which those who watch over access read.
    because: GlassReason,
    /// What it belongs to, by code: a complaint, a court file.
    #[serde(default)]
    purpose: Option<Code>,
}

/// What is open now, and for how long.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GlassDocument {
    /// The case; `GET /v1/cases/{case}` and its timeline show it now.
    case: CaseId,
    /// The readable number.
    number: CaseNumber,
    /// The reason on record.
    because: GlassReason,
    /// Which row of the table of access lets this person in, in its own words.
    row: &'static str,
    /// Which facts are shown.
    facts: &'static str,
    /// Which groups of personal fields are shown.
    groups: Vec<Group>,
    /// For how many seconds.
    seconds: u64,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/cases/{case}/break-glass",
        summary: "Opens a case for reading beyond the usual rows, for a stated reason and a short time, on record.",
        handler: || post(act),
        describe: openapi::post::<GlassBody, GlassDocument>,
    }]
}

async fn act(
    State(state): State<AppState>,
    asker: Asker,
    Path(case): Path<String>,
    body: Body,
) -> Result<Json<GlassDocument>, Problem> {
    let standing = match which(&case) {
        Some(which) => ask(&state, move |view| view.standing(which)).await?,
        None => None,
    };
    let none = no_such_case(&asker.principal, Operation::BreakGlass);
    if !none.is_secret() {
        let case = standing.as_ref().map(|standing| standing.case);
        return Err(on_record::denied(&state, &asker, Operation::BreakGlass, case, none).await);
    }
    let JsonText(text) = body?;
    let body: GlassBody = input::read(&text, "")?;
    let today = state.ledger.now().auckland();
    let decided = match &standing {
        Some(standing) => break_glass(&asker.principal, body.because, standing, today).map(|grant| (grant, standing)),
        None => Err(none),
    };
    let (grant, standing) = match decided {
        Ok(granted) => granted,
        Err(denied) => {
            let case = standing.as_ref().map(|standing| standing.case);
            return Err(on_record::denied(&state, &asker, Operation::BreakGlass, case, denied).await);
        }
    };
    let decision = Decision::BreakGlass(body.because);
    let viewed = Viewed { purpose: body.purpose, decision, ..Viewed::allowed(Operation::BreakGlass) };
    on_record::note(&state, &asker, viewed.with_cases([grant.case()])).await?;
    let lasts = Duration::from_secs(state.settings.glass_seconds);
    state.glass.note(asker.actor, grant.case(), body.because, lasts);
    let decided = grant.decided();
    Ok(Json(GlassDocument {
        case: grant.case(),
        number: standing.number,
        because: body.because,
        row: decided.row.reach.says(),
        facts: decided.row.level.name(),
        groups: decided.sees().groups().collect(),
        seconds: state.settings.glass_seconds,
    }))
}

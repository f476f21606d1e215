//! `POST /v1/cases` and `POST /v1/cases/{case}/actions/{action}`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::post;
use caseledger_events::action::{CaseAction, Who};
use caseledger_events::ids::{StreamId, StudentId, Version};
use caseledger_events::input::CommandBody;
use caseledger_events::machine::Receipt;
use caseledger_events::opening::{Opening, ReadOpening};
use caseledger_events::personal::Personal;
use caseledger_events::world::Command;
use caseledger_log::Outcome;

use super::Route;
use crate::actor::Asker;
use crate::answer;
use crate::command::{Headers, JsonText, body_hash, submission};
use crate::openapi;
use crate::problem::Problem;
use crate::query::case_id;
use crate::sealing;
use crate::standing;
use crate::state::AppState;

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::POST,
            path: "/v1/cases",
            summary: "Opens a case, or attaches the referral to the student's active one.",
            handler: || post(open),
            describe: openapi::openings,
        },
        Route {
            method: Method::POST,
            path: "/v1/cases/{case}/actions/{action}",
            summary: "Records an action on a case.",
            handler: || post(act),
            describe: openapi::actions,
        },
    ]
}

async fn open(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    JsonText(text): JsonText,
) -> Result<Response, Problem> {
    let headers = Headers::read(asker, &headers)?;
    let body = CommandBody::read(&text)?;
    let name = body.action.as_deref().ok_or_else(|| {
        Problem::bad_request("bad-input", "the body does not say which way the case is opened")
            .with("pointer", "/action".into())
            .way_out("give `action`: `GET /v1/actions` lists the ways a case is opened")
    })?;
    let read = Opening::parse(name, body.facts(), body.personal()).ok_or_else(|| {
        Problem::bad_request("bad-input", "there is no such way to open a case")
            .with("pointer", "/action".into())
            .way_out("`GET /v1/actions` lists the ways a case is opened")
    })??;
    let ReadOpening { opening, parts, nsn, .. } = read.on(state.ledger.now().auckland())?;
    let hash = body_hash("open", &text)?;
    let tag = state.ledger.tag(&headers.asker.actor, name, &headers.key);
    let student = student(&state, nsn).await?;
    let command = Command::Open { opening, student, occurred_at: body.occurred_at };
    let submission = submission(&headers, command, tag, hash, None, parts);
    let outcome = sealing::execute(&state, Some(student), submission).await?;
    if let Outcome::Accepted(Receipt { stream: StreamId::Case(case), .. }) = outcome {
        state.case_students.note(case, student);
    }
    Ok(answer::respond(&state, outcome, StatusCode::CREATED, None))
}

/// Finds or makes the student with a key; durable in the key store before the command enters the sequencer (design §3).
async fn student(state: &AppState, nsn: Option<Personal<String>>) -> Result<StudentId, Problem> {
    let keys = state.keys.clone();
    match tokio::task::spawn_blocking(move || keys.student(nsn.as_ref())).await {
        Ok(Ok(student)) => Ok(student),
        Ok(Err(error)) => Err(sealing::unavailable(&error)),
        Err(_) => Err(Problem::unavailable("shutting-down", "the service is stopping: nothing was written", 5)),
    }
}

async fn act(
    State(state): State<AppState>,
    asker: Asker,
    Path((case, name)): Path<(String, String)>,
    headers: HeaderMap,
    JsonText(text): JsonText,
) -> Result<Response, Problem> {
    let headers = Headers::read(asker, &headers)?;
    let body = CommandBody::read(&text)?;
    if body.action.is_some() {
        return Err(Problem::bad_request("bad-input", "the action is named in the URL")
            .with("pointer", "/action".into())
            .way_out("leave `action` out of the body"));
    }
    let parsed = CaseAction::parse(&name, body.facts(), body.personal());
    let (action, parts) =
        parsed.ok_or_else(|| Problem::not_found("action").way_out("GET /v1/actions lists the actions"))??;
    let case = case_id(&state, &case).await?;
    // Anybody's provider would be let through: whoever is not named in the move may not even know of the case.
    let denied = match action.info().who.contains(&Who::AnyProvider) {
        true => standing::may_act(&state, &headers.asker.principal, case).await.err(),
        false => None,
    };
    let about = format!("case/{case}");
    let hash = body_hash(&about, &text)?;
    let tag = state.ledger.tag(&headers.asker.actor, &name, &headers.key);
    let command = Command::Act { case, action, occurred_at: body.occurred_at };
    let stream = Some(StreamId::Case(case));
    let student = if parts.is_empty() { None } else { Some(sealing::student_of(&state, case).await?) };
    let mut submission = submission(&headers, command, tag, hash, stream, parts);
    if denied.is_some() {
        // Who could once and cannot any more is told again what was recorded then; a new command meets no such version.
        submission.expected = Some(Version(u32::MAX));
    }
    let outcome = sealing::execute(&state, student, submission).await?;
    if let (Some(denied), Outcome::Stale { .. }) = (denied, &outcome) {
        return Err(denied);
    }
    if matches!(outcome, Outcome::Refused(_) | Outcome::Stale { .. }) {
        // A refusal says who holds the case and what happened to it: not to whoever may not know of it.
        standing::may_know(&state, &headers.asker.principal, case).await?;
    }
    Ok(answer::respond(&state, outcome, StatusCode::OK, Some(case)))
}

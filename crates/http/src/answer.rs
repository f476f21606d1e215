//! What the ledger answered a command, as a response.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Epoch, LedgerId, Position, StreamId, Version};
use caseledger_events::machine::Receipt;
use caseledger_events::refusal::Refusal;
use caseledger_log::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::problem::Problem;
use crate::state::AppState;

/// A receipt as clients keep it: where the command's events stand, and the chain hash there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReceiptDocument {
    /// The ledger; a position means nothing without it.
    pub ledger: LedgerId,
    /// Its epoch.
    pub epoch: Epoch,
    /// Position of the command's first event.
    pub first_position: Position,
    /// Position of its last event: queries with `min_position` at or after it see the whole command.
    pub position: Position,
    /// The stream.
    pub stream: StreamId,
    /// The stream's version after the command.
    pub version: Version,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Chain hash at `position`, 64 hex digits.
    pub chain_hash: String,
    /// Whether the ledger runs on simulated time.
    pub simulated: bool,
}

/// The answer to an accepted command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CommandDocument {
    /// The case it is about: the student's active one where a referral was attached (Q4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
    /// The receipt; `null` when there was nothing to do.
    pub receipt: Option<ReceiptDocument>,
    /// Whether this repeats the receipt of an earlier request with the same key.
    pub repeated: bool,
    /// Whether what was asked for was so already.
    pub nothing_to_do: bool,
    /// The stream's version.
    pub version: Version,
}

/// Turns an outcome into a response; `fresh` is the status of a command recorded for the first time.
pub fn respond(state: &AppState, outcome: Outcome<Refusal>, fresh: StatusCode, case: Option<CaseId>) -> Response {
    match outcome {
        Outcome::Accepted(receipt) => accepted(state, receipt, fresh, false),
        Outcome::Repeated(receipt) => accepted(state, receipt, StatusCode::OK, true),
        Outcome::NothingToDo { version, .. } => {
            let document = CommandDocument { case, receipt: None, repeated: false, nothing_to_do: true, version };
            with_etag(StatusCode::OK, version, Json(document).into_response())
        }
        other => problem(other).into_response(),
    }
}

fn accepted(state: &AppState, receipt: Receipt, status: StatusCode, repeated: bool) -> Response {
    let identity = state.ledger.identity();
    let case = match receipt.stream {
        StreamId::Case(case) => Some(case),
        StreamId::Provider(_) | StreamId::System(_) => None,
    };
    let document = CommandDocument {
        case,
        receipt: Some(ReceiptDocument {
            ledger: identity.ledger,
            epoch: identity.epoch,
            first_position: receipt.first,
            position: receipt.position,
            stream: receipt.stream,
            version: receipt.version,
            recorded_at: receipt.recorded_at,
            chain_hash: hex::encode(receipt.chain),
            simulated: state.ledger.is_simulated(),
        }),
        repeated,
        nothing_to_do: false,
        version: receipt.version,
    };
    let mut response = with_etag(status, receipt.version, Json(document).into_response());
    if let (StatusCode::CREATED, Some(case)) = (status, case)
        && let Ok(location) = HeaderValue::from_str(&format!("/v1/cases/{case}"))
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn with_etag(status: StatusCode, version: Version, mut response: Response) -> Response {
    *response.status_mut() = status;
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{version}\"")) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

fn problem(outcome: Outcome<Refusal>) -> Problem {
    match outcome {
        Outcome::Refused(refusal) => refusal.into(),
        Outcome::UnknownStream(_) => Refusal::UnknownCase.into(),
        Outcome::KeyReused => Problem::new(
            StatusCode::CONFLICT,
            "idempotency-key-reused",
            "this Idempotency-Key was used before with another body",
        )
        .way_out("use a new key for a new command; send the same body when you retry"),
        Outcome::Stale { current, changed_by, at, .. } => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            format!("the case has moved on: it stands at version {current}"),
        )
        .with("current_version", json!(current))
        .with("changed_by", json!(changed_by))
        .with("changed_at", json!(at))
        .way_out("read the case again, and decide on what it says now"),
        Outcome::TooLarge { bytes_max } => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            format!("an event takes {bytes_max} bytes of facts and personal parts"),
        )
        .way_out("say less, or split it into several actions"),
        Outcome::Overloaded => Problem::unavailable("overloaded", "too many commands are waiting", 1),
        Outcome::NoSpace { .. } => {
            Problem::unavailable("no-space", "the disk is nearly full: nothing was written, reads go on", 60)
                .way_out("retry with the same key once an operator has freed space")
        }
        Outcome::Clock(_) => Problem::unavailable("clock", "the service doubts its clock: nothing was written", 60)
            .way_out("retry with the same key once an operator has confirmed the clock"),
        Outcome::ShuttingDown => {
            Problem::unavailable("shutting-down", "the service is stopping: nothing was written", 5)
                .way_out("retry with the same key")
        }
        Outcome::Unknown => Problem::unavailable(
            "outcome-unknown",
            "a write failed while the command was on its way: it may or may not be recorded",
            5,
        )
        .way_out("retry with the same key: it is recorded once at most"),
        Outcome::Unreadable(error) => {
            tracing::error!(%error, "a history needed for a decision could not be read");
            Problem::internal("a history needed for this decision could not be read; nothing was written")
        }
        // Handled by the caller; said here so that a new outcome stops the build.
        Outcome::Accepted(_) | Outcome::Repeated(_) | Outcome::NothingToDo { .. } => {
            Problem::internal("an accepted command is no problem")
        }
    }
}

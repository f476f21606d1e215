//! The road of every command: headers, body, submission.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use caseledger_events::envelope::Source;
use caseledger_events::ids::{StreamId, Tag, Version};
use caseledger_events::machine::Submission;
use caseledger_events::personal::{Part, TEXT_CHARS_MAX};
use caseledger_events::world::Command;

use crate::actor::{self, Asker};
use crate::answer;
use crate::problem::Problem;
use crate::state::AppState;

const KEY_HEADER: &str = "idempotency-key";
const KEY_CHARS_MAX: usize = 128;

/// What every command comes with beside its body.
pub struct Headers {
    /// Who asks.
    pub asker: Asker,
    /// The client's idempotency key.
    pub key: String,
    /// The version the client saw (`If-Match`).
    pub expected: Option<Version>,
}

impl Headers {
    /// Reads the headers of a command.
    pub fn read(asker: Asker, headers: &HeaderMap) -> Result<Headers, Problem> {
        let key = actor::text(headers, KEY_HEADER)?.ok_or_else(|| {
            Problem::bad_request("idempotency-key-missing", "a command needs the header Idempotency-Key")
                .way_out("send a key of your own, a new one for each command and the same one when you retry it")
        })?;
        let printable = key.bytes().all(|b| (0x21..=0x7e).contains(&b));
        if !printable || !(1..=KEY_CHARS_MAX).contains(&key.len()) {
            return Err(actor::bad_header(KEY_HEADER, "1 to 128 printable characters without spaces are expected"));
        }
        Ok(Headers { asker, key: key.to_owned(), expected: if_match(headers)? })
    }
}

/// `If-Match: "<version>"`; `*` asks only that the case exists, as every action does.
fn if_match(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let Some(text) = actor::text(headers, header::IF_MATCH.as_str())? else { return Ok(None) };
    if text == "*" {
        return Ok(None);
    }
    let digits = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let version = digits.and_then(|digits| digits.parse().ok()).map(Version);
    version
        .map(Some)
        .ok_or_else(|| actor::bad_header("if-match", "a version in double quotes is expected, as in an ETag"))
}

/// The body of a request as text: JSON by its content type, within the limit.
pub struct JsonText(pub String);

/// A body that is not looked at before it is clear that the asker's role may send one.
pub type Body = Result<JsonText, Problem>;

impl FromRequest<AppState> for JsonText {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<JsonText, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.map(|text| text.split(';').next().unwrap_or(text).trim());
        if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "the body must be application/json",
            )
            .way_out("send the header Content-Type: application/json"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(bad_body)?;
        String::from_utf8(bytes.into())
            .map(JsonText)
            .map_err(|_| Problem::bad_request("bad-input", "the body is not UTF-8").with("pointer", "".into()))
    }
}

fn bad_body(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail =
            format!("the body is larger than this route takes; a text has at most {TEXT_CHARS_MAX} characters");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
            .with("pointer", "".into())
            .way_out("say less, or split it into several actions; documents belong in files");
    }
    Problem::bad_request("bad-body", "the body could not be read")
}

/// Returns SHA-256 of a command's canonical body: what it is about, and its JSON with sorted keys and no white space.
pub fn body_hash(about: &str, body: &str) -> Result<[u8; 32], Problem> {
    let value: serde_json::Value = serde_json::from_str(body)
        .map_err(|_| Problem::bad_request("bad-input", "the body is not JSON, or nested too deeply"))?;
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(about.as_bytes());
    context.update(&[0]);
    context.update(value.to_string().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    Ok(hash)
}

/// A command without sealed parts, as it is recorded and found again when it is sent once more.
pub struct Plain<'a> {
    /// Its name, which the idempotency key belongs to.
    pub name: &'a str,
    /// What its body is about, for the body's hash.
    pub about: &'a str,
    /// The body.
    pub text: &'a str,
    /// The stream whose version `If-Match` names.
    pub stream: Option<StreamId>,
    /// The command.
    pub command: Command,
}

/// Records a command without sealed parts, once for its key, and answers with its receipt or its refusal.
pub async fn record(state: &AppState, headers: &Headers, plain: Plain<'_>) -> Result<Response, Problem> {
    let Plain { name, about, text, stream, command } = plain;
    let hash = body_hash(about, text)?;
    let tag = state.ledger.tag(&headers.asker.actor, name, &headers.key);
    let outcome = state.ledger.execute(submission(headers, command, tag, hash, stream, Vec::new())).await;
    Ok(answer::respond(state, outcome, StatusCode::OK, None))
}

/// Makes the submission of a command.
pub fn submission(
    headers: &Headers,
    command: Command,
    tag: Tag,
    body_hash: [u8; 32],
    stream: Option<StreamId>,
    parts: Vec<Part>,
) -> Submission<Command> {
    Submission {
        also_expected: command.also_expected(),
        command,
        stream,
        expected: headers.expected,
        tag: Some(tag),
        body_hash,
        actor: headers.asker.actor,
        on_behalf_of: headers.asker.on_behalf_of,
        source: Source::of(headers.asker.actor.role),
        source_recorded_at: None,
        correlation: headers.asker.correlation,
        parts,
        sealed: None,
    }
}

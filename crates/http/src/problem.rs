//! The one place where trouble becomes a response: RFC 9457 problem documents with stable codes.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use caseledger_events::input::BadInput;
use caseledger_events::refusal::Refusal;
use caseledger_log::ReadError;
use caseledger_views::{Behind, QueryError};
use serde_json::{Map, Value, json};

/// A problem document.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    retry_after_seconds: Option<u64>,
    fields: Map<String, Value>,
}

impl Problem {
    /// Makes a problem of a stable code, a title that names the code in words, and a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        let mut fields = Map::new();
        fields.insert("type".into(), json!(format!("urn:caseledger:problem:{code}")));
        fields.insert("title".into(), json!(code.replace('-', " ")));
        fields.insert("status".into(), json!(status.as_u16()));
        fields.insert("code".into(), json!(code));
        fields.insert("detail".into(), json!(detail.into()));
        Problem { status, retry_after_seconds: None, fields }
    }

    /// Says what would help.
    pub fn way_out(self, way_out: impl Into<String>) -> Problem {
        self.with("way_out", json!(way_out.into()))
    }

    /// Adds a field.
    pub fn with(mut self, name: &str, value: Value) -> Problem {
        self.fields.insert(name.to_owned(), value);
        self
    }

    /// Says when to come back.
    pub fn retry_after(mut self, seconds: u64) -> Problem {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Returns the document as JSON, for where it is no response of its own.
    pub fn document(self) -> Value {
        Value::Object(self.fields)
    }

    /// 400: the request is not of the right form.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 404: unknown, or not the asker's to know of.
    pub fn not_found(what: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", format!("there is no such {what}"))
    }

    /// 503: something that is not the client's doing; the same request may succeed later.
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after_seconds: u64) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after_seconds)
    }

    /// 500: ours; the log has the rest.
    pub fn internal(what: &'static str) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", what)
            .way_out("tell the operator; the service's log says more")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Value::Object(self.fields))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<BadInput> for Problem {
    fn from(bad: BadInput) -> Self {
        Problem::bad_request("bad-input", bad.what)
            .with("pointer", json!(bad.pointer))
            .way_out("correct the field the pointer names; /openapi.json describes the form")
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::UnknownCase => StatusCode::NOT_FOUND,
            Refusal::NoGrant { .. } => StatusCode::FORBIDDEN,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut problem = Problem::new(status, refusal.code(), refusal.to_string())
            .with("rule", json!(refusal.rule()))
            .with("source", json!(refusal.source()))
            .way_out(refusal.way_out());
        if let Ok(Value::Object(facts)) = serde_json::to_value(&refusal) {
            if let Some(field) = facts.get("field") {
                problem.fields.insert("pointer".into(), field.clone());
            }
            problem.fields.insert("facts".into(), Value::Object(facts));
        }
        problem
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let detail = error.to_string();
        match error {
            QueryError::BadCursor { .. } => {
                Problem::bad_request("bad-cursor", detail).with("parameter", "cursor".into())
            }
            QueryError::BadLimit { .. } => Problem::bad_request("bad-limit", detail).with("parameter", "limit".into()),
            QueryError::EmptySearch => Problem::bad_request("empty-search", detail),
            QueryError::Building { .. } => Problem::unavailable("view-building", detail, 2),
            QueryError::Store { .. } => Problem::unavailable("view-unavailable", detail, 2),
        }
    }
}

impl From<Behind> for Problem {
    fn from(behind: Behind) -> Self {
        Problem::unavailable("view-behind", behind.to_string(), 1).with("position", json!(behind.position))
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        tracing::error!(%error, "the log could not be read");
        Problem::internal("the log could not be read at that position")
    }
}

//! The few calls of the JetStream API this crate makes, with one kind of error.

use std::time::Instant;

use async_nats::jetstream::context::RequestErrorKind;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::response::Response;
use async_nats::jetstream::stream::{Config, Info, RawMessage};
use async_nats::jetstream::{Context, consumer};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::connection::Connection;

/// The name of the stream.
pub const STREAM: &str = "LEDGER";

/// The error codes that say: there is none.
mod absent {
    pub(super) const STREAM: u64 = 10059;
    pub(super) const CONSUMER: u64 = 10014;
    pub(super) const MESSAGE: u64 = 10037;
}

/// Why a call of the JetStream API gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// Nobody answers for JetStream.
    #[error("nobody answers `{call}`: JetStream is off or has no leader yet; see the broker's own log")]
    NobodyAnswers {
        /// What was asked.
        call: String,
    },
    /// No answer in time.
    #[error("no answer to `{call}` in time{}", .hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default())]
    NoAnswer {
        /// What was asked.
        call: String,
        /// What the client met meanwhile, such as a refused permission.
        hint: Option<String>,
    },
    /// The broker says no.
    #[error("the broker refuses `{call}`: {text} (code {code})")]
    Refused {
        /// What was asked.
        call: String,
        /// The broker's error code.
        code: u64,
        /// What it says.
        text: String,
    },
    /// The answer does not read as one.
    #[error("the broker's answer to `{call}` does not read as one: {reason}")]
    Unreadable {
        /// What was asked.
        call: String,
        /// Why.
        reason: String,
    },
}

/// The JetStream API as one user reaches it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    context: Context,
    connection: Connection,
}

#[derive(Deserialize)]
struct Stored {
    message: RawMessage,
}

#[derive(Deserialize)]
struct Done {
    #[allow(dead_code, reason = "its presence tells success from failure")]
    success: bool,
}

impl Api {
    pub(crate) fn new(connection: &Connection) -> Api {
        Api { context: connection.jetstream(), connection: connection.clone() }
    }

    /// Returns configuration and state of the stream; `None` when there is none.
    pub(crate) async fn stream_info(&self) -> Result<Option<Info>, ApiError> {
        unless_absent(self.call(&format!("STREAM.INFO.{STREAM}"), &json!({})).await, &[absent::STREAM])
    }

    /// Returns the message at a sequence, read from the leader; `None` when there is none.
    pub(crate) async fn message(&self, sequence: u64) -> Result<Option<StreamMessage>, ApiError> {
        let call = format!("STREAM.MSG.GET.{STREAM}");
        let stored = self.call(&call, &json!({ "seq": sequence })).await;
        let Some(Stored { message }) = unless_absent(stored, &[absent::MESSAGE])? else { return Ok(None) };
        let message = StreamMessage::try_from(message);
        message.map(Some).map_err(|error| ApiError::Unreadable { call, reason: error.to_string() })
    }

    pub(crate) async fn create_stream(&self, config: &Config) -> Result<Info, ApiError> {
        self.call(&format!("STREAM.CREATE.{STREAM}"), config).await
    }

    /// Deletes the stream with everything in it; done as well when there is none.
    pub(crate) async fn delete_stream(&self) -> Result<(), ApiError> {
        let done: Result<Done, _> = self.call(&format!("STREAM.DELETE.{STREAM}"), &json!({})).await;
        unless_absent(done, &[absent::STREAM]).map(drop)
    }

    /// Returns configuration and state of a consumer; `None` when there is none, or no stream.
    pub(crate) async fn consumer_info(&self, name: &str) -> Result<Option<consumer::Info>, ApiError> {
        let info = self.call(&format!("CONSUMER.INFO.{STREAM}.{name}"), &json!({})).await;
        unless_absent(info, &[absent::CONSUMER, absent::STREAM])
    }

    /// Makes a consumer; one that stands already with the same configuration is left as it is.
    pub(crate) async fn create_consumer(&self, config: &consumer::pull::Config) -> Result<consumer::Info, ApiError> {
        let name = config.durable_name.as_deref().or(config.name.as_deref()).unwrap_or_default();
        let request = json!({ "stream_name": STREAM, "config": config, "action": "create" });
        self.call(&format!("CONSUMER.CREATE.{STREAM}.{name}"), &request).await
    }

    /// Deletes a consumer; done as well when there is none.
    pub(crate) async fn delete_consumer(&self, name: &str) -> Result<(), ApiError> {
        let done: Result<Done, _> = self.call(&format!("CONSUMER.DELETE.{STREAM}.{name}"), &json!({})).await;
        unless_absent(done, &[absent::CONSUMER, absent::STREAM]).map(drop)
    }

    async fn call<A: DeserializeOwned>(&self, call: &str, request: &impl Serialize) -> Result<A, ApiError> {
        // The client bounds the wait for an answer, not the wait for room to send: both are bounded here.
        let wait = self.connection.patience().request;
        let asked = Instant::now();
        let answer = tokio::time::timeout(wait, self.context.request(call.to_owned(), request)).await;
        let no_answer = || ApiError::NoAnswer { call: call.to_owned(), hint: self.connection.refused_since(asked) };
        match answer {
            Err(_) => Err(no_answer()),
            Ok(Ok(Response::Ok(answer))) => Ok(answer),
            Ok(Ok(Response::Err { error })) => {
                Err(ApiError::Refused { call: call.to_owned(), code: error.error_code().0, text: error.to_string() })
            }
            Ok(Err(error)) => Err(match error.kind() {
                RequestErrorKind::NoResponders => ApiError::NobodyAnswers { call: call.to_owned() },
                RequestErrorKind::TimedOut => no_answer(),
                _ => ApiError::Unreadable { call: call.to_owned(), reason: error.to_string() },
            }),
        }
    }
}

fn unless_absent<A>(answer: Result<A, ApiError>, codes: &[u64]) -> Result<Option<A>, ApiError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ApiError::Refused { code, .. }) if codes.contains(&code) => Ok(None),
        Err(error) => Err(error),
    }
}

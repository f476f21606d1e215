//! A small HTTP client of the public API: connections kept open, commands tried again under the same key.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client as Connections, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// The longest wait for one answer; a commit that takes 10 s ends the server.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// For how long something is tried again where nothing else is said.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits between tries grow from this to [`WAIT_MAX`].
const WAIT_MIN: Duration = Duration::from_millis(25);

/// The longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Where the service is.
#[derive(Clone, Debug)]
pub enum Address {
    /// At this base URL, `http://127.0.0.1:8400`.
    Url(String),
    /// Where the data directory's `http.addr` says; read again for every try, for it changes with every start.
    Dir(PathBuf),
}

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address cannot be read or is none.
    #[error("cannot tell where the service is: {why}; start it with `caseledger serve`, or give --url")]
    NoAddress {
        /// What is wrong.
        why: String,
    },
    /// The service did not answer, or not to the end.
    #[error("no answer from {url} within {} s: {why}", waited.as_secs())]
    NoAnswer {
        /// What was asked.
        url: String,
        /// For how long it was tried.
        waited: Duration,
        /// What happened the last time.
        why: String,
    },
    /// An answer that is no JSON.
    #[error("the answer to {path} is no JSON; is this a case ledger?")]
    NotJson {
        /// What was asked.
        path: String,
    },
}

/// An answer: a status and JSON.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The body; `null` where there is none.
    pub body: Value,
}

/// A request to the API.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// GET or POST.
    pub method: Method,
    /// The path with its query.
    pub path: &'a str,
    /// Who asks: `person/role/organisation`.
    pub actor: &'a str,
    /// The idempotency key of a command.
    pub key: Option<&'a str>,
    /// The version the actor saw.
    pub saw: Option<u32>,
    /// The JSON body.
    pub body: &'a str,
}

/// A client that any number of tasks may use at once.
#[derive(Clone)]
pub struct Client {
    connections: Connections<HttpConnector, Full<Bytes>>,
    address: Address,
    patience: Duration,
}

impl Client {
    /// Makes a client; it connects with the first request.
    pub fn new(address: Address) -> Client {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let connections = Connections::builder(TokioExecutor::new()).build(connector);
        Client { connections, address, patience: PATIENCE }
    }

    /// Sets for how long questions and commands are sent again while the service does not answer or is busy.
    pub fn with_patience(self, patience: Duration) -> Client {
        Client { patience, ..self }
    }

    /// Reads something.
    pub async fn get(&self, path: &str, actor: &str) -> Result<Answer, ClientError> {
        self.patiently(&Ask { method: Method::GET, path, actor, key: None, saw: None, body: "" }).await
    }

    /// Posts a command under a key.
    pub async fn command(&self, path: &str, actor: &str, key: &str, body: &Value) -> Result<Answer, ClientError> {
        let body = body.to_string();
        self.patiently(&Ask { method: Method::POST, path, actor, key: Some(key), saw: None, body: &body }).await
    }

    /// Posts something that is no command, once.
    pub async fn post(&self, path: &str, actor: &str, body: &Value) -> Result<Answer, ClientError> {
        let body = body.to_string();
        self.send(&Ask { method: Method::POST, path, actor, key: None, saw: None, body: &body }).await
    }

    /// Starts to count tries.
    pub fn retry(&self) -> Retry {
        Retry { started: Instant::now(), patience: self.patience, wait: WAIT_MIN }
    }

    /// Sends until there is an answer; one that says *busy* is returned when patience is over.
    async fn patiently(&self, ask: &Ask<'_>) -> Result<Answer, ClientError> {
        let mut retry = self.retry();
        loop {
            let answered = self.send(ask).await;
            let is_final = answered.as_ref().is_ok_and(|answer| !is_worth_another_try(answer));
            if is_final || !retry.again().await {
                return answered;
            }
        }
    }

    /// Sends a request once; after an error it is unknown whether it was carried out.
    pub async fn send(&self, ask: &Ask<'_>) -> Result<Answer, ClientError> {
        let url = format!("{}{}", self.base()?, ask.path);
        let mut request = Request::builder().method(&ask.method).uri(&url).header("ledger-actor", ask.actor);
        if let Some(key) = ask.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(version) = ask.saw {
            request = request.header(header::IF_MATCH, format!("\"{version}\""));
        }
        if ask.method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = Full::new(Bytes::copy_from_slice(ask.body.as_bytes()));
        let request = request.body(body).map_err(|error| ClientError::NoAddress { why: error.to_string() })?;
        let started = Instant::now();
        let no_answer = |why: String| ClientError::NoAnswer { url: url.clone(), waited: started.elapsed(), why };
        let answered = tokio::time::timeout(ANSWER_LIMIT, self.exchange(request)).await;
        let (status, bytes) = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(why)) => return Err(no_answer(why)),
            Err(_) => return Err(no_answer("it took too long".to_owned())),
        };
        let body = match serde_json::from_slice(&bytes) {
            Ok(body) => body,
            Err(_) if bytes.is_empty() => Value::Null,
            Err(_) if !status.is_success() => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
            Err(_) => return Err(ClientError::NotJson { path: ask.path.to_owned() }),
        };
        Ok(Answer { status, body })
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), String> {
        let response = self.connections.request(request).await.map_err(|error| whole(&error))?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| whole(&error))?;
        Ok((status, body.to_bytes()))
    }

    fn base(&self) -> Result<String, ClientError> {
        match &self.address {
            Address::Url(url) => Ok(url.trim_end_matches('/').to_owned()),
            Address::Dir(dir) => {
                let file = dir.join("http.addr");
                let text = std::fs::read_to_string(&file);
                let text =
                    text.map_err(|error| ClientError::NoAddress { why: format!("{}: {error}", file.display()) })?;
                Ok(format!("http://{}", text.trim()))
            }
        }
    }
}

/// Returns an error with all its causes: hyper's own text is `client error (Connect)`.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Waits between tries, a little longer each time, until patience is over.
pub struct Retry {
    started: Instant,
    patience: Duration,
    wait: Duration,
}

impl Retry {
    /// Waits; false when patience is over.
    pub async fn again(&mut self) -> bool {
        if self.started.elapsed() >= self.patience {
            return false;
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(WAIT_MAX);
        true
    }

    /// Returns for how long it was tried.
    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Returns whether an answer asks to come again with the same key.
pub fn is_worth_another_try(answer: &Answer) -> bool {
    matches!(answer.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
}

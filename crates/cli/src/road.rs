//! How a command that changes something reaches the ledger: through the server that owns the directory, or, where none
//! runs, by opening the service in this process and asking the same routes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use caseledger_http::axum::Router;
use caseledger_http::axum::body::Body;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep};
use tower::ServiceExt;

use crate::access_log;
use crate::asking::Asking;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::running;
use crate::service::{Missing, Service, Time};
use crate::settings::{Nats, Settings};
use crate::sign_in;

/// How long a server that is just starting, or stopping, is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A way to the ledger, and who goes it.
pub struct Road {
    way: Way,
    asking: Asking,
}

enum Way {
    /// Through the control socket of the server that runs.
    Server(PathBuf),
    /// In this process, which owns the directory for a moment.
    Here(Box<Service>, Router),
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body; `null` where it is no JSON.
    pub body: Value,
}

impl Road {
    /// Finds a way, a server's first and then by taking the lock, goes it, and closes what was opened, whatever came of it.
    pub fn walk<T>(
        dir: &Path,
        settings: &Settings,
        asking: Asking,
        errand: impl AsyncFnOnce(&Road) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        crate::runtime()?.block_on(async {
            let road = Road { way: Way::open(dir, settings).await?, asking };
            let done = errand(&road).await;
            road.close().await;
            done
        })
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(request(&self.asking, Method::GET, path, None, Bytes::new())?).await
    }

    /// Asks for something in a form of its own.
    pub async fn get_as(&self, path: &str, form: &'static str) -> Result<Answer, Failure> {
        let mut request = request(&self.asking, Method::GET, path, None, Bytes::new())?;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(form));
        self.send(request).await
    }

    /// Has something done, once for each key; or asks something in a body, where the key says nothing.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Answer, Failure> {
        self.send(request(&self.asking, Method::POST, path, Some(key), Bytes::from(body.to_string()))?).await
    }

    /// Closes what was opened here.
    async fn close(self) {
        if let Way::Here(service, router) = self.way {
            drop(router);
            let access_log = service.access_log();
            service.close().await;
            access_log::close(access_log).await;
        }
    }

    async fn send(&self, request: Request<Body>) -> Result<Answer, Failure> {
        let (status, body) = match &self.way {
            Way::Here(_, router) => {
                // A router answers every request; its error type has no values.
                let response = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
                let status = response.status();
                (status, response.into_body().collect().await.map_err(broken)?.to_bytes())
            }
            Way::Server(dir) => {
                let stream = connect(dir).await.map_err(gone)?;
                let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
                tokio::spawn(connection);
                let response = sender.send_request(request).await.map_err(broken)?;
                let status = response.status();
                (status, response.into_body().collect().await.map_err(broken)?.to_bytes())
            }
        };
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() })
    }
}

impl Way {
    async fn open(dir: &Path, settings: &Settings) -> Result<Way, Failure> {
        let started = Instant::now();
        loop {
            if running::is_running(dir) {
                return Ok(Way::Server(dir.to_owned()));
            }
            match Way::here(dir, settings).await {
                Err(failure) if failure.exit == Exit::Busy && started.elapsed() < PATIENCE => {
                    sleep(Duration::from_millis(50)).await;
                }
                way => return way,
            }
        }
    }

    async fn here(dir: &Path, settings: &Settings) -> Result<Way, Failure> {
        let time = match journal::is_simulated(&journal::open(dir)?)? {
            true => Time::Simulated(None),
            false => Time::Real,
        };
        // The relay of the next server sends what is recorded here.
        let settings = Settings { nats: Nats::default(), ..settings.clone() };
        let service = Service::open(dir, &settings, time, Missing::Refuse).await?;
        let router = service.router(sign_in::on_the_control_socket(&settings));
        Ok(Way::Here(Box::new(service), router))
    }
}

impl Answer {
    /// Turns an answer that is no success into a failure with the problem's own words.
    pub fn accepted(self) -> Result<Value, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let word = |name: &str| word(&self.body[name]);
        let exit = match self.status.as_u16() {
            404 => Exit::NoData,
            429 | 503 => Exit::Unavailable,
            500.. => Exit::Internal,
            _ => Exit::Refused,
        };
        let code = word("code");
        let what = format!("{} ({} {code})", word("detail"), self.status.as_u16());
        let way_out = word("way_out");
        let failure = Failure::new(exit, what);
        Err(if way_out.is_empty() { failure } else { failure.next(way_out) })
    }
}

/// Returns a text of an answer; an empty one where there is none.
pub fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns a list of an answer; an empty one where there is none.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

async fn connect(dir: &Path) -> std::io::Result<UnixStream> {
    let stream = running::connect(dir)?;
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

fn request(
    asking: &Asking,
    method: Method,
    path: &str,
    key: Option<&str>,
    body: Bytes,
) -> Result<Request<Body>, Failure> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "control")
        .header(header::CONTENT_TYPE, "application/json");
    request = asking.sign(request);
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.body(Body::from(body)).map_err(|error| Failure::new(Exit::Internal, error))
}

fn gone(error: std::io::Error) -> Failure {
    Failure::new(Exit::Unavailable, format_args!("the server went away: {error}"))
        .next("repeat the command; what was acknowledged is kept")
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Unavailable, format_args!("the server did not answer to the end: {error}"))
        .next("repeat the command; what was recorded already is passed over")
}

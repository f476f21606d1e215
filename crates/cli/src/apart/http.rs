//! Events over HTTP: frames as stored, of a service that this machine reaches.

use bytes::Bytes;
use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_log::LedgerIdentity;
use caseledger_proof::{Hash, extend};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::chunk::{Chunk, Form};
use crate::asking::Asking;
use crate::exit::{Exit, Failure};

/// The largest frame there is; what says it is larger is no stream of frames.
const FRAME_BYTES_MAX: usize = caseledger_log::FRAME_BYTES_MAX;

/// A reader of `GET /v1/events`.
pub struct FromHttp {
    client: Client<HttpConnector, Empty<Bytes>>,
    url: String,
    asking: Asking,
}

/// A stream of frames under way.
pub struct Frames {
    body: Incoming,
    held: Vec<u8>,
    next: Position,
    chain: Hash,
}

impl FromHttp {
    /// Makes a reader of the service at a base URL.
    pub fn new(url: &str, asking: Asking) -> FromHttp {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        FromHttp { client, url: url.trim_end_matches('/').to_owned(), asking }
    }

    /// Asks which ledger it is and where it ends.
    pub async fn ledger(&self) -> Result<(LedgerIdentity, Position), Failure> {
        let document = self.json("/v1/ledger").await?.ok_or_else(|| unreadable("/v1/ledger"))?;
        let ledger = document["ledger"].as_str().and_then(|text| text.parse::<LedgerId>().ok());
        let epoch = document["epoch"].as_u64().and_then(|epoch| u32::try_from(epoch).ok()).map(Epoch);
        let position = document["position"].as_u64().map(Position);
        match (ledger, epoch, position) {
            (Some(ledger), Some(epoch), Some(position)) => Ok((LedgerIdentity { ledger, epoch }, position)),
            _ => Err(unreadable("/v1/ledger")),
        }
    }

    /// Returns the chain hash at a position; none beyond the end.
    pub async fn chain_at(&self, position: Position) -> Result<Option<Hash>, Failure> {
        if position == Position(0) {
            return Ok(Some(Hash::ZERO));
        }
        let event = self.json(&format!("/v1/events/{position}")).await?;
        Ok(event.and_then(|event| event["chain_hash"].as_str().and_then(|text| text.parse().ok())))
    }

    /// Begins to read after a position whose chain hash is known.
    pub async fn frames(&self, after: Position, chain: Hash) -> Result<Frames, Failure> {
        let next = after.next();
        let response = self.send(&format!("/v1/events?from={next}"), "application/vnd.msgpack").await?;
        if !response.status().is_success() {
            return Err(refused(response.status()));
        }
        Ok(Frames { body: response.into_body(), held: Vec::new(), next, chain })
    }

    /// Asks for JSON; `None` where there is no such thing.
    async fn json(&self, path: &str) -> Result<Option<Value>, Failure> {
        let response = self.send(path, "application/json").await?;
        match response.status() {
            StatusCode::NOT_FOUND => return Ok(None),
            status if !status.is_success() => return Err(refused(status)),
            _ => {}
        }
        let body = response.into_body().collect().await.map_err(|error| gone(&error))?.to_bytes();
        serde_json::from_slice(&body).map(Some).map_err(|_| unreadable(path))
    }

    async fn send(&self, path: &str, accept: &str) -> Result<Response<Incoming>, Failure> {
        let request = Request::builder().uri(format!("{}{path}", self.url)).header(header::ACCEPT, accept);
        let request = self.asking.sign(request).body(Empty::new()).map_err(|error| {
            Failure::new(Exit::Usage, error).next("name the service with --url, such as http://127.0.0.1:8400")
        })?;
        self.client.request(request).await.map_err(|error| gone(&error))
    }
}

impl Frames {
    /// Reads what there is next; `None` at the end of what was durable.
    pub async fn next(&mut self) -> Result<Option<Chunk>, Failure> {
        let mut chunk = Chunk::new(Form::Frames);
        while !chunk.is_full() {
            self.cut(&mut chunk)?;
            match self.body.frame().await {
                Some(Ok(frame)) => self.held.extend(frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(gone(&error)),
                None if !self.held.is_empty() => return Err(unreadable("/v1/events")),
                None => break,
            }
        }
        Ok((!chunk.is_empty()).then_some(chunk))
    }

    /// Cuts whole frames off what was read: a length in four bytes, then so many bytes.
    fn cut(&mut self, chunk: &mut Chunk) -> Result<(), Failure> {
        let mut rest = self.held.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            if length > FRAME_BYTES_MAX {
                return Err(unreadable("/v1/events"));
            }
            let Some((frame, after)) = after.split_at_checked(length) else { break };
            self.chain = extend(self.chain, frame);
            chunk.push(self.next, self.chain, frame);
            self.next = self.next.next();
            rest = after;
        }
        let cut = self.held.len() - rest.len();
        self.held.drain(..cut);
        Ok(())
    }
}

fn gone(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unavailable, format_args!("the service does not answer, or not to the end: {error}"))
        .next("start again: reading goes on from where the files stand")
}

fn refused(status: StatusCode) -> Failure {
    let failure = Failure::new(Exit::Refused, format_args!("the service refuses to tell events ({status})"));
    failure.next("ask as somebody who may read frames: an operator or an auditor (--as, --token-file)")
}

fn unreadable(path: &str) -> Failure {
    Failure::new(Exit::FoundWrong, format_args!("the answer to {path} is none of a case ledger"))
        .next("check --url: it names the service itself, such as http://127.0.0.1:8400")
}

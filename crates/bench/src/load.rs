//! The load: clients that each keep one connection, send one action and wait for its receipt.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::figures::quantile;
use crate::service::Service;

/// Who acts and asks in measurements: the lead of the provider that holds the cases.
pub const LEAD: &str = "P-LEAD/workflow_lead/ASP-01";

/// What clients saw.
pub struct Load {
    /// Acknowledged actions a second.
    pub per_second: f64,
    /// Median seconds from request to receipt.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// Loads reference data and opens cases; returns their ids.
pub fn prepare(service: &Service, cases: usize) -> Result<Vec<String>> {
    let entries = json!({"entries": [
        {"what": "school", "school": "S-001", "catchment": "C-01", "from": "2020-01-01"},
        {"what": "catchment", "catchment": "C-01", "provider": "ASP-01", "from": "2020-01-01"},
    ]});
    let (status, body) = service.post("/v1/reference", "P-OPS/operator/MOE", "reference", &entries.to_string())?;
    if status != 200 {
        bail!("reference data were refused: {body}");
    }
    let referral = json!({
        "action": "submit-support-request",
        "facts": {"school": "S-001", "absent_half_days": 34, "open_half_days": 60, "engagement": "partly", "school_steps_taken": true},
        "personal": {"student": {"family_name": "Tūhoe", "given_names": "Aroha", "birth_date": "2014-05-06"}},
    })
    .to_string();
    let open = |n: usize| -> Result<String> {
        let (status, body) =
            service.post("/v1/cases", "P-SCH/attendance_lead/S-001", &format!("open-{n}"), &referral)?;
        if status != 201 && status != 200 {
            bail!("a referral was refused: {body}");
        }
        let document: Value = serde_json::from_str(&body)?;
        Ok(document["case"].as_str().context("no case")?.to_owned())
    };
    (0..cases).map(open).collect()
}

/// Sends actions for a while with so many clients; `run` keeps the keys of different runs apart.
pub fn actions(service: &Service, cases: &[String], clients: usize, lasting: Duration, run: &str) -> Result<Load> {
    let (cases, run) = (cases.to_vec(), run.to_owned());
    many(service, clients, lasting, move |client, n| {
        action(&cases[(client + n * 67) % cases.len()], &format!("{run}-{client}-{n}"))
    })
}

/// Asks for answers that take no work: what the connections and this program cost by themselves on this machine.
pub fn without_work(service: &Service, clients: usize, lasting: Duration) -> Result<Load> {
    many(service, clients, lasting, |_, _| question("/healthz", LEAD))
}

/// Sends requests for a while with so many clients, each waiting for its answer; `make` is told client and number.
pub fn many(
    service: &Service,
    clients: usize,
    lasting: Duration,
    make: impl Fn(usize, usize) -> String + Clone + Send + Sync + 'static,
) -> Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut samples = runtime.block_on(async {
        let tasks = (0..clients).map(|client| {
            let (address, make) = (service.address.clone(), make.clone());
            tokio::task::spawn(async move { one_client(&address, lasting, |n| make(client, n)).await })
        });
        let mut samples = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            samples.extend(task.await??);
        }
        Ok::<_, anyhow::Error>(samples)
    })?;
    Ok(Load {
        per_second: samples.len() as f64 / lasting.as_secs_f64(),
        p50: quantile(&mut samples, 0.5),
        p99: quantile(&mut samples, 0.99),
    })
}

async fn one_client(address: &str, lasting: Duration, make: impl Fn(usize) -> String) -> Result<Vec<f64>> {
    let mut connection = Client::connect(address).await?;
    let mut samples = Vec::with_capacity(4096);
    let started = Instant::now();
    let mut n = 0;
    while started.elapsed() < lasting {
        let request = make(n);
        let sent = Instant::now();
        connection.accepted(&request).await?;
        samples.push(sent.elapsed().as_secs_f64());
        n += 1;
    }
    Ok(samples)
}

/// An attempt at contact: a small fact and a note of a usual length.
pub fn action(case: &str, key: &str) -> String {
    const BODY: &str = r#"{"facts":{"with":"caregiver","mode":"phone","outcome":"not_reached"},"personal":{"note":{"text":"Rang twice in the afternoon and left a message with the aunt, who will ask the whānau to ring back tomorrow."}}}"#;
    let length = BODY.len();
    format!(
        "POST /v1/cases/{case}/actions/attempt-contact HTTP/1.1\r\nHost: x\r\nLedger-Actor: {LEAD}\r\nIdempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{BODY}"
    )
}

/// A question by somebody.
pub fn question(path: &str, actor: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nLedger-Actor: {actor}\r\n\r\n")
}

/// One kept connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects.
    pub async fn connect(address: &str) -> Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client { stream, buffer: vec![0; 256 * 1024] })
    }

    /// Sends a request and returns the body of its answer; anything but 200 is an error.
    pub async fn accepted(&mut self, request: &str) -> Result<&[u8]> {
        self.stream.write_all(request.as_bytes()).await?;
        let mut have = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[have..]).await?;
            if read == 0 {
                bail!("the service closed the connection, or its answer is longer than the buffer");
            }
            have += read;
            let text = &self.buffer[..have];
            let Some(head) = text.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head_text = std::str::from_utf8(&text[..head])?.to_ascii_lowercase();
            let length: usize = head_text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ").and_then(|n| n.trim().parse().ok()))
                .context("an answer without a length")?;
            let (from, to) = (head + 4, head + 4 + length);
            if have < to {
                continue;
            }
            if !head_text.starts_with("http/1.1 200") {
                bail!("a request was not accepted: {}", String::from_utf8_lossy(&self.buffer[..have]));
            }
            return Ok(&self.buffer[from..to]);
        }
    }
}

//! The load: clients that each keep one connection, send one action and wait for its receipt.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::figures::quantile;
use crate::service::Service;

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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let samples = runtime.block_on(async {
        let mut tasks = Vec::new();
        for client in 0..clients {
            let (address, cases, run) = (service.address.clone(), cases.to_vec(), run.to_owned());
            tasks.push(tokio::task::spawn(one_client(address, cases, client, lasting, run)));
        }
        let mut samples = Vec::new();
        for task in tasks {
            samples.extend(task.await??);
        }
        Ok::<_, anyhow::Error>(samples)
    });
    let mut samples = samples?;
    Ok(Load {
        per_second: samples.len() as f64 / lasting.as_secs_f64(),
        p50: quantile(&mut samples, 0.5),
        p99: quantile(&mut samples, 0.99),
    })
}

async fn one_client(
    address: String,
    cases: Vec<String>,
    client: usize,
    lasting: Duration,
    run: String,
) -> Result<Vec<f64>> {
    let mut stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let mut samples = Vec::with_capacity(4096);
    let mut answer = vec![0; 8 * 1024];
    let started = Instant::now();
    let mut n = 0;
    while started.elapsed() < lasting {
        let case = &cases[(client + n * 67) % cases.len()];
        let request = action(case, &format!("{run}-{client}-{n}"));
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        read_answer(&mut stream, &mut answer).await?;
        samples.push(sent.elapsed().as_secs_f64());
        n += 1;
    }
    Ok(samples)
}

/// An attempt at contact: a small fact and a note of a usual length.
fn action(case: &str, key: &str) -> String {
    const BODY: &str = r#"{"facts":{"with":"caregiver","mode":"phone","outcome":"not_reached"},"personal":{"note":{"text":"Rang twice in the afternoon and left a message with the aunt, who will ask the whānau to ring back tomorrow."}}}"#;
    let length = BODY.len();
    format!(
        "POST /v1/cases/{case}/actions/attempt-contact HTTP/1.1\r\nHost: x\r\nLedger-Actor: P-LEAD/workflow_lead/ASP-01\r\nIdempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{BODY}"
    )
}

/// Reads one answer by its Content-Length; anything but 200 ends the run.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut have = 0;
    loop {
        let read = stream.read(&mut buffer[have..]).await?;
        if read == 0 {
            bail!("the service closed the connection");
        }
        have += read;
        let text = &buffer[..have];
        let Some(head) = text.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head_text = std::str::from_utf8(&text[..head])?.to_ascii_lowercase();
        let length: usize = head_text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ").and_then(|n| n.trim().parse().ok()))
            .context("an answer without a length")?;
        if have < head + 4 + length {
            continue;
        }
        if !head_text.starts_with("http/1.1 200") {
            bail!("an action was not accepted: {}", String::from_utf8_lossy(text));
        }
        return Ok(());
    }
}

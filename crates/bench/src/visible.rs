//! How soon an action shows: from sending it to the answer of a query that knows of it, and to a NATS subscriber.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::AckKind;
use caseledger_tests::{Broker, Role};
use futures::StreamExt;
use serde_json::Value;

use crate::append::serve_arguments;
use crate::figures::Figures;
use crate::load::{self, Client, LEAD};
use crate::pace;
use crate::service::Service;

const CASES: usize = 500;
const CLIENTS: u64 = 32;

/// When what was sent, by the position it got; and when the subscriber saw which position.
#[derive(Default)]
struct Seen {
    sent: HashMap<u64, Instant>,
    arrived: HashMap<u64, Instant>,
}

/// Runs and prints.
pub fn run(dir: &Path, per_second: u64, seconds: u64) -> Result<()> {
    let Some(broker) = Broker::start() else { bail!("there is no nats-server: `cargo xtask tools` fetches one") };
    let data = tempfile::tempdir_in(dir)?;
    let ledger = data.path().join("ledger");
    std::fs::create_dir_all(&ledger)?;
    let arguments = serve_arguments(&broker);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (service, _) = Service::start(&ledger, &arguments)?;
    service.wait_ready(Duration::from_secs(60))?;
    let cases = load::prepare(&service, CASES)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let in_view = runtime.block_on(async {
        let subscriber = tokio::spawn(subscribe(broker.jetstream(Role::Reporting).await, Arc::clone(&seen)));
        let pace = pace::Pace { per_second, clients: CLIENTS, lasting: Duration::from_secs(seconds) };
        let clients = (0..CLIENTS).map(|client| {
            tokio::spawn(one_client(service.address.clone(), cases.clone(), pace, client, Arc::clone(&seen)))
        });
        let mut in_view = Vec::new();
        for client in clients.collect::<Vec<_>>() {
            in_view.extend(client.await??);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        subscriber.abort();
        Ok::<_, anyhow::Error>(in_view)
    })?;
    let seen = seen.lock().map_err(|_| anyhow::anyhow!("a client panicked"))?;
    let mut at_subscriber = Vec::with_capacity(seen.sent.len());
    for (position, sent) in &seen.sent {
        let arrived = seen.arrived.get(position).with_context(|| format!("position {position} did not arrive"))?;
        at_subscriber.push((*arrived - *sent).as_secs_f64());
    }
    let mut table = Figures::new(&["from sending an action", "p50", "p99", "longest"]);
    for (what, samples) in [("… to the case view that shows it", in_view), ("… to a NATS subscriber", at_subscriber)]
    {
        let [p50, p99, longest] = pace::told(samples);
        table.row(&[what.into(), p50, p99, longest]);
    }
    table.print();
    println!("{per_second} actions a second, each followed by a query for its case that waits for it.");
    Ok(())
}

/// Sends actions at the pace, each followed by a query that waits until the view knows of it.
async fn one_client(
    address: String,
    cases: Vec<String>,
    pace: pace::Pace,
    client: u64,
    seen: Arc<Mutex<Seen>>,
) -> Result<Vec<f64>> {
    let mut connection = Client::connect(&address).await?;
    let (mut samples, started) = (Vec::new(), Instant::now());
    for n in 0.. {
        let due = pace.due(client, n);
        if due >= pace.lasting {
            break;
        }
        tokio::time::sleep(due.saturating_sub(started.elapsed())).await;
        let case = &cases[(n * CLIENTS + client) as usize % CASES];
        let sent = Instant::now();
        let receipt: Value =
            serde_json::from_slice(connection.accepted(&load::action(case, &format!("v-{client}-{n}"))).await?)?;
        let position =
            receipt.pointer("/receipt/position").and_then(Value::as_u64).context("a receipt without a position")?;
        if let Ok(mut seen) = seen.lock() {
            seen.sent.insert(position, sent);
        }
        connection.accepted(&load::question(&format!("/v1/cases/{case}?min_position={position}"), LEAD)).await?;
        samples.push(sent.elapsed().as_secs_f64());
    }
    Ok(samples)
}

/// Reads as the reporting user does, and notes what arrives when.
async fn subscribe(jetstream: async_nats::jetstream::Context, seen: Arc<Mutex<Seen>>) -> Result<()> {
    let consumer: PullConsumer = jetstream
        .get_consumer_from_stream("reporting", "LEDGER")
        .await
        .map_err(|error| anyhow::anyhow!("no consumer: {error}"))?;
    let mut messages = consumer.messages().await?;
    while let Some(message) = messages.next().await {
        let message = message?;
        let position = message.info().map_err(|error| anyhow::anyhow!("{error}"))?.stream_sequence;
        if let Ok(mut seen) = seen.lock() {
            seen.arrived.insert(position, Instant::now());
        }
        if position % 100 == 0 {
            message.ack_with(AckKind::Ack).await.map_err(|error| anyhow::anyhow!("{error}"))?;
        }
    }
    Ok(())
}

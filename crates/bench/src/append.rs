//! Acknowledged actions over HTTP, with decide, relay (where a broker is given) and view worker running.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use caseledger_tests::Broker;
use serde_json::Value;

use crate::figures::{Figures, millis, quantile, thousands};
use crate::service::Service;
use crate::{floor, load};

const CASES: usize = 2_000;

/// Runs and prints.
pub fn run(dir: &Path, clients: usize, seconds: u64, rounds: usize, peers: bool) -> Result<()> {
    let lasting = Duration::from_secs(seconds);
    let data = tempfile::tempdir_in(dir)?;
    let broker = Broker::start();
    let nats = broker.as_ref().map(serve_arguments).unwrap_or_default();
    let nats: Vec<&str> = nats.iter().map(String::as_str).collect();
    let path = data.path().join("ledger");
    std::fs::create_dir_all(&path)?;
    let (service, _) = Service::start(&path, &nats)?;
    service.wait_ready(Duration::from_secs(60))?;
    let cases = load::prepare(&service, CASES)?;

    let (mut floors, mut many, mut one) = (Vec::new(), Vec::new(), Vec::new());
    let mut others: Vec<(String, Vec<f64>)> = Vec::new();
    for round in 0..rounds {
        floors.push(floor::measure(dir, 512, Duration::from_secs(2))?);
        many.push(load::actions(&service, &cases, clients, lasting, &format!("many{round}"))?);
        println!("round {}: {} actions/s; {}", round + 1, thousands(many[round].per_second), backlog(&service)?);
        one.push(load::actions(&service, &cases, 1, Duration::from_secs(3), &format!("one{round}"))?);
        for (name, per_second) in others_once(peers, clients, lasting)? {
            match others.iter_mut().find(|(other, _)| *other == name) {
                Some((_, all)) => all.push(per_second),
                None => others.push((name, vec![per_second])),
            }
        }
    }
    let middle = |samples: Vec<f64>| quantile(&mut samples.clone(), 0.5);
    let mut table = Figures::new(&["what", "per second", "p50", "p99"]);
    table.row(&[
        "device: two write + fdatasync at once".into(),
        thousands(middle(floors.iter().map(|f| f.pairs_per_second).collect())),
        millis(middle(floors.iter().map(|f| f.p50).collect())),
        millis(middle(floors.iter().map(|f| f.p99).collect())),
    ]);
    for (what, loads) in [("one client".to_owned(), &one), (format!("{clients} clients"), &many)] {
        table.row(&[
            format!("acknowledged actions, {what}"),
            thousands(middle(loads.iter().map(|l| l.per_second).collect())),
            millis(middle(loads.iter().map(|l| l.p50).collect())),
            millis(middle(loads.iter().map(|l| l.p99).collect())),
        ]);
    }
    let bare = load::without_work(&service, clients, lasting)?;
    table.row(&[
        format!("bare answers that do no work (/healthz), {clients} clients"),
        thousands(bare.per_second),
        millis(bare.p50),
        millis(bare.p99),
    ]);
    let ours = middle(many.iter().map(|l| l.per_second).collect());
    for (name, samples) in others {
        let theirs = middle(samples);
        table.row(&[
            format!("{name}, {clients} clients"),
            thousands(theirs),
            format!("ours × {:.1}", ours / theirs),
            String::new(),
        ]);
    }
    table.print();
    let ratio = middle(one.iter().map(|l| l.p50).collect()) / middle(floors.iter().map(|f| f.p50).collect());
    println!("One client's p50 is {ratio:.1} × the device's.");
    Ok(())
}

/// Returns the arguments that make the service use a broker.
pub fn serve_arguments(broker: &Broker) -> Vec<String> {
    let creds = broker.creds_dir().display().to_string();
    vec!["--nats-url".into(), broker.url(), "--nats-creds-dir".into(), creds]
}

/// How far relay and view are behind, as the service says itself.
fn backlog(service: &Service) -> Result<String> {
    let field = |path: &str, pointer: &str| -> Result<String> {
        let document: Value = serde_json::from_str(&service.get(path)?.1).unwrap_or_default();
        Ok(document.pointer(pointer).map_or("?".to_owned(), Value::to_string))
    };
    let relay = field("/v1/relay", "/lag_events")?;
    let view = field("/v1/views", "/items/0/lag_events")?;
    Ok(format!("backlog at the end: relay {relay}, view {view} events"))
}

#[cfg(feature = "peers")]
fn others_once(peers: bool, clients: usize, lasting: Duration) -> Result<Vec<(String, f64)>> {
    if peers { crate::peers::all(clients, lasting) } else { Ok(Vec::new()) }
}

#[cfg(not(feature = "peers"))]
fn others_once(peers: bool, _: usize, _: Duration) -> Result<Vec<(String, f64)>> {
    if peers {
        println!("Built without the peers' clients: cargo xtask bench --features peers append --peers");
    }
    Ok(Vec::new())
}

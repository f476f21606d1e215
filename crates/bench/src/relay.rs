//! The relay catching up into a real JetStream, set up as nats.conf says.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use caseledger_bus::{BusUser, Endpoint, Maker, RelayHandle, RelayOptions};
use caseledger_log::{Store, StoreOptions};
use caseledger_tests::Broker;
use tokio_util::sync::CancellationToken;

use crate::figures::{Figures, thousands};
use crate::frames;

/// Runs and prints.
pub fn run(dir: &Path, events: u64) -> Result<()> {
    let data = tempfile::tempdir_in(dir)?;
    let log = data.path().join("log");
    frames::fill(&log, frames::ANY, events)?;
    let Some(broker) = Broker::start() else { bail!("there is no nats-server: `cargo xtask tools` fetches one") };
    let (store, _) = Store::open(&log, &StoreOptions::default())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let seconds = runtime.block_on(catch_up(&broker, &store, events))?;
    store.close()?;
    let mut table = Figures::new(&["what", "events/s"]);
    table.row(&["relay catching up into JetStream".into(), thousands(events as f64 / seconds)]);
    table.print();
    Ok(())
}

async fn catch_up(broker: &Broker, store: &Store, events: u64) -> Result<f64> {
    let seed = |name: &str| Some(broker.creds_dir().join(name));
    let operator = Endpoint::new(broker.url(), BusUser::Operator, seed("operator.nk"));
    let maker = Maker { endpoint: operator, consumers: Vec::new() };
    let options = RelayOptions::new(Endpoint::new(broker.url(), BusUser::Relay, seed("relay.nk")), Some(maker));
    let started = Instant::now();
    let relay = RelayHandle::start(options, store.reader(), CancellationToken::new()).await?;
    let view = relay.view();
    loop {
        let status = view.snapshot();
        if status.stream_last.is_some_and(|last| last.0 == events) {
            break;
        }
        ensure!(started.elapsed() < Duration::from_secs(600), "the relay stands still: {}", status.state);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    relay.stop().await;
    Ok(seconds)
}

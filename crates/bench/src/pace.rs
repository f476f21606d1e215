//! Requests at a set pace, whether or not the service keeps up: what a late answer makes wait counts as waiting.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::figures::{millis, quantile};
use crate::load::Client;

/// How many requests a second, for how long.
#[derive(Clone, Copy)]
pub struct Pace {
    /// Requests a second, of all connections together.
    pub per_second: u64,
    /// Connections.
    pub clients: u64,
    /// How long.
    pub lasting: Duration,
}

impl Pace {
    /// Returns when the n-th request of a client is due, counted from the beginning.
    pub fn due(&self, client: u64, n: u64) -> Duration {
        Duration::from_secs_f64((n * self.clients + client) as f64 / self.per_second as f64)
    }
}

/// Sends requests as `make` gives them for their running number; returns the seconds from when each was due.
pub async fn send(
    address: &str,
    pace: Pace,
    make: impl Fn(u64) -> String + Clone + Send + Sync + 'static,
) -> Result<Vec<f64>> {
    let started = Instant::now();
    let clients = (0..pace.clients).map(|client| {
        let (address, make) = (address.to_owned(), make.clone());
        tokio::spawn(async move {
            let mut connection = Client::connect(&address).await?;
            let mut samples = Vec::new();
            for n in 0.. {
                let due = pace.due(client, n);
                if due >= pace.lasting {
                    break;
                }
                tokio::time::sleep(due.saturating_sub(started.elapsed())).await;
                connection.accepted(&make(n * pace.clients + client)).await?;
                samples.push((started.elapsed() - due).as_secs_f64());
            }
            Ok::<_, anyhow::Error>(samples)
        })
    });
    let mut samples = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        samples.extend(client.await??);
    }
    Ok(samples)
}

/// Returns median, 99th percentile and the longest, as they are printed.
pub fn told(mut samples: Vec<f64>) -> [String; 3] {
    [0.5, 0.99, 1.0].map(|p| millis(quantile(&mut samples, p)))
}

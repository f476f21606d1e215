//! Reads issuers' keys again when they are due, beside the service.

use std::convert::Infallible;
use std::time::Duration;

use caseledger_events::dates::Timestamp;

use crate::verifier::{Issuer, Verifier};

/// How often it is looked whether keys are due.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Verifier {
    /// Reads keys whenever they are due, for ever: run it in a task beside the service and drop it at the end.
    ///
    /// A token that names an unknown key wakes it.
    pub async fn keep_keys_fresh(&self, clock: impl Fn() -> Timestamp) -> Infallible {
        loop {
            self.refresh_due(clock()).await;
            // A wait that ends early is as good: what is not due is not read.
            let _ = tokio::time::timeout(LOOK_EVERY, self.wake.notified()).await;
        }
    }

    /// Reads the keys of every issuer whose keys are due now.
    pub async fn refresh_due(&self, now: Timestamp) {
        for issuer in self.issuers.iter().filter(|issuer| issuer.ring.is_due(now)) {
            self.refresh(issuer, now).await;
        }
    }

    async fn refresh(&self, issuer: &Issuer, now: Timestamp) {
        let name = issuer.settings.issuer.as_str();
        match issuer.source.read().await {
            Ok(None) => {}
            Ok(Some(keys)) => {
                let (count, skipped) = (keys.len(), keys.skipped);
                let before = issuer.ring.health(name, now);
                if issuer.ring.take(keys, now) {
                    // A key was withdrawn: what it signed is not taken on the strength of an earlier check.
                    self.sessions.check_all_anew();
                    tracing::info!(issuer = name, keys = count, "the issuer withdrew a key");
                }
                if before.read_at.is_none() || before.failure.is_some() {
                    tracing::info!(issuer = name, keys = count, skipped, "read the issuer's keys");
                }
            }
            Err(error) => {
                if issuer.ring.fail(error.to_string(), now) {
                    tracing::warn!(issuer = name, %error, "the issuer's keys cannot be read; trying again");
                }
            }
        }
    }
}

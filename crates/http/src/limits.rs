//! How much one person, one organisation, and all together may ask.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use caseledger_events::ids::Code;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::problem::Problem;
use crate::state::{AppState, HttpSettings};

/// Keys held above which those that have not asked lately are forgotten.
const KEYS_MAX: usize = 100_000;

/// The limits of a service; addresses play no part in them, for many people share one.
pub struct Limits {
    people: DefaultKeyedRateLimiter<Code>,
    organisations: DefaultKeyedRateLimiter<Code>,
    requests: Semaphore,
}

impl Limits {
    /// Makes the limits the settings ask for.
    pub fn new(settings: &HttpSettings) -> Limits {
        let keyed = |per_second: u32| RateLimiter::keyed(quota(per_second));
        Limits {
            people: keyed(settings.person_requests_per_second),
            organisations: keyed(settings.organisation_requests_per_second),
            requests: Semaphore::new(settings.requests_max),
        }
    }

    /// Counts a request of somebody signed in; one too many is told when to come back (429).
    pub fn count(&self, person: Code, organisation: Code) -> Result<(), Problem> {
        one_more(&self.people, person)?;
        one_more(&self.organisations, organisation)
    }
}

fn quota(per_second: u32) -> Quota {
    Quota::per_second(NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN))
}

fn one_more(limiter: &DefaultKeyedRateLimiter<Code>, key: Code) -> Result<(), Problem> {
    if limiter.len() > KEYS_MAX {
        limiter.retain_recent();
    }
    limiter.check_key(&key).map_err(|early| {
        let wait = early.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "more is asked than one may ask in a second")
            .retry_after(wait)
            .way_out("ask more slowly; lists take filters and pages, and the feed says what changes")
    })
}

/// Bounds how many requests are worked on at once, and how long each may take until its answer begins.
pub async fn bounded(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let Ok(_permit) = state.limits.requests.try_acquire() else {
        return Problem::unavailable("overloaded", "too many requests are being worked on", 1).into_response();
    };
    match timeout(Duration::from_secs(state.settings.request_seconds_max), next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Problem::unavailable("outcome-unknown", "the request took too long: a command may be recorded or not", 5)
                .way_out("retry with the same key: it is recorded once at most")
                .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_or_organisation_does_not_take_it_all() {
        let settings = HttpSettings {
            person_requests_per_second: 3,
            organisation_requests_per_second: 5,
            ..HttpSettings::default()
        };
        let limits = Limits::new(&settings);
        let code = |text: &str| text.parse::<Code>().unwrap();
        for _ in 0..3 {
            assert!(limits.count(code("P-1"), code("ASP-1")).is_ok());
        }
        assert!(limits.count(code("P-1"), code("ASP-1")).is_err(), "the person asked three times");
        assert!(limits.count(code("P-2"), code("ASP-1")).is_ok());
        assert!(limits.count(code("P-3"), code("ASP-1")).is_ok());
        assert!(limits.count(code("P-4"), code("ASP-1")).is_err(), "the organisation asked five times");
        assert!(limits.count(code("P-5"), code("ASP-2")).is_ok(), "another organisation");
    }
}

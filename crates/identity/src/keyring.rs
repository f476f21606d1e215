//! When an issuer's keys are read again, and how long old ones serve. Pure: times are handed in.
//!
//! | Situation | What happens |
//! |---|---|
//! | keys behind an address | read again every 10 minutes |
//! | keys in a file | read again every 10 seconds |
//! | a token names a key that is not there | read again, at most once a minute |
//! | reading fails | tried again every 15 seconds; the keys read last serve on for 24 hours, then none |
//! | never read yet | every token of the issuer is refused |

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use caseledger_events::dates::Timestamp;
use parking_lot::RwLock;
use serde::Serialize;

use crate::error::TokenError;
use crate::keys::KeySet;

const SECOND: i64 = 1_000_000;
const EVERY_OF_URL: i64 = 600 * SECOND;
const EVERY_OF_FILE: i64 = 10 * SECOND;
const EVERY_FOR_UNKNOWN: i64 = 60 * SECOND;
const EVERY_AFTER_FAILURE: i64 = 15 * SECOND;

/// How long keys serve that could not be read again, in microseconds.
pub(crate) const STALE_MAX: i64 = 24 * 3600 * SECOND;

/// How an issuer's keys stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Read when they were last due.
    Fresh,
    /// They could not be read again; those read last serve.
    Stale,
    /// There are none, or they are too old: every token of the issuer is refused.
    Closed,
}

/// How an issuer's keys stand, and why.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct IssuerHealth {
    /// The issuer.
    pub issuer: String,
    /// How its keys stand.
    pub state: KeyState,
    /// How many keys there are.
    pub keys: usize,
    /// How many keys of its document are of no use here.
    pub skipped: usize,
    /// When they were last read.
    pub read_at: Option<Timestamp>,
    /// Why they could not be read the last time.
    pub failure: Option<String>,
}

/// Where keys come from, as far as time goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// They are here for good.
    Held,
    File,
    Url,
}

/// An issuer's keys over time.
pub(crate) struct Keyring {
    origin: Origin,
    state: RwLock<State>,
    is_wanted: AtomicBool,
}

#[derive(Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    read_at: Timestamp,
    tried_at: Option<Timestamp>,
    failure: Option<String>,
}

impl Keyring {
    /// Makes a ring that has no keys yet.
    pub fn empty(origin: Origin) -> Keyring {
        Keyring { origin, state: RwLock::default(), is_wanted: AtomicBool::new(false) }
    }

    /// Makes a ring with keys for good.
    pub fn holding(keys: KeySet) -> Keyring {
        let ring = Keyring::empty(Origin::Held);
        ring.state.write().keys = Some(Arc::new(keys));
        ring
    }

    /// Returns the keys that serve now, and until when they do if they are not read again.
    pub fn serving(&self, now: Timestamp) -> Result<(Arc<KeySet>, Timestamp), TokenError> {
        let state = self.state.read();
        let keys = state.keys.as_ref().ok_or(TokenError::KeysUnavailable)?;
        let until = match self.origin {
            Origin::Held => Timestamp(i64::MAX),
            Origin::File | Origin::Url => Timestamp(state.read_at.0.saturating_add(STALE_MAX)),
        };
        if now >= until { Err(TokenError::KeysStale) } else { Ok((keys.clone(), until)) }
    }

    /// Notes that a token names a key which is not there.
    pub fn want(&self) {
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    /// Returns whether the keys are to be read now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let state = self.state.read();
        let mut every = match self.origin {
            Origin::Held => return false,
            Origin::File => EVERY_OF_FILE,
            Origin::Url => EVERY_OF_URL,
        };
        let Some(tried_at) = state.tried_at else { return true };
        if state.failure.is_some() {
            every = every.min(EVERY_AFTER_FAILURE);
        }
        if self.is_wanted.load(Ordering::Relaxed) {
            every = every.min(EVERY_FOR_UNKNOWN);
        }
        let since = now.0.saturating_sub(tried_at.0);
        // A clock that was set back would put the next reading off for long.
        since >= every || since < 0
    }

    /// Takes keys that were read; returns whether one of those before is gone.
    pub fn take(&self, keys: KeySet, now: Timestamp) -> bool {
        let mut state = self.state.write();
        let is_one_gone = state.keys.as_ref().is_some_and(|before| !keys.holds_all_of(before));
        *state = State { keys: Some(Arc::new(keys)), read_at: now, tried_at: Some(now), failure: None };
        self.is_wanted.store(false, Ordering::Relaxed);
        is_one_gone
    }

    /// Notes that reading failed; returns whether it had gone well before.
    pub fn fail(&self, why: String, now: Timestamp) -> bool {
        let mut state = self.state.write();
        state.tried_at = Some(now);
        self.is_wanted.store(false, Ordering::Relaxed);
        state.failure.replace(why).is_none()
    }

    /// Says how the keys stand.
    pub fn health(&self, issuer: &str, now: Timestamp) -> IssuerHealth {
        let serving = self.serving(now);
        let state = self.state.read();
        let stands = match (&serving, &state.failure) {
            (Err(_), _) => KeyState::Closed,
            (Ok(_), Some(_)) => KeyState::Stale,
            (Ok(_), None) => KeyState::Fresh,
        };
        let read_at = (state.keys.is_some() && self.origin != Origin::Held).then_some(state.read_at);
        let (keys, skipped) = state.keys.as_ref().map_or((0, 0), |keys| (keys.len(), keys.skipped));
        IssuerHealth {
            issuer: issuer.to_owned(),
            state: stands,
            keys,
            skipped,
            read_at,
            failure: state.failure.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev;

    fn at(second: i64) -> Timestamp {
        Timestamp(second * SECOND)
    }

    fn keys() -> KeySet {
        KeySet::read(&dev::new_key_document()).unwrap()
    }

    /// A ring whose keys were read in second 0.
    fn read(origin: Origin) -> Keyring {
        let ring = Keyring::empty(origin);
        ring.take(keys(), at(0));
        ring
    }

    #[test]
    fn keys_are_read_at_once_and_then_in_their_time() {
        assert!(Keyring::empty(Origin::Url).is_due(at(0)));
        for (origin, every) in [(Origin::Url, 600), (Origin::File, 10)] {
            let ring = read(origin);
            assert!(!ring.is_due(at(every - 1)) && ring.is_due(at(every)), "{origin:?}");
        }
        assert!(!Keyring::holding(keys()).is_due(at(1_000_000)));
    }

    #[test]
    fn an_unknown_key_has_them_read_again_at_most_once_a_minute() {
        let ring = read(Origin::Url);
        ring.want();
        assert!(!ring.is_due(at(59)) && ring.is_due(at(60)));
        ring.take(keys(), at(60));
        assert!(!ring.is_due(at(120)), "nobody asked again");
        ring.want();
        assert!(ring.is_due(at(120)));
    }

    #[test]
    fn after_a_failure_they_are_tried_again_soon() {
        let ring = read(Origin::Url);
        assert!(ring.fail("down".into(), at(600)), "the first failure is news");
        assert!(!ring.is_due(at(614)) && ring.is_due(at(615)));
        assert!(!ring.fail("down".into(), at(615)), "the second is not");
        ring.want();
        assert!(!ring.is_due(at(629)), "an unknown key does not hurry a reading that fails");
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_put_the_next_reading_off() {
        let ring = read(Origin::Url);
        ring.take(keys(), at(1_000_000));
        assert!(ring.is_due(at(5)));
    }

    #[test]
    fn old_keys_serve_for_a_day_and_no_longer() {
        let ring = read(Origin::Url);
        ring.fail("down".into(), at(600));
        let day = 24 * 3600;
        assert!(ring.serving(at(day - 1)).is_ok());
        assert_eq!(ring.health("x", at(day - 1)).state, KeyState::Stale);
        assert_eq!(ring.serving(at(day)).err(), Some(TokenError::KeysStale));
        assert_eq!(ring.health("x", at(day)).state, KeyState::Closed);
        ring.take(keys(), at(day));
        assert_eq!(ring.health("x", at(day)).state, KeyState::Fresh);
    }

    #[test]
    fn without_keys_everything_is_refused_and_says_why() {
        let ring = Keyring::empty(Origin::Url);
        ring.fail("connection refused".into(), at(0));
        assert_eq!(ring.serving(at(0)).err(), Some(TokenError::KeysUnavailable));
        let health = ring.health("x", at(0));
        assert_eq!((health.state, health.keys, health.read_at), (KeyState::Closed, 0, None));
        assert_eq!(health.failure.as_deref(), Some("connection refused"));
    }

    #[test]
    fn a_key_that_is_gone_or_changed_is_noticed_and_a_new_one_is_none_of_it() {
        let document = |keys: &[&serde_json::Value]| {
            KeySet::read(serde_json::json!({"keys": keys}).to_string().as_bytes()).unwrap()
        };
        let key = || {
            let document: serde_json::Value = serde_json::from_slice(&dev::new_key_document()).unwrap();
            document["keys"][0].clone()
        };
        let (a, b) = (key(), key());
        let mut changed = b.clone();
        changed["kid"] = a["kid"].clone();
        let ring = Keyring::empty(Origin::File);
        for (now, is_one_gone) in
            [(vec![&a], false), (vec![&a, &b], false), (vec![&a], true), (vec![&a], false), (vec![&changed], true)]
        {
            assert_eq!(ring.take(document(&now), at(0)), is_one_gone, "{now:?}");
        }
    }
}

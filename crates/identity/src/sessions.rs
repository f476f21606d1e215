//! Tokens that were checked, remembered until they end, and what was revoked.
//!
//! Both are bounded. Remembering less costs a signature check more; a revocation is never forgotten while a token it
//! concerns could still be taken, so when there is no room left for one, everybody signs in again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use caseledger_events::access::TokenName;
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Code;
use parking_lot::RwLock;

use crate::claims::{LEEWAY, LIFETIME_MAX};
use crate::error::TokenError;
use crate::verified::Verified;

/// How many tokens are remembered; people and feeds of the whole service hold fewer at a time.
const REMEMBERED_MAX: usize = 16_384;

/// How many tokens, and how many people, can be revoked at a time.
const REVOKED_MAX: usize = 16_384;

/// The SHA-256 of a token with its signature.
pub(crate) type Whole = [u8; 32];

/// What is remembered of tokens.
pub(crate) struct Sessions {
    inner: RwLock<Inner>,
    remembered_max: usize,
    revoked_max: usize,
}

#[derive(Default)]
struct Inner {
    /// Two generations: when the young one is full it becomes the old one, and what nobody used since is dropped.
    young: HashMap<Whole, Known>,
    old: HashMap<Whole, Known>,
    /// Revoked tokens, and until when that matters.
    tokens: HashMap<TokenName, Timestamp>,
    /// People, and before when their tokens were issued that are revoked.
    people: HashMap<Code, Timestamp>,
    /// Before when every token was issued that is revoked.
    everybody: Timestamp,
    /// How often everything was to be checked anew.
    generation: u64,
}

#[derive(Clone)]
struct Known {
    verified: Arc<Verified>,
    /// When it must be checked anew.
    until: Timestamp,
}

/// Returns when a token that was taken up to a time has ended at the latest: until then it matters that it was revoked.
pub fn matters_until(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_add(LIFETIME_MAX + 2 * LEEWAY))
}

impl Default for Sessions {
    fn default() -> Sessions {
        Sessions::holding(REMEMBERED_MAX, REVOKED_MAX)
    }
}

impl Sessions {
    fn holding(remembered_max: usize, revoked_max: usize) -> Sessions {
        Sessions { inner: RwLock::default(), remembered_max, revoked_max }
    }

    /// Returns what a token said when it was checked, as long as that holds.
    pub fn get(&self, whole: &Whole, now: Timestamp) -> Option<Arc<Verified>> {
        let inner = self.inner.read();
        if let Some(known) = inner.young.get(whole) {
            return known.at(now);
        }
        let known = inner.old.get(whole)?.clone();
        drop(inner);
        let verified = known.at(now)?;
        let mut inner = self.inner.write();
        // It may have been revoked or dropped since it was read.
        if let Some(known) = inner.old.remove(whole) {
            self.insert(&mut inner, *whole, known);
            return Some(verified);
        }
        inner.young.get(whole)?.at(now)
    }

    /// Returns a number that [`Sessions::admit`] takes; to be asked for before a token is checked.
    pub fn generation(&self) -> u64 {
        self.inner.read().generation
    }

    /// Takes a token that was checked, unless it is revoked; remembers it, unless keys were withdrawn meanwhile.
    pub fn admit(
        &self,
        whole: Whole,
        verified: Verified,
        until: Timestamp,
        generation: u64,
    ) -> Result<Arc<Verified>, TokenError> {
        let mut inner = self.inner.write();
        // Looked up under the same lock that revokes: no token slips through between check and revocation.
        if inner.is_revoked(&verified) {
            return Err(TokenError::Revoked);
        }
        let verified = Arc::new(verified);
        if inner.generation == generation {
            self.insert(&mut inner, whole, Known { verified: verified.clone(), until });
        }
        Ok(verified)
    }

    fn insert(&self, inner: &mut Inner, whole: Whole, known: Known) {
        if inner.young.len() >= self.remembered_max.div_ceil(2) {
            inner.old = std::mem::take(&mut inner.young);
        }
        inner.young.insert(whole, known);
    }

    /// Revokes one token.
    pub fn revoke(&self, token: TokenName, now: Timestamp) {
        let mut inner = self.inner.write();
        inner.make_room(self.revoked_max, now);
        inner.tokens.insert(token, matters_until(now));
        inner.drop_revoked();
    }

    /// Revokes all tokens of a person issued before a time.
    pub fn revoke_person(&self, person: Code, issued_before: Timestamp, now: Timestamp) {
        let mut inner = self.inner.write();
        inner.make_room(self.revoked_max, now);
        let before = inner.people.entry(person).or_insert(issued_before);
        *before = issued_before.max(*before);
        inner.drop_revoked();
    }

    /// Forgets what was checked, so that everything is checked anew; revocations stay.
    pub fn check_all_anew(&self) {
        let mut inner = self.inner.write();
        inner.generation += 1;
        inner.young.clear();
        inner.old.clear();
    }

    /// Returns how many tokens are remembered.
    pub fn remembered(&self) -> usize {
        let inner = self.inner.read();
        inner.young.len() + inner.old.len()
    }
}

impl Known {
    fn at(&self, now: Timestamp) -> Option<Arc<Verified>> {
        (now < self.until).then(|| self.verified.clone())
    }
}

impl Inner {
    fn is_revoked(&self, verified: &Verified) -> bool {
        let issued_before = |before: &Timestamp| verified.issued_at < *before;
        issued_before(&self.everybody)
            || self.tokens.contains_key(&verified.token)
            || self.people.get(&verified.person).is_some_and(issued_before)
    }

    /// Takes what is revoked out of what is remembered; revoking is rare, so that the way of requests stays short.
    fn drop_revoked(&mut self) {
        let (mut young, mut old) = (std::mem::take(&mut self.young), std::mem::take(&mut self.old));
        young.retain(|_, known| !self.is_revoked(&known.verified));
        old.retain(|_, known| !self.is_revoked(&known.verified));
        (self.young, self.old) = (young, old);
    }

    /// Makes room for one more revocation: those that no longer matter go; if none does, everybody signs in again,
    /// which revokes all of them at once.
    fn make_room(&mut self, max: usize, now: Timestamp) {
        if is_roomy(&self.tokens, max) && is_roomy(&self.people, max) {
            return;
        }
        self.tokens.retain(|_, matters_until| now < *matters_until);
        self.people.retain(|_, before| now.0 < before.0.saturating_add(LIFETIME_MAX + LEEWAY));
        if is_roomy(&self.tokens, max) && is_roomy(&self.people, max) {
            return;
        }
        let latest = self.people.drain().map(|(_, before)| before).max().unwrap_or_default();
        self.tokens.clear();
        // A token may have been issued by a clock that is ahead of ours.
        self.everybody = self.everybody.max(latest).max(Timestamp(now.0.saturating_add(LEEWAY + 1)));
        self.young.clear();
        self.old.clear();
    }
}

fn is_roomy<K: Eq + Hash, V>(map: &HashMap<K, V>, max: usize) -> bool {
    map.len() < max
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::role;

    const SECOND: i64 = 1_000_000;

    fn at(second: i64) -> Timestamp {
        Timestamp(second * SECOND)
    }

    /// A token of person `P-<n>`, issued in second 0, that ends an hour later.
    fn token(n: u32) -> (Whole, Verified) {
        let mut whole = [0; 32];
        whole[..4].copy_from_slice(&n.to_be_bytes());
        let verified = Verified {
            person: format!("P-{n}").parse().unwrap(),
            roles: vec![role("auditor").unwrap()],
            unknown_roles: 0,
            organisation: "MOE".parse().unwrap(),
            is_mfa: true,
            issued_at: at(0),
            expires: at(3600),
            issuer: 0,
            token: TokenName(whole),
        };
        (whole, verified)
    }

    fn admit(sessions: &Sessions, n: u32) -> Result<Arc<Verified>, TokenError> {
        let (whole, verified) = token(n);
        sessions.admit(whole, verified, at(3660), sessions.generation())
    }

    fn knows(sessions: &Sessions, n: u32) -> bool {
        sessions.get(&token(n).0, at(10)).is_some()
    }

    #[test]
    fn a_token_is_remembered_until_its_time() {
        let sessions = Sessions::default();
        admit(&sessions, 1).unwrap();
        let whole = token(1).0;
        assert!(sessions.get(&whole, at(3659)).is_some());
        assert!(sessions.get(&whole, at(3660)).is_none());
        assert!(sessions.get(&token(2).0, at(10)).is_none());
    }

    #[test]
    fn no_more_are_remembered_than_there_is_room_for_and_those_in_use_stay() {
        let sessions = Sessions::holding(100, 10);
        for n in 0..10_000 {
            admit(&sessions, n).unwrap();
            assert!(knows(&sessions, 0), "used all the time: {n}");
            assert!(sessions.remembered() <= 100);
        }
        assert!(!knows(&sessions, 1));
        assert!(knows(&sessions, 9_999));
    }

    #[test]
    fn a_revoked_token_is_neither_remembered_nor_admitted_again() {
        let sessions = Sessions::default();
        admit(&sessions, 1).unwrap();
        admit(&sessions, 2).unwrap();
        sessions.revoke(token(1).1.token, at(10));
        assert!(!knows(&sessions, 1));
        assert!(knows(&sessions, 2));
        assert_eq!(admit(&sessions, 1), Err(TokenError::Revoked));
    }

    #[test]
    fn revoking_a_person_reaches_tokens_issued_before_and_no_later_one() {
        let sessions = Sessions::default();
        admit(&sessions, 1).unwrap();
        let person = token(1).1.person;
        sessions.revoke_person(person, at(100), at(100));
        sessions.revoke_person(person, at(50), at(100));
        assert!(!knows(&sessions, 1));
        for (issued, taken) in [(0, false), (99, false), (100, true), (101, true)] {
            let (whole, verified) = token(1);
            let admitted = sessions.admit(whole, Verified { issued_at: at(issued), ..verified }, at(3660), 0);
            assert_eq!(admitted.is_ok(), taken, "issued in second {issued}");
        }
    }

    #[test]
    fn a_revocation_is_dropped_only_when_it_no_longer_matters() {
        let sessions = Sessions::holding(100, 4);
        for n in 0..4 {
            sessions.revoke(token(n).1.token, at(0));
        }
        // An hour and two leeways later none of the four could be taken any more: there is room without further ado.
        sessions.revoke(token(9).1.token, at(3720));
        assert_eq!(sessions.inner.read().tokens.len(), 1);
        assert_eq!(sessions.inner.read().everybody, Timestamp::default());
    }

    #[test]
    fn where_there_is_no_room_for_a_revocation_everybody_signs_in_again() {
        let sessions = Sessions::holding(100, 4);
        admit(&sessions, 50).unwrap();
        for n in 0..5 {
            sessions.revoke(token(n).1.token, at(10));
        }
        for n in [0, 3, 4, 50] {
            assert!(!knows(&sessions, n));
            assert_eq!(admit(&sessions, n), Err(TokenError::Revoked), "{n}");
        }
        let (whole, verified) = token(50);
        assert!(sessions.admit(whole, Verified { issued_at: at(71), ..verified }, at(3660), 0).is_ok());
    }

    #[test]
    fn checking_anew_keeps_what_was_revoked() {
        let sessions = Sessions::default();
        admit(&sessions, 1).unwrap();
        sessions.revoke(token(2).1.token, at(10));
        sessions.check_all_anew();
        assert!(!knows(&sessions, 1));
        assert_eq!(admit(&sessions, 2), Err(TokenError::Revoked));
    }

    #[test]
    fn a_token_checked_while_a_key_was_withdrawn_is_not_remembered() {
        let sessions = Sessions::default();
        let before = sessions.generation();
        sessions.check_all_anew();
        let (whole, verified) = token(1);
        assert!(sessions.admit(whole, verified, at(3660), before).is_ok());
        assert!(!knows(&sessions, 1));
    }
}

//! Who holds which role, now and at any past moment: the fold of `system/ACCESS`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{AccessEvent, Principal, RevokeReason, RoleGranted, RoleRevoked, TokenName, TokenRevoked};
use crate::codec::BadFrame;
use crate::dates::Timestamp;
use crate::envelope::{Actor, Recorded, Role};
use crate::ids::Code;
use crate::reference::Reference;

/// What a grant is of: person, role, organisation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Key(pub Code, pub Role, pub Code);

impl From<Actor> for Key {
    fn from(actor: Actor) -> Key {
        Key(actor.person, actor.role, actor.organisation)
    }
}

/// One grant as recorded, kept when it has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// The region, for a regional office.
    pub region: Option<Code>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day; open where absent.
    pub until: Option<NaiveDate>,
    /// When it was recorded; it did not hold before.
    pub granted_at: Timestamp,
    /// Who granted it.
    pub granted_by: Code,
    /// How it ended before its last day.
    pub ended: Option<Ended>,
}

/// How a grant ended before its last day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// When that was recorded.
    pub at: Timestamp,
    /// Who ended it.
    pub by: Code,
    /// Why; absent where another grant of the same took its place.
    pub because: Option<RevokeReason>,
}

impl Held {
    /// Returns whether it held at a moment, as recorded by then.
    pub fn is_live(&self, at: Timestamp) -> bool {
        let day = at.auckland();
        self.granted_at <= at
            && self.ended.is_none_or(|ended| ended.at > at)
            && self.from <= day
            && self.until.is_none_or(|last| day <= last)
    }

    /// Returns whether it holds or will hold.
    pub(super) fn is_in_force(&self, at: Timestamp) -> bool {
        self.ended.is_none() && self.until.is_none_or(|last| at.auckland() <= last)
    }
}

/// No live grant lets somebody act as they say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no live grant of {role} for {organisation}; let its delegated authoriser or the Service Desk grant it")]
pub struct NoLiveGrant {
    /// The role.
    pub role: Role,
    /// The organisation.
    pub organisation: Code,
}

/// How long before another the time of a revocation lies that no longer matters; tokens live an hour, and clocks differ.
const FORGOTTEN_AFTER: i64 = 4 * 3_600 * 1_000_000;

/// Every grant ever made.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    held: BTreeMap<Key, Vec<Held>>,
    /// Tokens that were taken back, and until when that matters.
    #[serde(default)]
    tokens: BTreeMap<TokenName, Timestamp>,
}

impl Grants {
    /// Folds a recorded event in; one of another stream changes nothing.
    pub fn evolve(&mut self, event: &Recorded<'_>) -> Result<(), BadFrame> {
        if let Some(read) = AccessEvent::read(event)? {
            self.apply(&read, event.actor.person, event.recorded_at);
        }
        Ok(())
    }

    /// Folds an event in, by whom and when it was recorded.
    pub fn apply(&mut self, event: &AccessEvent, by: Code, at: Timestamp) {
        match *event {
            AccessEvent::RoleGranted(RoleGranted { person, role, organisation, region, from, until }) => {
                let grants = self.held.entry(Key(person, role, organisation)).or_default();
                end(grants, Ended { at, by, because: None });
                grants.push(Held { region, from, until, granted_at: at, granted_by: by, ended: None });
            }
            AccessEvent::RoleRevoked(RoleRevoked { person, role, organisation, reason }) => {
                let grants = self.held.entry(Key(person, role, organisation)).or_default();
                end(grants, Ended { at, by, because: Some(reason) });
            }
            AccessEvent::TokenRevoked(TokenRevoked { token, until }) => {
                // What could be sent no longer when this one was taken back is forgotten, so that there are never many.
                self.tokens.retain(|_, other| other.0.saturating_add(FORGOTTEN_AFTER) > until.0);
                self.tokens.insert(token, until);
            }
        }
    }

    /// Returns the tokens taken back of which some may still be sent.
    pub fn revoked_tokens(&self) -> impl Iterator<Item = TokenRevoked> {
        self.tokens.iter().map(|(&token, &until)| TokenRevoked { token, until })
    }

    /// Returns whether grants are asked for: from the first one in the log on.
    pub fn is_enforced(&self) -> bool {
        !self.held.is_empty()
    }

    /// Returns the grant that lets somebody act at a moment, as recorded by then.
    pub fn live(&self, actor: Actor, at: Timestamp) -> Option<&Held> {
        self.held.get(&actor.into())?.iter().rev().find(|held| held.is_live(at))
    }

    /// Returns whether somebody may act at a moment: by a live grant, or because none are asked for yet.
    pub fn may_act(&self, actor: Actor, at: Timestamp) -> bool {
        !self.is_enforced() || self.live(actor, at).is_some()
    }

    /// Lets somebody ask at a moment, today or in the past; the reference data give the catchments of a region.
    pub fn admit(
        &self,
        actor: Actor,
        is_mfa: bool,
        at: Timestamp,
        reference: &Reference,
    ) -> Result<Principal, NoLiveGrant> {
        let Actor { role, organisation, .. } = actor;
        let live = self.live(actor, at);
        if self.is_enforced() && live.is_none() {
            return Err(NoLiveGrant { role, organisation });
        }
        let region = live.and_then(|held| held.region).filter(|_| role == Role::RegionalOffice);
        let catchments = region.map(|region| reference.catchments_in(region, at.auckland())).unwrap_or_default();
        Ok(Principal::new(actor, catchments, is_mfa))
    }

    /// Returns who could act as what at a moment, as recorded by then.
    pub fn acting_at(&self, at: Timestamp) -> impl Iterator<Item = (Key, &Held)> {
        let live = move |grants: &'_ Vec<Held>| grants.iter().rposition(|held| held.is_live(at));
        self.held.iter().filter_map(move |(key, grants)| live(grants).map(|i| (*key, &grants[i])))
    }

    /// Returns every grant of one person, role and organisation, oldest first, ended ones too.
    pub fn history(&self, key: Key) -> &[Held] {
        self.held.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Returns every grant there ever was.
    pub fn all(&self) -> impl Iterator<Item = (Key, &Held)> {
        self.held.iter().flat_map(|(key, grants)| grants.iter().map(|held| (*key, held)))
    }

    /// Returns how many people hold a role at a moment.
    pub(super) fn holders(&self, role: Role, at: Timestamp) -> usize {
        self.acting_at(at).filter(|(key, _)| key.1 == role).count()
    }
}

fn end(grants: &mut [Held], ended: Ended) {
    grants.iter_mut().filter(|held| held.ended.is_none()).for_each(|held| held.ended = Some(ended));
}

//! A small business for the tests: tallies that are opened for an owner, added to, closed and opened again.
//!
//! It has what makes a sequencer's life hard: state that is dropped when a tally is closed (`Cold`), a guard across
//! streams (an owner has one open tally), commands on two streams, and commands with nothing to do.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use caseledger_events::codec::BadFrame;
use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role, Scope, Source};
use caseledger_events::ids::{CaseId, CorrelationId, StreamId, Tag, Version};
use caseledger_events::machine::{Context, Declined, Draft, Machine, Submission, shard_of};
use caseledger_events::personal::{Group, Part};
use serde::{Deserialize, Serialize};

pub mod ledgers;

/// What may be asked of the tallies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Opens a tally for an owner; refused where the owner has one open.
    Open { owner: u32 },
    /// Adds to a tally; nothing to do for 0.
    Add { tally: CaseId, amount: i64 },
    /// Moves an amount between two tallies: two streams, one command.
    Move { from: CaseId, to: CaseId, amount: i64 },
    /// Closes a tally.
    Close { tally: CaseId },
    /// Opens a closed tally again; refused where its owner has another one open.
    Reopen { tally: CaseId },
    /// Merges two closed or open tallies: needs the state of both.
    Compare { one: CaseId, other: CaseId },
    /// Writes one event with so many bytes of facts.
    Large { tally: CaseId, bytes: usize },
    /// Makes a rule panic.
    Panic,
}

/// What is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Opened { owner: u32 },
    Added { amount: i64 },
    Closed,
    Reopened { owner: u32 },
    Compared { same: bool },
    Filler { filler: String },
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum No {
    OwnerHasOne(CaseId),
    Closed,
    NotClosed,
    Negative,
}

/// One tally.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Tally {
    pub owner: u32,
    pub total: i64,
    pub events: u32,
    pub closed: bool,
}

/// All open tallies; closed ones until the next settling.
#[derive(Default, Debug)]
pub struct Tallies<const STATE: u32 = 1> {
    pub held: BTreeMap<CaseId, Tally>,
    /// Open tallies by owner; two for a moment while shards of different age are loaded.
    by_owner: BTreeMap<u32, BTreeSet<CaseId>>,
    wanted: BTreeSet<CaseId>,
    closed: BTreeSet<CaseId>,
}

impl Tally {
    fn apply(&mut self, fact: &Fact) {
        self.events += 1;
        match fact {
            Fact::Opened { owner } => self.owner = *owner,
            Fact::Reopened { .. } => self.closed = false,
            Fact::Added { amount } => self.total += amount,
            Fact::Closed => self.closed = true,
            Fact::Compared { .. } | Fact::Filler { .. } => {}
        }
    }
}

impl<const STATE: u32> Tallies<STATE> {
    fn tally(&self, id: CaseId) -> Result<&Tally, Declined<No>> {
        self.held.get(&id).ok_or(Declined::Cold(StreamId::Case(id)))
    }

    fn open(&self, id: CaseId) -> Result<&Tally, Declined<No>> {
        let tally = self.tally(id)?;
        if tally.closed { Err(Declined::Refused(No::Closed)) } else { Ok(tally) }
    }

    fn owner_is_free(&self, owner: u32) -> Result<(), Declined<No>> {
        match self.by_owner.get(&owner).and_then(|tallies| tallies.first()) {
            Some(&one) => Err(Declined::Refused(No::OwnerHasOne(one))),
            None => Ok(()),
        }
    }

    fn hold(&mut self, id: CaseId, tally: Tally) {
        if tally.closed {
            self.closed.insert(id);
        } else {
            self.closed.remove(&id);
            self.by_owner.entry(tally.owner).or_default().insert(id);
        }
        self.held.insert(id, tally);
    }

    fn release_owner(&mut self, owner: u32, id: CaseId) {
        if let Some(tallies) = self.by_owner.get_mut(&owner) {
            tallies.remove(&id);
            if tallies.is_empty() {
                self.by_owner.remove(&owner);
            }
        }
    }
}

fn bad(error: rmp_serde::decode::Error) -> BadFrame {
    BadFrame::from(error)
}

fn draft(tally: CaseId, fact: Fact, context: &Context, carries_parts: bool) -> Draft {
    let kind = match fact {
        Fact::Opened { .. } => "opened",
        Fact::Added { .. } => "added",
        Fact::Closed => "closed",
        Fact::Reopened { .. } => "reopened",
        Fact::Compared { .. } => "compared",
        Fact::Filler { .. } => "filler",
    };
    Draft {
        stream: StreamId::Case(tally),
        kind,
        schema: 1,
        facts: rmp_serde::to_vec_named(&fact).unwrap(),
        occurred_at: OccurredAt::Instant(context.now),
        scope: Scope::default(),
        carries_parts,
    }
}

impl<const STATE: u32> Machine for Tallies<STATE> {
    const STATE: u32 = STATE;
    type Command = Ask;
    type Refusal = No;
    type Warm = Tally;

    fn decide(&self, ask: &Ask, context: &Context) -> Result<Vec<Draft>, Declined<No>> {
        let facts = match ask {
            Ask::Open { owner } => {
                self.owner_is_free(*owner)?;
                vec![(context.new_case, Fact::Opened { owner: *owner })]
            }
            Ask::Add { tally, amount } => {
                let held = self.open(*tally)?;
                match amount {
                    0 => vec![],
                    _ if held.total + amount < 0 => return Err(Declined::Refused(No::Negative)),
                    _ => vec![(*tally, Fact::Added { amount: *amount })],
                }
            }
            Ask::Move { from, to, amount } => {
                if self.open(*from)?.total < *amount {
                    return Err(Declined::Refused(No::Negative));
                }
                self.open(*to)?;
                vec![(*from, Fact::Added { amount: -amount }), (*to, Fact::Added { amount: *amount })]
            }
            Ask::Close { tally } => {
                self.open(*tally)?;
                vec![(*tally, Fact::Closed)]
            }
            Ask::Reopen { tally } => {
                let held = self.tally(*tally)?;
                if !held.closed {
                    return Err(Declined::Refused(No::NotClosed));
                }
                self.owner_is_free(held.owner)?;
                vec![(*tally, Fact::Reopened { owner: held.owner })]
            }
            Ask::Compare { one, other } => {
                let same = self.tally(*one)?.total == self.tally(*other)?.total;
                vec![(*one, Fact::Compared { same })]
            }
            Ask::Large { tally, bytes } => {
                self.open(*tally)?;
                vec![(*tally, Fact::Filler { filler: "x".repeat(*bytes) })]
            }
            Ask::Panic => panic!("a rule that panics, for the test"),
        };
        Ok(facts.into_iter().map(|(tally, fact)| draft(tally, fact, context, true)).collect())
    }

    fn evolve(&mut self, event: &Recorded<'_>) -> Result<(), BadFrame> {
        let StreamId::Case(id) = event.stream else { return Ok(()) };
        let fact: Fact = rmp_serde::from_slice(event.facts).map_err(bad)?;
        if let Fact::Opened { .. } = fact {
            let mut tally = Tally::default();
            tally.apply(&fact);
            self.hold(id, tally);
            return Ok(());
        }
        match self.held.get(&id).cloned() {
            Some(mut tally) => {
                let was_open = !tally.closed;
                tally.apply(&fact);
                if was_open && tally.closed {
                    self.release_owner(tally.owner, id);
                }
                self.hold(id, tally);
            }
            // Only a reopened tally is needed again; what a closed one takes changes nothing that rules ask.
            None if matches!(fact, Fact::Reopened { .. }) => {
                self.wanted.insert(id);
            }
            None => {}
        }
        Ok(())
    }

    fn settle(&mut self) {
        for id in std::mem::take(&mut self.closed) {
            self.held.remove(&id);
        }
    }

    fn fold(history: &[Recorded<'_>]) -> Result<Tally, BadFrame> {
        let mut tally = Tally::default();
        for event in history {
            tally.apply(&rmp_serde::from_slice(event.facts).map_err(bad)?);
        }
        Ok(tally)
    }

    fn install(&mut self, stream: StreamId, state: Tally) {
        if let StreamId::Case(id) = stream {
            self.wanted.remove(&id);
            self.hold(id, state);
        }
    }

    fn wanted(&mut self) -> Vec<StreamId> {
        std::mem::take(&mut self.wanted).into_iter().map(StreamId::Case).collect()
    }

    fn policy(&self, _: Timestamp) -> u32 {
        7
    }

    fn save(&self, shard: u8, out: &mut Vec<u8>) {
        let open = self.held.iter().filter(|(id, tally)| !tally.closed && shard_of(StreamId::Case(**id)) == shard);
        let list: Vec<_> = open.collect();
        out.extend(rmp_serde::to_vec_named(&list).unwrap());
    }

    fn load(&mut self, _shard: u8, bytes: &[u8]) -> Result<(), BadFrame> {
        let list: Vec<(CaseId, Tally)> = rmp_serde::from_slice(bytes).map_err(bad)?;
        list.into_iter().for_each(|(id, tally)| self.hold(id, tally));
        Ok(())
    }
}

/// Who asks in the tests.
pub fn person(name: &str) -> Actor {
    Actor { person: name.parse().unwrap(), role: Role::CaseManager, organisation: "ASP-01".parse().unwrap() }
}

/// A submission without key and without If-Match; the tests add what they are about.
pub fn ask(command: Ask) -> Submission<Ask> {
    let stream = match &command {
        Ask::Open { .. } | Ask::Panic => None,
        Ask::Add { tally, .. }
        | Ask::Close { tally }
        | Ask::Reopen { tally }
        | Ask::Large { tally, .. }
        | Ask::Move { from: tally, .. }
        | Ask::Compare { one: tally, .. } => Some(StreamId::Case(*tally)),
    };
    let mut body_hash = [0_u8; 32];
    let body = format!("{command:?}");
    for (n, byte) in body.bytes().enumerate() {
        body_hash[n % 32] = body_hash[n % 32].wrapping_mul(31).wrapping_add(byte);
    }
    Submission {
        command,
        stream,
        expected: None,
        also_expected: vec![],
        tag: None,
        body_hash,
        actor: person("P-1"),
        on_behalf_of: None,
        source: Source::Person,
        source_recorded_at: None,
        correlation: CorrelationId([9; 16]),
        parts: vec![],
        sealed: None,
    }
}

/// The same with an idempotency tag.
pub fn ask_tagged(command: Ask, tag: u64) -> Submission<Ask> {
    Submission { tag: Some(tag_of(tag)), ..ask(command) }
}

/// The same for a client that saw a version.
pub fn ask_at(command: Ask, version: u32) -> Submission<Ask> {
    Submission { expected: Some(Version(version)), ..ask(command) }
}

/// A tag as random as a real one, from a number.
pub fn tag_of(n: u64) -> Tag {
    let mut bytes = [0; 16];
    let mut x = n;
    for chunk in bytes.chunks_mut(8) {
        // splitmix64
        x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = x;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    Tag(bytes)
}

/// A personal part.
pub fn part(name: &str) -> Part {
    Part { group: Group::Narrative, name: name.to_owned(), version: 1, key: None, body: b"Hinemoa".to_vec() }
}

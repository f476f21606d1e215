//! One command before the sequencer: tag, then If-Match, then the rules, then the events.

use caseledger_events::envelope::{Actor, Recorded};
use caseledger_events::ids::{CorrelationId, Position, StreamId, Version};
use caseledger_events::machine::{Context, Declined, Draft, Machine, Receipt, Submission};
use caseledger_events::personal::Part;
use caseledger_events::system::LedgerEvent;
use caseledger_events::{codec, dates::Timestamp};

use crate::frame_group::FRAME_BYTES_MAX;
use crate::ledger::fatal::FatalError;
use crate::ledger::heads::Head;
use crate::ledger::idempotency::request_part;
use crate::ledger::origin::Origin;
use crate::ledger::outcome::Outcome;
use crate::ledger::sequencer::Sequencer;
use crate::ledger::work::{Verdict, Work};

/// What an envelope and the length prefixes take at most beside facts and parts.
const ENVELOPE_BYTES_MAX: usize = 1_024;
/// The most bytes of facts and personal parts in one event.
const CONTENT_BYTES_MAX: usize = FRAME_BYTES_MAX - ENVELOPE_BYTES_MAX;
/// The most bytes one command's events take together.
const COMMAND_BYTES_MAX: usize = 16 << 20;

impl<M: Machine> Sequencer<M> {
    /// Judges one command and, where it is accepted, appends its events to the open group.
    pub(crate) fn judge(&mut self, mut work: Box<Work<M>>) -> Result<Verdict<M>, FatalError> {
        if let Some(tag) = work.submission.tag {
            if let Some(first) = self.tags.find(tag) {
                return Ok(Verdict::Seen(first));
            }
            if work.tag_searched < self.tags.complete_after() {
                return Ok(Verdict::SearchAgain(work));
            }
        }
        if let Err(low) = self.space {
            return Ok(Verdict::Final(Outcome::NoSpace { free: low.free, floor: low.floor }));
        }
        let now = match self.shared.timekeeper.lock().next() {
            Ok(now) => now,
            Err(trouble) => return Ok(Verdict::Final(Outcome::Clock(trouble))),
        };
        if let Some(verdict) = self.compare_versions(&work.submission) {
            return Ok(verdict);
        }
        for warm in std::mem::take(&mut work.warm) {
            // A state folded at another version is not what rules may be decided on; decide will ask again.
            if self.head(warm.stream).is_some_and(|head| head.version == warm.version) {
                self.machine.install(warm.stream, warm.state);
            }
        }
        let context = Context {
            actor: work.submission.actor,
            on_behalf_of: work.submission.on_behalf_of,
            source: work.submission.source,
            now,
            new_case: work.new_case,
            sealed: work.submission.sealed,
        };
        match self.machine.decide(&work.submission.command, &context) {
            Err(Declined::Refused(refusal)) => Ok(Verdict::Final(Outcome::Refused(refusal))),
            Err(Declined::Cold(stream)) => Ok(match self.head(stream) {
                Some(_) => Verdict::Cold(work, stream),
                None => Verdict::Final(Outcome::UnknownStream(stream)),
            }),
            Ok(drafts) => self.accept(Origin::of(*work), drafts, now),
        }
    }

    /// Believes the wall clock again, and says so in the log.
    pub(crate) fn confirm_clock(&mut self, actor: Actor) -> Result<Verdict<M>, FatalError> {
        if let Err(low) = self.space {
            return Ok(Verdict::Final(Outcome::NoSpace { free: low.free, floor: low.floor }));
        }
        let (drafts, now) = {
            let mut keeper = self.shared.timekeeper.lock();
            match keeper.confirm() {
                None => (vec![], Timestamp(0)),
                Some((before, confirmed)) => {
                    let draft = LedgerEvent::ClockConfirmed { before, confirmed }.draft(confirmed);
                    // A clock that jumps again between two instructions is caught by the next command.
                    (vec![draft], keeper.next().unwrap_or(Timestamp(before.0 + 1)))
                }
            }
        };
        let correlation = CorrelationId(self.salts.next());
        self.accept(Origin::ledger(actor, correlation), drafts, now)
    }

    /// If-Match: the client acts on what it saw, of every stream it names.
    fn compare_versions(&self, submission: &Submission<M::Command>) -> Option<Verdict<M>> {
        let first = submission.stream.zip(submission.expected);
        let mut named = first.into_iter().chain(submission.also_expected.iter().copied());
        named.find_map(|(stream, expected)| self.compare_version(stream, expected))
    }

    fn compare_version(&self, stream: StreamId, expected: Version) -> Option<Verdict<M>> {
        match self.head(stream) {
            Some(head) if head.version == expected => None,
            Some(head) => Some(Verdict::Stale(stream, head)),
            None if expected == Version(0) => None,
            None => Some(Verdict::Final(Outcome::UnknownStream(stream))),
        }
    }

    fn accept(&mut self, mut origin: Origin, drafts: Vec<Draft>, now: Timestamp) -> Result<Verdict<M>, FatalError> {
        let Some(first) = drafts.first() else {
            let version = origin.stream.and_then(|stream| self.head(stream)).map_or(Version(0), |head| head.version);
            return Ok(Verdict::Final(Outcome::NothingToDo { version, position: self.open.group.last() }));
        };
        if !fits(&drafts, &origin.parts) {
            return Ok(Verdict::Final(Outcome::TooLarge { bytes_max: CONTENT_BYTES_MAX }));
        }
        let stream = first.stream;
        let first = self.open.group.next();
        let policy = self.machine.policy(now);
        let mut carriers = drafts.iter().filter(|draft| draft.carries_parts).count();
        for draft in &drafts {
            let parts = match (draft.carries_parts, carriers) {
                (false, _) => Vec::new(),
                (true, 1) => std::mem::take(&mut origin.parts),
                (true, _) => origin.parts.clone(),
            };
            carriers -= usize::from(draft.carries_parts);
            self.append(&origin, draft, parts, Place { first, now, policy })?;
        }
        self.shared.timekeeper.lock().took(now);
        if let Some((tag, _)) = origin.tag {
            self.tags.note(tag, first);
        }
        let version = self.head(stream).map_or(Version(0), |head| head.version);
        let (position, chain) = (self.open.group.last(), self.open.group.after().0);
        let receipt = Receipt { first, position, stream, version, recorded_at: now, chain };
        Ok(Verdict::Final(Outcome::Accepted(receipt)))
    }

    /// Gives one event its place, encodes it into the group and folds it into the state.
    fn append(&mut self, origin: &Origin, draft: &Draft, mut parts: Vec<Part>, place: Place) -> Result<(), FatalError> {
        let position = self.open.group.next();
        let before = self.head(draft.stream);
        let is_first = position == place.first;
        if let (true, Some((_, fingerprint))) = (is_first, &origin.tag) {
            parts.push(request_part(fingerprint));
        }
        let event = Recorded {
            position,
            stream: draft.stream,
            version: before.map_or(Version(1), |head| head.version.next()),
            previous: before.map_or(Position(0), |head| head.position),
            kind: draft.kind,
            schema: draft.schema,
            occurred_at: draft.occurred_at,
            recorded_at: place.now,
            source_recorded_at: origin.source_recorded_at,
            actor: origin.actor,
            on_behalf_of: origin.on_behalf_of,
            source: origin.source,
            scope: draft.scope,
            policy: place.policy,
            correlation: origin.correlation,
            causation: (!is_first).then_some(place.first),
            tag: origin.tag.map(|(tag, _)| tag),
            salt: self.salts.next(),
            facts: &draft.facts,
            parts,
        };
        self.open.group.push_with(|out| codec::encode(&event, out));
        let unfoldable = |source| FatalError::Unfoldable { kind: draft.kind, source };
        self.machine.evolve(&event).map_err(unfoldable)?;
        let head = Head { version: event.version, position };
        self.ahead.insert(draft.stream, head);
        self.open.heads.push((draft.stream, head));
        Ok(())
    }
}

/// What the events of one command share.
#[derive(Clone, Copy)]
struct Place {
    first: Position,
    now: Timestamp,
    policy: u32,
}

/// Returns whether every event of a command is short enough to be stored.
fn fits(drafts: &[Draft], parts: &[Part]) -> bool {
    let parts: usize = parts.iter().map(|part| part.body.len() + part.name.len() + 32).sum();
    let each = |draft: &Draft| draft.facts.len() + if draft.carries_parts { parts } else { 0 };
    let total: usize = drafts.iter().map(|draft| each(draft) + ENVELOPE_BYTES_MAX).sum();
    total <= COMMAND_BYTES_MAX && drafts.iter().all(|draft| each(draft) <= CONTENT_BYTES_MAX)
}

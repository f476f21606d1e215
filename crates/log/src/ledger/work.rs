//! A command on its way through the sequencer, and what the sequencer makes of it.

use caseledger_events::envelope::Actor;
use caseledger_events::ids::{CaseId, Position, StreamId, Version};
use caseledger_events::machine::{Machine, Submission};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::ledger::heads::Head;
use crate::ledger::outcome::Outcome;
use crate::ledger::series::SeriesWork;
use crate::ledger::snapshot::Shot;

/// A command with all that was fetched for it outside the sequencer.
pub(crate) struct Work<M: Machine> {
    pub submission: Submission<M::Command>,
    /// What is stored of the body, for a command with a tag.
    pub fingerprint: [u8; 32],
    /// The id of the case the command may open.
    pub new_case: CaseId,
    /// The log was searched for the tag up to here.
    pub tag_searched: Position,
    /// States folded for this command, each installed where its stream still stands at that version.
    pub warm: Vec<Warm<M>>,
    /// All streams this command was sent back for.
    pub needs: Vec<StreamId>,
}

/// A stream's state, folded from its history outside the sequencer.
pub(crate) struct Warm<M: Machine> {
    pub stream: StreamId,
    pub version: Version,
    pub state: M::Warm,
}

/// What the sequencer says to a command.
pub(crate) enum Verdict<M: Machine> {
    /// The answer, ready to be given.
    Final(Outcome<M::Refusal>),
    /// The tag is known: the command's first event stands here.
    Seen(Position),
    /// The stream has moved on; its head says who moved it.
    Stale(StreamId, Head),
    /// The state of this stream must be folded first.
    Cold(Box<Work<M>>, StreamId),
    /// The log must be searched for the tag again: the last search is too long ago.
    SearchAgain(Box<Work<M>>),
}

/// What the queue carries.
pub(crate) enum Message<M: Machine> {
    Command(Box<Work<M>>, Reply<M>),
    Series(Box<SeriesWork<M>>),
    ConfirmClock(Actor, Reply<M>),
    Inspect(Inspection<M>),
}

/// A look at the state between two commands.
pub(crate) type Inspection<M> = Box<dyn FnOnce(&M) + Send>;

pub(crate) type Reply<M> = oneshot::Sender<Verdict<M>>;

/// What waits until all it rests on is durable: one verdict, or those of a series.
pub(crate) enum Answer<M: Machine> {
    One { reply: Reply<M>, verdict: Verdict<M> },
    Series { reply: oneshot::Sender<Vec<Verdict<M>>>, verdicts: Vec<Verdict<M>> },
}

impl<M: Machine> Answer<M> {
    pub fn give(self) {
        // A client that has gone away needs no answer; its command stands.
        match self {
            Answer::One { reply, verdict } => drop(reply.send(verdict)),
            Answer::Series { reply, verdicts } => drop(reply.send(verdicts)),
        }
    }
}

/// What waits for the group that is being committed.
pub(crate) struct Waiting<M: Machine> {
    state: Mutex<State<M>>,
}

enum State<M: Machine> {
    /// No group is on its way: what is decided is durable.
    Ashore,
    Aboard(Aboard<M>),
    /// The ledger may not go on; whoever waits is told so by the end of its channel.
    Lost,
}

/// Answers and a snapshot that may leave once the group is durable.
pub(crate) struct Aboard<M: Machine> {
    pub answers: Vec<Answer<M>>,
    pub shot: Option<Shot>,
}

impl<M: Machine> Waiting<M> {
    pub fn new() -> Waiting<M> {
        Waiting { state: Mutex::new(State::Ashore) }
    }

    /// A group sets out with its answers.
    pub fn board(&self, answers: Vec<Answer<M>>) {
        let mut state = self.state.lock();
        if matches!(*state, State::Ashore) {
            *state = State::Aboard(Aboard { answers, shot: None });
        }
    }

    /// Adds answers to the group on its way; returns them where they may be given at once.
    pub fn attach(&self, mut answers: Vec<Answer<M>>) -> Vec<Answer<M>> {
        match &mut *self.state.lock() {
            State::Ashore => return answers,
            State::Aboard(aboard) => aboard.answers.append(&mut answers),
            State::Lost => {}
        }
        Vec::new()
    }

    /// Adds a snapshot taken after the group on its way; returns it where it may be written at once.
    pub fn attach_shot(&self, shot: Shot) -> Option<Shot> {
        match &mut *self.state.lock() {
            State::Ashore => return Some(shot),
            State::Aboard(aboard) => aboard.shot = Some(shot),
            State::Lost => {}
        }
        None
    }

    /// The group has arrived; returns what waited for it.
    pub fn arrive(&self) -> Option<Aboard<M>> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut *state, State::Ashore) {
            State::Aboard(aboard) => Some(aboard),
            State::Ashore => None,
            State::Lost => {
                *state = State::Lost;
                None
            }
        }
    }

    /// The ledger may not go on: whoever waits, or would wait, learns it.
    pub fn lose(&self) {
        *self.state.lock() = State::Lost;
    }
}

//! The sequencer: one thread that decides, numbers, hashes and encodes, so that no two commands ever race.
//!
//! It reads nothing from disk and waits for no disk: while one group is committed by the committer's thread, the
//! next is decided here. An answer leaves only when everything it rests on is durable.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use caseledger_events::ids::StreamId;
use caseledger_events::machine::Machine;

use crate::frame_group::Group;
use crate::ledger::desk::{Open, Turn};
use crate::ledger::fatal::FatalError;
use crate::ledger::heads::Head;
use crate::ledger::idempotency::RecentTags;
use crate::ledger::pace::Pace;
use crate::ledger::salts::Salts;
use crate::ledger::shared::{Flight, Shared};
use crate::ledger::snapshot::SnapshotFiles;
use crate::ledger::space::BelowFloor;
use crate::ledger::work::{Answer, Message};

/// The most a group takes before it waits for the tray.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupLimits {
    pub commands: usize,
    pub bytes: usize,
}

/// The state that one thread owns.
pub(crate) struct Sequencer<M: Machine> {
    pub shared: Arc<Shared<M>>,
    pub machine: M,
    pub tags: RecentTags,
    /// Heads of streams with events that are not visible yet.
    pub ahead: HashMap<StreamId, Head>,
    pub salts: Salts,
    pub open: OpenGroup<M>,
    pub limits: GroupLimits,
    pub pace: Pace,
    pub files: SnapshotFiles,
    /// What the last look at the disk said.
    pub space: Result<(), BelowFloor>,
}

/// The group being filled, and what becomes of it.
pub(crate) struct OpenGroup<M: Machine> {
    pub group: Group,
    pub heads: Vec<(StreamId, Head)>,
    pub answers: Vec<Answer<M>>,
    pub commands: usize,
}

impl<M: Machine> OpenGroup<M> {
    pub fn new(group: Group) -> OpenGroup<M> {
        OpenGroup { group, heads: Vec::new(), answers: Vec::new(), commands: 0 }
    }

    /// Returns how many more messages the group takes.
    pub(crate) fn room(&self, limits: GroupLimits) -> usize {
        if self.group.bytes() >= limits.bytes { 0 } else { limits.commands.saturating_sub(self.commands) }
    }
}

/// How long the sequencer waits for work before it uses the time for a snapshot that is due.
const IDLE: Duration = Duration::from_millis(20);

impl<M: Machine> Sequencer<M> {
    /// Works until the desk is closed and everything is durable, or until the ledger may not go on.
    pub(crate) fn run(mut self) -> Result<(), FatalError> {
        let mut inbox = VecDeque::new();
        let mut taken = Vec::new();
        loop {
            // What a full group left over is decided into the next one, without waiting for anything new.
            if !inbox.is_empty() && self.open.room(self.limits) > 0 {
                self.take_turn(&mut inbox)?;
                continue;
            }
            let room = if inbox.is_empty() { self.open.room(self.limits) } else { 0 };
            let open = Open { any: !self.open.group.is_empty(), room };
            let idle = self.pace.in_arrears().then_some(IDLE);
            match self.shared.desk.next(open, &mut taken, idle) {
                Turn::Decide | Turn::HandOver => {
                    inbox.extend(taken.drain(..));
                    self.take_turn(&mut inbox)?;
                }
                Turn::Idle => self.snapshot_one(),
                Turn::Finish => {
                    if self.shared.snapshot_at_end.load(Ordering::Acquire) {
                        self.snapshot_all();
                    }
                    self.shared.desk.finish();
                    return Ok(());
                }
                Turn::Stop => return Ok(()),
            }
        }
    }

    /// Decides what has been taken, as far as the group has room, and hands the group over if the tray is empty.
    fn take_turn(&mut self, inbox: &mut VecDeque<Message<M>>) -> Result<(), FatalError> {
        self.space = self.shared.space.check();
        while self.open.room(self.limits) > 0
            && let Some(message) = inbox.pop_front()
        {
            if let Some(left) = self.answer(message)? {
                inbox.push_front(left);
            }
        }
        self.machine.settle();
        if self.open.group.is_empty() {
            self.answer_without_group();
        } else if self.shared.desk.is_tray_empty() {
            self.hand_over();
        }
        Ok(())
    }

    /// Takes a message up; returns what is left of one that does not fit into the open group.
    fn answer(&mut self, message: Message<M>) -> Result<Option<Message<M>>, FatalError> {
        let answer = match message {
            Message::Command(work, reply) => Answer::One { reply, verdict: self.judge(work)? },
            Message::ConfirmClock(actor, reply) => Answer::One { reply, verdict: self.confirm_clock(actor)? },
            Message::Series(series) => return self.take_series(series),
            Message::Inspect(look) => {
                look(&self.machine);
                return Ok(None);
            }
        };
        self.open.answers.push(answer);
        self.open.commands += 1;
        Ok(None)
    }

    /// Answers that need no group of their own rest on the group on its way, or on nothing that could be lost.
    fn answer_without_group(&mut self) {
        self.open.commands = 0;
        let answers = std::mem::take(&mut self.open.answers);
        if !answers.is_empty() {
            self.shared.waiting.attach(answers).into_iter().for_each(Answer::give);
        }
    }

    /// Gives the open group to the committer and starts the next.
    fn hand_over(&mut self) {
        let (next, chain) = (self.open.group.next(), self.open.group.after());
        let mut group = self.shared.desk.take_spare().unwrap_or_else(|| Group::new(next, chain));
        group.restart(next, chain);
        let full = std::mem::replace(&mut self.open, OpenGroup::new(group));
        self.pace.recorded(full.group.len() as u64);
        let head = full.group.last();
        self.shared.waiting.board(full.answers);
        self.shared.desk.hand_over(Flight { group: full.group, heads: full.heads });

        // What follows happens while the group is being committed.
        let settled = self.shared.settled();
        self.ahead.retain(|_, ahead| ahead.position > settled);
        self.tags.turn(self.shared.reader.tags_searchable(), head);
        if self.pace.is_due() {
            self.snapshot_one();
        }
    }

    /// Returns where a stream stands, events on their way included.
    pub(crate) fn head(&self, stream: StreamId) -> Option<Head> {
        self.ahead.get(&stream).copied().or_else(|| self.shared.heads.get(stream))
    }
}

//! Where requests, the sequencer and the committer meet: a bounded queue in front, a tray of one group behind.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::frame_group::Group;

/// Hands messages `T` to the sequencer and its groups, with what goes with them, to the committer.
pub(crate) struct Desk<T, F> {
    state: Mutex<State<T, F>>,
    sequencer: Condvar,
    committer: Condvar,
    queue_max: usize,
}

struct State<T, F> {
    queue: VecDeque<T>,
    tray: Tray<F>,
    phase: Phase,
    /// A committed group, to be filled again.
    spare: Option<Group>,
}

enum Tray<F> {
    Empty,
    Full(F),
    Committing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Takes messages.
    Open,
    /// Takes no more messages, finishes those it has.
    Closing,
    /// The sequencer has finished.
    Finished,
    /// The ledger may not go on.
    Dead,
}

/// Why a message was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotTaken {
    Full,
    Closed,
}

/// What the sequencer does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Turn {
    /// Decide the messages just taken from the queue, then hand over what there is if the tray is empty.
    Decide,
    /// Hand the open group over: the tray is empty.
    HandOver,
    /// Nothing to do for the time given.
    Idle,
    /// Everything is decided and durable, and nothing more comes.
    Finish,
    /// The ledger may not go on.
    Stop,
}

/// How far the sequencer's open group is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Open {
    /// Whether there is something to commit.
    pub any: bool,
    /// How many more messages it takes.
    pub room: usize,
}

impl<T, F> Desk<T, F> {
    pub(crate) fn new(queue_max: usize) -> Desk<T, F> {
        let state = State { queue: VecDeque::new(), tray: Tray::Empty, phase: Phase::Open, spare: None };
        Desk { state: Mutex::new(state), sequencer: Condvar::new(), committer: Condvar::new(), queue_max }
    }

    /// Queues a message; gives it back where it cannot be taken.
    pub(crate) fn post(&self, message: T) -> Result<(), (T, NotTaken)> {
        let mut state = self.state.lock();
        if state.phase != Phase::Open {
            return Err((message, NotTaken::Closed));
        }
        if state.queue.len() >= self.queue_max {
            return Err((message, NotTaken::Full));
        }
        state.queue.push_back(message);
        drop(state);
        self.sequencer.notify_one();
        Ok(())
    }

    /// Returns how many messages wait.
    pub(crate) fn queued(&self) -> usize {
        self.state.lock().queue.len()
    }

    /// Returns whether messages are taken.
    pub(crate) fn is_open(&self) -> bool {
        self.state.lock().phase == Phase::Open
    }

    /// Waits until the sequencer has something to do; moves the messages to decide into `inbox`.
    ///
    /// Messages are taken while a group is being committed too, so that the next group is ready when the tray is.
    pub(crate) fn next(&self, open: Open, inbox: &mut Vec<T>, idle: Option<Duration>) -> Turn {
        let mut state = self.state.lock();
        loop {
            let tray_empty = matches!(state.tray, Tray::Empty);
            if state.phase == Phase::Dead {
                return Turn::Stop;
            }
            if open.room > 0 && !state.queue.is_empty() {
                let count = open.room.min(state.queue.len());
                inbox.extend(state.queue.drain(..count));
                return Turn::Decide;
            }
            if open.any && tray_empty {
                return Turn::HandOver;
            }
            if state.phase == Phase::Closing && state.queue.is_empty() && !open.any && tray_empty {
                return Turn::Finish;
            }
            match idle {
                None => self.sequencer.wait(&mut state),
                Some(time) if self.sequencer.wait_for(&mut state, time).timed_out() => return Turn::Idle,
                Some(_) => {}
            }
        }
    }

    /// Returns whether a group can be handed over now.
    pub(crate) fn is_tray_empty(&self) -> bool {
        matches!(self.state.lock().tray, Tray::Empty)
    }

    /// Returns a used group, if there is one, to be filled again.
    pub(crate) fn take_spare(&self) -> Option<Group> {
        self.state.lock().spare.take()
    }

    /// Puts a group into the empty tray.
    pub(crate) fn hand_over(&self, flight: F) {
        let mut state = self.state.lock();
        debug_assert!(matches!(state.tray, Tray::Empty), "only an empty tray takes a group");
        state.tray = Tray::Full(flight);
        drop(state);
        self.committer.notify_one();
    }

    /// Waits for a group to commit; `None` when there will be no more.
    pub(crate) fn take_flight(&self) -> Option<F> {
        let mut state = self.state.lock();
        loop {
            match (std::mem::replace(&mut state.tray, Tray::Committing), state.phase) {
                (_, Phase::Dead) => return None,
                (Tray::Full(flight), _) => return Some(flight),
                (tray, Phase::Finished) => {
                    state.tray = tray;
                    return None;
                }
                (tray, _) => state.tray = tray,
            }
            self.committer.wait(&mut state);
        }
    }

    /// Empties the tray after a commit.
    pub(crate) fn landed(&self, spare: Group) {
        let mut state = self.state.lock();
        state.tray = Tray::Empty;
        state.spare = Some(spare);
        drop(state);
        self.sequencer.notify_one();
    }

    /// Takes no more messages; those queued are still decided.
    pub(crate) fn close(&self) {
        self.leave(Phase::Open, Phase::Closing);
    }

    /// Tells the committer that no group will follow.
    pub(crate) fn finish(&self) {
        self.leave(Phase::Closing, Phase::Finished);
    }

    /// Stops both threads where they stand and returns the messages nobody will decide; `None` when it was so already.
    pub(crate) fn kill(&self) -> Option<VecDeque<T>> {
        let mut state = self.state.lock();
        if matches!(state.phase, Phase::Dead | Phase::Finished) {
            return None;
        }
        state.phase = Phase::Dead;
        let queue = std::mem::take(&mut state.queue);
        drop(state);
        self.sequencer.notify_all();
        self.committer.notify_all();
        Some(queue)
    }

    fn leave(&self, from: Phase, to: Phase) {
        let mut state = self.state.lock();
        if state.phase == from {
            state.phase = to;
        }
        drop(state);
        self.sequencer.notify_all();
        self.committer.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Open = Open { any: false, room: 10 };
    const SOMETHING: Open = Open { any: true, room: 10 };
    const SOON: Option<Duration> = Some(Duration::from_millis(1));

    fn desk() -> Desk<u32, &'static str> {
        Desk::new(3)
    }

    fn group() -> Group {
        Group::new(caseledger_events::ids::Position(1), caseledger_proof::Hash::ZERO)
    }

    #[test]
    fn a_full_queue_refuses_at_once() {
        let desk = desk();
        for n in 0..3 {
            desk.post(n).unwrap();
        }
        assert_eq!(desk.post(3), Err((3, NotTaken::Full)));
        let mut inbox = Vec::new();
        assert_eq!(desk.next(Open { any: false, room: 2 }, &mut inbox, None), Turn::Decide);
        assert_eq!(inbox, [0, 1], "no more than the group has room for");
        desk.post(3).unwrap();
    }

    #[test]
    fn messages_are_decided_while_a_group_is_committed_but_the_next_waits_for_the_tray() {
        let desk = desk();
        assert_eq!(desk.next(SOMETHING, &mut vec![], SOON), Turn::HandOver);
        desk.hand_over("first");
        assert_eq!(desk.take_flight(), Some("first"));
        desk.post(1).unwrap();
        let mut inbox = Vec::new();
        assert_eq!(desk.next(NOTHING, &mut inbox, SOON), Turn::Decide);
        assert_eq!(desk.next(SOMETHING, &mut inbox, SOON), Turn::Idle);
        desk.landed(group());
        assert_eq!(desk.next(SOMETHING, &mut inbox, SOON), Turn::HandOver);
    }

    #[test]
    fn closing_decides_what_is_queued_and_waits_for_its_commit() {
        let desk = desk();
        desk.post(1).unwrap();
        desk.close();
        assert_eq!(desk.post(2), Err((2, NotTaken::Closed)));
        let mut inbox = Vec::new();
        assert_eq!(desk.next(NOTHING, &mut inbox, SOON), Turn::Decide);
        desk.hand_over("last");
        assert_eq!(desk.next(NOTHING, &mut inbox, SOON), Turn::Idle);
        assert_eq!(desk.take_flight(), Some("last"));
        desk.landed(group());
        assert_eq!(desk.next(NOTHING, &mut inbox, SOON), Turn::Finish);
        desk.finish();
        assert_eq!(desk.take_flight(), None);
    }

    #[test]
    fn a_dead_desk_stops_everyone_once() {
        let desk = desk();
        desk.post(1).unwrap();
        assert_eq!(desk.kill().map(|queue| queue.len()), Some(1));
        assert_eq!(desk.kill(), None);
        assert_eq!(desk.next(SOMETHING, &mut vec![], None), Turn::Stop);
        assert_eq!(desk.take_flight(), None);
        assert_eq!(desk.post(2), Err((2, NotTaken::Closed)));
    }
}

//! Many commands in a fixed order, as an import brings them: everything is read beforehand, then they are decided one
//! after the other, each at its own time where time is simulated, and answered together once they are durable.
//!
//! Who brings them has the next series ready while this one is committed: `decided` comes at once, the answers later.

use std::collections::VecDeque;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Position, StreamId, Tag};
use caseledger_events::machine::{Machine, Submission};
use tokio::sync::oneshot;

use crate::ledger::fatal::FatalError;
use crate::ledger::history::{fold_stream, read_receipt, who_moved_it};
use crate::ledger::outcome::{HistoryError, Outcome};
use crate::ledger::running::Running;
use crate::ledger::sequencer::Sequencer;
use crate::ledger::work::{Answer, Message, Verdict, Warm, Work};
use crate::ledger::{Ledger, not_taken};

/// A command of a series.
pub struct Due<C> {
    /// The command.
    pub submission: Submission<C>,
    /// The time it is recorded at, where the ledger's time is simulated and has not come so far yet.
    pub at: Option<Timestamp>,
    /// Streams it speaks of whose state is probably not in memory: read beforehand, so that nobody waits for it.
    pub ended: Vec<StreamId>,
}

/// Commands with all that was read for them, ready to be decided.
pub struct Series<M: Machine> {
    items: VecDeque<Item<M>>,
    fingerprints: Vec<[u8; 32]>,
}

/// A series that is decided and on its way to both copies.
pub struct Decided<M: Machine> {
    ledger: Ledger<M>,
    fingerprints: Vec<[u8; 32]>,
    /// What is known already, and whom to ask for the rest.
    verdicts: Vec<Verdict<M>>,
    rest: Option<oneshot::Receiver<Vec<Verdict<M>>>>,
    failed: Option<Outcome<M::Refusal>>,
}

enum Item<M: Machine> {
    Work(Box<Work<M>>, Option<Timestamp>),
    /// Its tag stands in the log: the command was recorded before.
    Known(Position),
}

/// A series before the sequencer.
pub(crate) struct SeriesWork<M: Machine> {
    items: VecDeque<Item<M>>,
    verdicts: Vec<Verdict<M>>,
    decided: oneshot::Sender<Option<Halt<M>>>,
    reply: oneshot::Sender<Vec<Verdict<M>>>,
}

/// Where a series stopped, because something must be read first.
struct Halt<M: Machine> {
    at: Verdict<M>,
    time: Option<Timestamp>,
    left: VecDeque<Item<M>>,
}

impl<M: Machine> Ledger<M> {
    /// Reads what a series of commands needs. Blocks on reads; may run while another series is decided.
    pub fn make_ready(&self, due: Vec<Due<M::Command>>) -> Result<Series<M>, HistoryError> {
        let mut series =
            Series { items: VecDeque::with_capacity(due.len()), fingerprints: Vec::with_capacity(due.len()) };
        for Due { submission, at, ended } in due {
            let mut work = self.running.prepare(submission);
            series.fingerprints.push(work.fingerprint);
            let item = match self.running.find_tag(&mut work)? {
                Some(first) => Item::Known(first),
                None => {
                    work.warm = ended
                        .into_iter()
                        .filter_map(|stream| self.running.fold(stream).transpose())
                        .collect::<Result<_, _>>()?;
                    Item::Work(work, at)
                }
            };
            series.items.push_back(item);
        }
        Ok(series)
    }

    /// Has a series decided, in its order and after every series before it; blocks until all of it is decided.
    pub fn decide_in_order(&self, series: Series<M>) -> Result<Decided<M>, HistoryError> {
        let Series { mut items, fingerprints } = series;
        let mut decided =
            Decided { ledger: self.clone(), fingerprints, verdicts: Vec::new(), rest: None, failed: None };
        loop {
            let (told, halted) = oneshot::channel();
            let (reply, answers) = oneshot::channel();
            let work = Box::new(SeriesWork { items, verdicts: Vec::new(), decided: told, reply });
            if let Err((_, why)) = self.running.shared.desk.post(Message::Series(work)) {
                decided.failed = Some(not_taken(why));
                return Ok(decided);
            }
            match halted.blocking_recv() {
                Err(_) => {
                    decided.failed = Some(Outcome::Unknown);
                    return Ok(decided);
                }
                Ok(None) => {
                    decided.rest = Some(answers);
                    return Ok(decided);
                }
                Ok(Some(halt)) => {
                    // What the command needs may have been recorded a moment ago: it is read once it is durable.
                    decided.verdicts.append(&mut answers.blocking_recv().unwrap_or_default());
                    items = self.running.go_on(halt)?;
                }
            }
        }
    }

    /// Returns the id of the case that the command with this tag opens.
    pub fn case_of(&self, tag: Tag) -> CaseId {
        self.running.secret.case_of(tag)
    }
}

impl<M: Machine> Decided<M> {
    /// Returns the answers, in the order of the commands; blocks until all they rest on is durable.
    pub fn answers(mut self) -> Result<Vec<Outcome<M::Refusal>>, HistoryError> {
        if let Some(rest) = self.rest.take() {
            match rest.blocking_recv() {
                Ok(mut verdicts) => self.verdicts.append(&mut verdicts),
                Err(_) => self.failed = Some(Outcome::Unknown),
            }
        }
        let mut answers = Vec::with_capacity(self.fingerprints.len());
        for (verdict, fingerprint) in self.verdicts.into_iter().zip(&self.fingerprints) {
            answers.push(self.ledger.running.settle(verdict, fingerprint)?);
        }
        let missing = self.fingerprints.len() - answers.len();
        if missing > 0 {
            answers.push(self.failed.unwrap_or(Outcome::Unknown));
            answers.extend((1..missing).map(|_| Outcome::Unknown));
        }
        Ok(answers)
    }
}

impl<M: Machine> Running<M> {
    /// Searches the log for a command's tag, in the caller's thread.
    fn find_tag(&self, work: &mut Work<M>) -> Result<Option<Position>, HistoryError> {
        let Some(tag) = work.submission.tag else { return Ok(None) };
        work.tag_searched = self.shared.reader.tags_searchable();
        match self.shared.reader.may_hold_tag(tag) {
            true => Ok(self.shared.reader.find_tag(tag)?),
            false => Ok(None),
        }
    }

    fn fold(&self, stream: StreamId) -> Result<Option<Warm<M>>, HistoryError> {
        let Some(head) = self.shared.heads.get(stream) else { return Ok(None) };
        let state = fold_stream::<M>(&self.shared.reader, stream, head)?;
        Ok(Some(Warm { stream, version: head.version, state }))
    }

    /// Reads what a series stopped for, and returns what is left of it.
    fn go_on(&self, halt: Halt<M>) -> Result<VecDeque<Item<M>>, HistoryError> {
        let Halt { at, time, mut left } = halt;
        let first = match at {
            Verdict::Cold(mut work, stream) => {
                if !work.needs.contains(&stream) {
                    work.needs.push(stream);
                }
                let needs = work.needs.clone();
                work.warm =
                    needs.into_iter().filter_map(|stream| self.fold(stream).transpose()).collect::<Result<_, _>>()?;
                Item::Work(work, time)
            }
            Verdict::SearchAgain(mut work) => match self.find_tag(&mut work)? {
                Some(first) => Item::Known(first),
                None => Item::Work(work, time),
            },
            _ => return Ok(left),
        };
        left.push_front(first);
        Ok(left)
    }

    /// Turns what the sequencer said into an answer; reads where that needs the log.
    fn settle(&self, verdict: Verdict<M>, fingerprint: &[u8; 32]) -> Result<Outcome<M::Refusal>, HistoryError> {
        match verdict {
            Verdict::Final(outcome) => Ok(outcome),
            Verdict::Seen(first) => {
                let receipt = read_receipt(&self.shared.reader, first, fingerprint)?;
                Ok(receipt.map_or(Outcome::KeyReused, Outcome::Repeated))
            }
            Verdict::Stale(stream, head) => {
                let (changed_by, at) = who_moved_it(&self.shared.reader, head)?;
                Ok(Outcome::Stale { stream, current: head.version, changed_by, at })
            }
            Verdict::Cold(..) | Verdict::SearchAgain(_) => Ok(Outcome::Unknown),
        }
    }
}

impl<M: Machine> Sequencer<M> {
    /// Decides a series as far as the open group has room; returns what is left of it.
    pub(crate) fn take_series(&mut self, mut series: Box<SeriesWork<M>>) -> Result<Option<Message<M>>, FatalError> {
        while let Some(item) = series.items.pop_front() {
            let (work, time) = match item {
                Item::Known(first) => {
                    series.verdicts.push(Verdict::Seen(first));
                    continue;
                }
                Item::Work(work, time) => (work, time),
            };
            if let Some(time) = time {
                // Time that has come further already stays as it is.
                let _ = self.shared.timekeeper.lock().set_simulated(time);
            }
            match self.judge(work)? {
                at @ (Verdict::Cold(..) | Verdict::SearchAgain(_)) => {
                    let left = std::mem::take(&mut series.items);
                    self.end_series(*series, Some(Halt { at, time, left }));
                    return Ok(None);
                }
                verdict => series.verdicts.push(verdict),
            }
            self.open.commands += 1;
            if self.open.room(self.limits) == 0 && !series.items.is_empty() {
                return Ok(Some(Message::Series(series)));
            }
        }
        self.end_series(*series, None);
        Ok(None)
    }

    fn end_series(&mut self, series: SeriesWork<M>, halt: Option<Halt<M>>) {
        let SeriesWork { verdicts, decided, reply, .. } = series;
        self.open.answers.push(Answer::Series { reply, verdicts });
        // Who does not wait any more needs no answer; what was decided stands.
        drop(decided.send(halt));
    }
}

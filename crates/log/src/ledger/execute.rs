//! The request's side of a command: everything that must be read is read here, outside the sequencer.

use caseledger_events::ids::{Position, StreamId};
use caseledger_events::machine::{Machine, Submission};
use tokio::sync::oneshot;

use crate::ledger::heads::Head;
use crate::ledger::history::{fold_stream, read_receipt, who_moved_it};
use crate::ledger::not_taken;
use crate::ledger::outcome::{HistoryError, Outcome};
use crate::ledger::running::Running;
use crate::ledger::secret::random_case;
use crate::ledger::work::{Message, Verdict, Warm, Work};

/// How often a command is sent back for reading before the client is asked to come again: far more than any race
/// between readers and writers of one stream takes.
const ROUNDS_MAX: usize = 100;

impl<M: Machine> Running<M> {
    /// Fetches, queues, and fetches again what the sequencer asks for, until there is an answer.
    pub(crate) async fn execute(&self, submission: Submission<M::Command>) -> Outcome<M::Refusal> {
        self.try_execute(submission).await.unwrap_or_else(Outcome::Unreadable)
    }

    async fn try_execute(&self, submission: Submission<M::Command>) -> Result<Outcome<M::Refusal>, HistoryError> {
        let mut work = self.prepare(submission);
        if let Some(first) = self.search_tag(&mut work).await? {
            return self.repeat(first, work.fingerprint).await;
        }
        for _ in 0..ROUNDS_MAX {
            let fingerprint = work.fingerprint;
            let (reply, verdict) = oneshot::channel();
            if let Err((_, why)) = self.shared.desk.post(Message::Command(work, reply)) {
                return Ok(not_taken(why));
            }
            work = match verdict.await {
                // The sequencer ended with the command in its hands.
                Err(_) => return Ok(Outcome::Unknown),
                Ok(Verdict::Final(outcome)) => return Ok(outcome),
                Ok(Verdict::Seen(first)) => return self.repeat(first, fingerprint).await,
                Ok(Verdict::Stale(stream, head)) => return self.stale(stream, head).await,
                Ok(Verdict::SearchAgain(mut work)) => match self.search_tag(&mut work).await? {
                    Some(first) => return self.repeat(first, fingerprint).await,
                    None => work,
                },
                Ok(Verdict::Cold(mut work, stream)) => {
                    self.warm(&mut work, stream).await?;
                    work
                }
            };
        }
        Ok(Outcome::Overloaded)
    }

    pub(crate) fn prepare(&self, submission: Submission<M::Command>) -> Box<Work<M>> {
        let (fingerprint, new_case) = match submission.tag {
            Some(tag) => (self.secret.fingerprint(&submission.body_hash), self.secret.case_of(tag)),
            None => ([0; 32], random_case()),
        };
        Box::new(Work {
            submission,
            fingerprint,
            new_case,
            tag_searched: Position(0),
            warm: Vec::new(),
            needs: Vec::new(),
        })
    }

    /// Searches the log for the command's tag; the sequencer knows those that are too new to be found here.
    async fn search_tag(&self, work: &mut Work<M>) -> Result<Option<Position>, HistoryError> {
        let Some(tag) = work.submission.tag else { return Ok(None) };
        work.tag_searched = self.shared.reader.tags_searchable();
        if !self.shared.reader.may_hold_tag(tag) {
            return Ok(None);
        }
        let reader = self.shared.reader.clone();
        Ok(self.errands.run(move || reader.find_tag(tag)).await.ok_or(HistoryError::Stopped)??)
    }

    /// Answers a command whose tag is known: its first receipt, or that the key was used for something else.
    async fn repeat(&self, first: Position, fingerprint: [u8; 32]) -> Result<Outcome<M::Refusal>, HistoryError> {
        let reader = self.shared.reader.clone();
        let read = move || read_receipt(&reader, first, &fingerprint);
        let receipt = self.errands.run(read).await.ok_or(HistoryError::Stopped)??;
        Ok(receipt.map_or(Outcome::KeyReused, Outcome::Repeated))
    }

    /// Says who moved the stream on.
    async fn stale(&self, stream: StreamId, head: Head) -> Result<Outcome<M::Refusal>, HistoryError> {
        let reader = self.shared.reader.clone();
        let read = move || who_moved_it(&reader, head);
        let (changed_by, at) = self.errands.run(read).await.ok_or(HistoryError::Stopped)??;
        Ok(Outcome::Stale { stream, current: head.version, changed_by, at })
    }

    /// Folds the state of every stream this command was ever sent back for: what was installed for an earlier round
    /// may have been dropped since.
    async fn warm(&self, work: &mut Work<M>, stream: StreamId) -> Result<(), HistoryError> {
        if !work.needs.contains(&stream) {
            work.needs.push(stream);
        }
        work.warm.clear();
        for &stream in &work.needs {
            // The verdict waited until what it rests on is durable, so the stream's head is visible.
            let Some(head) = self.shared.heads.get(stream) else { continue };
            let reader = self.shared.reader.clone();
            let fold = move || fold_stream::<M>(&reader, stream, head);
            let state = self.errands.run(fold).await.ok_or(HistoryError::Stopped)??;
            work.warm.push(Warm { stream, version: head.version, state });
        }
        Ok(())
    }
}

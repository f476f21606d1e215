//! One run of publishing: from a position the stream is known to stand at, until something is not as expected.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::{Message, Subject, Subscriber};
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use futures::{FutureExt, StreamExt};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::ack::{self, Answer};
use crate::connection::Connection;
use crate::endpoint::Patience;
use crate::feed::Feed;
use crate::halt::Halt;
use crate::outgoing::Outgoing;
use crate::status::RelayStatus;

/// The most messages in flight at once; each has an answer subject of its own.
pub const WINDOW_MAX: usize = 256;

/// How a session ended.
#[derive(Debug)]
pub(crate) enum End {
    /// It was told to.
    Stopped,
    /// Everything of a log that does not grow is in the stream.
    Finished,
    /// All is well, but the stream is to be looked at again.
    Look,
    /// The stream must be asked where it stands.
    Resync(String),
    /// The broker cannot store now.
    Later(String),
    /// The broker has more in hand than it takes.
    TooFast(String),
    /// Nothing may go out until somebody has looked.
    Halt(Halt),
}

/// A window of messages in flight, acknowledged in order.
pub(crate) struct Session<'a> {
    connection: &'a Connection,
    status: &'a watch::Sender<RelayStatus>,
    answers: Subscriber,
    /// Answer subjects, taken in turn; few, because the broker keeps a cache of subjects.
    replies: Vec<Subject>,
    in_flight: VecDeque<InFlight>,
    waiting: VecDeque<Outgoing>,
    window: usize,
    progress: Instant,
    acknowledged: u64,
    /// How many of those acknowledged the status knows of.
    shown: u64,
}

#[derive(Clone, Copy)]
struct InFlight {
    position: Position,
    recorded_at: Timestamp,
}

impl<'a> Session<'a> {
    /// Listens for answers, on subjects no other session has.
    pub(crate) async fn open(
        connection: &'a Connection,
        status: &'a watch::Sender<RelayStatus>,
        window: usize,
    ) -> Result<Self, End> {
        let inbox = connection.client().new_inbox();
        let replies = (0..WINDOW_MAX).map(|slot| Subject::from(format!("{inbox}.{slot}"))).collect();
        let listening = timeout(connection.patience().request, connection.client().subscribe(format!("{inbox}.*")));
        let answers = match listening.await {
            Ok(Ok(answers)) => answers,
            Ok(Err(error)) => return Err(End::Later(format!("cannot listen for answers: {error}"))),
            Err(_) => return Err(End::Later("cannot listen for answers: the connection takes nothing".to_owned())),
        };
        Ok(Session {
            connection,
            status,
            answers,
            replies,
            in_flight: VecDeque::with_capacity(WINDOW_MAX),
            waiting: VecDeque::new(),
            window: window.clamp(1, WINDOW_MAX),
            progress: Instant::now(),
            acknowledged: 0,
            shown: 0,
        })
    }

    /// Publishes what the feed gives until something ends it; what is in flight is settled before it returns.
    pub(crate) async fn run(&mut self, feed: &mut Feed, stop: &CancellationToken, look: &Notify) -> End {
        let end = match self.publish(feed, stop, look).await {
            Ok(end) | Err(end) => end,
        };
        self.settle().await;
        end
    }

    /// Returns how many events were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    async fn publish(&mut self, feed: &mut Feed, stop: &CancellationToken, look: &Notify) -> Result<End, End> {
        let Patience { ack: patience, recheck, .. } = self.connection.patience();
        let idle = sleep_until(Instant::now() + recheck);
        tokio::pin!(idle);
        let mut link = self.connection.link();
        link.mark_unchanged();
        let deadline = sleep_until(Instant::now() + patience);
        tokio::pin!(deadline);
        let mut more = true;
        loop {
            self.send_waiting().await?;
            self.show();
            if !more && self.in_flight.is_empty() && self.waiting.is_empty() {
                return Ok(End::Finished);
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(End::Stopped),
                () = look.notified() => return Ok(End::Look),
                answer = self.answers.next(), if !self.in_flight.is_empty() => {
                    self.take_answers(answer)?;
                }
                batch = feed.next(), if more && self.waiting.is_empty() => match batch {
                    Some(batch) => self.waiting.extend(batch.map_err(End::Halt)?),
                    None => more = false,
                },
                () = &mut deadline, if !self.in_flight.is_empty() => {
                    if self.progress.elapsed() >= patience {
                        return Err(End::Resync(self.unanswered(patience)));
                    }
                    deadline.as_mut().reset(self.progress + patience);
                }
                _ = link.changed() => return Err(End::Resync("the connection broke".to_owned())),
                // A stream that was deleted or purged while nothing happens tells nobody.
                () = &mut idle, if self.in_flight.is_empty() => {
                    if self.progress.elapsed() >= recheck {
                        return Ok(End::Look);
                    }
                    idle.as_mut().reset(self.progress + recheck);
                }
            }
        }
    }

    async fn send_waiting(&mut self) -> Result<(), End> {
        while self.in_flight.len() < self.window {
            // What is handed to the client while it is not connected may be sent later, out of turn.
            if !self.waiting.is_empty() && !self.connection.is_up() {
                return Err(End::Resync("the connection broke".to_owned()));
            }
            let Some(message) = self.waiting.pop_front() else { return Ok(()) };
            self.send(message).await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: Outgoing) -> Result<(), End> {
        let Outgoing { position, recorded_at, subject, headers, body } = message;
        if self.in_flight.is_empty() {
            self.progress = Instant::now();
        }
        let reply = self.replies[slot(position)].clone();
        let client = self.connection.client();
        let sending = client.publish_with_reply_and_headers(subject, reply, headers, body);
        match timeout(self.connection.patience().request, sending).await {
            Ok(Ok(())) => {
                self.in_flight.push_back(InFlight { position, recorded_at });
                Ok(())
            }
            Ok(Err(error)) if error.kind() == async_nats::PublishErrorKind::Send => {
                Err(End::Resync(format!("the connection ended: {error}")))
            }
            Ok(Err(error)) => Err(End::Halt(Halt::Poison { position, reason: error.to_string() })),
            Err(_) => Err(End::Resync("the connection takes nothing".to_owned())),
        }
    }

    fn take_answers(&mut self, first: Option<Message>) -> Result<(), End> {
        let mut next = first;
        loop {
            match next {
                Some(message) => self.take(&message)?,
                None => return Err(End::Resync("the connection ended".to_owned())),
            }
            // What has arrived meanwhile is taken without another turn of the loop.
            match self.answers.next().now_or_never() {
                Some(message) if !self.in_flight.is_empty() => next = message,
                _ => return Ok(()),
            }
        }
    }

    fn take(&mut self, message: &Message) -> Result<(), End> {
        match ack::read(message) {
            Answer::Stored(sequence) => self.stored(message, sequence),
            Answer::Resync(reason) => Err(End::Resync(reason)),
            Answer::Later(reason) => Err(End::Later(reason)),
            Answer::TooFast(reason) => Err(End::TooFast(reason)),
            Answer::Never { code, text } => {
                let position = self.asked(message).map_or(Position(0), |sent| sent.position);
                Err(End::Halt(Halt::Refused { position, code, text }))
            }
        }
    }

    fn stored(&mut self, message: &Message, sequence: u64) -> Result<(), End> {
        let Some(oldest) = self.in_flight.front().copied() else {
            return Err(End::Resync("an event was acknowledged twice".to_owned()));
        };
        if message.subject != self.replies[slot(oldest.position)] {
            return Err(End::Resync("an acknowledgement is missing".to_owned()));
        }
        if sequence != oldest.position.0 {
            return Err(End::Halt(Halt::AckMismatch { position: oldest.position, sequence }));
        }
        self.in_flight.pop_front();
        self.acknowledged += 1;
        self.progress = Instant::now();
        Ok(())
    }

    /// Returns what a message answers.
    fn asked(&self, answer: &Message) -> Option<InFlight> {
        self.in_flight.iter().copied().find(|sent| self.replies[slot(sent.position)] == answer.subject)
    }

    /// Waits, within bounds, until every message sent is answered, so that nothing of this session arrives later.
    async fn settle(&mut self) {
        let until = Instant::now() + self.connection.patience().settle;
        let mut refused = 0;
        while self.in_flight.len() > refused && self.connection.is_up() {
            let Ok(Some(answer)) = tokio::time::timeout_at(until, self.answers.next()).await else { break };
            // After the first refusal all that follow are refused too: they are counted, not judged.
            if self.take(&answer).is_err() {
                refused += 1;
            }
        }
        self.show();
    }

    /// Shows how far the stream has come.
    fn show(&mut self) {
        let fresh = self.acknowledged - std::mem::replace(&mut self.shown, self.acknowledged);
        let unsent = self.waiting.front().map(|message| message.recorded_at);
        let oldest = self.in_flight.front().map(|sent| sent.recorded_at).or(unsent);
        self.status.send_if_modified(|status| {
            if fresh == 0 && status.oldest_unpublished == oldest {
                return false;
            }
            status.published += fresh;
            status.stream_last = status.stream_last.map(|last| Position(last.0 + fresh));
            status.oldest_unpublished = oldest;
            true
        });
    }

    fn unanswered(&self, patience: Duration) -> String {
        let hint = self
            .connection
            .refused_since(self.progress.into_std())
            .map(|trouble| format!(" ({trouble})"))
            .unwrap_or_default();
        format!("{} events unanswered for {} ms{hint}", self.in_flight.len(), patience.as_millis())
    }
}

fn slot(position: Position) -> usize {
    (position.0 % WINDOW_MAX as u64) as usize
}

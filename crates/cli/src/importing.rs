//! The import path: commands that come with their own times go through every rule and are sealed, many at once and in
//! their order, into a ledger that this process owns; `road` is for single commands, and for a server that runs.
//!
//! Read `reading` for how a command is read and sealed; the log decides (`Ledger::decide_in_order`).

mod reading;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{CaseId, Position, StreamId, StudentId, Version};
use caseledger_events::input::BadInput;
use caseledger_events::reference::Entry;
use caseledger_events::refusal::Refusal;
use caseledger_events::world::{Command, World};
use caseledger_log::{Decided, Due, HistoryError, Ledger, Outcome, Series};
use caseledger_seal::Keys;
use chrono::NaiveDate;
use parking_lot::Mutex;

use crate::copying::manifest::refuse_backup;
use crate::exit::{Exit, Failure};
use crate::service::{self, Missing, Time};
use crate::settings::Settings;

/// A command as it is brought in.
pub struct Brought {
    /// When it is recorded.
    pub at: Timestamp,
    /// Who acts.
    pub actor: Actor,
    /// The action, or the way a case is opened.
    pub action: String,
    /// The case it speaks of; none where it opens one.
    pub case: Option<CaseId>,
    /// Cases it speaks of that have probably ended: their histories are read beforehand.
    pub ended: Vec<CaseId>,
    /// The body, as HTTP takes it.
    pub body: String,
    /// The idempotency key: the same command brought again is recorded once.
    pub key: String,
    /// The version the actor saw.
    pub saw: Option<Version>,
}

/// What a command that was brought in came to: an answer of the ledger, or a field that makes no sense.
pub type Answer = Result<Outcome<Refusal>, BadInput>;

/// Commands that are read and sealed.
pub struct Prepared {
    series: Series<World>,
    unread: Vec<(usize, BadInput)>,
    brought: usize,
}

/// Commands that are decided and on their way to the disk.
pub struct Underway {
    decided: Decided<World>,
    unread: Vec<(usize, BadInput)>,
    brought: usize,
}

/// A ledger that this process owns while it imports.
pub struct Importer {
    ledger: Ledger<World>,
    keys: Arc<Keys>,
    dir: PathBuf,
    students: Mutex<HashMap<CaseId, StudentId>>,
}

impl Importer {
    /// Opens a ledger without its views and its broadcast, which the next server catches up on.
    pub fn open(dir: &Path, settings: &Settings, time: Time, missing: Missing) -> Result<Importer, Failure> {
        refuse_backup(dir)?;
        let (ledger, keys) = service::open_log(dir, settings, time, missing)?;
        Ok(Importer { ledger, keys: Arc::new(keys), dir: dir.to_owned(), students: Mutex::default() })
    }

    /// Returns the ledger's time: that of its last event, where it is simulated.
    pub fn now(&self) -> Timestamp {
        self.ledger.now()
    }

    /// Returns the last position.
    pub fn position(&self) -> Position {
        self.ledger.reader().durable()
    }

    /// Returns how many new cases a year the policy of a day plans for (Q35).
    pub fn planned_cases(&self, on: NaiveDate) -> Result<u32, Failure> {
        let planned = self.ledger.inspect(move |world| world.policies().in_force(on).1.service.cases_a_year);
        let stopped = || Failure::new(Exit::Unavailable, "the ledger stopped before it was asked");
        crate::runtime()?.block_on(planned).ok_or_else(stopped)
    }

    /// Returns whether a case was opened here.
    pub fn knows(&self, case: CaseId) -> bool {
        self.ledger.head(StreamId::Case(case)).is_some()
    }

    /// Returns the id of the case a command opens, where it opens one.
    pub fn case_opened_by(&self, actor: &Actor, action: &str, key: &str) -> CaseId {
        self.ledger.case_of(self.ledger.tag(actor, action, key))
    }

    /// Records reference data; rows that are held already change nothing.
    pub fn load_reference(&self, entries: Vec<Entry>, actor: Actor, key: &str) -> Result<(), Failure> {
        let command = Command::Reference { entries, occurred_at: None };
        let submission = reading::plain(&self.ledger, command, actor, "reference", key);
        let ready = self.ledger.make_ready(vec![Due { submission, at: None, ended: Vec::new() }])?;
        for outcome in self.ledger.decide_in_order(ready)?.answers()? {
            if !matches!(outcome, Outcome::Accepted(_) | Outcome::Repeated(_) | Outcome::NothingToDo { .. }) {
                let what = format_args!("the reference data was not taken: {outcome:?}");
                return Err(Failure::new(Exit::Refused, what));
            }
        }
        Ok(())
    }

    /// Reads commands, finds their students and seals what is personal; may run while others are decided.
    pub fn prepare(&self, brought: Vec<Brought>) -> Result<Prepared, Failure> {
        let count = brought.len();
        let reading::Read { due, unread } = reading::read(&self.ledger, &self.keys, &self.students, brought)?;
        Ok(Prepared { series: self.ledger.make_ready(due)?, unread, brought: count })
    }

    /// Has commands decided, after all that were given before.
    pub fn decide(&self, prepared: Prepared) -> Result<Underway, Failure> {
        let Prepared { series, unread, brought } = prepared;
        Ok(Underway { decided: self.ledger.decide_in_order(series)?, unread, brought })
    }

    /// Closes the ledger.
    pub fn close(self) {
        self.ledger.shutdown();
        tracing::info!(dir = %self.dir.display(), "import closed");
    }
}

impl Underway {
    /// Returns every answer in the order of the commands, once all are durable.
    pub fn answers(self) -> Result<Vec<Answer>, Failure> {
        let mut decided = self.decided.answers()?.into_iter();
        let mut unread = self.unread.into_iter().peekable();
        let mut answers = Vec::with_capacity(self.brought);
        for n in 0..self.brought {
            match unread.next_if(|(at, _)| *at == n) {
                Some((_, bad)) => answers.push(Err(bad)),
                None => answers.push(Ok(decided.next().unwrap_or(Outcome::Unknown))),
            }
        }
        Ok(answers)
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Failure {
        Failure::new(Exit::FoundWrong, error)
    }
}

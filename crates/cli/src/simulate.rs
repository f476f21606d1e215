//! A realistic term or year of cases, and situations told one by one: played through the public HTTP API, or a year
//! through the import path.
//!
//! Read in this order: `dice`, `people`, `places`, `term` (where a story comes from); `step` and `outcome` (one thing
//! somebody does, and what came of it); `script`, `verbs` and `stories` (how a case goes); `plan` (a whole term of
//! them); `client`, `play` (how it is sent); `situation` (situations the founding documents describe).
//!
//! What is decided depends on the seed alone: the same seed sends the same commands under the same keys, so a play
//! that was cut short is taken up by starting it again, and every answer can be compared with what was to be expected.

mod client;
mod dice;
pub mod grants;
pub(crate) mod import;
mod outcome;
mod people;
mod places;
mod plan;
mod play;
mod receipts;
#[cfg(test)]
mod rehearsal;
mod script;
pub mod situation;
mod step;
mod stories;
mod stream;
mod summary;
mod taken_up;
mod term;
mod verbs;
mod words;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

pub use client::{Address, Client, ClientError};
pub use outcome::Surprise;
pub use plan::{Span, Wanted};
pub use play::Progress;
pub use summary::Summary;
pub use term::{TERMS, Term, YEARS, Year};

pub use play::FIRST_OPERATOR;
use play::{Conduct, OPERATOR};
use receipts::Receipts;

/// How many rows of reference data are sent at once; a request body has a limit.
const ROWS_AT_ONCE: usize = 400;

/// What to play, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many cases.
    pub cases: u32,
    /// The seed: the same one sends the same commands.
    pub seed: u64,
    /// The school term, or a whole year.
    pub span: Span,
    /// Commands a second at most; as fast as answers come where nothing is said.
    pub rate: Option<f64>,
    /// Commands under way at once.
    pub clients: usize,
    /// The file every receipt is appended to.
    pub receipts: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options { cases: 100, seed: 1, span: Span::Term(TERMS[0]), rate: None, clients: 8, receipts: None }
    }
}

/// Why a play ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The service cannot be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The ledger keeps real time.
    #[error("this ledger runs on real time, and nothing made up belongs in it; play into one created for simulation")]
    RealTime,
    /// The ledger's time has come past the beginning.
    #[error(
        "the ledger's clock stands at {now}, and {span} has begun before that; choose a later term, or play into a new ledger"
    )]
    TermIsOver {
        /// The term or year.
        span: &'static str,
        /// Where the clock stands.
        now: chrono::DateTime<chrono::Utc>,
    },
    /// The clock cannot be moved.
    #[error("the simulated clock could not be moved: {why}")]
    Clock {
        /// What the service says.
        why: String,
    },
    /// The service stayed busy.
    #[error("the service was not ready for {} s: {why}", waited.as_secs())]
    Busy {
        /// For how long it was tried.
        waited: Duration,
        /// What the service says.
        why: String,
    },
    /// A file does not tell a situation.
    #[error(transparent)]
    Situation(#[from] situation::BadSituation),
    /// Reference data was not taken.
    #[error("the reference data was not taken: {why}")]
    Reference {
        /// What the service says.
        why: String,
    },
    /// Somebody of the play could not be granted their role.
    #[error("a role was not granted: {why}")]
    Grants {
        /// Who, and what the service says.
        why: String,
    },
    /// The file of receipts cannot be written.
    #[error("the receipts cannot be written: {0}")]
    Receipts(#[from] std::io::Error),
}

impl SimulateError {
    fn busy(answer: &client::Answer, waited: Duration) -> SimulateError {
        SimulateError::Busy { waited, why: what_it_says(answer) }
    }

    fn clock(answer: &client::Answer) -> SimulateError {
        SimulateError::Clock { why: what_it_says(answer) }
    }
}

/// Returns status, code and sentence of a problem document.
fn what_it_says(answer: &client::Answer) -> String {
    let text = |name: &str| answer.body[name].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", answer.status.as_u16(), text("code"), text("detail"))
}

/// Plays a term or year of cases into the simulated ledger at a base URL.
pub async fn play(base_url: &str, options: &Options, progress: impl Fn(Progress)) -> Result<Summary, SimulateError> {
    play_into(&Client::new(Address::Url(base_url.to_owned())), options, progress).await
}

/// Plays a term or year of cases through a client.
pub async fn play_into(
    client: &Client,
    options: &Options,
    progress: impl Fn(Progress),
) -> Result<Summary, SimulateError> {
    let started = Instant::now();
    refuse_real_time(client).await?;
    let Options { cases, seed, span, .. } = *options;
    let wanted = Wanted { cases, seed, span };
    let mut plan = wanted.plan();
    let conduct = Conduct { keys: wanted.keys(), clients: options.clients, rate: options.rate };
    let passed_over = taken_up::take_up(client, &mut plan.steps, &conduct, span).await?;
    play::move_clock(client, term::at(span.first(), 0)).await?;
    load_reference(client, &plan.map.entries(span.reference_from()), span.name()).await?;
    grants::to_the_people(client, &mut plan.steps).await?;
    let mut receipts = Receipts::open(options.receipts.as_deref())?;
    let mut summary = Summary::new(wanted.title());
    summary.passed_over = passed_over;
    let casts = play::play_all(client, &plan.steps, &conduct, progress, |step, performed| {
        take(&mut summary, &mut receipts, || plan.place(step), step, &performed)
    })
    .await?;
    summary.cases = count_cases(casts.values());
    summary.took = started.elapsed();
    Ok(summary)
}

/// Counts, keeps the receipt, compares with what was expected.
fn take(
    summary: &mut Summary,
    receipts: &mut Receipts,
    place: impl FnOnce() -> String,
    step: &step::Step,
    performed: &play::Performed,
) -> Result<(), SimulateError> {
    summary.tried_again += performed.tried_again;
    if let Some(outcome) = &performed.outcome {
        summary.count(&step.action, outcome, performed.took);
        if let outcome::Outcome::Recorded { receipt, .. } = outcome {
            receipts.keep(receipt)?;
        }
    }
    if let Err(got) = play::judge(step, performed) {
        summary.surprise(Surprise::new(place(), step, got));
    }
    Ok(())
}

fn count_cases<'a>(casts: impl Iterator<Item = &'a play::Cast>) -> u64 {
    let ids: std::collections::HashSet<&String> = casts.flat_map(|cast| cast.values()).collect();
    ids.len() as u64
}

/// Made-up students belong in a ledger that was created for them and says so in its first event.
async fn refuse_real_time(client: &Client) -> Result<(), SimulateError> {
    let answer = client.get("/v1/ledger", OPERATOR).await?;
    if answer.body["simulated"].as_bool() == Some(true) { Ok(()) } else { Err(SimulateError::RealTime) }
}

/// Loads reference data; rows that are held already change nothing.
async fn load_reference(client: &Client, rows: &[serde_json::Value], name: &str) -> Result<(), SimulateError> {
    for (i, entries) in rows.chunks(ROWS_AT_ONCE).enumerate() {
        let body = json!({"entries": entries});
        let key = format!("reference-{name}-{}-{i}", rows.len());
        let answer = client.command("/v1/reference", OPERATOR, &key, &body).await?;
        if !answer.status.is_success() {
            return Err(SimulateError::Reference { why: what_it_says(&answer) });
        }
    }
    Ok(())
}

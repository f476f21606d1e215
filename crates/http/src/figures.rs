//! What the measures know of the log: folded when it is first asked for, and on from there.

use axum::http::StatusCode;
use caseledger_events::codec::{self, BadFrame};
use caseledger_events::ids::Position;
use caseledger_log::{ReadError, Reader};
use caseledger_projections::measures::run::NoRun;
use caseledger_projections::measures::{Fold, Question, Standing, Taken};
use parking_lot::Mutex;

use crate::problem::Problem;
use crate::state::AppState;

/// From how many events on several threads read them.
const FAR: u64 = 500;
/// The most threads that read: folding what they read keeps no more of them busy.
const READERS_MAX: usize = 4;

/// The fold of the measures and the verdicts asked for so far, kept between questions; nothing until the first.
#[derive(Default)]
pub struct Figures(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    fold: Fold,
    /// Those as at the last event, one for each list that was asked for.
    standings: Vec<Standing>,
}

/// Why the log could not be folded.
enum NotFolded {
    /// It could not be read.
    Unread(ReadError),
    /// An event in it could not be.
    Undecoded(Position, BadFrame),
}

/// Answers from the fold as of what is durable now, or as of a position before that.
pub async fn ask<T: Send + 'static>(
    state: &AppState,
    to: Option<Position>,
    answer: impl FnOnce(&Fold) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    with(state, to, move |kept| answer(&kept.fold)).await
}

/// Answers from the verdicts of a quarter, as at the last event or as at the time that is asked for.
pub async fn ask_standing<T: Send + 'static>(
    state: &AppState,
    to: Option<Position>,
    question: Question<'static>,
    answer: impl FnOnce(&Fold, &Standing) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    with(state, to, move |kept| {
        if question.as_at.is_some() {
            let standing = Standing::new(&kept.fold, question).map_err(no_run)?;
            return answer(&kept.fold, &standing);
        }
        let known = kept.standings.iter().position(|standing| std::ptr::eq(standing.list(), question.list));
        let at = match known {
            Some(at) => {
                kept.standings[at].settle(&kept.fold).map_err(no_run)?;
                at
            }
            None => {
                kept.standings.push(Standing::new(&kept.fold, question).map_err(no_run)?);
                kept.standings.len() - 1
            }
        };
        answer(&kept.fold, &kept.standings[at])
    })
    .await
}

/// Says why a quarter cannot be judged.
pub fn no_run(error: NoRun) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-run", error.to_string())
        .way_out("policy and list name the calendar (`caseledger calendar show`)")
}

async fn with<T: Send + 'static>(
    state: &AppState,
    to: Option<Position>,
    answer: impl FnOnce(&mut Kept) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (figures, reader) = (std::sync::Arc::clone(&state.figures), state.ledger.reader());
    let asked = tokio::task::spawn_blocking(move || match to {
        Some(to) => {
            let mut once = Kept::default();
            once.go_on(&reader, to)?;
            answer(&mut once)
        }
        None => {
            let mut kept = figures.0.lock();
            if let Err(not_folded) = kept.go_on(&reader, Position(u64::MAX)) {
                // Half an event may be in it: the next question begins anew.
                *kept = Kept::default();
                return Err(not_folded.into());
            }
            answer(&mut kept)
        }
    });
    asked.await.unwrap_or_else(|_| Err(Problem::internal("the figures ended before their answer")))
}

impl Kept {
    /// Folds on; a long way back is read by several threads.
    fn go_on(&mut self, reader: &Reader, to: Position) -> Result<(), NotFolded> {
        let to = to.min(reader.durable());
        let next = self.fold.position().next();
        if next > to {
            return Ok(());
        }
        let scan = reader.scan(next);
        if to.0 - next.0 >= FAR {
            let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get().min(READERS_MAX));
            return scan.parallel_events(threads, to, read, |_, taken| {
                taken.into_iter().for_each(|taken| self.put(taken));
            });
        }
        for entry in scan.entries() {
            let (entry, _) = entry?;
            if entry.position > to {
                break;
            }
            self.put(read(entry.position, &entry.frame)?);
        }
        Ok(())
    }

    fn put(&mut self, taken: Taken) {
        let touched = self.fold.put(taken);
        self.standings.iter_mut().for_each(|standing| standing.touch(touched));
    }
}

fn read(position: Position, frame: &[u8]) -> Result<Taken, NotFolded> {
    codec::decode(frame).and_then(|event| Taken::read(&event)).map_err(|error| NotFolded::Undecoded(position, error))
}

impl From<ReadError> for NotFolded {
    fn from(error: ReadError) -> NotFolded {
        NotFolded::Unread(error)
    }
}

impl From<NotFolded> for Problem {
    fn from(not_folded: NotFolded) -> Problem {
        match not_folded {
            NotFolded::Unread(error) => error.into(),
            NotFolded::Undecoded(position, error) => {
                tracing::error!(position = position.0, %error, "an event could not be read for the measures");
                Problem::internal("this build cannot read an event that the figures rest on")
                    .way_out("use the release that wrote it")
            }
        }
    }
}

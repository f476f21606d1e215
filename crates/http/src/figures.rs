//! What the measures know of the log: folded when it is first asked for, and on from there.

use caseledger_events::codec::BadFrame;
use caseledger_events::ids::Position;
use caseledger_log::{ReadError, Reader};
use caseledger_projections::measures::Fold;
use parking_lot::Mutex;

use crate::problem::Problem;
use crate::state::AppState;

/// The fold of the measures, kept between questions; nothing until the first.
#[derive(Default)]
pub struct Figures(Mutex<Fold>);

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
    let (figures, reader) = (std::sync::Arc::clone(&state.figures), state.ledger.reader());
    let asked = tokio::task::spawn_blocking(move || match to {
        Some(to) => {
            let mut fold = Fold::new();
            go_on(&mut fold, &reader, to)?;
            answer(&fold)
        }
        None => {
            let mut fold = figures.0.lock();
            if let Err(not_folded) = go_on(&mut fold, &reader, Position(u64::MAX)) {
                // Half an event may be in it: the next question begins anew.
                *fold = Fold::new();
                return Err(not_folded.into());
            }
            answer(&fold)
        }
    });
    asked.await.unwrap_or_else(|_| Err(Problem::internal("the figures ended before their answer")))
}

fn go_on(fold: &mut Fold, reader: &Reader, to: Position) -> Result<(), NotFolded> {
    let to = to.min(reader.durable());
    let next = fold.position().next();
    if next > to {
        return Ok(());
    }
    for entry in reader.scan(next).entries() {
        let (entry, _) = entry.map_err(NotFolded::Unread)?;
        if entry.position > to {
            break;
        }
        let taken = entry.decode().and_then(|event| fold.take(&event));
        taken.map_err(|error| NotFolded::Undecoded(entry.position, error))?;
    }
    Ok(())
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

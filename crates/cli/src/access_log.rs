//! The access ledger of a service: opened with it, and its head recorded in the main ledger, hourly and at the end.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use caseledger_events::ids::{Position, StreamId};
use caseledger_events::viewed::{ACCESS_HEAD_STREAM, AccessHeadEvent, AccessHeadRecorded, ChainHash};
use caseledger_events::world::{Command, World};
use caseledger_http::ViewIndex;
use caseledger_log::{ACCESS_DIR, AccessLog, AccessLogOptions, Ledger, Outcome, step_back};
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::exit::{Exit, Failure};
use crate::own_act::by_the_ledger;

/// How often the head is recorded.
const HOUR: Duration = Duration::from_secs(3600);

/// Opens the access ledger of a data directory, and says what it no longer holds of what the main ledger recorded.
pub fn open(dir: &Path, ledger: &Ledger<World>) -> Result<Arc<AccessLog>, Failure> {
    let opened = AccessLog::open(&dir.join(ACCESS_DIR), ledger.identity().ledger, &AccessLogOptions::default());
    let (log, _) = opened.map_err(|error| Failure::new(Exit::FoundWrong, error))?;
    if let Some(recorded) = last_recorded(ledger)? {
        let reader = log.reader();
        let held = if reader.head().0 >= recorded.position { reader.chain_at(recorded.position).ok() } else { None };
        if held.map(|hash| hash.0) != Some(recorded.chain_hash.0) {
            tracing::error!(
                position = recorded.position.0,
                "the access ledger does not hold what the log recorded of it: views are missing or were changed; \
                 `caseledger verify --access` says which"
            );
        }
    }
    Ok(Arc::new(log))
}

/// Begins to index who looked at what; until it is done the first search waits for it.
pub fn index(log: &AccessLog) -> Arc<ViewIndex> {
    let index: Arc<ViewIndex> = Arc::default();
    let (filling, reader) = (Arc::clone(&index), log.reader());
    let fill = move || {
        // Nobody waits for it: a stop of the service does not either.
        step_back();
        if let Err(error) = filling.catch_up(&reader) {
            tracing::error!(%error, "the access ledger cannot be read to its end: searches in it will say so");
        }
    };
    if let Err(error) = std::thread::Builder::new().name("view-index".into()).spawn(fill) {
        tracing::warn!(%error, "the access ledger is indexed with the first search in it");
    }
    index
}

/// Returns the last head the main ledger recorded.
fn last_recorded(ledger: &Ledger<World>) -> Result<Option<AccessHeadRecorded>, Failure> {
    let Some((_, position)) = ledger.head(StreamId::system(ACCESS_HEAD_STREAM)) else { return Ok(None) };
    let entry = ledger.reader().get(position)?;
    let event = entry.decode().map_err(|error| Failure::new(Exit::FoundWrong, error))?;
    let read = AccessHeadEvent::read(&event).map_err(|error| Failure::new(Exit::FoundWrong, error))?;
    Ok(read.map(|AccessHeadEvent::AccessHeadRecorded(head)| head))
}

/// Records the head in the main ledger where views were added since the last time.
pub async fn record_head(ledger: &Ledger<World>, log: &AccessLog) {
    let (position, chain) = log.head();
    let recorded = last_recorded(ledger).ok().flatten().map_or(Position(0), |head| head.position);
    if position <= recorded {
        return;
    }
    let head = AccessHeadRecorded { position, chain_hash: ChainHash(chain.0) };
    match ledger.execute(by_the_ledger(Command::AccessHead(head))).await {
        Outcome::Accepted(_) => {}
        outcome => tracing::warn!(?outcome, "how far the access ledger reaches was not recorded in the log"),
    }
}

/// Records the head every hour until the service stops.
pub fn record_hourly(ledger: &Ledger<World>, log: &Arc<AccessLog>, stopping: &CancellationToken) {
    record_every(HOUR, ledger, log, stopping);
}

fn record_every(period: Duration, ledger: &Ledger<World>, log: &Arc<AccessLog>, stopping: &CancellationToken) {
    let (ledger, log, stopping) = (ledger.clone(), Arc::clone(log), stopping.clone());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = sleep(period) => record_head(&ledger, &log).await,
                () = stopping.cancelled() => return,
            }
        }
    });
}

/// Writes what has queued and marks a clean stop.
pub async fn close(log: Arc<AccessLog>) {
    match spawn_blocking(move || log.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "the access ledger was not closed cleanly; the next start looks it over")
        }
        Err(_) => tracing::error!("closing the access ledger panicked; the next start looks it over"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use caseledger_events::access::Operation;
    use caseledger_events::envelope::{Role, Source};
    use caseledger_events::ids::CorrelationId;
    use caseledger_events::system::ledger_actor;
    use caseledger_events::viewed::{NewView, Viewed};
    use caseledger_log::LedgerOptions;

    use super::*;

    fn view(ledger: &Ledger<World>) -> NewView {
        NewView {
            actor: caseledger_events::envelope::Actor { role: Role::Auditor, ..ledger_actor() },
            on_behalf_of: None,
            source: Source::Person,
            request: CorrelationId([7; 16]),
            policy: 1,
            at: ledger.now(),
            viewed: Viewed::allowed(Operation::List),
        }
    }

    /// Waits until the log says that the access ledger reached a position.
    async fn recorded(ledger: &Ledger<World>, position: Position) -> AccessHeadRecorded {
        let begun = Instant::now();
        loop {
            if let Some(head) = last_recorded(ledger).unwrap().filter(|head| head.position == position) {
                return head;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the head at {position} was not recorded");
            sleep(Duration::from_millis(5)).await;
        }
    }

    #[tokio::test]
    async fn the_head_is_recorded_again_and_again_where_views_were_added_and_an_hour_is_the_longest_it_waits() {
        assert!(HOUR <= Duration::from_secs(3_600));
        let dir = tempfile::tempdir().unwrap();
        let options = || LedgerOptions { space_floor_bytes: 0, ballast_bytes: 0, ..LedgerOptions::default() };
        Ledger::<World>::create(dir.path(), &options()).unwrap();
        let (ledger, _) = Ledger::open(dir.path(), options(), World::default()).unwrap();
        let access = AccessLogOptions { space_floor_bytes: 0, ..AccessLogOptions::default() };
        let opened = AccessLog::open(&dir.path().join(ACCESS_DIR), ledger.identity().ledger, &access);
        let log = Arc::new(opened.unwrap().0);
        let stopping = CancellationToken::new();
        record_every(Duration::from_millis(20), &ledger, &log, &stopping);
        for position in 1..=2 {
            log.append(view(&ledger)).await.unwrap();
            let head = recorded(&ledger, Position(position)).await;
            assert_eq!(head.chain_hash.0, log.head().1.0, "view {position}");
        }
        let last = ledger.reader().durable();
        sleep(Duration::from_millis(200)).await;
        assert_eq!(ledger.reader().durable(), last, "nothing was looked at, nothing is recorded");
        stopping.cancel();
        close(log).await;
        ledger.shutdown();
    }
}

//! One SQLite file: how it is opened, and the mark that says what its rows stand for.

use std::path::Path;
use std::time::Duration;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_log::LedgerIdentity;
use caseledger_proof::Hash;
use chrono::NaiveDate;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::Model;

/// What the rows of a file stand for; changes in the transaction that changes the rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pub identity: LedgerIdentity,
    pub position: Position,
    /// The chain hash at the position.
    pub chain: Hash,
    /// When the event there was recorded: the *today* of a view, which has no clock.
    pub recorded_at: Timestamp,
    /// Up to here the history is being read for the first time; before that, queries would miss what has happened.
    pub target: Position,
}

impl Mark {
    /// Returns the mark of a file that holds nothing yet.
    pub fn start(identity: LedgerIdentity, target: Position) -> Mark {
        Mark { identity, position: Position(0), chain: Hash::ZERO, recorded_at: Timestamp(0), target }
    }

    /// Returns whether the history is still being read for the first time; the indexes for queries come at its end.
    pub fn is_building(&self) -> bool {
        self.position < self.target
    }
}

const MARK_TABLE: &str = "
CREATE TABLE view_mark (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    view     TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    ledger   BLOB    NOT NULL,
    epoch    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    chain    BLOB    NOT NULL,
    recorded_at INTEGER NOT NULL,
    target   INTEGER NOT NULL
) STRICT;
";

/// Creates the tables of a model in an empty file.
pub(crate) fn create(path: &Path, model: &Model, mark: Mark) -> rusqlite::Result<Connection> {
    let db = writer(path)?;
    let tx = db.unchecked_transaction()?;
    tx.execute_batch(MARK_TABLE)?;
    tx.execute_batch(model.schema)?;
    if !mark.is_building() {
        tx.execute_batch(model.indexes)?;
    }
    tx.execute(
        "INSERT INTO view_mark VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            model.name,
            model.version,
            mark.identity.ledger.0,
            mark.identity.epoch.0,
            number(mark.position),
            mark.chain.0,
            mark.recorded_at.0,
            number(mark.target)
        ],
    )?;
    tx.commit()?;
    Ok(db)
}

/// Opens a file for its worker.
pub(crate) fn open(path: &Path, model: &Model) -> rusqlite::Result<(Connection, Mark)> {
    let db = writer(path)?;
    let (view, version, mark) = db.query_row(
        "SELECT view, version, ledger, epoch, position, chain, recorded_at, target FROM view_mark WHERE one = 1",
        [],
        |row| {
            let ledger = LedgerId(row.get(2)?);
            let mark = Mark {
                identity: LedgerIdentity { ledger, epoch: Epoch(row.get(3)?) },
                position: position_of(row.get(4)?),
                chain: Hash(row.get(5)?),
                recorded_at: Timestamp(row.get(6)?),
                target: position_of(row.get(7)?),
            };
            Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, mark))
        },
    )?;
    if (view.as_str(), version) != (model.name, model.version) {
        return Err(damaged(format!("it holds version {version} of {view}")));
    }
    Ok((db, mark))
}

/// Keeps SQLite from planning a statement anew whenever it is run with other values: the tables are laid out for one
/// plan, and planning costs a worker or a query more than the plan can save.
fn plan_once(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Opens a file for queries; it cannot be changed through this connection.
pub(crate) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    plan_once(&db)?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "cache_size", -8 * 1024)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Opens a second connection that copies the write-ahead log back while the worker writes on.
pub(crate) fn checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(db)
}

/// Stores what the rows stand for now.
pub(crate) fn save_mark(db: &Connection, mark: &Mark) -> rusqlite::Result<()> {
    let mut statement =
        db.prepare_cached("UPDATE view_mark SET position = ?1, chain = ?2, recorded_at = ?3 WHERE one = 1")?;
    statement.execute(params![number(mark.position), mark.chain.0, mark.recorded_at.0])?;
    Ok(())
}

/// The state a query reads: how far it goes, and the New Zealand day of its latest event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AsOf {
    pub position: Position,
    pub day: NaiveDate,
}

/// Returns the state a reader's transaction sees.
pub(crate) fn as_of(db: &Connection) -> rusqlite::Result<AsOf> {
    let mut statement = db.prepare_cached("SELECT position, recorded_at FROM view_mark WHERE one = 1")?;
    statement
        .query_row([], |row| Ok(AsOf { position: position_of(row.get(0)?), day: Timestamp(row.get(1)?).auckland() }))
}

/// Returns a position as SQLite stores it.
pub(crate) fn number(position: Position) -> i64 {
    i64::try_from(position.0).expect("a ledger holds fewer than 2^63 events")
}

/// Reads a stored position; a negative one was never written, and belongs to no log.
pub(crate) fn position_of(number: i64) -> Position {
    Position(u64::try_from(number).unwrap_or(u64::MAX))
}

fn writer(path: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    plan_once(&db)?;
    // Rows and their position go in one transaction and the log can make both again: a power cut may take the last
    // transactions, never half of one.
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    // Nobody else writes; whoever does all the same is not waited for long.
    db.busy_timeout(Duration::from_millis(250))?;
    // Another connection copies back, see `checkpoint`.
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is deleted is gone from the file, and nothing personal reaches a temporary file (design §6).
    db.pragma_update(None, "secure_delete", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    builds(&db, false)?;
    // A crash may have left deleted pages in the log.
    truncate_log(&db);
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Lets a file's own writer copy the write-ahead log back, where no thread of its own does it (see `checkpoint`).
pub(crate) fn copies_back_by_itself(db: &Connection, by_itself: bool) -> rusqlite::Result<()> {
    const PAGES: i64 = 16_384;
    db.pragma_update(None, "wal_autocheckpoint", if by_itself { PAGES } else { 0 })
}

/// Settings of a file whose history is read for the first time, or of one that follows the log.
///
/// A file that is built changes the same pages again and again: they stay in memory, and the indexes that are made at its
/// end are sorted by a second thread.
pub(crate) fn builds(db: &Connection, is_building: bool) -> rusqlite::Result<()> {
    let (kib, threads) = if is_building { (192 * 1024, 2) } else { (64 * 1024, 0) };
    db.pragma_update(None, "cache_size", -kib)?;
    // The answer is the number of threads.
    db.query_row(&format!("PRAGMA threads = {threads}"), [], |_| Ok(()))
}

/// How often and how long it is tried to empty the write-ahead log while queries still read from it.
const TRUNCATE: (u32, Duration) = (200, Duration::from_millis(25));

/// Empties the write-ahead log: what was deleted lies in it no more.
///
/// Queries that read from it are waited for, five seconds at most; the next start empties it in any case.
pub(crate) fn truncate_log(db: &Connection) {
    for _ in 0..TRUNCATE.0 {
        match db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)) {
            Ok(0) => return,
            Ok(_) => std::thread::sleep(TRUNCATE.1),
            Err(error) => return tracing::warn!(%error, "a view's write-ahead log was not emptied after a disposal"),
        }
    }
    tracing::warn!("queries keep a view's write-ahead log from being emptied after a disposal; the next start does it");
}

/// Returns a row as stored: MessagePack by position, for the file belongs to one version of the shape.
pub(crate) fn encode<T: Serialize + DeserializeOwned>(row: &T) -> Vec<u8> {
    let bytes = encode_borrowed(row);
    // A field that is left out at times moves those behind it, which only a later process that reads the row would notice.
    debug_assert!(rmp_serde::from_slice::<T>(&bytes).is_ok(), "a row is written that cannot be read");
    bytes
}

/// Returns a row as stored that borrows what it is made of.
pub(crate) fn encode_borrowed<T: Serialize>(row: &T) -> Vec<u8> {
    rmp_serde::to_vec(row).expect("a row is plain data of known length")
}

/// Reads a stored row back.
pub(crate) fn decode<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let bytes = row.get_ref(column)?.as_blob()?;
    rmp_serde::from_slice(bytes).map_err(|_| damaged("a stored row cannot be read".to_owned()))
}

/// Makes the error of a file whose bytes are not what was written.
pub(crate) fn damaged(reason: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(reason))
}

/// What a failure of SQLite calls for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Remedy {
    /// The file is not what was written: build it anew.
    Rebuild,
    /// A full disk, a refused read, a lock: try again.
    Wait,
    /// The rows themselves do not fit the tables: neither waiting nor building anew helps.
    Stop,
}

/// Returns what a failure calls for.
pub(crate) fn remedy(error: &rusqlite::Error) -> Remedy {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::DiskFull
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::ReadOnly
            | ErrorCode::OperationInterrupted,
        ) => Remedy::Wait,
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig) => Remedy::Stop,
        // Among them missing tables and values of another type: what a file of ours never has.
        _ => Remedy::Rebuild,
    }
}

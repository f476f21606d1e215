//! What the tests of the views share: a real ledger with invented events, views on it, and what their files hold.

mod asking;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_events::testing::InClear;
use caseledger_log::{Group, LedgerIdentity, Store, StoreOptions};
use caseledger_projections::testing::{Tape, Term};
use caseledger_views::{ViewOptions, ViewState, ViewStatus, Views};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

#[allow(unused_imports, reason = "each test file uses its own part")]
pub use asking::*;

pub const IDENTITY: LedgerIdentity = LedgerIdentity { ledger: LedgerId([0xA1; 16]), epoch: Epoch(1) };

/// How long a test waits for something that happens in milliseconds on a machine that is not in trouble.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Small segments and no syncs: these tests are about views, the log has its own.
fn options() -> StoreOptions {
    StoreOptions { segment_bytes: 1 << 20, cache_bytes: 1 << 20, fdatasync: false, ..StoreOptions::default() }
}

/// A ledger directory with the views beside it.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    pub fn ledger(&self) -> PathBuf {
        self.dir.path().join("ledger")
    }

    pub fn views(&self) -> PathBuf {
        self.dir.path().join("views")
    }

    /// Creates a ledger that holds a tape.
    pub fn create(&self, tape: &Tape) -> Store {
        self.create_as(IDENTITY, tape)
    }

    /// Creates a ledger of another identity that holds a tape; what was there before is gone.
    pub fn create_as(&self, identity: LedgerIdentity, tape: &Tape) -> Store {
        let _ = std::fs::remove_dir_all(self.ledger());
        let mut store = Store::create(&self.ledger(), identity, &options()).unwrap();
        append(&mut store, tape);
        store
    }

    pub fn open(&self) -> Store {
        open_store(&self.ledger())
    }

    pub fn start(&self, store: &Store) -> Views {
        self.start_with(store, ViewOptions::default())
    }

    pub fn start_with(&self, store: &Store, options: ViewOptions) -> Views {
        Views::open(&self.views(), store.reader(), Arc::new(InClear), options).unwrap()
    }

    /// Builds the views anew in a directory of their own.
    pub fn start_in(&self, dir: &Path, store: &Store) -> Views {
        Views::open(dir, store.reader(), Arc::new(InClear), ViewOptions::default()).unwrap()
    }

    /// Builds the views anew in a directory of their own and returns what they hold.
    pub fn fresh(&self, store: &Store) -> String {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open(dir.path(), store.reader(), Arc::new(InClear), ViewOptions::default()).unwrap();
        caught_up(&views);
        views.shutdown();
        dump(dir.path())
    }

    /// Returns what the views hold.
    pub fn dump(&self) -> String {
        dump(&self.views())
    }
}

pub fn open_store(dir: &Path) -> Store {
    Store::open(dir, &options()).unwrap().0
}

/// Appends the events of a tape that the store lacks, a few to a group.
pub fn append(store: &mut Store, tape: &Tape) {
    let (head, _) = store.head();
    for frames in tape.frames()[head.0 as usize..].chunks(7) {
        let (head, chain) = store.head();
        let mut group = Group::new(head.next(), chain);
        frames.iter().for_each(|frame| {
            group.push(frame);
        });
        store.commit(&group).unwrap();
    }
}

/// Invents a term.
pub fn term(seed: u64, events: usize) -> Tape {
    let mut tape = Tape::new();
    Term::new(seed, 20).play(&mut tape, events);
    tape
}

pub fn status(views: &Views) -> ViewStatus {
    status_of(views, "case_view")
}

pub fn status_of(views: &Views, view: &str) -> ViewStatus {
    views.status().into_iter().find(|status| status.view == view).unwrap()
}

/// Waits until something holds of the case view.
#[track_caller]
pub fn until(views: &Views, holds: impl Fn(&ViewStatus) -> bool) -> ViewStatus {
    until_of(views, "case_view", holds)
}

/// Waits until something holds of a view.
#[track_caller]
pub fn until_of(views: &Views, view: &str, holds: impl Fn(&ViewStatus) -> bool) -> ViewStatus {
    let begun = Instant::now();
    loop {
        let status = status_of(views, view);
        if holds(&status) {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "{status:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until the case view has read everything.
#[track_caller]
pub fn caught_up(views: &Views) -> ViewStatus {
    followed(views, "case_view")
}

/// Waits until a view has read everything.
#[track_caller]
pub fn followed(views: &Views, view: &str) -> ViewStatus {
    until_of(views, view, |status| status.position == status.head && status.state == ViewState::Following)
}

/// Waits until the case view has stopped before an event.
#[track_caller]
pub fn stalled(views: &Views) -> (Position, String) {
    match until(views, |status| matches!(status.state, ViewState::Stalled { .. })).state {
        ViewState::Stalled { at, reason } => (at, reason),
        other => panic!("{other:?}"),
    }
}

/// Returns the file of the case view that is in use.
pub fn current(dir: &Path) -> PathBuf {
    current_of(dir, "case_view")
}

/// Returns the file of a view that is in use.
pub fn current_of(dir: &Path, view: &str) -> PathBuf {
    dir.join(std::fs::read_to_string(dir.join(format!("{view}.current"))).unwrap().trim())
}

pub fn read_only(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Lists the tables of a file, but SQLite's own and those the index of names is made of.
pub fn tables(db: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
               AND name NOT LIKE 'case\\_names\\_%' ESCAPE '\\' ORDER BY name";
    let mut statement = db.prepare(sql).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<rusqlite::Result<_>>().unwrap()
}

/// Returns every row of a table as text, in order.
pub fn rows(db: &Connection, table: &str) -> Vec<String> {
    let columns = if table == "case_names" { "rowid, names" } else { "*" };
    let mut statement = db.prepare(&format!("SELECT {columns} FROM {table}")).unwrap();
    let count = statement.column_count();
    let rows = statement
        .query_map([], |row| {
            let cells = (0..count).map(|n| text(row.get_ref(n).unwrap()));
            Ok(cells.collect::<Vec<_>>().join(" | "))
        })
        .unwrap();
    let mut rows: Vec<String> = rows.collect::<rusqlite::Result<_>>().unwrap();
    rows.sort();
    rows
}

fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "-".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => hex::encode(bytes),
    }
}

/// Returns everything the file in use holds, but how far it had to read before it answered.
pub fn dump(dir: &Path) -> String {
    dump_of(dir, "case_view")
}

/// Returns everything the file of a view in use holds, but how far it had to read before it answered.
pub fn dump_of(dir: &Path, view: &str) -> String {
    let db = read_only(&current_of(dir, view));
    let mut out = String::new();
    for table in tables(&db) {
        out += &format!("== {table}\n");
        let rows = match table.as_str() {
            "view_mark" => {
                let sql = "SELECT hex(ledger), epoch, position, hex(chain), recorded_at FROM view_mark";
                let mark = |row: &rusqlite::Row<'_>| {
                    Ok(format!(
                        "{} {} {} {} {}",
                        row.get::<_, String>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, i64>(2)?,
                        row.get::<_, String>(3)?,
                        row.get::<_, i64>(4)?
                    ))
                };
                vec![db.query_row(sql, [], mark).unwrap()]
            }
            table => rows(&db, table),
        };
        out += &rows.join("\n");
        out.push('\n');
    }
    out
}

//! The opening protocol (design §4, "Open"): after it both copies are whole and equal, or nothing is opened.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use caseledger_events::ids::Position;
use caseledger_proof::Hash;
use parking_lot::Mutex;
use tokio::sync::watch;

use super::Store;
use super::agree::{Agreement, write_failed};
use super::clean::{read_mark, remove_mark};
use super::copies::Copies;
use super::findings::Findings;
use super::load::{Loader, failed, read_head};
use super::lock::DirLock;
use crate::error::OpenError;
use crate::frame_group::Group;
use crate::identity::LedgerIdentity;
use crate::journal::files::Files;
use crate::journal::keeper::{Keeper, KeeperHandle};
use crate::journal::rebuild::OtherCopy;
use crate::journal::scan::Damage;
use crate::journal::segment::{HeaderFound, JOURNAL_DIR, SegmentHeader, list_segments};
use crate::journal::table::{Segment, SegmentTable};
use crate::journal::writer::JournalWriter;
use crate::options::StoreOptions;
use crate::reader::Reader;
use crate::report::{Finding, OpenReport};
use crate::sled_store::{SLED_DIR, SledFault, SledOpen, SledStore, SledWriter, move_aside, sweep};

/// Stands in for sled while there is none.
struct NoCopy(String);

impl OtherCopy for NoCopy {
    fn fetch(&self, _: Position, _: Position) -> Result<Group, String> {
        Err(format!("the sled store cannot help: {}", self.0))
    }
}

/// A store whose copies are open but not yet compared.
struct Opening<'a> {
    dir: &'a Path,
    options: &'a StoreOptions,
    identity: LedgerIdentity,
    report: OpenReport,
}

impl Store {
    /// Creates an empty ledger; the directory may exist but holds no ledger.
    pub fn create(dir: &Path, identity: LedgerIdentity, options: &StoreOptions) -> Result<Store, OpenError> {
        let options = &options.effective();
        create_private_dir(dir).map_err(failed("create", dir))?;
        let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        options.io.fsync_dir(parent).map_err(failed("sync", parent))?;
        let lock = DirLock::acquire(dir)?;
        let journal = dir.join(JOURNAL_DIR);
        let sled_dir = dir.join(SLED_DIR);
        if sled_dir.exists() || !list_segments(&journal).map_err(failed("read", &journal))?.is_empty() {
            return Err(OpenError::AlreadyThere { dir: dir.to_owned() });
        }
        create_private_dir(&journal).map_err(failed("create", &journal))?;
        let mut opening = Opening { dir, options, identity, report: OpenReport::default() };
        let no_copy = NoCopy("the ledger is being created".into());
        let segments = opening.load_journal(&[], &no_copy)?.0;
        options.io.fsync_dir(dir).map_err(failed("sync", dir))?;
        let sled = opening.create_sled()?;
        opening.assemble(lock, segments, (Position(0), Hash::ZERO), sled)
    }

    /// Opens a ledger and brings its two copies to the same state.
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<(Store, OpenReport), OpenError> {
        let began = Instant::now();
        let options = &options.effective();
        if !dir.is_dir() {
            return Err(OpenError::NoLedger { dir: dir.to_owned() });
        }
        let lock = DirLock::acquire(dir)?;
        let journal = dir.join(JOURNAL_DIR);
        let sled_dir = dir.join(SLED_DIR);
        let mark = read_mark(dir);
        let files = list_segments(&journal).map_err(failed("read", &journal))?;
        if files.is_empty() && !sled_dir.join("db").exists() {
            return Err(OpenError::NoLedger { dir: dir.to_owned() });
        }
        create_private_dir(&journal).map_err(failed("create", &journal))?;
        remove_unfinished(&journal).map_err(failed("tidy", &journal))?;
        let mut findings = Vec::new();
        match sweep(&sled_dir).map_err(failed("tidy", &sled_dir))? {
            0 => {}
            files => findings.push(Finding::Swept { files }),
        }
        let opened = SledStore::open(&sled_dir, options)?;
        let identity = agree_on_identity(dir, &files, &opened)?;
        let report = OpenReport { clean: mark.is_some(), findings, ..OpenReport::default() };
        let opening = Opening { dir, options, identity, report };
        let (sled, why) = match opened {
            SledOpen::Open(sled, _) => (Some(sled), String::new()),
            SledOpen::Unusable { why } => (None, why),
        };
        let (mut store, mut report) = opening.with_sled(lock, &files, sled, why)?;
        if let Some((position, chain)) = mark {
            check_mark(&mut store, position, chain)?;
            remove_mark(dir, &options.io).map_err(failed("remove the clean mark in", dir))?;
        }
        report.head = store.head().0;
        report.took = began.elapsed();
        Ok((store, report))
    }
}

/// What a clean stop left must be there again.
fn check_mark(store: &mut Store, position: Position, chain: Hash) -> Result<(), OpenError> {
    let lost = |why: &str| OpenError::Lost { first: store.head().0.next(), last: position, why: why.to_owned() };
    if store.head().0 < position {
        return Err(lost("the ledger was closed with them and now both copies end before"));
    }
    match store.reader().chain_at(position) {
        Ok(found) if found == chain => Ok(()),
        Ok(_) => Err(lost("the ledger was closed with another history")),
        Err(error) => Err(lost(&error.to_string())),
    }
}

/// Reads which ledger the directory holds from the first intact segment header and from sled.
fn agree_on_identity(
    dir: &Path,
    files: &[(Position, std::path::PathBuf)],
    sled: &SledOpen,
) -> Result<LedgerIdentity, OpenError> {
    let mut journal = None;
    for (_, path) in files {
        let head = read_head(path).map_err(failed("read", path))?;
        if let HeaderFound::Intact(header) = SegmentHeader::read(&head, path)? {
            journal = Some(header.identity);
            break;
        }
    }
    match (journal, sled) {
        (Some(journal), SledOpen::Open(_, sled)) if journal != *sled => {
            Err(OpenError::OtherLedger { journal, sled: *sled })
        }
        (_, SledOpen::Open(_, sled)) => Ok(*sled),
        (Some(journal), SledOpen::Unusable { .. }) => Ok(journal),
        (None, SledOpen::Unusable { why }) if files.is_empty() => {
            Err(OpenError::Lost { first: Position(1), last: Position(0), why: why.clone() })
        }
        (None, SledOpen::Unusable { why }) => Err(OpenError::Lost {
            first: Position(1),
            last: Position(0),
            why: format!("no segment in {} has an intact header, and of the sled store: {why}", dir.display()),
        }),
    }
}

impl Opening<'_> {
    /// Loads the journal with sled's help, then brings both to the same end.
    fn with_sled(
        mut self,
        lock: DirLock,
        files: &[(Position, std::path::PathBuf)],
        sled: Option<SledStore>,
        mut why: String,
    ) -> Result<(Store, OpenReport), OpenError> {
        let mut found = None;
        if let Some(sled) = &sled {
            match sled.head() {
                Ok(head) => found = Some(head),
                Err(fault) => why = format!("its newest value cannot be read: {fault}"),
            }
        }
        let usable = sled.filter(|_| found.is_some());
        let no_copy = NoCopy(why.clone());
        let other: &dyn OtherCopy = usable.as_ref().map_or(&no_copy, |sled| sled);
        let (segments, head) = self.load_journal(files, other)?;
        let (sled, found, rebuilt) = match (usable, found) {
            (Some(sled), Some(found)) => (sled, found, None),
            _ => {
                let sled_dir = self.dir.join(SLED_DIR);
                let moved = move_aside(&sled_dir, &self.options.io).map_err(failed("move aside", &sled_dir))?;
                (self.create_sled()?, (Position(0), Hash::ZERO), Some((why, moved)))
            }
        };
        let mut report = std::mem::take(&mut self.report);
        let mut store = self.assemble(lock, segments, head, sled)?;
        let caught_up = store.agree(found)?;
        report.findings.extend(match (rebuilt, caught_up) {
            (Some((why, moved_to)), caught_up) => {
                let replayed = if let Some(Finding::SledBehind { replayed, .. }) = caught_up { replayed } else { 0 };
                Some(Finding::SledRebuilt { why, moved_to, replayed })
            }
            (None, caught_up) => caught_up,
        });
        Ok((store, report))
    }

    fn load_journal(
        &mut self,
        files: &[(Position, std::path::PathBuf)],
        other: &dyn OtherCopy,
    ) -> Result<(Vec<Segment>, (Position, Hash)), OpenError> {
        let mut loader = Loader {
            dir: &self.dir.join(JOURNAL_DIR),
            identity: self.identity,
            segment_bytes: self.options.segment_bytes,
            clean: self.report.clean,
            io: &self.options.io,
            other,
            segments: Vec::new(),
            findings: Vec::new(),
            next: Position(1),
            before: Hash::ZERO,
        };
        loader.load(files)?;
        self.report.findings.append(&mut loader.findings);
        Ok((loader.segments, (Position(loader.next.0 - 1), loader.before)))
    }

    fn create_sled(&self) -> Result<SledStore, OpenError> {
        let path = self.dir.join(SLED_DIR);
        SledStore::create(&path, self.identity, self.options).map_err(|fault| match fault {
            SledFault::Io(source) => OpenError::Io { action: "create the sled store in", path, source },
            other => OpenError::Sled { path, reason: other.to_string() },
        })
    }

    /// Puts the parts together and starts the threads.
    fn assemble(
        self,
        lock: DirLock,
        segments: Vec<Segment>,
        head: (Position, Hash),
        sled: SledStore,
    ) -> Result<Store, OpenError> {
        let journal = self.dir.join(JOURNAL_DIR);
        let table = Arc::new(SegmentTable::new(segments));
        let (keeper, work) = KeeperHandle::new(&journal, self.identity, self.options.segment_bytes);
        let copies = Arc::new(Copies {
            identity: self.identity,
            io: self.options.io.clone(),
            files: Files::default(),
            table: Arc::clone(&table),
            keeper: keeper.clone(),
            sled: Arc::new(sled),
            durable: watch::Sender::new(head.0),
            head: Mutex::new(head),
            findings: Findings::default(),
            repairing: Mutex::default(),
        });
        let writer = JournalWriter::open(&journal, self.identity, self.options, table, keeper).map_err(write_failed)?;
        let sled_writer =
            SledWriter::spawn(Arc::clone(&copies.sled)).map_err(failed("start a thread for", self.dir))?;
        let keeper = spawn_keeper(work, &copies).map_err(failed("start a thread for", self.dir))?;
        Ok(Store {
            dir: self.dir.to_owned(),
            reader: Reader { copies },
            journal: writer,
            sled: sled_writer,
            keeper: Some(keeper),
            stopped: false,
            _lock: lock,
        })
    }
}

fn spawn_keeper(work: Keeper, copies: &Arc<Copies>) -> std::io::Result<std::thread::JoinHandle<()>> {
    let copies = Arc::clone(copies);
    work.spawn(move |segment: &Segment| {
        let (file, position) = (segment.path.clone(), segment.first);
        let damage = Damage { file, offset: 0, position, what: "a record did not hold" };
        if let Err(error) = copies.repair_segment(segment, damage) {
            tracing::error!(%error, "a damaged journal segment could not be repaired");
        }
    })
}

impl Store {
    /// Compares both ends, refuses a fork, and catches up the copy that is behind.
    fn agree(&mut self, sled: (Position, Hash)) -> Result<Option<Finding>, OpenError> {
        let copies = Arc::clone(&self.reader.copies);
        let mut agreement = Agreement { copies: &copies, writer: &mut self.journal };
        agreement.check(sled)?;
        let (journal, _) = *copies.head.lock();
        let finding = match sled.0.cmp(&journal) {
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Less => {
                let replayed = agreement.catch_up_sled(sled.0)?;
                Some(Finding::SledBehind { had: sled.0, replayed })
            }
            std::cmp::Ordering::Greater => {
                let appended = agreement.catch_up_journal(sled)?;
                Some(Finding::JournalBehind { had: journal, appended })
            }
        };
        copies.durable.send_replace(copies.head.lock().0);
        Ok(finding)
    }
}

/// Makes a directory that only its owner may enter.
pub(crate) fn create_private_dir(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Removes files that were being written when a process ended.
pub(crate) fn remove_unfinished(journal: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(journal)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

//! Making a ledger: secret, ballast, both copies of the log, and position 1.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use caseledger_events::codec::{self, FORMAT};
use caseledger_events::envelope::{Recorded, Source};
use caseledger_events::ids::{CorrelationId, Epoch, LedgerId, Position, Version};
use caseledger_events::system::{LedgerEvent, ledger_actor};

use crate::error::OpenError;
use crate::frame_group::Group;
use crate::identity::LedgerIdentity;
use crate::ledger::options::LedgerOptions;
use crate::ledger::salts::Salts;
use crate::ledger::secret::LedgerSecret;
use crate::ledger::space::Space;
use crate::ledger::start::StartError;
use crate::reader::Reader;
use crate::store::Store;

/// Creates a ledger in a directory and writes its first event; finishes a creation that was interrupted.
///
/// `options.simulated` decides for ever whether recorded times are real.
pub(crate) fn create(dir: &Path, options: &LedgerOptions) -> Result<LedgerIdentity, StartError> {
    private_dir(dir).map_err(|source| StartError::Io { action: "create the data directory", source })?;
    let mut salts = Salts::new();
    let identity = LedgerIdentity { ledger: LedgerId(random_id()), epoch: Epoch(1) };
    let mut store = match Store::create(dir, identity, &options.store) {
        Err(OpenError::AlreadyThere { dir }) => unfinished(&dir, options)?,
        store => store?,
    };
    LedgerSecret::create(dir)?;
    let space = Space::new(dir, options.space_probe.clone(), options.space_floor_bytes);
    if let Err(error) = space.take_ballast(options.ballast_bytes) {
        tracing::warn!(%error, "the ballast file could not be made");
    }
    let (head, chain) = store.head();
    let mut group = Group::new(head.next(), chain);
    write_first(&mut group, options, &mut salts);
    store.commit(&group)?;
    let identity = store.identity();
    store.close()?;
    tracing::info!(dir = %dir.display(), %identity, simulated = options.simulated.is_some(), "ledger created");
    Ok(identity)
}

/// Opens a store that holds nothing yet; a store with events is somebody's ledger.
fn unfinished(dir: &Path, options: &LedgerOptions) -> Result<Store, StartError> {
    let (store, _) = Store::open(dir, &options.store)?;
    match store.head() {
        (Position(0), _) => Ok(store),
        _ => Err(OpenError::AlreadyThere { dir: dir.to_owned() }.into()),
    }
}

fn write_first(group: &mut Group, options: &LedgerOptions, salts: &mut Salts) {
    let now = options.simulated.unwrap_or_else(|| options.clock.wall());
    let draft = LedgerEvent::LedgerCreated { simulated: options.simulated.is_some(), format: FORMAT }.draft(now);
    let event = Recorded {
        position: group.next(),
        stream: draft.stream,
        version: Version(1),
        previous: Position(0),
        kind: draft.kind,
        schema: draft.schema,
        occurred_at: draft.occurred_at,
        recorded_at: now,
        source_recorded_at: None,
        actor: ledger_actor(),
        on_behalf_of: None,
        source: Source::Ledger,
        scope: draft.scope,
        policy: 0,
        correlation: CorrelationId(salts.next()),
        causation: None,
        tag: None,
        salt: salts.next(),
        facts: &draft.facts,
        parts: Vec::new(),
    };
    group.push_with(|out| codec::encode(&event, out));
}

/// Reads what position 1 says, and refuses what these options are not for.
pub(crate) fn check_first(reader: &Reader, options: &LedgerOptions) -> Result<(), StartError> {
    if reader.durable() == Position(0) {
        return Err(StartError::Unfinished);
    }
    let entry = reader.get(Position(1))?;
    let event = entry.decode().map_err(|source| StartError::Unfoldable { position: Position(1), source })?;
    let first = LedgerEvent::read(&event).map_err(|source| StartError::Unfoldable { position: Position(1), source })?;
    match first {
        Some(LedgerEvent::LedgerCreated { format, .. }) if format != FORMAT => {
            Err(StartError::OtherFormat { found: format })
        }
        Some(LedgerEvent::LedgerCreated { simulated, .. }) => match (simulated, options.simulated.is_some()) {
            (true, false) => Err(StartError::IsSimulated),
            (false, true) => Err(StartError::IsReal),
            _ => Ok(()),
        },
        _ => Err(StartError::NotOurs),
    }
}

fn random_id() -> [u8; 16] {
    let mut id = [0; 16];
    SystemRandom::new().fill(&mut id).expect("the system's random source works once it has started");
    id
}

/// Creates a directory for its owner's eyes alone, or takes it away from others'.
fn private_dir(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

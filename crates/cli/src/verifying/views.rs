//! The access ledger: walked like the log, then held against what the log says of it.

use std::path::Path;

use caseledger_events::ids::Position;
use caseledger_events::viewed::AccessHeadRecorded;
use caseledger_log::{ACCESS_DIR, JournalReader, LedgerIdentity, OpenError, ReadError};
use caseledger_proof::Hash;

use super::walk::{Damage, Walk};
use crate::commands::verify::walk;
use crate::exit::Failure;

/// What was found of the access ledger.
pub struct Views {
    /// The last view that holds, and the chain hash there.
    pub head: (Position, Hash),
    /// How many heads of it the log recorded, all of which were found.
    pub heads: usize,
    /// What does not hold; positions are those of the access ledger.
    pub damage: Option<Damage>,
}

/// Walks the access ledger of a data directory and looks for every head that the log recorded of it.
pub fn check(data: &Path, ledger: LedgerIdentity, heads: &[AccessHeadRecorded]) -> Result<Views, Failure> {
    let nothing = |damage| Views { head: (Position(0), Hash::ZERO), heads: 0, damage };
    let journal = match JournalReader::open(&data.join(ACCESS_DIR)) {
        Ok(journal) => journal,
        Err(ReadError::Open(OpenError::NoLedger { .. })) => {
            let first = heads.iter().map(|head| head.position).find(|&position| position > Position(0));
            let what = "the log recorded it as the head of the access ledger, which is not there";
            return Ok(nothing(first.map(|position| Damage { position, what: what.to_owned() })));
        }
        Err(error) => return Err(error.into()),
    };
    let found = journal.identity();
    if found.ledger != ledger.ledger {
        let what = format!("the access ledger belongs to ledger {} and not to {}", found.ledger, ledger.ledger);
        return Ok(nothing(Some(Damage { position: Position(1), what })));
    }
    let mut wanted: Vec<Position> = heads.iter().map(|head| head.position).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let (walk, damage) = walk(&journal, Walk::of_views(found.epoch, wanted))?;
    let damage = damage.or_else(|| missing(heads, &walk));
    Ok(Views { head: walk.head(), heads: heads.len(), damage })
}

/// Returns the first recorded head that the access ledger does not have.
fn missing(heads: &[AccessHeadRecorded], walk: &Walk) -> Option<Damage> {
    let found = |position: Position| {
        let at = walk.found().binary_search_by_key(&position, |found| found.0).ok()?;
        Some(walk.found()[at].1)
    };
    heads.iter().filter(|head| head.position > Position(0)).find_map(|head| {
        let recorded = Hash(head.chain_hash.0);
        let what = match found(head.position) {
            Some(chain) if chain == recorded => return None,
            Some(chain) => format!("its chain hash is {chain}, and the log recorded {recorded}"),
            None => format!("the log recorded it, and the access ledger ends at {}", walk.head().0),
        };
        Some(Damage { position: head.position, what })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_events::access::Operation;
    use caseledger_events::dates::Timestamp;
    use caseledger_events::envelope::Source;
    use caseledger_events::ids::{CorrelationId, Epoch, LedgerId};
    use caseledger_events::system::ledger_actor;
    use caseledger_events::viewed::{ChainHash, NewView, Viewed};
    use caseledger_log::{AccessLog, AccessLogOptions};

    const LEDGER: LedgerIdentity = LedgerIdentity { ledger: LedgerId([7; 16]), epoch: Epoch(3) };

    /// Puts views on record and returns the head after each.
    fn record(data: &Path, views: u64) -> Vec<AccessHeadRecorded> {
        let options = AccessLogOptions { segment_bytes: 16 << 10, space_floor_bytes: 0, ..Default::default() };
        let (log, _) = AccessLog::open(&data.join(ACCESS_DIR), LEDGER.ledger, &options).unwrap();
        let view = |n: u64| NewView {
            actor: ledger_actor(),
            on_behalf_of: None,
            source: Source::Person,
            request: CorrelationId([n as u8; 16]),
            policy: 1,
            at: Timestamp(n as i64),
            viewed: Viewed::allowed(Operation::List),
        };
        let head = |n| {
            let receipt = log.append(view(n)).wait().unwrap();
            AccessHeadRecorded { position: receipt.position, chain_hash: ChainHash(receipt.chain.0) }
        };
        (0..views).map(head).collect()
    }

    fn damage(data: &Path, heads: &[AccessHeadRecorded]) -> Option<(Position, String)> {
        check(data, LEDGER, heads).unwrap().damage.map(|damage| (damage.position, damage.what))
    }

    #[test]
    fn an_access_ledger_holds_when_every_recorded_head_is_in_it() {
        let data = tempfile::tempdir().unwrap();
        let empty = AccessHeadRecorded { position: Position(0), chain_hash: ChainHash([0; 32]) };
        assert_eq!(damage(data.path(), &[]), None, "nobody has looked at anything yet");
        assert_eq!(damage(data.path(), &[empty]), None);
        let heads = record(data.path(), 100);
        let views = check(data.path(), LEDGER, &heads).unwrap();
        assert!(views.damage.is_none());
        assert_eq!((views.head.0, views.heads), (Position(100), 100));
    }

    #[test]
    fn views_cut_off_another_history_and_a_missing_ledger_show_by_the_recorded_heads() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (heads, longer) = (record(one.path(), 5), record(other.path(), 9));
        let (position, what) = damage(one.path(), &longer).unwrap();
        assert!(position == Position(1) && what.contains("the log recorded"), "{position}: {what}");
        let beyond = AccessHeadRecorded { position: Position(9), ..heads[4] };
        let (position, what) = damage(one.path(), &[heads[4], beyond]).unwrap();
        assert!(position == Position(9) && what.contains("ends at 5"), "{position}: {what}");
        let (position, what) = damage(&one.path().join("elsewhere"), &heads).unwrap();
        assert!(position == Position(1) && what.contains("not there"), "{position}: {what}");
        let stranger = LedgerIdentity { ledger: LedgerId([8; 16]), ..LEDGER };
        let found = check(one.path(), stranger, &heads).unwrap().damage.unwrap();
        assert!(found.what.contains("belongs to ledger"), "{}", found.what);
    }

    #[test]
    fn damage_is_named_with_its_position() {
        let data = tempfile::tempdir().unwrap();
        let heads = record(data.path(), 100);
        let segment = data.path().join(ACCESS_DIR).join("journal/00000000000000000001.seg");
        let mut bytes = std::fs::read(&segment).unwrap();
        bytes[160] ^= 1;
        std::fs::write(&segment, bytes).unwrap();
        assert_eq!(damage(data.path(), &heads).unwrap().0, Position(1));
    }
}

//! Receipts that clients kept: each must be found in the log as it was given.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_log::LedgerIdentity;
use caseledger_proof::Hash;
use serde::Deserialize;
use serde_json::Value;

use crate::exit::{Exit, Failure};

/// A receipt as `POST /v1/cases/…` answers it; what else stands in it is not needed here.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct KeptReceipt {
    /// The ledger that gave it.
    pub ledger: LedgerId,
    /// The epoch it was given in.
    pub epoch: Epoch,
    /// The position of the last event it acknowledges.
    pub position: Position,
    /// The chain hash there.
    pub chain_hash: String,
}

/// Reads receipts, one JSON object a line: a receipt itself, or an answer that holds one under `receipt`.
pub fn read(path: &Path) -> Result<Vec<KeptReceipt>, Failure> {
    let file = File::open(path).map_err(|error| Failure::file("open", path, &error))?;
    let mut receipts = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|error| Failure::file("read", path, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        let receipt = one(&line).map_err(|error| {
            let what = format!("{}, line {}, is no receipt: {error}", path.display(), number + 1);
            Failure::new(Exit::Usage, what)
                .next("a receipt is one line of JSON with ledger, epoch, position and chain_hash")
        })?;
        receipts.extend(receipt);
    }
    Ok(receipts)
}

/// Reads one line; `None` for an answer that acknowledged nothing because there was nothing to do.
fn one(line: &str) -> Result<Option<KeptReceipt>, serde_json::Error> {
    let mut value: Value = serde_json::from_str(line)?;
    match value.get_mut("receipt").map(Value::take) {
        Some(Value::Null) => Ok(None),
        Some(receipt) => serde_json::from_value(receipt).map(Some),
        None => serde_json::from_value(value).map(Some),
    }
}

/// Says why a receipt does not hold; `None` where it does. `found` is the chain hash at its position, if there is one.
pub fn check(receipt: &KeptReceipt, identity: LedgerIdentity, found: Option<Hash>) -> Option<String> {
    let KeptReceipt { ledger, epoch, position, chain_hash } = receipt;
    if *ledger != identity.ledger {
        return Some(format!("it was given by ledger {ledger}, this is ledger {}", identity.ledger));
    }
    let Some(found) = found else {
        return Some(format!("position {position} is not in the log: an acknowledged event is lost"));
    };
    if found.to_string() == *chain_hash {
        return None;
    }
    if *epoch != identity.epoch {
        return Some(format!(
            "another event stands there since a restore: it was given in epoch {epoch}, this is epoch {}",
            identity.epoch
        ));
    }
    Some(format!("the chain hash at position {position} is {found}, the receipt says {chain_hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(position: u64, hash: Hash) -> KeptReceipt {
        let chain_hash = hash.to_string();
        KeptReceipt { ledger: LedgerId([1; 16]), epoch: Epoch(1), position: Position(position), chain_hash }
    }

    #[test]
    fn receipts_are_read_bare_or_in_their_answer() {
        let bare = format!(
            r#"{{"ledger":"01010101-0101-0101-0101-010101010101","epoch":1,"position":3,"stream":"case/x","chain_hash":"{}"}}"#,
            Hash::ZERO
        );
        assert_eq!(one(&bare).unwrap(), Some(receipt(3, Hash::ZERO)));
        assert_eq!(one(&format!(r#"{{"case":"x","receipt":{bare}}}"#)).unwrap(), Some(receipt(3, Hash::ZERO)));
        assert_eq!(one(r#"{"case":"x","receipt":null,"nothing_to_do":true}"#).unwrap(), None);
        assert!(one("{}").is_err());
    }

    #[test]
    fn a_receipt_holds_only_with_its_ledger_position_and_hash() {
        let here = LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(1) };
        let (good, bad) = (Hash([1; 32]), Hash([2; 32]));
        assert_eq!(check(&receipt(3, good), here, Some(good)), None);
        let later = LedgerIdentity { epoch: Epoch(2), ..here };
        assert_eq!(check(&receipt(3, good), later, Some(good)), None, "kept by the restore");
        for (identity, found, says) in [
            (LedgerIdentity { ledger: LedgerId([9; 16]), ..here }, Some(good), "given by ledger"),
            (here, None, "is lost"),
            (here, Some(bad), "the receipt says"),
            (later, Some(bad), "since a restore"),
        ] {
            let why = check(&receipt(3, good), identity, found).unwrap();
            assert!(why.contains(says), "{why}");
        }
    }
}

//! Opaque cursors: where a page ended, bound to the list it was a page of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use caseledger_log::LedgerIdentity;
use caseledger_proof::leaf;

use crate::error::QueryError;

const FORM: u8 = 1;

/// A list, as far as a cursor must belong to it: ledger, epoch, what is listed and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListId([u8; 8]);

impl ListId {
    /// Returns the id of a list.
    pub fn of(identity: LedgerIdentity, what: &str) -> ListId {
        let hash = leaf(format!("{identity}\n{what}").as_bytes());
        let mut id = [0; 8];
        id.copy_from_slice(&hash.0[..8]);
        ListId(id)
    }

    /// Returns the cursor of the page after `key`.
    pub fn cursor(self, key: u64) -> String {
        self.cursor_of(&key.to_be_bytes())
    }

    /// Reads a cursor of this list back.
    pub fn key(self, cursor: &str) -> Result<u64, QueryError> {
        self.key_bytes(cursor).map(u64::from_be_bytes)
    }

    /// Returns the cursor of the page after a key of several parts.
    pub fn cursor_of(self, key: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode([&[FORM], &self.0[..], key].concat())
    }

    /// Reads the key of a cursor of this list back, of so many bytes.
    pub fn key_bytes<const N: usize>(self, cursor: &str) -> Result<[u8; N], QueryError> {
        let bad = |why| QueryError::BadCursor { why };
        let foreign = || bad("is not one of this service");
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| foreign())?;
        let (form, rest) = bytes.split_first().ok_or_else(foreign)?;
        let (list, key) = rest.split_at_checked(self.0.len()).ok_or_else(foreign)?;
        let key = key.try_into().map_err(|_| foreign())?;
        match (*form == FORM, list == self.0) {
            (false, _) => Err(foreign()),
            (_, false) => Err(bad("was made for another list, or for a ledger that was restored since")),
            _ => Ok(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use caseledger_events::ids::{Epoch, LedgerId};

    use super::*;

    fn ledger(epoch: u32) -> LedgerIdentity {
        LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(epoch) }
    }

    #[test]
    fn a_cursor_reads_back_for_its_own_list_alone() {
        let list = ListId::of(ledger(0), "a");
        assert_eq!(list.key(&list.cursor(42)), Ok(42));
        for other in [ListId::of(ledger(0), "b"), ListId::of(ledger(1), "a")] {
            let error = other.key(&list.cursor(42)).unwrap_err();
            assert!(error.to_string().contains("another list"), "{error}");
        }
        for nonsense in ["", "abc", "!!", "AAAAAAAAAAAAAAAAAAAAAAA"] {
            let error = list.key(nonsense).unwrap_err();
            assert!(error.to_string().contains("not one of this service"), "{nonsense}: {error}");
        }
    }
}

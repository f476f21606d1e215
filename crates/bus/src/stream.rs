//! The stream `LEDGER`: how it is set up, and what tells another one apart from it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use caseledger_events::ids::{Epoch, LedgerId};
use caseledger_events::public::SUBJECTS;
use caseledger_log::LedgerIdentity;

use crate::api::STREAM;
use crate::halt::Halt;

/// The largest message the stream takes, headers and body together.
///
/// A body takes 16 KiB at most, headers under 2 KiB; the rest is room for headers to come.
pub const MESSAGE_BYTES_MAX: i32 = 32 * 1024;

const LEDGER_KEY: &str = "ledger";
const EPOCH_KEY: &str = "epoch";

/// What may differ between installations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamSettings {
    /// How many servers of a cluster keep each message: 1, or 3 in the replicated mode.
    pub replicas: usize,
    /// Bytes after which the stream takes no more; -1 for no limit but that of the account.
    pub bytes_max: i64,
}

impl Default for StreamSettings {
    fn default() -> Self {
        StreamSettings { replicas: 1, bytes_max: -1 }
    }
}

/// Returns the configuration of the stream of a ledger in its epoch.
pub(crate) fn config(identity: LedgerIdentity, settings: StreamSettings) -> Config {
    Config {
        name: STREAM.to_owned(),
        description: Some("The public events of the case ledger; sequence = position.".to_owned()),
        subjects: vec![SUBJECTS.to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        // A full store refuses; it never drops the oldest.
        discard: DiscardPolicy::New,
        max_bytes: settings.bytes_max,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_message_size: MESSAGE_BYTES_MAX,
        num_replicas: settings.replicas,
        // Message ids are not used: the fence needs no window. 100 ms is the least the server takes.
        duplicate_window: Duration::from_millis(100),
        deny_delete: true,
        deny_purge: true,
        metadata: HashMap::from([
            (LEDGER_KEY.to_owned(), identity.ledger.to_string()),
            (EPOCH_KEY.to_owned(), identity.epoch.to_string()),
        ]),
        ..Config::default()
    }
}

/// Checks that a stream is the one [`config`] describes; says what is different where it is not.
pub(crate) fn recognise(found: &Config, identity: LedgerIdentity, settings: StreamSettings) -> Result<(), Halt> {
    let theirs = ledger_of(found);
    if theirs != Some(identity.ledger) {
        return Err(Halt::ForeignLedger { ours: identity.ledger, theirs });
    }
    let epoch: Option<Epoch> = found.metadata.get(EPOCH_KEY).and_then(|text| text.parse().ok()).map(Epoch);
    if epoch != Some(identity.epoch) {
        return Err(Halt::OtherEpoch { ours: identity.epoch, theirs: epoch });
    }
    let differences = differences(found, &config(identity, settings));
    if differences.is_empty() { Ok(()) } else { Err(Halt::ConfigDiffers { differences }) }
}

/// Returns the ledger and epoch a stream says it is a copy of.
pub(crate) fn identity_of(found: &Config) -> Option<LedgerIdentity> {
    let epoch = found.metadata.get(EPOCH_KEY).and_then(|text| text.parse().ok()).map(Epoch);
    Some(LedgerIdentity { ledger: ledger_of(found)?, epoch: epoch? })
}

/// Returns the ledger a stream says it belongs to.
pub(crate) fn ledger_of(found: &Config) -> Option<LedgerId> {
    found.metadata.get(LEDGER_KEY).and_then(|text| text.parse().ok())
}

/// Names every setting that decides what the stream keeps, refuses or changes, and that is not as wanted.
fn differences(found: &Config, wanted: &Config) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, found: &dyn Debug, wanted: &dyn Debug| {
        let (found, wanted) = (format!("{found:?}"), format!("{wanted:?}"));
        if found != wanted {
            differences.push(format!("{name} is {found}, not {wanted}"));
        }
    };
    // The server writes some "no limit" as 0, some as -1.
    let limit = |value: i64| if value <= 0 { -1 } else { value };
    compare("subjects", &found.subjects, &wanted.subjects);
    compare("storage", &found.storage, &wanted.storage);
    compare("retention", &found.retention, &wanted.retention);
    compare("discard", &found.discard, &wanted.discard);
    compare("discard_new_per_subject", &found.discard_new_per_subject, &false);
    compare("max_bytes", &limit(found.max_bytes), &limit(wanted.max_bytes));
    compare("max_msgs", &limit(found.max_messages), &-1_i64);
    compare("max_msgs_per_subject", &limit(found.max_messages_per_subject), &-1_i64);
    compare("max_age", &found.max_age, &Duration::ZERO);
    compare("max_msg_size", &found.max_message_size, &wanted.max_message_size);
    compare("num_replicas", &found.num_replicas, &wanted.num_replicas);
    compare("no_ack", &found.no_ack, &false);
    compare("sealed", &found.sealed, &false);
    compare("deny_delete", &found.deny_delete, &true);
    compare("deny_purge", &found.deny_purge, &true);
    compare("allow_rollup_hdrs", &found.allow_rollup, &false);
    compare("allow_msg_ttl", &found.allow_message_ttl, &false);
    compare("mirror", &found.mirror.is_some(), &false);
    compare("sources", &found.sources.as_ref().is_some_and(|sources| !sources.is_empty()), &false);
    compare("subject_transform", &found.subject_transform.is_some(), &false);
    compare("republish", &found.republish.is_some(), &false);
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> LedgerIdentity {
        LedgerIdentity { ledger: LedgerId([1; 16]), epoch: Epoch(2) }
    }

    fn check(change: impl FnOnce(&mut Config)) -> Result<(), Halt> {
        let mut found = config(ours(), StreamSettings::default());
        change(&mut found);
        recognise(&found, ours(), StreamSettings::default())
    }

    #[test]
    fn the_stream_as_we_make_it_is_recognised() {
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|found| found.max_bytes = 0), Ok(()), "0 and -1 both say: no limit");
    }

    #[test]
    fn a_stream_of_another_ledger_or_epoch_is_not() {
        let theirs = LedgerId([9; 16]);
        let foreign = |theirs| Err(Halt::ForeignLedger { ours: ours().ledger, theirs });
        assert_eq!(
            check(|found| drop(found.metadata.insert("ledger".into(), theirs.to_string()))),
            foreign(Some(theirs))
        );
        assert_eq!(check(|found| found.metadata.clear()), foreign(None));
        let epoch = |theirs| Err(Halt::OtherEpoch { ours: Epoch(2), theirs });
        assert_eq!(check(|found| drop(found.metadata.insert("epoch".into(), "1".into()))), epoch(Some(Epoch(1))));
        assert_eq!(check(|found| drop(found.metadata.remove("epoch"))), epoch(None));
    }

    #[test]
    fn every_setting_that_could_lose_or_change_a_message_is_compared() {
        type Change = fn(&mut Config);
        let changes: [(&str, Change); 8] = [
            ("discard", |found| found.discard = DiscardPolicy::Old),
            ("max_age", |found| found.max_age = Duration::from_secs(60)),
            ("max_msgs", |found| found.max_messages = 10),
            ("deny_delete", |found| found.deny_delete = false),
            ("deny_purge", |found| found.deny_purge = false),
            ("storage", |found| found.storage = StorageType::Memory),
            ("subjects", |found| found.subjects.push("more.>".into())),
            ("retention", |found| found.retention = RetentionPolicy::WorkQueue),
        ];
        for (name, change) in changes {
            let Err(Halt::ConfigDiffers { differences }) = check(change) else { panic!("{name} is not compared") };
            assert_eq!(differences.len(), 1, "{differences:?}");
            assert!(differences[0].starts_with(name), "{differences:?}");
        }
    }
}

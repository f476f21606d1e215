//! The durable consumers of scoped users, as `consumers.toml` lists them.

use std::collections::HashSet;
use std::fmt;

use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy};
use caseledger_events::ids::Position;
use serde::Deserialize;

use crate::api::{Api, ApiError};
use crate::connection::Connection;

/// A consumer made for a scoped user, who binds to it by name and can neither make nor change one.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerSpec {
    /// The name its user is allowed: `[a-z0-9_-]{1,64}`.
    pub name: String,
    /// Who reads it and what for.
    pub description: String,
    /// What it delivers.
    pub filter_subjects: Vec<String>,
    /// What an acknowledgement covers.
    pub ack_policy: AckKind,
    /// How many messages may be out unacknowledged.
    pub max_ack_pending: i64,
}

/// What one acknowledgement covers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AckKind {
    /// Everything up to the message acknowledged.
    All,
    /// The message acknowledged.
    Explicit,
}

/// A `consumers.toml` that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadConsumers {
    /// It does not read as one.
    #[error("consumers.toml does not read as a list of consumers: {reason}")]
    Unreadable {
        /// Where and why.
        reason: String,
    },
    /// An entry is wrong.
    #[error("consumers.toml: consumer `{name}`: {reason}")]
    Entry {
        /// Which.
        name: String,
        /// Why.
        reason: &'static str,
    },
}

/// What was found of a listed consumer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ConsumerState {
    /// It was missing and has been made.
    Made,
    /// It stands as listed.
    Stands,
    /// It stands, but not as listed; it is left as it is.
    Differs(Vec<String>),
}

impl fmt::Display for ConsumerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConsumerState::Made => f.write_str("made"),
            ConsumerState::Stands => f.write_str("stands as listed"),
            ConsumerState::Differs(differences) => write!(
                f,
                "differs from consumers.toml ({}); to make it anew, delete it and run this again: its user then starts over",
                differences.join("; ")
            ),
        }
    }
}

/// Reads `consumers.toml`.
pub fn read_consumers(text: &str) -> Result<Vec<ConsumerSpec>, BadConsumers> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        consumer: Vec<ConsumerSpec>,
    }
    let file: File = toml::from_str(text).map_err(|error| BadConsumers::Unreadable { reason: error.to_string() })?;
    let mut names = HashSet::new();
    for spec in &file.consumer {
        let wrong = |reason| Err(BadConsumers::Entry { name: spec.name.clone(), reason });
        let name_ok = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if !(1..=64).contains(&spec.name.len()) || !spec.name.bytes().all(name_ok) {
            return wrong("a name holds a-z, 0-9, _ and - alone, up to 64 of them");
        }
        if !names.insert(&spec.name) {
            return wrong("it is listed twice");
        }
        if spec.filter_subjects.is_empty() || !spec.filter_subjects.iter().all(|s| s.starts_with("ledger.ev.")) {
            return wrong("it needs filter_subjects, each beginning with ledger.ev.");
        }
        if spec.max_ack_pending < 1 {
            return wrong("max_ack_pending is at least 1");
        }
    }
    Ok(file.consumer)
}

/// Makes the listed consumers that are missing, from the first event on; changes none that stands.
pub async fn make_consumers(
    operator: &Connection,
    specs: &[ConsumerSpec],
) -> Result<Vec<(String, ConsumerState)>, ApiError> {
    let api = Api::new(operator);
    let mut states = Vec::with_capacity(specs.len());
    for spec in specs {
        states.push((spec.name.clone(), make(&api, spec, Position(0)).await?));
    }
    Ok(states)
}

/// Makes one consumer that delivers what follows a position, unless it stands already.
pub(crate) async fn make(api: &Api, spec: &ConsumerSpec, after: Position) -> Result<ConsumerState, ApiError> {
    if let Some(found) = api.consumer_info(&spec.name).await? {
        let differences = spec.differences(&found.config);
        return Ok(if differences.is_empty() { ConsumerState::Stands } else { ConsumerState::Differs(differences) });
    }
    api.create_consumer(&spec.config(after)).await?;
    tracing::info!(consumer = spec.name, after = after.0, "made a consumer");
    Ok(ConsumerState::Made)
}

impl ConsumerSpec {
    fn config(&self, after: Position) -> Config {
        Config {
            durable_name: Some(self.name.clone()),
            name: Some(self.name.clone()),
            description: Some(self.description.clone()),
            deliver_policy: match after {
                Position(0) => DeliverPolicy::All,
                Position(last) => DeliverPolicy::ByStartSequence { start_sequence: last + 1 },
            },
            ack_policy: self.ack(),
            max_deliver: -1,
            max_ack_pending: self.max_ack_pending,
            filter_subjects: self.filter_subjects.clone(),
            ..Config::default()
        }
    }

    fn ack(&self) -> AckPolicy {
        match self.ack_policy {
            AckKind::All => AckPolicy::All,
            AckKind::Explicit => AckPolicy::Explicit,
        }
    }

    /// Names what is not as listed; where a consumer began does not count.
    fn differences(&self, found: &consumer::Config) -> Vec<String> {
        let mut filters = found.filter_subjects.clone();
        filters.extend((!found.filter_subject.is_empty()).then(|| found.filter_subject.clone()));
        let mut differences = Vec::new();
        let mut compare = |name: &str, same: bool| {
            if !same {
                differences.push(name.to_owned());
            }
        };
        compare("filter_subjects", filters == self.filter_subjects);
        compare("ack_policy", found.ack_policy == self.ack());
        compare("max_ack_pending", found.max_ack_pending == self.max_ack_pending);
        compare("max_deliver", found.max_deliver == -1);
        compare("a pull consumer", found.deliver_subject.is_none());
        differences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"
        [[consumer]]
        name = "reporting"
        description = "Reporting jobs"
        filter_subjects = ["ledger.ev.>"]
        ack_policy = "all"
        max_ack_pending = 1000
    "#;

    #[test]
    fn the_list_of_the_repository_is_read() {
        let specs = read_consumers(include_str!("../../../consumers.toml")).unwrap();
        assert!(specs.iter().any(|spec| spec.name == "reporting" && spec.ack_policy == AckKind::All), "{specs:?}");
    }

    #[test]
    fn an_entry_that_would_not_work_is_refused_by_name() {
        for (from, to, says) in [
            ("\"reporting\"", "\"Reporting\"", "a-z"),
            ("\"reporting\"", "\"a.b\"", "a-z"),
            ("[\"ledger.ev.>\"]", "[]", "filter_subjects"),
            ("[\"ledger.ev.>\"]", "[\">\"]", "ledger.ev."),
            ("1000", "0", "at least 1"),
            ("\"all\"", "\"none\"", "none"),
            ("max_ack_pending", "max_ack", "max_ack"),
        ] {
            let error = read_consumers(&ENTRY.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(says), "{to}: {error}");
        }
        let error = read_consumers(&format!("{ENTRY}{ENTRY}")).unwrap_err().to_string();
        assert!(error.contains("twice"), "{error}");
        assert_eq!(read_consumers("").unwrap(), []);
    }

    #[test]
    fn a_consumer_begins_at_the_first_event_or_after_what_was_acknowledged() {
        let spec = read_consumers(ENTRY).unwrap().remove(0);
        assert_eq!(spec.config(Position(0)).deliver_policy, DeliverPolicy::All);
        let after = spec.config(Position(7)).deliver_policy;
        assert_eq!(after, DeliverPolicy::ByStartSequence { start_sequence: 8 });
    }
}

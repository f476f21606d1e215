//! Published runs of the quarterly measures, in `system/MEASURES` (E44): what was published, and by what it was judged.
//!
//! A run is one command: [`MeasureRunPublished`] and, of each provider, [`MeasureResultsPublished`], all with the same
//! correlation id. Verdicts of single cases are not stored: they follow from the log up to the position named, and the
//! hash over them holds whoever recomputes them to the digit.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::codec::BadFrame;
use crate::dates::Timestamp;
use crate::envelope::{Actor, Recorded, Role, Scope};
use crate::ids::{Code, Position, Sha256, StreamId};
use crate::machine::Draft;
use crate::refusal::Refusal;

/// The stream these events stand in.
pub const MEASURES_STREAM: &str = "MEASURES";

/// The most results of one event, so that it stays within what is broadcast; a provider with more has several events.
pub const RESULTS_MAX: usize = 60;

/// The most events of results one run may have.
pub const PROVIDERS_MAX: usize = 400;

/// What is published of the measures.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureEvent {
    /// A run of a quarter was published.
    MeasureRunPublished(MeasureRunPublished),
    /// What it said of one provider.
    MeasureResultsPublished(MeasureResultsPublished),
}

/// That a run was published, and by what it was judged.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeasureRunPublished {
    /// The quarter, such as `2026-Q2`.
    pub quarter: Code,
    /// Where the figures come from.
    pub from: RunSource,
    /// How many events of results it has.
    pub providers: u32,
    /// What this ledger judged by; absent of a run published elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
}

/// Where the figures of a run come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunSource {
    /// This ledger computed them.
    Ledger,
    /// They were published elsewhere and are recorded here, for passes that stay.
    External,
}

/// What fixes the figures of a run to the digit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Basis {
    /// The version of the quarter's list of measures.
    pub list: u32,
    /// The hash of the list's text.
    pub list_hash: Sha256,
    /// The number of the predicates' meaning.
    pub rules: u32,
    /// The version of the calendar.
    pub calendar: u32,
    /// Its fingerprint: 16 hex digits.
    pub calendar_fingerprint: Fingerprint,
    /// The version of the policy.
    pub policy: u32,
    /// The last position taken in.
    pub position: Position,
    /// As at when.
    pub as_at: Timestamp,
    /// How many verdicts there are.
    pub verdicts: u64,
    /// The hash over all of them in their canonical form.
    pub verdicts_hash: Sha256,
}

/// The fingerprint of a calendar: 16 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(u64);

/// What a run says of one provider.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeasureResultsPublished {
    /// The quarter, as of the run.
    pub quarter: Code,
    /// The provider.
    pub provider: Code,
    /// The results, by measure and catchment.
    pub results: Vec<MeasureResult>,
}

/// What a run says of one measure, of one provider in one catchment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MeasureResult {
    /// The measure, such as `M10`.
    pub measure: Code,
    /// The catchment, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catchment: Option<Code>,
    /// How many count.
    pub population: u32,
    /// How many were achieved and recorded in time.
    pub achieved: u32,
    /// How many were achieved in time and recorded after.
    pub late: u32,
    /// How many were not achieved.
    pub not_achieved: u32,
    /// How many were not due yet.
    pub not_yet_due: u32,
    /// How many were left out.
    pub excluded: u32,
    /// How many could not be assessed.
    pub not_assessable: u32,
    /// What follows.
    pub outcome: PublishedOutcome,
}

/// What follows for a measure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PublishedOutcome {
    /// The threshold is reached.
    Passed,
    /// A pass of an earlier quarter stays.
    PassedEarlier,
    /// The threshold is not reached.
    Failed,
    /// It depends on what was not due yet.
    Open,
    /// A result that cannot be failed.
    Preliminary,
    /// Nobody is in the population.
    NotApplicable,
    /// It could not be said.
    NotAssessable,
}

impl PublishedOutcome {
    /// Returns whether it is a pass, which stays where a measure says so.
    pub fn is_pass(self) -> bool {
        matches!(self, PublishedOutcome::Passed | PublishedOutcome::PassedEarlier)
    }
}

/// Publishes a run.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishRun {
    /// The quarter, such as `2026-Q2`.
    pub quarter: Code,
    /// Where the figures come from.
    pub from: RunSource,
    /// What this ledger judged by; none of a run published elsewhere.
    #[serde(default)]
    pub basis: Option<Basis>,
    /// What it says of each provider.
    pub providers: Vec<MeasureResultsPublished>,
}

impl PublishRun {
    /// Decides it: who may, and whether it is whole.
    pub fn decide(&self, actor: &Actor, now: Timestamp) -> Result<Vec<Draft>, Refusal> {
        // By the table of access; a ledger that asks for no grants yet asks here.
        if actor.role != Role::NationalServiceDelivery {
            return Err(Refusal::NotThisRole { needed: "the Ministry's owner of the service" });
        }
        let run = MeasureRunPublished {
            quarter: self.quarter,
            from: self.from,
            providers: u32::try_from(self.providers.len()).unwrap_or(u32::MAX),
            basis: self.basis.clone(),
        };
        let results = self.providers.iter().map(|results| MeasureEvent::MeasureResultsPublished(results.clone()));
        let events = std::iter::once(MeasureEvent::MeasureRunPublished(run)).chain(results);
        Ok(events.map(|event| event.draft(now)).collect())
    }

    /// Says what is wrong with it, where something is: pointer and reason.
    pub fn wrong(&self) -> Option<(String, String)> {
        let wrong = |pointer: String, what: String| Some((pointer, what));
        if self.basis.is_some() != (self.from == RunSource::Ledger) {
            let what = "a run of this ledger says what it was judged by, and one published elsewhere does not";
            return wrong("/basis".to_owned(), what.to_owned());
        }
        if self.providers.is_empty() || self.providers.len() > PROVIDERS_MAX {
            return wrong("/providers".to_owned(), format!("a run has results of 1 to {PROVIDERS_MAX} providers"));
        }
        let mut told = BTreeSet::new();
        for (at, provider) in self.providers.iter().enumerate() {
            if provider.quarter != self.quarter {
                return wrong(format!("/providers/{at}/quarter"), "results of another quarter".to_owned());
            }
            if !(1..=RESULTS_MAX).contains(&provider.results.len()) {
                let what = format!("1 to {RESULTS_MAX} results at a time: name the provider again for more");
                return wrong(format!("/providers/{at}/results"), what);
            }
            for (n, result) in provider.results.iter().enumerate() {
                if !told.insert((provider.provider, result.measure, result.catchment)) {
                    return wrong(format!("/providers/{at}/results/{n}"), "it stands in the run twice".to_owned());
                }
            }
        }
        None
    }
}

impl MeasureEvent {
    /// Every stored name.
    pub const KINDS: [&'static str; 2] = ["measure_run_published", "measure_results_published"];

    /// Returns the stored name.
    pub fn kind(&self) -> &'static str {
        match self {
            MeasureEvent::MeasureRunPublished(_) => "measure_run_published",
            MeasureEvent::MeasureResultsPublished(_) => "measure_results_published",
        }
    }

    /// Makes the event ready for the sequencer.
    pub fn draft(&self, now: Timestamp) -> Draft {
        let scope = match self {
            MeasureEvent::MeasureRunPublished(_) => Scope::default(),
            MeasureEvent::MeasureResultsPublished(e) => Scope { provider: Some(e.provider), ..Scope::default() },
        };
        Draft {
            stream: StreamId::system(MEASURES_STREAM),
            kind: self.kind(),
            schema: 1,
            facts: rmp_serde::to_vec_named(self).expect("counts, codes and hashes are plain data"),
            occurred_at: crate::dates::OccurredAt::Instant(now),
            scope,
            carries_parts: false,
        }
    }

    /// Reads one back; `None` when the event is not of this stream.
    pub fn read(event: &Recorded<'_>) -> Result<Option<MeasureEvent>, BadFrame> {
        if event.stream != StreamId::system(MEASURES_STREAM) {
            return Ok(None);
        }
        Ok(Some(rmp_serde::from_slice(event.facts)?))
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> String {
        format!("{:016x}", fingerprint.0)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Fingerprint, &'static str> {
        let digits = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let number = digits.then(|| u64::from_str_radix(&text, 16).ok()).flatten();
        number.map(Fingerprint).ok_or("16 lower-case hex digits are expected")
    }
}

impl JsonSchema for Fingerprint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fingerprint".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[0-9a-f]{16}$"})
    }
}

//! A play that was cut short and is started again: what was recorded is repeated under its keys, the rest goes on.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::SimulateError;
use super::client::Client;
use super::grants::{self, READER};
use super::plan::Span;
use super::play::{Conduct, OPERATOR, key};
use super::step::{Expect, On, Step};
use super::term;

/// Returns where a ledger's clock stands: at its last event, or later where it was moved and nothing happened since.
pub async fn clock(client: &Client) -> Result<Option<DateTime<Utc>>, SimulateError> {
    grants::to_the_reader(client).await?;
    let ledger = client.get("/v1/ledger", OPERATOR).await?;
    let last = client.get(&format!("/v1/events/{}", ledger.body["position"]), READER).await?;
    let read = last.body["recorded_at"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    Ok(read.map(|time| time.with_timezone(&Utc)))
}

/// Leaves out what cannot be played again, and returns how many steps that are; refuses a term whose time is over.
///
/// A refusal stores nothing: sent again it would meet a case that has moved on since, and might be accepted.
pub async fn take_up(
    client: &Client,
    steps: &mut Vec<Step>,
    conduct: &Conduct,
    span: Span,
) -> Result<u64, SimulateError> {
    // Reference data alone, recorded before the first step, takes nothing away from the term.
    let begins = steps.first().map_or(term::at(span.first(), 0), |step| step.at);
    let Some(now) = clock(client).await?.filter(|now| *now >= begins) else { return Ok(0) };
    if !has_begun(client, steps, conduct).await? {
        return Err(SimulateError::TermIsOver { span: span.name(), now });
    }
    let before = steps.len();
    steps.retain(|step| step.expect == Expect::Accepted || step.at > now);
    Ok((before - steps.len()) as u64)
}

/// Asks whether the key of the first opening is known, with a body that is refused where it is not.
async fn has_begun(client: &Client, steps: &[Step], conduct: &Conduct) -> Result<bool, SimulateError> {
    let opens = |step: &&Step| matches!(step.on, On::New(_)) && step.expect == Expect::Accepted;
    let Some(first) = steps.iter().find(opens) else { return Ok(false) };
    let mut body: Value = serde_json::from_str(&first.body).unwrap_or_default();
    body["occurred_at"] = json!("2099-12-31");
    let answer = client.command("/v1/cases", &first.actor, &key(conduct, first), &body).await?;
    Ok(answer.status == http::StatusCode::CONFLICT)
}

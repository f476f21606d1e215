//! A case as it was at a moment of the past, and what changed between two (design §6).

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::Method;
use axum::routing::get;
use caseledger_events::access::Operation;
use caseledger_events::dates::{Timestamp, start_of_day};
use caseledger_events::ids::{Epoch, LedgerId, Position};
use caseledger_views::{AsAt, Asked, CaseThen};
use chrono::{DateTime, Days, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Route;
use crate::actor::Asker;
use crate::openapi;
use crate::problem::Problem;
use crate::query::{Query, ask_for, bad, role_may, wait_for};
use crate::state::AppState;

/// What *then* means where a time is named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// As known then: what had been recorded by that time.
    #[default]
    Known,
    /// As it was then, as known now: what had happened by that time, whenever it was recorded.
    Happened,
}

/// A case as it was, and where in the ledger that can be checked.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ThenDocument {
    /// The moment, as it was understood.
    at: String,
    basis: Basis,
    #[serde(flatten)]
    then: CaseThen,
    /// Where the last event that counted stands; absent where none did.
    proof: Option<ProofDocument>,
}

/// A position and the chain hash there, over every event up to it: `caseledger verify` computes the same.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProofDocument {
    ledger: LedgerId,
    epoch: Epoch,
    position: Position,
    chain_hash: String,
}

/// What differs between two moments.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangesDocument {
    from: String,
    to: String,
    basis: Basis,
    /// The fields that differ, each with what it was and what it became.
    changes: Vec<Change>,
    /// The position the view had read when it was asked.
    as_of: Position,
}

/// One field that differs.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// The field, as a JSON pointer into the case.
    field: String,
    /// What it was; absent where it was not there.
    before: Option<Value>,
    /// What it became; absent where it is gone.
    after: Option<Value>,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::GET,
            path: "/v1/cases/{case}/then",
            summary: "Returns a case as it was at a position, a time or the end of a day: as known then, or as it was as known now.",
            handler: || get(then),
            describe: |route, generator| {
                openapi::get::<ThenDocument>(route, generator, &["at", "basis", "min_position"])
            },
        },
        Route {
            method: Method::GET,
            path: "/v1/cases/{case}/changes",
            summary: "Returns what changed in a case between two moments, field by field.",
            handler: || get(changes),
            describe: |route, generator| {
                openapi::get::<ChangesDocument>(route, generator, &["from", "to", "basis", "min_position"])
            },
        },
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThenQuery {
    at: String,
    #[serde(default)]
    basis: Basis,
}

async fn then(
    State(state): State<AppState>,
    asker: Asker,
    Path(case): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<ThenDocument>, Problem> {
    role_may(&state, &asker, Operation::Timeline, &case).await?;
    let query = Query::read(raw.as_deref())?;
    let ThenQuery { at, basis } = query.rest()?;
    let moment = Moment::read("at", &at, basis)?;
    wait_for(&state, query.min_position).await?;
    let asked = moment.at;
    let (_, then) = ask_for(&state, &asker, Operation::Timeline, &case, move |view, case, decide| {
        view.case_at(case, decide, asked)
    })
    .await?;
    let proof = match then.last_event {
        Some(position) => Some(proof(&state, position).await?),
        None => None,
    };
    Ok(Json(ThenDocument { at: moment.says, basis, then, proof }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangesQuery {
    from: String,
    to: String,
    #[serde(default)]
    basis: Basis,
}

async fn changes(
    State(state): State<AppState>,
    asker: Asker,
    Path(case): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<ChangesDocument>, Problem> {
    role_may(&state, &asker, Operation::Timeline, &case).await?;
    let query = Query::read(raw.as_deref())?;
    let ChangesQuery { from, to, basis } = query.rest()?;
    let (from, to) = (Moment::read("from", &from, basis)?, Moment::read("to", &to, basis)?);
    wait_for(&state, query.min_position).await?;
    let (first, second) = (from.at, to.at);
    let (_, (before, after)) = ask_for(&state, &asker, Operation::Timeline, &case, move |view, case, decide| {
        let before = match view.case_at(case, decide, first)? {
            Asked::Granted(_, Some(before)) => before,
            Asked::Granted(grant, None) => return Ok(Asked::Granted(grant, None)),
            Asked::Denied(denied) => return Ok(Asked::Denied(denied)),
            Asked::Unknown => return Ok(Asked::Unknown),
        };
        Ok(match view.case_at(case, decide, second)? {
            Asked::Granted(grant, after) => Asked::Granted(grant, after.map(|after| (before, after))),
            Asked::Denied(denied) => Asked::Denied(denied),
            Asked::Unknown => Asked::Unknown,
        })
    })
    .await?;
    let as_of = after.as_of;
    let mut changes = Vec::new();
    compare("", &fields(&before)?, &fields(&after)?, &mut changes);
    Ok(Json(ChangesDocument { from: from.says, to: to.says, basis, changes, as_of }))
}

async fn proof(state: &AppState, position: Position) -> Result<ProofDocument, Problem> {
    let reader = state.ledger.reader();
    let identity = reader.identity();
    let hash = tokio::task::spawn_blocking(move || reader.chain_at(position)).await;
    let hash = hash.map_err(|_| Problem::internal("the read ended before its answer"))??;
    let (ledger, epoch) = (identity.ledger, identity.epoch);
    Ok(ProofDocument { ledger, epoch, position, chain_hash: hash.to_string() })
}

/// A moment as it was asked for, and as it was understood.
struct Moment {
    at: AsAt,
    says: String,
}

impl Moment {
    /// Reads a position, an RFC 3339 time, or a New Zealand day, which means its end.
    fn read(name: &str, text: &str, basis: Basis) -> Result<Moment, Problem> {
        let wrong = |what: &str| bad(name, what);
        if let Ok(position) = text.parse() {
            if basis == Basis::Happened {
                return Err(wrong(
                    "a position says when something was recorded; ask with a time for what had happened",
                ));
            }
            return Ok(Moment { at: AsAt::Position(Position(position)), says: format!("position {position}") });
        }
        let time = match (text.parse::<NaiveDate>(), DateTime::parse_from_rfc3339(text)) {
            (Ok(day), _) => {
                let next = day.checked_add_days(Days::new(1)).ok_or_else(|| wrong("there is no such day"))?;
                Timestamp(start_of_day(next).0 - 1)
            }
            (_, Ok(time)) => Timestamp::from(time.with_timezone(&Utc)),
            _ => {
                return Err(wrong("a position, a day (2026-03-31) or a time (2026-03-31T17:00:00+13:00) is asked for"));
            }
        };
        let at = match basis {
            Basis::Known => AsAt::Known(time),
            Basis::Happened => AsAt::Happened(time),
        };
        Ok(Moment { at, says: time.utc().to_rfc3339() })
    }
}

/// Returns the fields of a case; where nothing had begun it there are none, so that all of them come to be.
fn fields(then: &CaseThen) -> Result<Value, Problem> {
    let value = then.case.as_ref().map(serde_json::to_value).transpose();
    let mut value = value.map_err(|_| Problem::internal("the case could not be written"))?.unwrap_or_else(|| json!({}));
    if let Some(case) = value.as_object_mut() {
        // Where it was read and how often it was written to, not what it was.
        for name in ["as_of", "last_activity", "version"] {
            case.remove(name);
        }
    }
    Ok(value)
}

/// Collects what differs; lists grow at their end, so that the same place is the same thing.
fn compare(field: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|name| !old.contains_key(*name));
            for name in old.keys().chain(added) {
                let part = |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or(Value::Null);
                compare(&format!("{field}/{name}"), &part(old), &part(new), changes);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for n in 0..old.len().max(new.len()) {
                let part = |of: &[Value]| of.get(n).cloned().unwrap_or(Value::Null);
                compare(&format!("{field}/{n}"), &part(old), &part(new), changes);
            }
        }
        (old, new) if old == new => {}
        (old, new) => {
            let some = |value: &Value| (!value.is_null()).then(|| value.clone());
            changes.push(Change { field: field.to_owned(), before: some(old), after: some(new) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_named_by_its_place() {
        let before = json!({"status": "allocated", "manager": null, "comments": [{"text": "a"}], "same": [1, 2]});
        let after =
            json!({"status": "active", "manager": "P-7", "comments": [{"text": "a"}, {"text": "b"}], "same": [1, 2]});
        let mut changes = Vec::new();
        compare("", &before, &after, &mut changes);
        let told: Vec<_> =
            changes.iter().map(|change| (change.field.as_str(), &change.before, &change.after)).collect();
        assert_eq!(
            told,
            [
                ("/comments/1", &None, &Some(json!({"text": "b"}))),
                ("/manager", &None, &Some(json!("P-7"))),
                ("/status", &Some(json!("allocated")), &Some(json!("active"))),
            ]
        );
    }

    #[test]
    fn a_day_means_its_end_in_new_zealand_and_a_position_has_one_basis() {
        let day = Moment::read("at", "2026-03-31", Basis::Known).unwrap();
        assert_eq!(day.says, "2026-03-31T10:59:59.999999+00:00");
        let winter = Moment::read("at", "2026-06-30", Basis::Happened).unwrap();
        assert_eq!(winter.says, "2026-06-30T11:59:59.999999+00:00");
        assert_eq!(Moment::read("at", "17", Basis::Known).unwrap().at, AsAt::Position(Position(17)));
        for (text, basis) in [("17", Basis::Happened), ("yesterday", Basis::Known), ("2026-02-30", Basis::Known)] {
            assert!(Moment::read("at", text, basis).is_err(), "{text}");
        }
    }
}

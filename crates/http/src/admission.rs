//! Who asks, as the grants recorded in the ledger admit them (E47).

use std::collections::HashMap;

use axum::http::StatusCode;
use caseledger_events::access::{ACCESS_STREAM, Denied, NoLiveGrant, Operation, Pass, Principal, pass};
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{Code, CorrelationId, Position, StreamId};
use caseledger_events::reference::REFERENCE_STREAM;
use caseledger_events::viewed::{Denial, Viewed};
use chrono::NaiveDate;
use parking_lot::Mutex;

use crate::actor::Asker;
use crate::on_record;
use crate::problem::Problem;
use crate::state::AppState;

/// People whose admission is remembered.
const PEOPLE_MAX: usize = 50_000;

/// Admissions that hold until a grant, the reference data or the day changes.
#[derive(Default)]
pub struct Admissions(Mutex<HashMap<Asks, Admitted>>);

/// Person, role, organisation, and whether more than one factor proved the person.
type Asks = (Code, &'static str, Code, bool);

struct Admitted {
    as_of: AsOf,
    principal: Principal,
}

/// What an admission rests on.
#[derive(Clone, Copy, PartialEq, Eq)]
struct AsOf {
    access: Option<Position>,
    reference: Option<Position>,
    day: NaiveDate,
}

/// Admits somebody by a live grant; every ledger without any grant admits whoever the sign-in names.
///
/// The outer error says that nobody could be asked.
pub async fn admit(state: &AppState, actor: Actor, is_mfa: bool) -> Result<Result<Principal, NoLiveGrant>, Problem> {
    let now = state.ledger.now();
    let last = |stream| state.ledger.head(StreamId::system(stream)).map(|(_, position)| position);
    // Read before the state is asked: an admission is never remembered as newer than it is.
    let as_of = AsOf { access: last(ACCESS_STREAM), reference: last(REFERENCE_STREAM), day: now.auckland() };
    let asks = (actor.person, actor.role.name(), actor.organisation, is_mfa);
    if let Some(known) = state.admissions.get(&asks, as_of) {
        return Ok(Ok(known));
    }
    let asked = state.ledger.inspect(move |world| world.grants().admit(actor, is_mfa, now, world.reference())).await;
    let admitted = asked.ok_or_else(|| Problem::unavailable("shutting-down", "the service is stopping", 5))?;
    if let Ok(principal) = &admitted {
        state.admissions.note(asks, Admitted { as_of, principal: principal.clone() });
    }
    Ok(admitted)
}

/// Puts on record that a sign-in named a role without a live grant, and returns what it is answered.
pub async fn turned_away(
    state: &AppState,
    actor: Actor,
    on_behalf_of: Option<Code>,
    request: CorrelationId,
    no: NoLiveGrant,
) -> Problem {
    tracing::info!(person = %actor.person, organisation = %no.organisation, "a sign-in without a live grant was turned away");
    let viewed = Viewed::denied(Operation::SignIn, Denial::NoLiveGrant);
    if let Err(unrecorded) = on_record::write(state, actor, on_behalf_of, request, viewed).await {
        return unrecorded;
    }
    no.into()
}

impl Admissions {
    fn get(&self, asks: &Asks, as_of: AsOf) -> Option<Principal> {
        let known = self.0.lock();
        known.get(asks).filter(|admitted| admitted.as_of == as_of).map(|admitted| admitted.principal.clone())
    }

    fn note(&self, asks: Asks, admitted: Admitted) {
        let mut known = self.0.lock();
        if known.len() >= PEOPLE_MAX {
            known.clear();
        }
        known.insert(asks, admitted);
    }
}

/// Lets somebody do what is about the ledger as a whole, or says why not.
///
/// A denial is put on record.
pub async fn may(state: &AppState, asker: &Asker, operation: Operation) -> Result<Pass, Problem> {
    match pass(&asker.principal, operation, state.ledger.now().auckland()) {
        Ok(pass) => Ok(pass),
        Err(denied) => Err(on_record::denied(state, asker, operation, None, denied).await),
    }
}

impl From<NoLiveGrant> for Problem {
    fn from(NoLiveGrant { role, organisation }: NoLiveGrant) -> Problem {
        Problem::new(
            StatusCode::FORBIDDEN,
            "no-grant",
            format!("no live grant lets the asker act as {} of {organisation}", role.name()),
        )
        .with("rule", "E47".into())
        .way_out("have the role granted by whoever grants it (`caseledger access show`)")
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Problem {
        match denied {
            Denied::Secret => crate::query::unknown_case(),
            Denied::NotThisRole { .. } => Problem::new(StatusCode::FORBIDDEN, "not-this-role", denied.to_string())
                .way_out("let a role do it that may (`caseledger access show`)"),
            Denied::NeedsMfa { .. } => Problem::new(StatusCode::FORBIDDEN, "needs-mfa", denied.to_string())
                .way_out("sign in again with more than one factor"),
        }
    }
}

//! Roles for everybody of a play, where the ledger asks for grants (E47): each is granted by whom the table of granting
//! names, as people would do it before a term.

use std::collections::{BTreeMap, BTreeSet};

use caseledger_events::access::GRANTING;
use caseledger_events::envelope::{Actor, Role};
use caseledger_identity::cast;
use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::client::Client;
use super::play::OPERATOR;
use super::step::{Expect, Step};
use super::{SimulateError, what_it_says};
use crate::asking;

/// Who grants what an operator may not.
const GRANTORS: [&str; 2] = ["DESK-1/service_desk/MOE", "NSD-1/national_service_delivery/MOE"];

/// Who reads recorded events whole; an operator gets restricted ones as position and hash alone.
pub const READER: &str = "AUDIT-1/auditor/MOE";

/// How many grants are under way at once.
const AT_ONCE: usize = 8;

/// Grants their roles to the people of a play; does nothing on a ledger that asks for no grants. What is granted already
/// is passed over. Of strangers, whom nobody can grant a role, the steps are expected to end at the door.
pub async fn to_the_people(client: &Client, steps: &mut [Step]) -> Result<(), SimulateError> {
    if !is_asked_for(client).await? {
        return Ok(());
    }
    let people: BTreeSet<&String> = steps.iter().map(|step| &step.actor).collect();
    let granted = people.into_iter().filter_map(|who| Some((who.clone(), cast::actor(who)?)));
    let granted = granted.map(async |(who, actor)| Ok::<_, SimulateError>((who, grant(client, actor, None).await?)));
    let granted: BTreeMap<String, bool> =
        futures::stream::iter(granted).buffer_unordered(AT_ONCE).try_collect().await?;
    let is_refused = |step: &&mut Step| matches!(step.expect, Expect::Refused { .. });
    for step in steps.iter_mut().filter(is_refused).filter(|step| granted.get(&step.actor) == Some(&false)) {
        step.expect = Expect::Refused { rule: "E47".to_owned(), code: "no-grant".to_owned() };
    }
    Ok(())
}

/// Grants their roles to people who only look at what a play left.
pub async fn to_those_who_look<'a>(
    client: &Client,
    people: impl IntoIterator<Item = &'a String>,
) -> Result<(), SimulateError> {
    if !is_asked_for(client).await? {
        return Ok(());
    }
    for actor in people.into_iter().filter_map(|who| cast::actor(who)) {
        grant(client, actor, None).await?;
    }
    Ok(())
}

/// Lets [`READER`] read; does nothing on a ledger that asks for no grants.
pub async fn to_the_reader(client: &Client) -> Result<(), SimulateError> {
    let Some(reader) = cast::actor(READER) else { return Ok(()) };
    let answer = client.command("/v1/grants", OPERATOR, &key(reader), &body(reader, None)).await?;
    if answer.status.is_success() || answer.body["code"] == "operator-first" {
        return Ok(());
    }
    Err(SimulateError::Grants { why: what_it_says(&answer) })
}

/// Grants the demo's cast what they are, and the operator of this machine what the commands here ask for.
pub async fn to_the_cast(client: &Client) -> Result<(), SimulateError> {
    if !is_asked_for(client).await? {
        return Ok(());
    }
    for person in cast::cast() {
        grant(client, person.actor(), person.region).await?;
    }
    if let Some(local) = cast::actor(asking::OPERATOR) {
        grant(client, local, None).await?;
    }
    Ok(())
}

/// Grants the grantors their roles, which tells whether grants are asked for at all.
async fn is_asked_for(client: &Client) -> Result<bool, SimulateError> {
    for who in GRANTORS {
        let Some(actor) = cast::actor(who) else { continue };
        let answer = client.command("/v1/grants", OPERATOR, &key(actor), &body(actor, None)).await?;
        if answer.body["code"] == "operator-first" {
            return Ok(false);
        }
        if !answer.status.is_success() {
            return Err(SimulateError::Grants { why: what_it_says(&answer) });
        }
    }
    Ok(true)
}

/// Grants one role; returns whether it could be granted at all.
async fn grant(client: &Client, actor: Actor, region: Option<&str>) -> Result<bool, SimulateError> {
    let me = format!("{}/{}/{}", actor.person, actor.role.name(), actor.organisation);
    let by = grantor(actor.role);
    // Who grants was granted before, and nobody grants to themselves.
    if me == by || GRANTORS.contains(&me.as_str()) {
        return Ok(true);
    }
    let answer = client.command("/v1/grants", by, &key(actor), &body(actor, region)).await?;
    // A story may try something as somebody of an organisation that the map does not know.
    let is_stranger = matches!(answer.body["code"].as_str(), Some("organisation-does-not-fit" | "unknown-region"));
    if answer.status.is_success() || is_stranger {
        return Ok(!is_stranger);
    }
    Err(SimulateError::Grants { why: format!("{me}: {}", what_it_says(&answer)) })
}

/// Returns who grants a role: the operator, or one of [`GRANTORS`].
fn grantor(role: Role) -> &'static str {
    let of = |by: Role| GRANTING.iter().any(|row| row.by == by && row.roles.contains(&role) && !row.own_organisation);
    if of(Role::Operator) {
        OPERATOR
    } else if of(Role::ServiceDesk) {
        GRANTORS[0]
    } else {
        GRANTORS[1]
    }
}

/// The same grant, the same key: a play that is taken up repeats it.
fn key(actor: Actor) -> String {
    format!("grant-{}-{}-{}", actor.person, actor.role.name(), actor.organisation)
}

fn body(Actor { person, role, organisation }: Actor, region: Option<&str>) -> Value {
    let mut body = json!({"person": person, "role": role, "organisation": organisation});
    if let Some(region) = region {
        body["region"] = json!(region);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_identity::cast::Person;

    #[test]
    fn every_role_of_the_cast_has_somebody_who_grants_it() {
        for Person { role, .. } in cast::cast() {
            let by = cast::actor(grantor(*role)).unwrap().role;
            let may = GRANTING.iter().any(|row| row.by == by && row.roles.contains(role));
            assert!(may, "{} does not grant {}", by.name(), role.name());
        }
    }
}

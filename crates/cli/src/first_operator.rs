//! The first operator of a ledger, named in the settings and granted by the ledger itself (E47).

use caseledger_events::access::{AccessAct, first_operator};
use caseledger_events::refusal::Refusal;
use caseledger_events::world::{Command, World};
use caseledger_log::{Ledger, Outcome};

use crate::exit::{Exit, Failure};
use crate::own_act::by_the_ledger;
use crate::settings::Access;

/// Grants the role of operator to the person of the settings while nobody holds it; else nothing happens.
pub async fn grant(ledger: &Ledger<World>, settings: &Access) -> Result<(), Failure> {
    let Some(act) = named(&settings.first_operator)? else { return Ok(()) };
    match ledger.execute(by_the_ledger(Command::Access(act))).await {
        Outcome::Accepted(receipt) => {
            tracing::warn!(position = receipt.position.0, "the first operator was granted as the settings say");
            Ok(())
        }
        Outcome::NothingToDo { .. } | Outcome::Refused(Refusal::OperatorFirst) => Ok(()),
        outcome => {
            Err(Failure::new(Exit::Internal, format_args!("the first operator could not be granted: {outcome:?}")))
        }
    }
}

fn named(text: &str) -> Result<Option<AccessAct>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = text
        .split_once('/')
        .and_then(|(person, organisation)| Some(first_operator(person.parse().ok()?, organisation.parse().ok()?)));
    read.map(Some).ok_or_else(|| {
        Failure::new(Exit::Usage, "access.first_operator is not PERSON/ORGANISATION").next(
            "two codes, such as P-4T3RKPWA2EXSX/MOE; the person's code stands in the log when a sign-in has no grant",
        )
    })
}

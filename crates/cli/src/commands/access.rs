//! `caseledger access`: the table of roles, why somebody sees a case, who could act as what.

mod revoke_token;
mod viewers;

use std::ops::ControlFlow;

use caseledger_events::access::{self, Explanation, Grants, Operation, Standing, explain};
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Actor;
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{Position, StreamId};
use caseledger_events::reference::{Entry, Reference};
use caseledger_identity::cast;
use chrono::Utc;
use serde_json::json;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::Output;
use crate::replaying::filter::CaseRef;
use crate::when::When;

/// Show who may see and do what, and why
///
/// Tells no name: roles, organisations, rows of the table. All but `viewers` and `revoke-token` read the journal alone,
/// also while a server runs.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Print the table of roles: which cases, which fields, which operations, by which rule
    #[command(after_help = "Exit codes: 0 done")]
    Show,
    /// Say why somebody may open a case or may not, and what would change it
    #[command(after_help = "\
Examples:
  caseledger access explain --as case_manager --case AS-0000017-4
  caseledger access explain --as P-7/attendance_lead/S1401 --case AS-0000017-4 --operation timeline --at 2026-05-01

Exit codes: 0 allowed · 1 denied · 2 nobody is called so · 4 no such case or ledger")]
    Explain(ExplainArgs),
    /// Tell which organisations could see a comment or a file, and when; asking is on record
    #[command(after_help = "\
Examples:
  caseledger access viewers --case AS-0000017-4 --comment 2
  caseledger access viewers --case AS-0000017-4 --file 1
  caseledger access viewers --case AS-0000017-4 --comment 2 --at 2026-05-01T10:00:00+12:00   with the people of then

Goes to the server that runs on the directory, or opens it where none does.
Exit codes: 0 done · 3 the directory is busy · 4 no such case or ledger · 5 refused")]
    Viewers(Box<viewers::Args>),
    /// Take a single access token back at once, for good: one that was lost or misused
    #[command(after_help = "\
Examples:
  caseledger access revoke-token lost.jwt
  caseledger access revoke-token --hash 5f70bf18a08660d1b4a2…   as the log names a token

All tokens of a person end with `POST /v1/grants/revoke` and the reason `compromised`.
Exit codes: 0 done · 2 no such file or token · 3 the directory is busy · 4 no such ledger · 5 refused")]
    RevokeToken(Box<revoke_token::Args>),
    /// List who holds which role, now or at a moment in the past
    #[command(after_help = "Exit codes: 0 done · 4 no such ledger")]
    Grants {
        /// As recorded by then: a day in New Zealand or an RFC 3339 time
        #[arg(long, value_name = "WHEN")]
        at: Option<When>,
    },
}

#[derive(clap::Args)]
struct ExplainArgs {
    /// Somebody of the demo's cast by code, name or role, or anybody as PERSON/ROLE/ORGANISATION
    #[arg(long = "as", value_name = "WHO")]
    who: String,

    /// The case, by id or number
    #[arg(long)]
    case: CaseRef,

    /// What they ask to do, as the table names it
    #[arg(long, default_value = "open", value_parser = operation)]
    operation: Operation,

    /// As it stood then: a day in New Zealand or an RFC 3339 time
    #[arg(long, value_name = "WHEN")]
    at: Option<When>,
}

fn operation(name: &str) -> Result<Operation, String> {
    Operation::ALL.iter().copied().find(|operation| operation.name() == name).ok_or_else(|| {
        let names: Vec<&str> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        format!("there are: {}", names.join(", "))
    })
}

/// Prints what was asked for.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    match &args.what {
        What::Show => {
            output.line(access::page().trim_end());
            Ok(Exit::Ok)
        }
        What::Explain(args) => explain_one(args, global, output),
        What::Viewers(args) => viewers::run(args, global, output),
        What::RevokeToken(args) => revoke_token::run(args, global, output),
        What::Grants { at } => list(*at, global, output),
    }
}

/// What the journal says up to a moment.
struct Past {
    grants: Grants,
    reference: Reference,
    case: Option<Standing>,
    /// The moment: the one asked for, else the last recorded time of a simulation, else now.
    now: Timestamp,
}

impl Past {
    /// Folds the journal; events recorded after `at` are left out.
    fn read(global: &Global, at: Option<When>, case: Option<CaseRef>) -> Result<Past, Failure> {
        let journal = journal::open(&global.data)?;
        let end = at.map(When::end);
        let (mut grants, mut reference) = (Grants::default(), Reference::default());
        let (mut standing, mut last): (Option<Standing>, _) = (None, Timestamp::default());
        journal::read(&journal, "reading", Position(1), journal.last(), |position, frame, _| {
            let event = journal::decode(position, frame)?;
            if end.is_some_and(|end| event.recorded_at >= end) {
                return Ok(ControlFlow::Break(()));
            }
            last = event.recorded_at;
            let broken = |error: caseledger_events::codec::BadFrame| journal::undecodable(position, &error.reason);
            if let Some(entry) = Entry::read(&event).map_err(broken)? {
                reference.apply(entry);
            }
            grants.evolve(&event).map_err(broken)?;
            let StreamId::Case(id) = event.stream else { return Ok(ControlFlow::Continue(())) };
            let is_wanted = match (&standing, case) {
                (Some(standing), _) => standing.case == id,
                (None, Some(CaseRef::Id(wanted))) => wanted == id,
                (None, Some(CaseRef::Number(_))) => event.version.0 == 1,
                (None, None) => false,
            };
            if is_wanted && let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts).map_err(broken)? {
                let next = Standing::evolve(standing.take(), &event, &read);
                let fits = |next: &Standing| !matches!(case, Some(CaseRef::Number(number)) if number != next.number);
                standing = next.filter(fits);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let now = match at {
            Some(at) => Timestamp(at.end().0 - 1),
            None if journal::is_simulated(&journal)? => last,
            None => Timestamp::from(Utc::now()),
        };
        Ok(Past { grants, reference, case: standing, now })
    }
}

fn explain_one(args: &ExplainArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let who = who(&args.who)?;
    let past = Past::read(global, args.at, Some(args.case))?;
    let case = past.case.ok_or_else(|| Failure::new(Exit::NoData, "there is no such case by then"))?;
    let principal = match past.grants.admit(who, true, past.now, &past.reference) {
        Ok(principal) => principal,
        Err(no) => {
            output.line(format_args!("no: {no}"));
            return Ok(Exit::FoundWrong);
        }
    };
    let told = explain(&principal, args.operation, &case, past.now.auckland());
    if output.json {
        output.json_line(&json_of(&told));
    } else {
        output.line(told.to_string().trim_end());
    }
    Ok(if told.answer.is_ok() { Exit::Ok } else { Exit::FoundWrong })
}

fn json_of(told: &Explanation) -> serde_json::Value {
    let row = |row: &access::Row| json!({"cases": row.reach.says(), "level": row.level.name(), "because": row.because});
    json!({
        "operation": told.operation.name(), "on": told.on, "allowed": told.answer.is_ok(),
        "denied": told.answer.as_ref().err().map(ToString::to_string), "row": told.row().map(row),
        "would_change": told.would_change(),
    })
}

fn who(text: &str) -> Result<Actor, Failure> {
    let of_cast = cast::find(text).map(cast::Person::actor);
    of_cast.or_else(|| cast::actor(text)).ok_or_else(|| {
        Failure::new(Exit::Usage, format_args!("nobody of the demo is called {text:?}"))
            .next("`caseledger token --list` shows who there is; anybody else is PERSON/ROLE/ORGANISATION")
    })
}

fn list(at: Option<When>, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let past = Past::read(global, at, None)?;
    if !past.grants.is_enforced() && !output.json {
        output.line("no role was granted by then: a ledger without grants takes the sign-in's word");
    }
    for (access::Key(person, role, organisation), held) in past.grants.acting_at(past.now) {
        if output.json {
            output.json_line(&json!({
                "person": person, "role": role, "organisation": organisation, "region": held.region,
                "from": held.from, "until": held.until, "granted_at": held.granted_at, "granted_by": held.granted_by,
            }));
        } else {
            let until = held.until.map_or_else(|| "open".to_owned(), |day| day.to_string());
            output.line(format_args!(
                "{person:<16} {:<26} {organisation:<16} from {} until {until}, granted by {}",
                role.name(),
                held.from,
                held.granted_by
            ));
        }
    }
    Ok(Exit::Ok)
}

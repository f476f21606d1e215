//! `caseledger token`.

use std::net::{IpAddr, SocketAddr};

use caseledger_events::dates::Timestamp;
use caseledger_identity::cast::{self, Person, cast};
use caseledger_identity::{DevIssuer, DevIssuerError, DevToken, Place};
use chrono::{TimeDelta, Utc};
use comfy_table::{ContentArrangement, Table};
use serde_json::json;

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::running;
use crate::settings::SettingsArgs;
use crate::sign_in;

/// The folder of the data directory that the development issuer's key lies in.
pub const IDENTITY_FOLDER: &str = "identity";

/// Sign in to a development server as somebody of the demo
///
/// Prints an access token that is good for an hour. Development servers alone take it, those that listen on this
/// machine and whose data directory this is:
///
///   curl -H "Authorization: Bearer $(caseledger token --as workflow_lead)" http://127.0.0.1:8080/v1/cases
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done · 2 nobody is called so · 4 no development server ran here · 5 refused here"
)]
pub struct Args {
    /// Somebody of the cast by code, name or role, or anybody as PERSON/ROLE/ORGANISATION
    #[arg(long = "as", value_name = "WHO", required_unless_present = "list")]
    who: Option<String>,

    /// Show the cast instead
    #[arg(long, conflicts_with = "who")]
    list: bool,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Prints a token, or the cast.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let Some(who) = &args.who else {
        list(output);
        return Ok(Exit::Ok);
    };
    let token = wanted(who)?;
    let issuer = DevIssuer::open(&global.data.join(IDENTITY_FOLDER), place(args, global)?).map_err(failure)?;
    let now = Utc::now();
    let text = issuer.mint(&token, Timestamp::from(now));
    if output.json {
        let DevToken { person, roles, organisation, is_mfa } = token;
        let expires_at = Timestamp::from(now + TimeDelta::hours(1));
        output.json_line(&json!({
            "person": person, "roles": roles, "organisation": organisation, "mfa": is_mfa, "expires_at": expires_at,
            "token": text,
        }));
    } else {
        output.line(text);
    }
    Ok(Exit::Ok)
}

fn wanted(who: &str) -> Result<DevToken, Failure> {
    let of_cast = cast::find(who).map(Person::token);
    of_cast.or_else(|| cast::actor(who).map(DevToken::from)).ok_or_else(|| {
        Failure::new(Exit::Usage, format_args!("nobody of the demo is called {who:?}"))
            .next("`caseledger token --list` shows who there is; anybody else is PERSON/ROLE/ORGANISATION")
    })
}

/// Says where the server is that would take the token: the running one, or the one the settings describe.
fn place(args: &Args, global: &Global) -> Result<Place, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    let running = running::address(&global.data).and_then(|address| address.parse().ok());
    let address: SocketAddr = running.unwrap_or(settings.http.listen);
    let is_production = !sign_in::identity(&settings).development;
    Ok(Place { is_production, is_loopback: IpAddr::is_loopback(&address.ip()) })
}

fn failure(error: DevIssuerError) -> Failure {
    let exit = match &error {
        DevIssuerError::NoKey { .. } => Exit::NoData,
        DevIssuerError::Production | DevIssuerError::NotLoopback | DevIssuerError::Exposed { .. } => Exit::Refused,
        DevIssuerError::Damaged { .. } | DevIssuerError::Io { .. } => Exit::Internal,
    };
    Failure::new(exit, error)
}

fn list(output: &mut Output) {
    if output.json {
        cast().iter().for_each(|person| output.json_line(person));
        return;
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["code", "name", "role", "organisation", "factors"]);
    for Person { person, name, role, organisation, mfa, .. } in cast() {
        table.add_row([*person, name, role.name(), organisation, if *mfa { "two" } else { "one" }]);
    }
    output.line(table.trim_fmt());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_named_by_role_or_written_out() {
        assert_eq!(wanted("case_manager").unwrap().organisation.as_str(), "ASP14");
        assert_eq!(wanted("P-NL/workflow_lead/ASP-NORTH").unwrap().person.as_str(), "P-NL");
        let failure = wanted("nobody").unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.next.is_some());
    }
}

//! `caseledger views skip`.

use caseledger_events::ids::Code;
use serde_json::json;

use super::rebuild::path;
use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::road::Road;
use crate::settings::SettingsArgs;

/// Have a read model pass over the one event it stopped before
///
/// A read model stops before an event it cannot take and passes over nothing by itself. Where no newer release can take
/// it either, this has the one event passed over: on record, told by `views status`, and the same in every later build.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done · 3 the directory is busy · 4 no such view · 5 the read model did not stop there"
)]
pub struct SkipArgs {
    /// The read model, as `caseledger views status` names it
    view: String,

    /// The event it stopped before
    #[arg(long, value_name = "POSITION")]
    position: u64,

    /// Why, by code: a ticket, a decision
    #[arg(long, value_name = "CODE")]
    reason: Code,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Has it passed over.
pub(super) fn run(args: &SkipArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    let body = json!({"position": args.position, "reason": args.reason});
    let status = Road::walk(&global.data, &settings, asking, async |road| {
        road.post(&path(&args.view, "skip"), "skip", &body).await?.accepted()
    })?;
    if output.json {
        output.json_line(&status);
    } else {
        output.line(format_args!("{}: position {} is passed over", args.view, args.position));
    }
    Ok(Exit::Ok)
}

//! `caseledger views`: how the read models stand, and building one anew while the one in use goes on.

mod build;
mod estimate;
mod rebuild;
mod skip;

use comfy_table::{ContentArrangement, Table};
use serde_json::Value;

use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, thousands};
use crate::road::{Road, items, word};
use crate::settings::SettingsArgs;

/// Look at the read models, build one anew
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Status(StatusArgs),
    Rebuild(rebuild::RebuildArgs),
    Build(build::BuildArgs),
    Skip(skip::SkipArgs),
    /// Put files built beside read models into use; what was in use stays beside, for an instant way back
    #[command(after_help = rebuild::EXIT_CODES)]
    Switch(rebuild::SteerArgs),
    /// Pause what is built beside read models; what was read is kept
    #[command(after_help = rebuild::EXIT_CODES)]
    Pause(rebuild::SteerArgs),
    /// Go on with what was paused, from one pass over the log
    #[command(after_help = rebuild::EXIT_CODES)]
    Resume(rebuild::SteerArgs),
    /// Give up what stands beside read models, and its files
    #[command(after_help = rebuild::EXIT_CODES)]
    Drop(rebuild::SteerArgs),
}

/// Say how far each read model has read, and what holds it up
///
/// Positions are shown as numbers: a read model is up to date when its position is the log's head.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 all follow the log · 1 one does not · 3 the directory is busy · 4 no such ledger"
)]
struct StatusArgs {
    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Does what was asked.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    match &args.what {
        What::Status(args) => status(args, global, output),
        What::Rebuild(args) => rebuild::run(args, global, output),
        What::Skip(args) => skip::run(args, global, output),
        What::Build(args) => build::run(args, global, output),
        What::Switch(args) => rebuild::steer(args, "switch", global, output),
        What::Pause(args) => rebuild::steer(args, "pause", global, output),
        What::Resume(args) => rebuild::steer(args, "resume", global, output),
        What::Drop(args) => rebuild::steer(args, "drop", global, output),
    }
}

/// Asks the server, or opens the views where none runs.
fn status(args: &StatusArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    let document = Road::walk(&global.data, &settings, asking, async |road| road.get("/v1/views").await?.accepted())?;
    let views = items(&document["items"]);
    if output.json {
        views.iter().for_each(|view| output.json_line(view));
    } else {
        print(views, output);
    }
    Ok(if views.iter().all(is_well) { Exit::Ok } else { Exit::FoundWrong })
}

fn is_well(view: &Value) -> bool {
    matches!(view["state"]["is"].as_str(), Some("following" | "building"))
}

fn print(views: &[Value], output: &mut Output) {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["view", "version", "state", "position", "head", "behind", "events/s"]);
    for view in views {
        let number = |name: &str| thousands(view[name].as_f64().unwrap_or_default() as u64);
        let behind = format!("{} for {} s", number("lag_events"), number("lag_seconds"));
        let version = view["version"].to_string();
        let row = [
            word(&view["view"]).to_owned(),
            version,
            word(&view["state"]["is"]).to_owned(),
            number("position"),
            number("head"),
            behind,
            number("events_per_second"),
        ];
        table.add_row(row);
    }
    output.line(table.trim_fmt());
    for view in views {
        let name = word(&view["view"]);
        for reason in [&view["state"]["reason"], &view["last_error"]].into_iter().filter_map(Value::as_str) {
            output.line(format_args!("{name}: {reason}"));
        }
        if let Some(beside) = view.get("beside").filter(|beside| !beside.is_null()) {
            output.line(format_args!("{name}: beside it, {}", rebuild::told(beside)));
        }
        for aside in items(&view["set_aside"]) {
            output.line(format_args!("{name}: {} was set aside: {}", aside["file"], aside["reason"]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_view_that_stalls_is_not_well() {
        for (state, well) in [("following", true), ("building", true), ("stalled", false), ("retrying", false)] {
            assert_eq!(is_well(&json!({"state": {"is": state}})), well, "{state}");
        }
    }
}

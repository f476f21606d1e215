//! `caseledger views rebuild`, `switch`, `pause`, `resume`, `drop`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count, thousands};
use crate::progress::Progress;
use crate::road::{Road, items, word};
use crate::settings::SettingsArgs;

pub(super) const EXIT_CODES: &str = "Exit codes: 0 done · 1 the files differ, or the build was given up · 3 the directory is busy · 4 no such view · 5 refused";

/// How often it is asked how far a build is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Build read models anew from the log, beside those in use
///
/// The log is read once for all of them. Those in use go on answering and following. When a new file holds the whole
/// history, both are compared row by row at one position. `caseledger views switch` then puts it into use; with --switch
/// that is done at once where every row is the same. Interrupting this command leaves a server building; without a server
/// the build ends with the command, and the next one goes on where it stood.
#[derive(clap::Args)]
#[command(verbatim_doc_comment, after_help = EXIT_CODES)]
pub struct RebuildArgs {
    /// The read models, as `caseledger views status` names them; without one all of them
    views: Vec<String>,

    /// Only say what it will take: events, time, space
    #[arg(long)]
    dry_run: bool,

    /// Begin at the first event, also where an earlier build was left behind
    #[arg(long)]
    fresh: bool,

    /// Put it into use when every row is the same
    #[arg(long, conflicts_with = "dry_run")]
    switch: bool,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Which read models.
#[derive(clap::Args)]
pub struct SteerArgs {
    /// The read models, as `caseledger views status` names them
    #[arg(required = true)]
    views: Vec<String>,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Begins a build and watches it.
pub(super) fn run(args: &RebuildArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    Road::walk(&global.data, &settings, asking, async |road| build(args, road, output).await)
}

async fn build(args: &RebuildArgs, road: &Road, output: &mut Output) -> Result<Exit, Failure> {
    let body = json!({"views": args.views, "dry_run": args.dry_run, "fresh": args.fresh});
    let begun = road.post("/v1/views/rebuild", "rebuild", &body).await?.accepted()?;
    if args.dry_run {
        items(&begun["estimates"]).iter().for_each(|estimate| estimated(estimate, output));
        return Ok(Exit::Ok);
    }
    let names: Vec<&str> = items(&begun["beside"]).iter().map(|beside| word(&beside["view"])).collect();
    let built = watch(&names, road).await?;
    for beside in &built {
        if output.json {
            output.json_line(beside);
        } else {
            output.line(format_args!("{}: {}", word(&beside["view"]), told(beside)));
            differences(beside, output);
        }
    }
    if built.iter().any(|beside| beside["parity"]["is_equal"] != true) {
        return Ok(Exit::FoundWrong);
    }
    if args.switch {
        let body = json!({"views": names, "act": "switch"});
        let switched = road.post("/v1/views/beside", "switch", &body).await?.accepted()?;
        for beside in items(&switched["items"]) {
            let (view, file) = (word(&beside["view"]), word(&beside["file"]));
            output.line(format_args!("{view}: the new file is in use; {file} stays beside it"));
        }
    } else {
        output.line(format_args!("put it into use: caseledger views switch {}", names.join(" ")));
    }
    Ok(Exit::Ok)
}

/// Shows how far builds are until all are over: as far as the one that is behind the others.
async fn watch(names: &[&str], road: &Road) -> Result<Vec<Value>, Failure> {
    let mut progress: Option<Progress> = None;
    loop {
        let views = road.get("/v1/views").await?.accepted()?;
        let ours = items(&views["items"]).iter().filter(|item| names.contains(&word(&item["view"])));
        let beside: Vec<Value> = ours.map(|item| item["beside"].clone()).collect();
        let is_built = |beside: &&Value| matches!(word(&beside["state"]["is"]), "building" | "comparing");
        let positions = beside.iter().filter(is_built).filter_map(|beside| beside["position"].as_u64());
        let Some(behind) = positions.min() else { return Ok(beside) };
        let head = beside[0]["head"].as_u64().unwrap_or_default();
        progress.get_or_insert_with(|| Progress::events("building", head)).set(behind);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Steers what stands beside.
pub(super) fn steer(args: &SteerArgs, act: &str, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    let steered = Road::walk(&global.data, &settings, asking, async |road| {
        road.post("/v1/views/beside", act, &json!({"views": args.views, "act": act})).await?.accepted()
    })?;
    for beside in items(&steered["items"]) {
        match output.json {
            true => output.json_line(beside),
            false => output.line(format_args!("{}: beside it, {}", word(&beside["view"]), told(beside))),
        }
    }
    Ok(Exit::Ok)
}

/// Says in a sentence how the file beside stands.
pub(super) fn told(beside: &Value) -> String {
    let number = |name: &str| thousands(beside[name].as_f64().unwrap_or_default() as u64);
    let left = match beside["seconds_left"].as_f64() {
        Some(left) if left >= 1.0 => format!(", {left:.0} s left"),
        _ => String::new(),
    };
    let reason = beside["state"]["reason"].as_str().map_or(String::new(), |reason| format!(": {reason}"));
    let parity = match beside["parity"]["is_equal"].as_bool() {
        Some(true) => format!("; every row is the same at position {}", beside["parity"]["position"]),
        Some(false) => format!("; rows differ at position {}", beside["parity"]["position"]),
        None => String::new(),
    };
    let (file, state) = (word(&beside["file"]), word(&beside["state"]["is"]));
    format!("{file} is {state}{reason}, at {} of {}{left}{parity}", number("position"), number("head"))
}

fn differences(beside: &Value, output: &mut Output) {
    for table in items(&beside["parity"]["tables"]) {
        let rows = |name: &str| thousands(table[name].as_u64().unwrap_or_default());
        let verdict = if table["is_equal"] == true { "same" } else { "DIFFERS" };
        let (in_use, beside) = (rows("rows_in_use"), rows("rows_beside"));
        output.line(format_args!("  {verdict:<8}{:<14}{in_use} rows in use, {beside} beside", word(&table["table"])));
    }
}

fn estimated(estimate: &Value, output: &mut Output) {
    if output.json {
        return output.json_line(estimate);
    }
    let number = |name: &str| estimate[name].as_u64().unwrap_or_default();
    let mib = |name: &str| thousands(number(name) >> 20);
    output.line(format_args!(
        "{}: {} to read, about {:.0} s; about {} MiB while it is built, {} MiB are free",
        word(&estimate["view"]),
        count(number("events"), "event"),
        estimate["seconds"].as_f64().unwrap_or_default().ceil(),
        mib("disk_bytes"),
        mib("free_bytes"),
    ));
}

pub(super) fn path(view: &str, what: &str) -> String {
    // A name with anything else in it is none, and is not to become part of another path.
    let name: String = view.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).collect();
    format!("/v1/views/{name}/{what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_told_in_one_sentence() {
        let building = json!({"file": "case_view.v3.2.sqlite", "state": {"is": "building"}, "position": 1200, "head": 5000,
            "seconds_left": 12.4, "parity": null});
        assert_eq!(told(&building), "case_view.v3.2.sqlite is building, at 1,200 of 5,000, 12 s left");
        let ready = json!({"file": "f", "state": {"is": "ready"}, "position": 5, "head": 5, "seconds_left": 0.0,
            "parity": {"is_equal": false, "position": 4}});
        assert_eq!(told(&ready), "f is ready, at 5 of 5; rows differ at position 4");
        let ended =
            json!({"file": "f", "state": {"is": "ended", "reason": "it was dropped"}, "position": 5, "head": 5});
        assert_eq!(told(&ended), "f is ended: it was dropped, at 5 of 5");
    }

    #[test]
    fn a_name_never_becomes_another_path() {
        assert_eq!(path("../keys", "rebuild"), "/v1/views/..keys/rebuild");
        assert_eq!(path("case_view", "beside"), "/v1/views/case_view/beside");
    }
}

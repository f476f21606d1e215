//! `caseledger policy`: what the founding documents leave open, as settings (Q1–Q39): shown, checked, explained, set.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;
use caseledger_events::input;
use caseledger_events::policy::{Meaning, Policies, Policy, PolicySet, explain, meaning};
use chrono::{NaiveDate, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::journal;
use crate::output::Output;
use crate::road::Road;
use crate::settings::SettingsArgs;

/// Show, check, explain and set what the founding documents leave open (Q1–Q39)
///
/// Every decision is taken under the policy of its day, and every event names the version it was decided under.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Print the policy in force, setting by setting; with --toml as a file to begin from
    #[command(after_help = "Exit codes: 0 done · 4 no such ledger")]
    Show {
        /// As in force on this New Zealand day; today where absent
        #[arg(long, value_name = "DAY")]
        on: Option<NaiveDate>,
        /// As a file that `caseledger policy set` takes
        #[arg(long)]
        toml: bool,
        /// The defaults, of no ledger
        #[arg(long)]
        default: bool,
    },
    /// Read a policy file, and say what it changes of the defaults
    #[command(after_help = "Exit codes: 0 it can be set · 2 it cannot, and why · 4 no such file")]
    Check {
        /// The file; what it leaves out is as the defaults
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Say under which policy an event was decided, and what that decision read of it
    #[command(after_help = "Exit codes: 0 done · 4 no such event or ledger")]
    Explain {
        /// The position of the event
        #[arg(value_name = "POSITION")]
        position: u64,
    },
    Set(Box<SetArgs>),
}

/// Set another policy, in force from today or a later day
///
/// What was decided before stays decided under the policy of its day. Works beside a running server and without one.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done · 2 the file makes no sense · 4 no such ledger or file · 5 the ledger refused"
)]
struct SetArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// From which New Zealand day on; today where absent
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Does what was asked for.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    match &args.what {
        What::Show { on, toml, default } => {
            let policies = if *default { Policies::default() } else { read_all(&global.data)?.0 };
            let day = on.unwrap_or_else(|| Timestamp::from(Utc::now()).auckland());
            let (version, policy) = policies.in_force(day);
            show(version, day, policy, *toml, output)
        }
        What::Check { file } => check(file, output),
        What::Explain { position } => explain_one(Position(*position), global, output),
        What::Set(args) => set(args, global, output),
    }
}

fn show(version: u32, day: NaiveDate, policy: &Policy, as_toml: bool, output: &mut Output) -> Result<Exit, Failure> {
    if as_toml {
        let text = toml::to_string_pretty(policy).map_err(|error| Failure::new(Exit::Internal, error))?;
        output.line(text.trim_end());
        return Ok(Exit::Ok);
    }
    if output.json {
        let meaning: Vec<Value> = meaning(policy, day)
            .into_iter()
            .map(|row| json!({"question": row.question, "what": row.what, "value": row.value}))
            .collect();
        output.json_line(&json!({"version": version, "on": day, "policy": policy, "meaning": meaning}));
        return Ok(Exit::Ok);
    }
    output.line(format_args!("policy version {version}, as in force on {day}"));
    print(policy, None, output);
    output.line(format_args!("what that means on {day}:"));
    for Meaning { question, what, value } in meaning(policy, day) {
        let value = value.unwrap_or_else(|| "not known to the calendar, or never".to_owned());
        output.line(format_args!("{question:<4} {what}: {value}"));
    }
    Ok(Exit::Ok)
}

fn print(policy: &Policy, kind: Option<&str>, output: &mut Output) {
    for (question, key, value) in explain(policy, kind) {
        output.line(format_args!("{:<4} {key:<38} {:<34} {}", question.id, short(&value), question.asks));
    }
}

/// Rows of a table are told by their values.
fn short(value: &Value) -> String {
    let Some(rows) = value.as_array() else { return value.to_string().trim_matches('"').to_owned() };
    if rows.is_empty() {
        return "every one".to_owned();
    }
    let of_row = |row: &Value| match (&row["value"]["code"], &row["value"]) {
        (Value::String(code), _) => code.clone(),
        (_, Value::String(value)) => value.clone(),
        _ => row.as_str().unwrap_or_default().to_owned(),
    };
    rows.iter().map(of_row).collect::<Vec<_>>().join(",")
}

fn read_file(path: &Path) -> Result<Policy, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    let wrong = |why: String| Failure::new(Exit::Usage, format_args!("{}: {why}; nothing was set", path.display()));
    let help = "`caseledger policy show --default --toml` prints a file with every setting";
    let value: toml::Value = toml::from_str(&text).map_err(|error| wrong(error.to_string()).next(help))?;
    let json = serde_json::to_string(&value).map_err(|error| wrong(error.to_string()))?;
    let policy = input::read::<Policy>(&json, "").and_then(|policy| policy.check().map(|()| policy));
    policy.map_err(|bad| wrong(format!("at {}: {}", bad.pointer, bad.what)).next(help))
}

fn check(path: &Path, output: &mut Output) -> Result<Exit, Failure> {
    let policy = read_file(path)?;
    let before = explain(&Policy::default(), None);
    let changed: Vec<_> = explain(&policy, None)
        .into_iter()
        .zip(before)
        .filter(|((_, _, now), (_, _, before))| now != before)
        .map(|((question, key, now), (_, _, before))| (question.id, key, now, before))
        .collect();
    if output.json {
        let rows: Vec<Value> = changed
            .iter()
            .map(|(question, key, now, before)| json!({"question": question, "key": key, "is": now, "default": before}))
            .collect();
        output.json_line(&json!({"can_be_set": true, "changes": rows}));
        return Ok(Exit::Ok);
    }
    output.line(format_args!("{} can be set; it changes {} of the defaults", path.display(), changed.len()));
    for (question, key, now, before) in changed {
        output.line(format_args!("{question:<4} {key}: {} (default {})", short(&now), short(&before)));
    }
    Ok(Exit::Ok)
}

/// What an event says of how it was decided.
struct Decided {
    kind: String,
    version: u32,
    on: NaiveDate,
}

/// Folds the policies that were ever set; with a position, what the event there says.
fn read_all(data: &Path) -> Result<(Policies, Vec<Decided>), Failure> {
    scan(data, None)
}

fn scan(data: &Path, wanted: Option<Position>) -> Result<(Policies, Vec<Decided>), Failure> {
    let journal = journal::open(data)?;
    let (mut policies, mut decided) = (Policies::default(), Vec::new());
    journal::read(&journal, "reading", Position(1), journal.last(), |position, frame, _| {
        let event = journal::decode(position, frame)?;
        let broken = |error: caseledger_events::codec::BadFrame| journal::undecodable(position, &error.reason);
        if let Some(set) = PolicySet::read(&event).map_err(broken)? {
            policies.apply(set);
        }
        if wanted == Some(position) {
            let on = event.recorded_at.auckland();
            decided.push(Decided { kind: event.kind.to_owned(), version: event.policy, on });
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok((policies, decided))
}

fn explain_one(position: Position, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let (policies, decided) = scan(&global.data, Some(position))?;
    let no_event = || Failure::new(Exit::NoData, format_args!("there is no event at position {position}"));
    let Decided { kind, version, on } = decided.into_iter().next().ok_or_else(no_event)?;
    if version == 0 {
        output.line(format_args!("{kind} at position {position} was decided under no policy: it began the ledger"));
        return Ok(Exit::Ok);
    }
    let policy = policies.version(version).ok_or_else(|| {
        Failure::new(Exit::FoundWrong, format_args!("policy version {version} is not in this ledger"))
            .next("run `caseledger verify`")
    })?;
    if output.json {
        let rows: Vec<Value> = explain(policy, Some(&kind))
            .into_iter()
            .map(|(question, key, value)| json!({"question": question.id, "key": key, "value": value}))
            .collect();
        let said = json!({"position": position, "type": kind, "on": on, "version": version, "read": rows});
        output.json_line(&said);
        return Ok(Exit::Ok);
    }
    output.line(format_args!("{kind} at position {position} was decided on {on} under policy version {version}"));
    match explain(policy, Some(&kind)).is_empty() {
        true => output.line("its decision reads no setting of the policy"),
        false => print(policy, Some(&kind), output),
    }
    Ok(Exit::Ok)
}

fn set(args: &SetArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let policy = read_file(&args.file)?;
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    let body = json!({"policy": policy, "effective_on": args.from});
    let key = format!("policy-{}", Uuid::new_v4());
    let answer = Road::walk(&global.data, &settings, asking, async |road| {
        road.post("/v1/policy", &key, &body).await?.accepted()
    })?;
    if output.json {
        output.json_line(&answer);
    } else if answer["nothing_to_do"] == json!(true) {
        output.line("that policy is in force already");
    } else {
        output.line(format_args!("set, at position {}", answer["receipt"]["position"]));
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_file_that_reads_back_as_they_are() {
        let text = toml::to_string_pretty(&Policy::default()).unwrap();
        let path = std::env::temp_dir().join(format!("caseledger-policy-{}.toml", std::process::id()));
        fs::write(&path, &text).unwrap();
        let read = read_file(&path);
        fs::remove_file(&path).unwrap();
        assert_eq!(read.unwrap(), Policy::default());
    }

    #[test]
    fn the_file_in_the_project_is_the_defaults() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policy.default.toml");
        let head = "# The policy that is in force without any event: the defaults of docs/policy.md, as `caseledger policy show\n\
                    # --default --toml` prints them. A file of its own may leave out what stays as it is here.\n\n";
        let today = format!("{head}{}", toml::to_string_pretty(&Policy::default()).unwrap());
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
            fs::write(&path, &today).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == today, "policy.default.toml is not what the code says: UPDATE_GOLDEN=1 writes it");
    }

    #[test]
    fn a_file_that_makes_no_sense_says_where() {
        for (text, says) in [
            ("[absense]\nthreshold_half_days = 20\n", "at : there is a field that is not known here"),
            ("[absence]\nthreshold_half_days = \"many\"\n", "at /absence/threshold_half_days"),
            ("[absence]\nthreshold_half_days = 0\n", "at least one half-day"),
            ("[absence\n", "TOML parse error at line 1"),
        ] {
            let path = std::env::temp_dir().join(format!("caseledger-policy-bad-{}.toml", std::process::id()));
            fs::write(&path, text).unwrap();
            let failure = read_file(&path).unwrap_err();
            fs::remove_file(&path).unwrap();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.what.contains(says), "{}", failure.what);
        }
    }
}

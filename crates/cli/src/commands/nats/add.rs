//! `caseledger nats consumer add`: one more durable consumer, listed and made.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use caseledger_bus::{BusUser, Connection, ConsumerSpec, make_consumers, read_consumers};
use caseledger_events::ids::Code;
use serde_json::json;

use super::{endpoint, unavailable};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::settings::{Nats, SettingsArgs};

/// List a durable consumer for a scoped user, and make it
///
/// The entry is appended to the file named with --nats-consumers-file, so that `nats rebuild` makes it again. Without a
/// filter it delivers every public event. Its user needs an account of its own in nats.conf: copy the block PROVIDER, with
/// this name in the place of provider-asp01 and a key of its own.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Example:
  caseledger nats consumer add provider-asp02 --provider ASP02 --nats-consumers-file consumers.toml

Exit codes: 0 it stands · 1 one of this name stands and differs · 2 it is listed already, or no file is named · 6 no broker
answers: it is listed, and made by `nats consumer`"
)]
pub struct Args {
    /// Its name: a-z, 0-9, _ and -
    #[arg(value_name = "NAME")]
    name: String,

    /// Who reads it and what for
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,

    /// One type of event alone, such as case_closed
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,

    /// Events recorded while the case was with this provider
    #[arg(long, value_name = "CODE")]
    provider: Option<Code>,

    /// Events of this catchment
    #[arg(long, value_name = "CODE")]
    catchment: Option<Code>,

    /// Events of this school
    #[arg(long, value_name = "CODE")]
    school: Option<Code>,

    /// One acknowledgement covers everything before it, for jobs that commit a batch and then acknowledge
    #[arg(long)]
    in_batches: bool,

    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// Lists it, then makes it.
pub async fn run(args: &Args, nats: &Nats, output: &mut Output) -> Result<Exit, Failure> {
    let file = &nats.consumers_file;
    if file.as_os_str().is_empty() {
        return Err(Failure::new(
            Exit::Usage,
            "no list of consumers is named, and the one built in cannot be added to",
        )
        .next("copy consumers.toml and name it with --nats-consumers-file"));
    }
    let spec = listed(args, file)?;
    let connection = Connection::open(&endpoint(nats, BusUser::Operator)?).await?;
    let states = make_consumers(&connection, std::slice::from_ref(&spec)).await;
    connection.close().await;
    let states = states.map_err(unavailable)?;
    for (name, state) in &states {
        match output.json {
            true => {
                output.json_line(&json!({"consumer": name, "state": state.to_string(), "filter": spec.filter_subjects}))
            }
            false => output.line(format_args!("{name}: {state}, {}", spec.filter_subjects.join(", "))),
        }
    }
    if !output.json {
        output.line("next: an account of its own in nats.conf, as the block PROVIDER has it, and its key");
    }
    Ok(super::exit_of(&states))
}

/// Appends the entry to the list, once all of it reads.
fn listed(args: &Args, file: &Path) -> Result<ConsumerSpec, Failure> {
    let mut text = fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))?;
    text.push_str(&entry(args));
    let read = read_consumers(&text).map_err(|error| Failure::new(Exit::Usage, error))?;
    let spec = read.into_iter().next_back().ok_or_else(|| Failure::new(Exit::Internal, "the entry was not read"))?;
    let part = file.with_extension("part");
    let written = fs::write(&part, &text).and_then(|()| fs::rename(&part, file));
    written.map_err(|error| Failure::file("write", file, &error))?;
    Ok(spec)
}

fn entry(args: &Args) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    let mut entry = String::from("\n[[consumer]]\n");
    let ack = if args.in_batches { "all" } else { "explicit" };
    let fields = [
        ("name", text(&args.name)),
        ("description", text(&args.description)),
        ("filter_subjects", format!("[{}]", text(&args.subject()))),
        ("ack_policy", text(ack)),
        ("max_ack_pending", "1000".to_owned()),
    ];
    for (name, value) in fields {
        writeln!(entry, "{name} = {value}").expect("writing to a string cannot fail");
    }
    entry
}

impl Args {
    /// Returns what it delivers: `ledger.ev.<type>.<provider>.<catchment>.<school>`, codes in lower case.
    fn subject(&self) -> String {
        let code = |code: Option<Code>| code.map(|code| code.as_str().to_ascii_lowercase());
        let tokens = [self.kind.clone(), code(self.provider), code(self.catchment), code(self.school)];
        let given = tokens.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let mut subject = "ledger.ev".to_owned();
        for token in &tokens[..given] {
            subject.push('.');
            subject.push_str(token.as_deref().unwrap_or("*"));
        }
        if given < tokens.len() {
            subject.push_str(".>");
        }
        subject
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(words: &[&str]) -> Args {
        Line::parse_from(std::iter::once("x").chain(words.iter().copied())).args
    }

    #[test]
    fn a_filter_names_what_is_given_and_leaves_the_rest_open() {
        for (words, subject) in [
            (&["a"][..], "ledger.ev.>"),
            (&["a", "--provider", "ASP02"], "ledger.ev.*.asp02.>"),
            (&["a", "--type", "case_closed"], "ledger.ev.case_closed.>"),
            (&["a", "--provider", "ASP02", "--school", "S-1"], "ledger.ev.*.asp02.*.s-1"),
        ] {
            assert_eq!(args(words).subject(), subject);
        }
    }

    #[test]
    fn an_entry_is_appended_once_and_only_where_it_reads() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("consumers.toml");
        fs::write(&file, include_str!("../../../../../consumers.toml")).unwrap();
        let one = args(&["provider-asp02", "--provider", "ASP02", "--description", "the \"second\" one"]);
        let spec = listed(&one, &file).unwrap();
        assert_eq!((spec.name.as_str(), spec.description.as_str()), ("provider-asp02", "the \"second\" one"));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# The durable consumers"), "what was there stays");
        assert_eq!(listed(&one, &file).unwrap_err().exit, Exit::Usage, "it is listed twice");
        assert_eq!(listed(&args(&["Not.A.Name"]), &file).unwrap_err().exit, Exit::Usage);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

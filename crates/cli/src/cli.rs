//! The command line: global options and the list of commands.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::commands::{
    access, backup, calendar, completions, demo, export, import, invoice, keys, ledger, lint, measures, nats, openapi,
    policy, replay, restore, serve, simulate, token, verify, views, worker,
};
use crate::exit::EXIT_CODES;
use crate::settings;

/// An event-sourced ledger of attendance cases: what happened, in order, provably.
#[derive(Parser)]
#[command(name = "caseledger", version, after_help = EXIT_CODES, max_term_width = 110, disable_help_subcommand = true)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Directory that holds the ledger
    #[arg(
        long,
        value_name = "DIR",
        env = "CASELEDGER_DATA",
        hide_env_values = true,
        default_value = "./.caseledger",
        global = true
    )]
    pub data: PathBuf,

    /// Answer with JSON, one object a line, for scripts
    #[arg(long, global = true)]
    pub json: bool,

    /// Folder with further lists of measures, each <quarter>.<version>.toml
    #[arg(long, value_name = "DIR", env = "CASELEDGER_MEASURES", hide = true, global = true)]
    pub measures: Option<PathBuf>,
}

/// Every command.
#[derive(Subcommand)]
pub enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    Ledger(ledger::Args),
    Replay(replay::Args),
    Verify(verify::Args),
    Lint(lint::Args),
    Export(export::Args),
    Import(import::Args),
    Keys(keys::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Views(views::Args),
    Worker(Box<worker::Args>),
    Nats(nats::Args),
    Policy(policy::Args),
    Simulate(simulate::Args),
    Token(token::Args),
    Access(access::Args),
    Measures(measures::Args),
    Calendar(calendar::Args),
    Invoice(invoice::Args),
    Openapi(openapi::Args),
    Completions(completions::Args),
}

/// Returns the command line as clap knows it. Settings that a command reads but nobody sets for it are left out of its
/// help; they work all the same.
pub fn command() -> clap::Command {
    const ALL: &[&str] = &["HTTP", "Log", "Keys", "Access", "Broadcast", "Logging"];
    const NOT_NATS: &[&str] = &["HTTP", "Log", "Keys", "Access", "Logging"];
    let hide = |command: clap::Command, headings: &'static [&'static str]| {
        command.mut_args(|arg| {
            let is_noise = arg.get_help_heading().is_some_and(|heading| headings.contains(&heading));
            arg.hide(is_noise)
        })
    };
    Cli::command()
        .mut_subcommand("serve", with_defaults)
        .mut_subcommand("demo", |c| hide(c, ALL))
        .mut_subcommand("token", |c| hide(c, ALL))
        .mut_subcommand("export", |c| hide(c, ALL))
        .mut_subcommand("replay", |c| hide(c, ALL))
        .mut_subcommand("import", |import| import.mut_subcommand("reference", |c| hide(c, ALL)))
        .mut_subcommand("access", |access| access.mut_subcommand("viewers", |c| hide(c, ALL)))
        .mut_subcommand("keys", |keys| {
            let names: Vec<String> = keys.get_subcommands().map(|c| c.get_name().to_owned()).collect();
            names.into_iter().fold(keys, |keys, name| keys.mut_subcommand(name, |c| hide(c, ALL)))
        })
        .mut_subcommand("measures", |measures| {
            let names = ["publish", "import"];
            names.into_iter().fold(measures, |measures, name| measures.mut_subcommand(name, |c| hide(c, ALL)))
        })
        .mut_subcommand("policy", |policy| policy.mut_subcommand("set", |c| hide(c, ALL)))
        .mut_subcommand("views", |views| views.mut_subcommand("status", |c| hide(c, ALL)))
        .mut_subcommand("worker", |c| hide(c, NOT_NATS))
        .mut_subcommand("nats", |nats| {
            let names = ["check", "rebuild", "consumer"];
            let nats = names.into_iter().fold(nats, |nats, name| nats.mut_subcommand(name, |c| hide(c, NOT_NATS)));
            nats.mut_subcommand("consumer", |c| c.mut_subcommand("add", |c| hide(c, NOT_NATS)))
        })
}

/// Adds to the help of every setting what it is when nobody sets it.
fn with_defaults(serve: clap::Command) -> clap::Command {
    settings::defaults().into_iter().fold(serve, |serve, (name, default)| {
        serve.mut_arg(name, |arg| {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            arg.help(format!("{help} [default: {default}]"))
        })
    })
}

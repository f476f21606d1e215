//! The help of every command, as it stands; `UPDATE_HELP=1` writes it anew.

use std::fs;
use std::path::Path;

use crate::support::run;

/// Commands whose help is kept; the ones with a space have a command of their own below them.
const COMMANDS: &[&str] = &[
    "",
    "demo",
    "serve",
    "ledger",
    "replay",
    "verify",
    "lint",
    "export",
    "import",
    "import reference",
    "backup",
    "restore",
    "views",
    "views status",
    "views rebuild",
    "views build",
    "views skip",
    "views switch",
    "views pause",
    "views resume",
    "views drop",
    "worker",
    "nats",
    "nats check",
    "nats rebuild",
    "nats consumer",
    "nats consumer add",
    "policy",
    "policy show",
    "policy check",
    "policy explain",
    "policy set",
    "token",
    "access",
    "access show",
    "access explain",
    "access grants",
    "access viewers",
    "access revoke-token",
    "keys",
    "keys status",
    "keys rotate",
    "keys change-kek",
    "keys hold",
    "keys propose-disposal",
    "calendar",
    "calendar add",
    "calendar count",
    "calendar show",
    "measures",
    "measures show",
    "measures explain",
    "measures lists",
    "measures publish",
    "measures compare",
    "measures verify",
    "measures import",
    "measures export",
    "invoice",
    "invoice check",
    "openapi",
    "completions",
];

#[test]
fn the_help_is_what_was_read_and_approved() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    let mut stale = Vec::new();
    for name in COMMANDS {
        let shown = run(name.split_whitespace().chain(["--help"])).ended(0).out;
        let file = if name.is_empty() { "caseledger".to_owned() } else { name.replace(' ', "-") };
        let path = dir.join(format!("{file}.txt"));
        if std::env::var_os("UPDATE_HELP").is_some() {
            fs::create_dir_all(&dir).unwrap();
            fs::write(&path, &shown).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != shown {
            stale.push(format!("--- {file}\n{shown}"));
        }
    }
    assert!(stale.is_empty(), "read it, then UPDATE_HELP=1:\n{}", stale.join("\n"));
}

#[test]
fn every_command_says_how_it_ends() {
    const PARENTS: [&str; 10] =
        ["import", "views", "nats", "policy", "access", "keys", "calendar", "measures", "invoice", "completions"];
    for name in COMMANDS.iter().filter(|name| !PARENTS.contains(name)) {
        let shown = run(name.split_whitespace().chain(["--help"])).out;
        assert!(shown.contains("Exit codes:"), "{name}");
    }
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let shown = run(["completions", shell]).ended(0).out;
        assert!(shown.contains("restore") && shown.contains("verify"), "{shell}");
    }
}

//! `caseledger completions`.

use clap_complete::Shell;

use crate::cli;
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Print the completions of a shell
///
/// For bash:  caseledger completions bash > ~/.local/share/bash-completion/completions/caseledger
/// For zsh:   caseledger completions zsh > ~/.zfunc/_caseledger
/// For fish:  caseledger completions fish > ~/.config/fish/completions/caseledger.fish
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the completions.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut cli::command(), "caseledger", &mut text);
    output.bytes(&text);
    Ok(Exit::Ok)
}

//! `caseledger access revoke-token`: one access token taken back.

use std::fs;
use std::path::PathBuf;

use caseledger_events::access::TokenName;
use caseledger_identity::token_name;
use serde_json::json;
use uuid::Uuid;

use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::road::Road;
use crate::settings::SettingsArgs;

#[derive(clap::Args)]
pub struct Args {
    /// The file that holds the token; the token itself goes nowhere
    #[arg(value_name = "FILE", required_unless_present = "hash")]
    file: Option<PathBuf>,

    /// Instead, its hash as the log names it
    #[arg(long, value_name = "HASH", conflicts_with = "file")]
    hash: Option<TokenName>,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

impl Args {
    fn hash(&self) -> Result<TokenName, Failure> {
        match (&self.file, self.hash) {
            (_, Some(hash)) => Ok(hash),
            (Some(file), None) => {
                let text = fs::read_to_string(file).map_err(|error| Failure::file("read", file, &error))?;
                let token = text.trim();
                if token.split('.').count() != 3 {
                    return Err(Failure::new(Exit::Usage, format_args!("{} holds no access token", file.display())));
                }
                Ok(token_name(token))
            }
            (None, None) => Err(Failure::new(Exit::Usage, "no token is named").next("name its file, or give --hash")),
        }
    }
}

/// Has the service take it back.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let hash = args.hash()?;
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    let told = Road::walk(&global.data, &settings, asking, async |road| {
        let body = json!({"hash": hash.to_string()});
        road.post("/v1/tokens/revoke", &Uuid::new_v4().to_string(), &body).await?.accepted()
    })?;
    if output.json {
        output.json_line(&told);
    } else {
        output.line(format_args!("the token {hash} is taken no more"));
    }
    Ok(Exit::Ok)
}

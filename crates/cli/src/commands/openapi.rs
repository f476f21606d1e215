//! `caseledger openapi`.

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Print the description of the HTTP interface
///
/// The OpenAPI 3.1 document that a development server shows at /openapi.json, and any other to those who are signed in.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger openapi > openapi.json

Exit codes: 0 done"
)]
pub struct Args {}

/// Prints the document.
pub fn run(_: &Args, output: &mut Output) -> Result<Exit, Failure> {
    output.json_line(&caseledger_http::openapi_document());
    Ok(Exit::Ok)
}

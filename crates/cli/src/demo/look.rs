//! Looking at what the demo left: whether everything holds and has caught up, and where people can look.

use std::path::Path;
use std::time::Duration;

use caseledger_bus::RelayState;
use tokio::time::timeout;

use super::story::Sample;
use crate::commands::verify;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count, thousands};
use crate::server::Server;
use crate::service::sent_everything;

/// Longer than a broker on a busy machine needs to take what the demo has recorded.
const CATCH_UP_LIMIT: Duration = Duration::from_secs(60);

/// Checks the log, and that read model and broadcast have caught up.
pub async fn check(dir: &Path, server: &Server, output: &mut Output) -> Result<bool, Failure> {
    let style = output.style;
    let relay = &server.service.relay_view;
    let _ = timeout(CATCH_UP_LIMIT, sent_everything(relay)).await;
    let status = relay.snapshot();
    let dir = dir.to_owned();
    let verified = tokio::task::spawn_blocking(move || verify::check(&dir)).await;
    let (walk, damage) = verified.map_err(|_| Failure::new(Exit::Internal, "checking the log ended in a panic"))??;
    let (last, chain) = walk.head();
    output.line(format_args!("\n{}", style.bold("Checked")));
    match &damage {
        None => output.line(format_args!(
            "  log        {} hold, hash {}…",
            count(last.0, "event"),
            &chain.to_string()[..16]
        )),
        Some(damage) => output.line(format_args!(
            "  log        {} at position {}: {}",
            style.bad("damage"),
            damage.position,
            damage.what
        )),
    }
    let views = server.service.views();
    for view in &views {
        output.line(format_args!(
            "  {:<10} position {}, lag {}",
            view.view.replace('_', " "),
            thousands(view.position.0),
            view.lag_events
        ));
    }
    let sent = match (&status.state, status.lag_events()) {
        (RelayState::Disabled, _) => "no broker".to_owned(),
        (RelayState::Ok, Some(lag)) => {
            format!("position {}, lag {lag}", thousands(status.stream_last.unwrap_or_default().0))
        }
        (state, _) => style.bad(state),
    };
    output.line(format_args!("  broadcast  {sent}"));
    let is_sent = matches!(status.state, RelayState::Disabled) || status.lag_events() == Some(0);
    Ok(damage.is_none() && is_sent && views.iter().all(|view| view.lag_events == 0))
}

/// Prints commands that can be copied as they stand where the demo ends and nothing serves.
pub fn print_what_is_left(dir: &Path, sample: Option<&Sample>, output: &mut Output) {
    let (program, data) = (program(), data(dir));
    let case = sample.map_or("AS-0000001-3", |sample| &sample.number);
    output.line(format_args!("\n{}", output.style.bold("Three commands to copy")));
    output.line(format_args!("  {program} demo{data}     serves what is there"));
    output.line(format_args!("  {program} replay --case {case} --as-table{data}"));
    output.line(format_args!("  {program} verify{data}"));
}

/// Returns how this program is called from here.
fn program() -> String {
    let program = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    match (&program, &here) {
        (Some(program), Some(here)) => program.strip_prefix(here).unwrap_or(program).display().to_string(),
        _ => "caseledger".to_owned(),
    }
}

/// Returns the option that names the directory, where it must be named.
fn data(dir: &Path) -> String {
    if dir == Path::new("./.caseledger") { String::new() } else { format!(" --data {}", dir.display()) }
}

/// Prints addresses, and commands that can be copied as they stand.
pub fn print_where_to_look(dir: &Path, url: &str, sample: Option<&Sample>, output: &mut Output) {
    let style = output.style;
    output.line(format_args!("\n{}", style.bold("Where to look")));
    output.line(format_args!("  {url}/docs     every route, to be tried in the browser"));
    output.line(format_args!("  {url}/v1/feed  what happens, live (curl -N, with the header below)"));
    output.line(format_args!("  {url}/metrics  for Prometheus, signed in"));
    let (program, data) = (program(), data(dir));
    let (reader, case) =
        sample.map_or(("AUDIT-1/auditor/MOE", "AS-0000001-3"), |sample| (&sample.reader, &sample.number));
    output.line(format_args!("\n{}", style.bold("Three commands to copy")));
    output.line(format_args!("  curl -s -H 'Ledger-Actor: {reader}' {url}/v1/cases/{case}"));
    output.line(format_args!("  {program} replay --case {case} --as-table{data}"));
    output.line(format_args!("  {program} verify{data}"));
}

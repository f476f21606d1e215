//! `caseledger serve`.

use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::logging;
use crate::server::Server;
use crate::service::{Missing, Time};
use crate::settings::SettingsArgs;
use crate::shutdown::Signals;
use crate::when::When;

/// Run the server
///
/// Opens the ledger in the data directory, makes one where there is none, and serves HTTP. The address taken is written
/// to http.addr there. Without a broker it works and says that nothing is broadcast. SIGTERM or Ctrl-C: commands are
/// refused, live feeds end, what is queued is finished, everything is closed; a second signal ends at once.
///
/// Settings come from flags, then environment variables, then the settings file, then defaults.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger serve
  caseledger serve --listen 127.0.0.1:0 --nats-url nats://127.0.0.1:4222 --nats-creds-dir /etc/caseledger/nats
  caseledger serve --data ./trial --simulated 2026-02-02T09:00:00+13:00

Exit codes: 0 stopped in order · 1 the ledger is damaged · 2 a setting makes no sense · 3 another process owns the
directory or the address · 74 the log could not be written · 130, 143 ended at once by a second signal"
)]
pub struct Args {
    /// Serve a simulation: time stands still until it is told to move. Names the time a new one starts at
    #[arg(long, value_name = "TIME", num_args = 0..=1)]
    simulated: Option<Option<When>>,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Serves until a signal comes.
pub fn run(args: &Args, global: &Global) -> Result<Exit, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    logging::start(&settings.logging)?;
    let time = args.simulated.map_or(Time::Real, |start| Time::Simulated(start.map(When::begin)));
    crate::runtime()?.block_on(async {
        let mut signals = Signals::listen().map_err(|error| Failure::new(Exit::Internal, error))?;
        let server = tokio::select! {
            server = Server::start(&global.data, &settings, time, Missing::Create) => server?,
            // Whatever opening has come to, the next start takes up.
            which = signals.next() => std::process::exit(which.exit_code()),
        };
        server.until(signals).await;
        Ok(Exit::Ok)
    })
}

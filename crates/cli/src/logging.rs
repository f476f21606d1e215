//! Structured log lines on standard error; nothing about a person is ever in them.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::exit::{Exit, Failure};
use crate::settings::{LogFormat, Logging};

/// Starts logging as the settings say.
pub fn start(settings: &Logging) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.level).map_err(|error| {
        Failure::new(Exit::Usage, format_args!("the log level `{}` makes no sense: {error}", settings.level))
            .next("write error, warn, info, debug or trace, or directives such as info,caseledger_bus=debug")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match settings.format {
        LogFormat::Text => {
            let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            builder.with_ansi(colours).with_target(false).try_init()
        }
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    started.map_err(|error| Failure::new(Exit::Internal, format_args!("logging could not be started: {error}")))
}

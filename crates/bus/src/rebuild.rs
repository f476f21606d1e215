//! Making the stream anew from the log, with its consumers where they had acknowledged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use caseledger_events::ids::{LedgerId, Position};
use caseledger_log::LedgerIdentity;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::api::{Api, ApiError};
use crate::connection::{ConnectError, Connection};
use crate::consumers::{ConsumerSpec, make};
use crate::endpoint::Endpoint;
use crate::halt::Halt;
use crate::log_source::LogSource;
use crate::relay::{RelayHandle, RelayOptions, RelayView};
use crate::resync::{Trouble, agreed};
use crate::status::{RelayState, RelayStatus};
use crate::stream::{StreamSettings, config};

/// How to make the stream anew.
#[derive(Clone, Debug)]
pub struct RebuildOptions {
    /// The operator: may delete and make the stream.
    pub operator: Endpoint,
    /// Who fills it again.
    pub filler: Filler,
    /// How the stream is to be set up.
    pub stream: StreamSettings,
    /// The consumers to make again.
    pub consumers: Vec<ConsumerSpec>,
    /// The file that keeps what consumers had acknowledged until they stand again; a crash in between loses nothing.
    pub notes: PathBuf,
}

/// Who fills the stream again.
#[derive(Clone, Debug)]
pub enum Filler {
    /// A relay of this command's own, as the user `relay`; harmless beside one that runs already.
    Own(Endpoint),
    /// The relay that runs in this process.
    Running(RelayView),
}

/// A step that has been done, or goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RebuildStep {
    /// The acknowledged positions are noted.
    Noted {
        /// Each consumer with the position up to which it had acknowledged what is in the log as well.
        consumers: Vec<(String, Position)>,
    },
    /// The old stream is gone and an empty one stands.
    Made,
    /// The stream is being filled.
    Filling {
        /// Its last sequence.
        at: Position,
        /// The last position to come.
        last: Position,
        /// What the relay that fills it does.
        state: RelayState,
    },
    /// A consumer stands again.
    Consumer {
        /// Its name.
        name: String,
        /// It delivers what follows this position.
        after: Position,
    },
}

/// Why the stream was not made anew.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The broker cannot be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The broker did not do its part.
    #[error("{0}; run `caseledger nats rebuild` again: what consumers had acknowledged is kept")]
    Api(#[from] ApiError),
    /// Where stream and log agree is not known yet.
    #[error("the stream could not be asked what it holds: {0}; nothing was deleted")]
    Unknown(String),
    /// The relay that fills the stream halted, or the log cannot be read.
    #[error("the stream could not be filled: {0}")]
    Halted(Halt),
    /// The relay that fills the stream ended, or was told to.
    #[error(
        "filling the stream was broken off at {at} of {last}; the relay goes on when the service runs, then run `caseledger nats rebuild` again for the consumers"
    )]
    BrokenOff {
        /// The stream's last sequence.
        at: Position,
        /// The last position to come.
        last: Position,
    },
    /// The notes cannot be written or read.
    #[error("cannot keep what consumers had acknowledged in {path}: {reason}; nothing was deleted")]
    Notes {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

/// Deletes the stream, makes it again with its consumers, and fills it from the log.
pub async fn rebuild(
    log: &LogSource,
    options: &RebuildOptions,
    stop: &CancellationToken,
    mut progress: impl FnMut(RebuildStep),
) -> Result<(), RebuildError> {
    let operator = Connection::open(&options.operator).await?;
    let api = Api::new(&operator);
    let notes = Notes::take(&api, log, options).await?;
    progress(RebuildStep::Noted { consumers: notes.consumers.clone() });
    api.delete_stream().await?;
    api.create_stream(&config(log.identity(), options.stream)).await?;
    progress(RebuildStep::Made);
    fill(&api, log, options, stop, &mut progress).await?;
    for spec in &options.consumers {
        let after = notes.acknowledged(&spec.name);
        // The relay of the service may have made it meanwhile, from the first event on.
        api.delete_consumer(&spec.name).await?;
        make(&api, spec, after).await?;
        progress(RebuildStep::Consumer { name: spec.name.clone(), after });
    }
    notes.done(&options.notes)?;
    operator.close().await;
    Ok(())
}

async fn fill(
    api: &Api,
    log: &LogSource,
    options: &RebuildOptions,
    stop: &CancellationToken,
    progress: &mut impl FnMut(RebuildStep),
) -> Result<(), RebuildError> {
    let last = log.last();
    let (own, view) = match &options.filler {
        Filler::Running(view) => (None, view.clone()),
        Filler::Own(endpoint) => {
            let relay = RelayOptions { stream: options.stream, ..RelayOptions::new(endpoint.clone(), None) };
            let handle = RelayHandle::start(relay, log.clone(), stop.child_token()).await?;
            let view = handle.view();
            (Some(handle), view)
        }
    };
    let filled = wait_until_full(api, &view, last, stop, progress).await;
    if let Some(own) = own {
        own.stop().await;
    }
    filled
}

async fn wait_until_full(
    api: &Api,
    view: &RelayView,
    last: Position,
    stop: &CancellationToken,
    progress: &mut impl FnMut(RebuildStep),
) -> Result<(), RebuildError> {
    let halts_before = view.snapshot().halts;
    view.recheck();
    loop {
        let at = Position(api.stream_info().await?.map_or(0, |info| info.state.last_sequence));
        let RelayStatus { state, halts, .. } = view.snapshot();
        progress(RebuildStep::Filling { at, last, state: state.clone() });
        if at >= last {
            return Ok(());
        }
        if let RelayState::Halted { reason } = state {
            // The first halt may be of a look at the old stream.
            if halts > halts_before + 1 {
                return Err(RebuildError::Halted(reason));
            }
            view.recheck();
        }
        tokio::select! {
            () = stop.cancelled() => return Err(RebuildError::BrokenOff { at, last }),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
}

/// What consumers had acknowledged, kept in a file until they stand again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Notes {
    ledger: LedgerId,
    consumers: Vec<(String, Position)>,
}

impl Notes {
    /// Notes what consumers had acknowledged, or takes the notes of a rebuild that was broken off.
    async fn take(api: &Api, log: &LogSource, options: &RebuildOptions) -> Result<Notes, RebuildError> {
        let path = &options.notes;
        let identity = log.identity();
        if let Some(kept) = Notes::read(path)?.filter(|kept| kept.ledger == identity.ledger) {
            tracing::info!(path = %path.display(), "going on with a rebuild that was broken off");
            return Ok(kept);
        }
        let notes = Notes::ask(api, log, identity, options).await?;
        notes.write(path)?;
        Ok(notes)
    }

    async fn ask(
        api: &Api,
        log: &LogSource,
        identity: LedgerIdentity,
        options: &RebuildOptions,
    ) -> Result<Notes, RebuildError> {
        let agreed = match agreed(api, log).await {
            Ok(agreed) => agreed,
            Err(Trouble::Halt(halt)) => return Err(RebuildError::Halted(halt)),
            Err(Trouble::Later(reason)) => return Err(RebuildError::Unknown(reason)),
        };
        let mut consumers = Vec::new();
        for spec in &options.consumers {
            if let Some(info) = api.consumer_info(&spec.name).await? {
                let acknowledged = Position(info.ack_floor.stream_sequence);
                // Beyond the point where stream and log part, other events come: nobody may skip them.
                consumers.push((spec.name.clone(), acknowledged.min(agreed)));
            }
        }
        Ok(Notes { ledger: identity.ledger, consumers })
    }

    fn acknowledged(&self, name: &str) -> Position {
        self.consumers.iter().find(|(noted, _)| noted == name).map_or(Position(0), |(_, position)| *position)
    }

    fn read(path: &Path) -> Result<Option<Notes>, RebuildError> {
        let failed = |reason: String| RebuildError::Notes { path: path.to_owned(), reason };
        match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn write(&self, path: &Path) -> Result<(), RebuildError> {
        let text = serde_json::to_vec_pretty(self).expect("names and numbers are plain data");
        write_durably(path, &text)
            .map_err(|error| RebuildError::Notes { path: path.to_owned(), reason: error.to_string() })
    }

    fn done(&self, path: &Path) -> Result<(), RebuildError> {
        std::fs::remove_file(path)
            .map_err(|error| RebuildError::Notes { path: path.to_owned(), reason: error.to_string() })
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let fresh = path.with_extension("new");
    let mut file = std::fs::File::create(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

//! Settings of the server: flags before environment before file before defaults, one small struct a concern.
//!
//! Every setting stands in one table here with its unit in its name; flags, environment, file and defaults follow
//! from it, and a test holds `caseledger.default.toml` and `docs/configuration.md` to it.

mod layered;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use caseledger_identity::IdentitySettings;
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};
use layered::settings;

settings! {
    /// Where and how HTTP is served.
    #[help = "HTTP"]
    struct Http, HttpLayer in http {
        /// Address to listen on; development logins are refused unless it is a loopback address.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)), "listen", "CASELEDGER_LISTEN";
        /// Certificate of the server with those that vouch for it (PEM); with it the address speaks TLS alone.
        tls_certificate_file: PathBuf = PathBuf::new(), "tls-certificate-file", "CASELEDGER_TLS_CERTIFICATE_FILE";
        /// Key of the certificate (PEM), which not every user of the machine may read.
        tls_key_file: PathBuf = PathBuf::new(), "tls-key-file", "CASELEDGER_TLS_KEY_FILE";
        /// Whether a proxy in front does the encryption; without that and without TLS only a loopback address is taken.
        behind_proxy: bool = false, "behind-proxy", "CASELEDGER_BEHIND_PROXY";
        /// Largest body of a request, in KiB.
        body_kib_max: u32 = 128, "body-kib-max", "CASELEDGER_BODY_KIB_MAX";
        /// Requests a person signed in by a token may send a second; one more is told to wait (429).
        person_requests_per_second: u32 = 100, "person-requests-per-second", "CASELEDGER_PERSON_REQUESTS_PER_SECOND";
        /// Requests all people of one organisation may send a second together.
        organisation_requests_per_second: u32 = 1000, "organisation-requests-per-second", "CASELEDGER_ORGANISATION_REQUESTS_PER_SECOND";
        /// Seconds that requests under way are given to finish when the server stops.
        drain_seconds: u32 = 10, "drain-seconds", "CASELEDGER_DRAIN_SECONDS";
    }

    /// The log: memory, disk, and when it rather refuses.
    #[help = "Log"]
    struct Log, LogLayer in log {
        /// Memory sled may use as its cache, in MiB.
        cache_mib: u32 = 64, "cache-mib", "CASELEDGER_CACHE_MIB";
        /// Size of a journal segment, in MiB.
        segment_mib: u32 = 64, "segment-mib", "CASELEDGER_SEGMENT_MIB";
        /// Commands that may wait for the sequencer; one more is refused with 503.
        queue_commands_max: u32 = 4096, "queue-commands-max", "CASELEDGER_QUEUE_COMMANDS_MAX";
        /// Free disk space below which commands are refused with 503, in MiB.
        free_space_floor_mib: u32 = 256, "free-space-floor-mib", "CASELEDGER_FREE_SPACE_FLOOR_MIB";
        /// Size of the file that is deleted to make room when the disk is full at a start, in MiB, 0 for none.
        ballast_mib: u32 = 64, "ballast-mib", "CASELEDGER_BALLAST_MIB";
        /// Events recorded between the state snapshots of two of the 256 shards.
        snapshot_every_events: u32 = 4096, "snapshot-every-events", "CASELEDGER_SNAPSHOT_EVERY_EVENTS";
        /// Seconds a commit may take before the process ends.
        commit_seconds_max: u32 = 10, "commit-seconds-max", "CASELEDGER_COMMIT_SECONDS_MAX";
    }

    /// The keys that personal fields are sealed under.
    #[help = "Keys"]
    struct Keys, KeysLayer in keys {
        /// File of the key-encryption key (mode 0600), kept apart from the data; empty for the data directory's name with .kek.
        kek_file: PathBuf = PathBuf::new(), "kek-file", "CASELEDGER_KEK_FILE";
    }

    /// Who may do what, at the very beginning.
    #[help = "Access"]
    struct Access, AccessLayer in access {
        /// The first operator, PERSON/ORGANISATION: granted by the ledger itself while there is none; grants are asked for from then on.
        first_operator: String = String::new(), "first-operator", "CASELEDGER_FIRST_OPERATOR";
    }

    /// The broker events are broadcast to.
    #[help = "Broadcast"]
    struct Nats, NatsLayer in nats {
        /// Address of nats-server, nats://host:port; several of a cluster separated by commas.
        url: String = String::new(), "nats-url", "CASELEDGER_NATS_URL";
        /// Directory with the seeds relay.nk and operator.nk (mode 0600), where the broker asks for keys.
        creds_dir: PathBuf = PathBuf::new(), "nats-creds-dir", "CASELEDGER_NATS_CREDS_DIR";
        /// File that lists the durable consumers of scoped users, instead of the list built in.
        consumers_file: PathBuf = PathBuf::new(), "nats-consumers-file", "CASELEDGER_NATS_CONSUMERS_FILE";
    }

    /// What the server says of itself, on standard error.
    #[help = "Logging"]
    struct Logging, LoggingLayer in logging {
        /// Which messages: error, warn, info, debug, trace, or directives such as `info,caseledger_bus=debug`.
        level: String = "info".to_owned(), "log-level", "CASELEDGER_LOG_LEVEL";
        /// Lines for people (text) or for programs (json).
        format: LogFormat = LogFormat::Text, "log-format", "CASELEDGER_LOG_FORMAT";
    }
}

/// The form of log lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The name of the settings file in a data directory.
pub const SETTINGS_FILE: &str = "caseledger.toml";

/// Which settings file, and what the command line and the environment say.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct SettingsArgs {
    /// Settings file; without it, caseledger.toml in the data directory where there is one
    #[arg(long, value_name = "FILE", env = "CASELEDGER_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    layer: Layer,
}

impl SettingsArgs {
    /// Puts flags and environment over the file over the defaults.
    pub fn resolve(&self, data: &Path) -> Result<Settings, Failure> {
        let file = match &self.config {
            Some(path) => read(path)?,
            None => {
                let path = data.join(SETTINGS_FILE);
                if path.exists() { read(&path)? } else { Layer::default() }
            }
        };
        Ok(self.layer.clone().over(file).resolve())
    }
}

fn read(path: &Path) -> Result<Layer, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    parse(&text).map_err(|why| {
        Failure::new(Exit::Usage, format_args!("{} does not read as settings: {why}", path.display()))
            .next("docs/configuration.md lists every setting; caseledger.default.toml is a file to start from")
    })
}

fn parse(text: &str) -> Result<Layer, String> {
    toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: SettingsArgs,
    }

    fn resolved(flags: &[&str], file: &str) -> Settings {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(SETTINGS_FILE), file).unwrap();
        let line = Line::parse_from(std::iter::once("x").chain(flags.iter().copied()));
        line.settings.resolve(dir.path()).unwrap()
    }

    #[test]
    fn flags_go_before_the_file_and_the_file_before_defaults() {
        let file = "[http]\nlisten = \"127.0.0.1:1\"\n[log]\ncache_mib = 7\n";
        let settings = resolved(&["--listen", "127.0.0.1:2"], file);
        assert_eq!(settings.http.listen.port(), 2);
        assert_eq!(settings.log.cache_mib, 7);
        assert_eq!(settings.log.segment_mib, Log::default().segment_mib);
    }

    #[test]
    fn a_slip_in_the_file_is_named_with_its_line() {
        let why = parse("[http]\nlisten = \"127.0.0.1:1\"\nlisten_port = 3\n").unwrap_err();
        assert!(why.contains("line 3") && why.contains("listen_port"), "{why}");
        let why = parse("[logg]\n").unwrap_err();
        assert!(why.contains("logg"), "{why}");
    }

    #[test]
    fn the_default_file_lists_every_setting_with_its_default() {
        let text = include_str!("../../../caseledger.default.toml");
        assert_eq!(parse(text).unwrap().resolve(), Settings::default());
        let table: toml::Table = text.parse().unwrap();
        for setting in TABLE {
            assert!(table[setting.section].get(setting.name).is_some(), "{}.{}", setting.section, setting.name);
        }
    }

    #[test]
    fn the_manual_names_every_setting_with_flag_and_variable() {
        let manual = include_str!("../../../docs/configuration.md");
        for setting in TABLE {
            for text in [setting.name, setting.flag, setting.variable] {
                assert!(manual.contains(text), "{}.{}: {text}", setting.section, setting.name);
            }
        }
    }
}

//! A nats-server beside the demo's ledger: found, started with the `nats.conf` of this release, ended with the demo.

use std::env;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::demo::{ports, seeds};
use crate::exit::{Exit, Failure};
use crate::settings::Nats;

/// The broker's configuration, as CI starts it.
const CONFIGURATION: &str = include_str!("../../../../nats.conf");

/// The oldest nats-server that will do.
const VERSION_MIN: (u32, u32) = (2, 14);

/// Time for the server to listen; a loaded machine needs most of it, an idle one 50 ms.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Pairs of ports that are tried.
const ATTEMPTS: u32 = 5;
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A nats-server that will do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The program.
    pub program: PathBuf,
    /// What it says its version is.
    pub version: String,
}

/// Finds a nats-server: `NATS_SERVER_BIN`, else one on the search path; otherwise says why there is none.
pub fn find() -> Result<Found, String> {
    let min = format!("{}.{}", VERSION_MIN.0, VERSION_MIN.1);
    let program = match env::var_os("NATS_SERVER_BIN").filter(|path| !path.is_empty()) {
        Some(named) => PathBuf::from(named),
        None => on_the_path("nats-server")
            .ok_or(format!("no nats-server found (NATS_SERVER_BIN names one; {min} or newer is needed)"))?,
    };
    let asked = Command::new(&program).arg("--version").stderr(Stdio::null()).output();
    let said = asked.map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
    let version = version_in(&String::from_utf8_lossy(&said.stdout));
    let version = version.ok_or_else(|| format!("{} does not say its version", program.display()))?;
    if !is_new_enough(&version) {
        return Err(format!("{} is version {version}; {min} or newer is needed", program.display()));
    }
    Ok(Found { program, version })
}

fn on_the_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|candidate| candidate.is_file())
}

/// Reads the version of `nats-server: v2.15.1`.
fn version_in(said: &str) -> Option<String> {
    let version = said.split_whitespace().find_map(|word| word.strip_prefix('v'))?;
    Some(version.to_owned())
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= VERSION_MIN
}

/// A running server; ended when dropped.
pub struct Broker {
    child: Child,
    port: u16,
    creds_dir: PathBuf,
}

impl Broker {
    /// Starts a server whose files lie beside the ledger of a data directory, and waits until it listens.
    pub async fn start(found: &Found, data: &Path) -> Result<Broker, Failure> {
        let dir = absolute(&data.join(NATS_DIR))?;
        let keys = seeds::public_keys(&dir.join("creds"))?;
        end_one_left_behind(&dir).await;
        let configuration = dir.join(CONFIGURATION_FILE);
        fs::write(&configuration, CONFIGURATION).map_err(|error| Failure::file("write", &configuration, &error))?;
        let log_path = dir.join(LOG_FILE);
        let log = File::options().create(true).append(true).open(&log_path);
        let log = log.map_err(|error| Failure::file("write", &log_path, &error))?;
        let mut ports = (ports::usual_or_free(4222), ports::usual_or_free(8222));
        for _ in 1..ATTEMPTS {
            if let Some(broker) = Broker::attempt(found, &dir, ports, &keys, &log).await? {
                return Ok(broker);
            }
            // Another took a port after it was found free.
            ports = (ports::free(), ports::free());
        }
        let broker = Broker::attempt(found, &dir, ports, &keys, &log).await?;
        broker.ok_or_else(|| did_not_start("it ended at its start", &log_path))
    }

    /// Starts a server on these ports; `None` where it ends at once.
    async fn attempt(
        found: &Found,
        dir: &Path,
        (port, http_port): (u16, u16),
        keys: &[(String, String)],
        log: &File,
    ) -> Result<Option<Broker>, Failure> {
        let mut command = Command::new(&found.program);
        command.arg("-c").arg(dir.join(CONFIGURATION_FILE)).arg("-P").arg(dir.join(PID_FILE));
        command.env("NATS_LISTEN", format!("127.0.0.1:{port}"));
        command.env("NATS_HTTP", format!("127.0.0.1:{http_port}"));
        // The configuration reads it as a value of its own language: quotes keep a path with spaces whole.
        command.env("NATS_STORE_DIR", format!("\"{}\"", dir.join("store").display()));
        command.envs(keys.iter().map(|(name, key)| (name, key)));
        let log = log.try_clone().map_err(|error| Failure::file("write", &dir.join(LOG_FILE), &error))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        // A group of its own: Ctrl-C on the terminal is for the demo, which ends the broker last.
        let child = command.process_group(0).spawn();
        let child = child.map_err(|error| Failure::file("start", &found.program, &error))?;
        let mut broker = Broker { child, port, creds_dir: dir.join("creds") };
        if !broker.wait_until_it_listens(&dir.join(LOG_FILE)).await? {
            return Ok(None);
        }
        let address = dir.join(ADDRESS_FILE);
        fs::write(&address, broker.url()).map_err(|error| Failure::file("write", &address, &error))?;
        Ok(Some(broker))
    }

    /// Returns the address for clients.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Returns the settings of a service that broadcasts to it.
    pub fn settings(&self) -> Nats {
        Nats { url: self.url(), creds_dir: self.creds_dir.clone(), ..Nats::default() }
    }

    /// Ends it in good order.
    pub async fn stop(mut self) {
        signal(self.child.id());
        let began = Instant::now();
        while began.elapsed() < STOP_LIMIT && matches!(self.child.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns whether it listens; `false` where it ended instead.
    async fn wait_until_it_listens(&mut self, log: &Path) -> Result<bool, Failure> {
        let began = Instant::now();
        while began.elapsed() < START_LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return Ok(false);
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(true);
            }
            sleep(Duration::from_millis(20)).await;
        }
        Err(did_not_start(&format!("it did not listen within {} s", START_LIMIT.as_secs()), log))
    }
}

fn did_not_start(what: &str, log: &Path) -> Failure {
    let failure = Failure::new(Exit::Unavailable, format_args!("nats-server was started, but {what}"));
    failure.next(format_args!("{} says why", log.display()))
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Both fail only when it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the broker's files in a data directory.
const NATS_DIR: &str = "nats";
const CONFIGURATION_FILE: &str = "nats.conf";
const LOG_FILE: &str = "nats-server.log";
const PID_FILE: &str = "nats-server.pid";
const ADDRESS_FILE: &str = "nats.addr";

/// Returns how to reach the broker that the demo on a data directory started; `None` where it started none.
pub fn beside(data: &Path) -> Option<Nats> {
    let dir = data.join(NATS_DIR);
    let url = fs::read_to_string(dir.join(ADDRESS_FILE)).ok()?;
    Some(Nats { url, creds_dir: dir.join("creds"), ..Nats::default() })
}

/// Ends the server of a demo that was killed: two servers on one store would spoil it.
async fn end_one_left_behind(dir: &Path) {
    let Some(id) = left_behind(dir) else { return };
    signal(id);
    let began = Instant::now();
    while left_behind(dir).is_some() && began.elapsed() < STOP_LIMIT {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Returns the process that the pid file names, if it is a server with our configuration and not another by chance.
fn left_behind(dir: &Path) -> Option<u32> {
    let id: u32 = fs::read_to_string(dir.join(PID_FILE)).ok()?.trim().parse().ok()?;
    let line = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let ours = dir.join(CONFIGURATION_FILE);
    String::from_utf8_lossy(&line).contains(ours.to_str()?).then_some(id)
}

fn signal(id: u32) {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    // It fails only when it has ended already.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
}

fn absolute(dir: &Path) -> Result<PathBuf, Failure> {
    fs::create_dir_all(dir).map_err(|error| Failure::file("make", dir, &error))?;
    dir.canonicalize().map_err(|error| Failure::file("find", dir, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_told_from_new_ones() {
        for (said, version, will_do) in [
            ("nats-server: v2.15.1\n", "2.15.1", true),
            ("nats-server: v2.14.0-RC.1", "2.14.0-RC.1", true),
            ("nats-server: v2.9.10", "2.9.10", false),
            ("nats-server: v3.0.0", "3.0.0", true),
        ] {
            let found = version_in(said).unwrap();
            assert_eq!((found.as_str(), is_new_enough(&found)), (version, will_do), "{said}");
        }
        assert_eq!(version_in("nats-server"), None);
    }
}

//! A real nats-server on a port of its own, with the repository's nats.conf.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::binary::{nats_server, root};
use crate::folder::Folder;
use crate::http::Client;
use crate::process::{Process, wait_for};
use crate::roles::{Role, make_key};

/// Time for the server to be ready; a loaded machine with slow disks needs most of it, an idle one 50 ms.
const START_LIMIT: Duration = Duration::from_secs(30);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// A nats-server with JetStream, its store, its users' keys and its ports, which stay over restarts.
pub struct Broker {
    // Declared before the folder: the server ends before its files go.
    server: Option<Process>,
    binary: PathBuf,
    folder: Folder,
    public_keys: Vec<(Role, String)>,
    port: u16,
    http_port: u16,
}

impl Broker {
    /// Starts a server with an empty store; prints why and returns `None` when there is no nats-server to start.
    pub fn start() -> Option<Self> {
        let binary = match nats_server() {
            Ok(binary) => binary,
            Err(why) => {
                eprintln!("SKIPPED: {why}");
                return None;
            }
        };
        let folder = Folder::new("nats");
        fs::create_dir(folder.path().join("creds")).expect("a folder can be made in a temporary folder");
        let public_keys = Role::ALL.map(|role| (role, make_key(&folder.path().join("creds"), role))).to_vec();
        let mut broker = Self { server: None, binary, folder, public_keys, port: 0, http_port: 0 };
        // Between choosing a port and taking it another may come first; then the server ends and others are tried.
        for _ in 0..5 {
            (broker.port, broker.http_port) = (free_port(), free_port());
            if broker.try_start() {
                return Some(broker);
            }
        }
        panic!("nats-server did not start on five pairs of ports; its log says why");
    }

    /// Returns the address for clients.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Returns the folder with one seed file `<role>.nk` for each role.
    pub fn creds_dir(&self) -> PathBuf {
        self.folder.path().join("creds")
    }

    /// Returns the seed of a role.
    pub fn seed(&self, role: Role) -> String {
        let path = self.creds_dir().join(format!("{}.nk", role.name()));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    }

    /// Returns the folder of the streams on disk.
    pub fn store_dir(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Returns what the server has written to its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Returns a client of the monitoring port, for `/healthz`, `/jsz` and the like.
    pub fn monitor(&self) -> Client {
        Client::new((Ipv4Addr::LOCALHOST, self.http_port).into())
    }

    /// Returns the process id while the server runs.
    pub fn id(&self) -> Option<u32> {
        self.server.as_ref().map(Process::id)
    }

    /// Ends the server with `kill -9`; store and ports stay for [`Broker::restart`].
    pub fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
    }

    /// Ends the server in good order.
    pub fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop(STOP_LIMIT);
        }
    }

    /// Freezes the server (SIGSTOP): nothing is answered any more, and no connection is closed.
    pub fn pause(&self) {
        self.running().pause();
    }

    /// Lets a frozen server go on.
    pub fn resume(&self) {
        self.running().resume();
    }

    /// Starts the server again on the same store and the same ports, killing it first if it runs.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.try_start(), "nats-server did not start again on port {}; its log says why", self.port);
    }

    /// Removes everything the server has stored; it must be down.
    pub fn wipe(&mut self) {
        assert!(self.server.is_none(), "stop or kill the broker before its store is wiped");
        match fs::remove_dir_all(self.store_dir()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                panic!("cannot wipe the store: {error}")
            }
            _ => {}
        }
    }

    /// Connects as a role, with its inbox prefix; a failure to connect is a panic with the log kept.
    pub async fn connect(&self, role: Role) -> async_nats::Client {
        let options = async_nats::ConnectOptions::with_nkey(self.seed(role)).custom_inbox_prefix(role.inbox());
        let connected = options.name(role.name()).connect(self.url()).await;
        connected.unwrap_or_else(|error| panic!("cannot connect as {}: {error}", role.name()))
    }

    /// Connects as a role and returns its JetStream, under the domain it is to use.
    pub async fn jetstream(&self, role: Role) -> async_nats::jetstream::Context {
        let client = self.connect(role).await;
        match role.domain() {
            Some(domain) => async_nats::jetstream::with_domain(client, domain),
            None => async_nats::jetstream::new(client),
        }
    }

    fn running(&self) -> &Process {
        self.server.as_ref().expect("the broker runs")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("nats-server.log")
    }

    /// Starts the server and waits until it is healthy; returns false when it ended instead.
    fn try_start(&mut self) -> bool {
        let mut command = Command::new(&self.binary);
        command.arg("-c").arg(root().join("nats.conf"));
        command.env("NATS_LISTEN", format!("127.0.0.1:{}", self.port));
        command.env("NATS_HTTP", format!("127.0.0.1:{}", self.http_port));
        command.env("NATS_STORE_DIR", in_quotes(&self.store_dir()));
        command.envs(self.public_keys.iter().map(|(role, key)| (role.variable(), key)));
        let mut server = Process::start(&mut command, &self.log_path());
        let healthy = wait_for(
            START_LIMIT,
            || "nats-server to be healthy".to_owned(),
            || {
                if server.ended().is_some() {
                    return Some(false);
                }
                let answer = self.monitor().get("/healthz").ok()?;
                (answer.status == 200).then_some(true)
            },
        );
        self.server = healthy.then_some(server);
        healthy
    }
}

/// Writes a path as nats.conf wants it from the environment, where it may hold spaces.
fn in_quotes(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// Returns a loopback port that is free now and outside the range that outgoing connections take theirs from.
///
/// Inside that range a client that tries to reconnect to a dead server's port may be given that very port as its own
/// and connect to itself, and the server could not take it back.
fn free_port() -> u16 {
    let mut number = RandomState::new().hash_one(0);
    loop {
        let port = 20_000 + (number % 12_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
        number = number.rotate_left(7).wrapping_add(1);
    }
}

//! The `caseledger` binary as a running service on a data directory.

use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use serde_json::Value;

use crate::binary::caseledger;
use crate::folder::Folder;
use crate::http::{Answer, Client};
use crate::nats::Broker;
use crate::process::{Process, wait_for};

/// Time to be ready, recovery after a kill included.
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How to start a service.
#[derive(Default)]
pub struct Builder {
    data: Option<PathBuf>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
}

impl Builder {
    /// Uses this data directory instead of a new one; it is not removed afterwards.
    pub fn data(mut self, dir: impl Into<PathBuf>) -> Self {
        self.data = Some(dir.into());
        self
    }

    /// Broadcasts to this broker, with its keys.
    pub fn nats(self, broker: &Broker) -> Self {
        self.arg("--nats-url").arg(broker.url()).arg("--nats-creds-dir").arg(broker.creds_dir())
    }

    /// Adds an argument of `caseledger serve`.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds a variable to its environment.
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Starts the service and waits until it is healthy; panics with its log kept when it does not come up.
    pub fn start(self) -> Service {
        let mut service = self.prepare();
        service.restart();
        service
    }

    /// Starts a service that is expected to refuse: waits for it to end, returns its status and what it printed.
    pub fn start_refused(self) -> (ExitStatus, String) {
        let service = self.prepare();
        let mut process = service.spawn();
        let status = wait_for(START_LIMIT, || "caseledger to end".to_owned(), || process.ended());
        (status, service.log())
    }

    fn prepare(self) -> Service {
        let folder = Folder::new("service");
        let data = self.data.unwrap_or_else(|| folder.path().join("data"));
        Service { process: None, folder, data, args: self.args, env: self.env, addr: None }
    }
}

/// A running `caseledger serve`, its data directory and its address.
pub struct Service {
    // Declared before the folder: the process ends before its files go.
    process: Option<Process>,
    folder: Folder,
    data: PathBuf,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    addr: Option<SocketAddr>,
}

impl Service {
    /// Starts to describe a service.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a service without a broker in a new directory.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Returns its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Returns the address it listens on, which changes with every start.
    pub fn addr(&self) -> SocketAddr {
        self.addr.expect("the service runs")
    }

    /// Returns the process id while it runs.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Returns a client that keeps its connection, for many requests in a row.
    pub fn client(&self) -> Client {
        Client::new(self.addr())
    }

    /// Returns status and JSON of a GET.
    pub fn get(&self, path: &str) -> (u16, Value) {
        self.answered(path, self.client().get(path))
    }

    /// Returns status and JSON of a POST.
    pub fn post(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> (u16, Value) {
        self.answered(path, self.client().post(path, body, headers))
    }

    /// Returns what it has written to its log, over all its starts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Ends it with `kill -9`.
    pub fn kill(&mut self) {
        self.addr = None;
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    /// Asks it to end (SIGTERM) and returns how it did.
    pub fn stop(&mut self) -> ExitStatus {
        self.addr = None;
        self.process.take().expect("the service runs").stop(STOP_LIMIT)
    }

    /// Freezes it (SIGSTOP): nothing is answered any more, and no connection is closed.
    pub fn pause(&self) {
        self.process.as_ref().expect("the service runs").pause();
    }

    /// Lets it go on after [`Service::pause`].
    pub fn resume(&self) {
        self.process.as_ref().expect("the service runs").resume();
    }

    /// Waits until it ends by itself, as it does when a write fails.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        self.addr = None;
        let mut process = self.process.take().expect("the service runs");
        wait_for(STOP_LIMIT, || "caseledger to end by itself".to_owned(), || process.ended())
    }

    /// Starts it again on the same directory, killing it first if it runs, and waits until it is healthy.
    pub fn restart(&mut self) {
        self.kill();
        match fs::remove_file(self.addr_path()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                panic!("cannot remove http.addr: {error}")
            }
            _ => {}
        }
        let mut process = self.spawn();
        let addr = wait_for(
            START_LIMIT,
            || "caseledger to be healthy".to_owned(),
            || {
                if let Some(status) = process.ended() {
                    panic!("caseledger ended at start ({status}):\n{}", self.log());
                }
                self.healthy_addr()
            },
        );
        self.addr = Some(addr);
        self.process = Some(process);
    }

    /// Returns the address once it is written and answers.
    fn healthy_addr(&self) -> Option<SocketAddr> {
        let text = fs::read_to_string(self.addr_path()).ok()?;
        // Half an address may parse, but nothing of ours answers there.
        let addr = text.trim().parse().ok()?;
        let answer = Client::new(addr).get("/healthz").ok()?;
        (answer.status == 200).then_some(addr)
    }

    fn spawn(&self) -> Process {
        let mut command = Command::new(caseledger());
        command.arg("serve").arg("--data").arg(&self.data).args(["--listen", "127.0.0.1:0"]).args(&self.args);
        // Settings of the person who runs the tests are not those of the service under test.
        let foreign = std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("CASELEDGER_"));
        foreign.for_each(|(key, _)| {
            command.env_remove(key);
        });
        command.envs(self.env.iter().map(|(key, value)| (key, value)));
        Process::start(&mut command, &self.log_path())
    }

    fn answered(&self, path: &str, answer: std::io::Result<Answer>) -> (u16, Value) {
        let answer = answer.unwrap_or_else(|error| panic!("{path}: no answer: {error}"));
        (answer.status, answer.json())
    }

    fn addr_path(&self) -> PathBuf {
        self.data.join("http.addr")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("caseledger.log")
    }
}

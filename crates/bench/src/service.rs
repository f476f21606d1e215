//! The service under measurement: the optimised binary as a process of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A running service; killed when it is dropped.
pub struct Service {
    child: Child,
    /// Where it listens.
    pub address: String,
}

/// Returns the binary to measure: `CASELEDGER_BIN`, or the optimised one beside this program.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CASELEDGER_BIN") {
        return Ok(path.into());
    }
    let path = std::env::current_exe()?.with_file_name("caseledger");
    if path.exists() { Ok(path) } else { bail!("build it first: cargo build --release -p caseledger") }
}

impl Service {
    /// Starts the service on a data directory and waits until it answers; returns how long that took.
    pub fn start(data: &Path, more: &[&str]) -> Result<(Service, Duration)> {
        let _ = std::fs::remove_file(data.join("http.addr"));
        let log = std::fs::File::create(data.with_extension("log"))?;
        let started = Instant::now();
        let child = Command::new(binary()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .context("the service did not start")?;
        let mut service = Service { child, address: String::new() };
        loop {
            if let Some(status) = service.child.try_wait()? {
                bail!("the service ended with {status}; see {}", data.with_extension("log").display());
            }
            if let Ok(address) = std::fs::read_to_string(data.join("http.addr")) {
                service.address = address.trim().to_owned();
                if service.get("/healthz").is_ok_and(|(status, _)| status == 200) {
                    return Ok((service, started.elapsed()));
                }
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the service says it is ready; returns how long that took.
    pub fn wait_ready(&self, limit: Duration) -> Result<Duration> {
        let started = Instant::now();
        while started.elapsed() < limit {
            if self.get("/readyz")?.0 == 200 {
                return Ok(started.elapsed());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the service is not ready: {}", self.get("/readyz")?.1)
    }

    /// Asks something as an operator; returns status and body.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        self.get_as(path, "P-OPS/operator/MOE")
    }

    /// Asks something as somebody; returns status and body.
    pub fn get_as(&self, path: &str, actor: &str) -> Result<(u16, String)> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nLedger-Actor: {actor}\r\nConnection: close\r\n\r\n"))
    }

    /// Sends one command.
    pub fn post(&self, path: &str, actor: &str, key: &str, body: &str) -> Result<(u16, String)> {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nLedger-Actor: {actor}\r\nIdempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
    }

    fn ask(&self, request: &str) -> Result<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.write_all(request.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no HTTP answer")?;
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned();
        Ok((status, body))
    }

    /// Returns resident memory in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).context("no VmRSS")?;
        Ok(kib << 10)
    }

    /// Ends the service as a power button would: SIGKILL.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

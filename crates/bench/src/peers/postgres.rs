//! PostgreSQL: one INSERT a transaction, with its durable defaults.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio_postgres::NoTls;

use super::EVENT_BYTES;

/// A PostgreSQL server of our own, on a Unix socket in a temporary folder, with its durable defaults.
pub struct Postgres {
    server: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Starts a server.
    pub fn start() -> Result<Postgres> {
        let bin = bin_dir()?;
        let folder = tempfile::tempdir_in(super::DIR)?;
        let data = folder.path().join("data");
        let mut init = as_postgres(&bin.join("initdb"));
        init.arg("-D").arg(&data).args(["-A", "trust", "-U", "bench"]).stdout(Stdio::null());
        own(folder.path())?;
        if !init.status().context("initdb did not run")?.success() {
            bail!("initdb failed");
        }
        let socket = folder.path().canonicalize()?;
        let mut command = as_postgres(&bin.join("postgres"));
        command.arg("-D").arg(&data).arg("-k").arg(&socket).args([
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=300",
        ]);
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Postgres { server, folder })
    }

    /// Appends for a while; returns events a second.
    pub fn append(&self, clients: usize, lasting: Duration) -> Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let first = self.connect().await?;
            first
                .batch_execute("CREATE TABLE event (position bigserial PRIMARY KEY, stream bytea, version int, frame bytea, UNIQUE (stream, version))")
                .await?;
            let started = Instant::now();
            let mut tasks = Vec::new();
            for client in 0..clients {
                tasks.push(tokio::spawn(one_client(self.connect().await?, client, started, lasting)));
            }
            let mut count = 0;
            for task in tasks {
                count += task.await??;
            }
            Ok(count as f64 / lasting.as_secs_f64())
        })
    }

    async fn connect(&self) -> Result<tokio_postgres::Client> {
        let socket = self.folder.path().canonicalize()?;
        let config = format!("host={} user=bench dbname=postgres", socket.display());
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            match tokio_postgres::connect(&config, NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return Ok(client);
                }
                Err(error) if Instant::now() > limit => return Err(error).context("PostgreSQL does not answer"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

async fn one_client(client: tokio_postgres::Client, number: usize, started: Instant, lasting: Duration) -> Result<u64> {
    let insert = client.prepare("INSERT INTO event (stream, version, frame) VALUES ($1, $2, $3)").await?;
    let (stream, frame) = (vec![number as u8; 17], vec![0x5a_u8; EVENT_BYTES]);
    let mut count = 0;
    while started.elapsed() < lasting {
        count += 1;
        client.execute(&insert, &[&stream, &(count as i32), &frame]).await?;
    }
    Ok(count)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Where Debian keeps the server's programs; they are not on the path.
fn bin_dir() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path().join("bin"))
        .collect();
    found.sort();
    found.pop().context("no PostgreSQL server is installed")
}

/// PostgreSQL refuses to run as root: then its own user runs it.
fn as_postgres(program: &std::path::Path) -> Command {
    if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn own(folder: &std::path::Path) -> Result<()> {
    if is_root() && !Command::new("chown").arg("postgres").arg(folder).status()?.success() {
        bail!("there is no user postgres");
    }
    Ok(())
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

//! UmaDB: one unconditional append a request, over gRPC, with its durable defaults.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{DcbEvent, DcbEventStoreAsync};

use super::EVENT_BYTES;

/// A server of our own.
pub struct UmaDb {
    server: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl UmaDb {
    /// Starts a server.
    pub fn start() -> Result<UmaDb> {
        let program = std::env::var("UMADB_BIN").unwrap_or_else(|_| "umadb".to_owned());
        let folder = tempfile::tempdir_in(super::DIR)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let server = Command::new(&program)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--db-path"])
            .arg(folder.path().join("uma.db"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("{program} did not start"))?;
        Ok(UmaDb { server, url: format!("http://127.0.0.1:{port}"), _folder: folder })
    }

    /// Appends for a while; returns events a second.
    pub fn append(&self, clients: usize, lasting: Duration) -> Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut connected = Vec::new();
            for _ in 0..clients {
                connected.push(Arc::new(self.connect().await?));
            }
            let started = Instant::now();
            let tasks: Vec<_> = connected
                .into_iter()
                .enumerate()
                .map(|(number, client)| tokio::spawn(one_client(client, number, started, lasting)))
                .collect();
            let mut count = 0;
            for task in tasks {
                count += task.await??;
            }
            Ok(count as f64 / lasting.as_secs_f64())
        })
    }

    async fn connect(&self) -> Result<AsyncUmaDbClient> {
        let limit = Instant::now() + Duration::from_secs(20);
        loop {
            match UmaDbClient::new(self.url.clone()).connect_async().await {
                Ok(client) => return Ok(client),
                Err(error) if Instant::now() > limit => return Err(anyhow!("UmaDB does not answer: {error:?}")),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }
}

async fn one_client(client: Arc<AsyncUmaDbClient>, number: usize, started: Instant, lasting: Duration) -> Result<u64> {
    let mut count = 0;
    while started.elapsed() < lasting {
        let event = DcbEvent {
            event_type: "contact_attempted".to_owned(),
            tags: vec![format!("case-{number}")],
            data: vec![0x5a; EVENT_BYTES],
            ..DcbEvent::default()
        };
        client.append(vec![event], None, None).await.map_err(|error| anyhow!("UmaDB refused: {error:?}"))?;
        count += 1;
    }
    Ok(count)
}

impl Drop for UmaDb {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

//! TLS on the HTTP address, by rustls: a certificate and its key from files, and a listener that no slow client holds up.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use caseledger_http::axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::exit::{Exit, Failure};
use crate::settings::Http;

/// How long a client may take to agree on a key.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Clients that may be at it at a time; further ones wait in the system's queue.
const HANDSHAKES_MAX: usize = 256;
/// Pause after the system could give no connection: no files left, say.
const PAUSE: Duration = Duration::from_millis(200);

/// Connections that agreed on a key, ready to be served.
pub struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

/// Reads certificate and key; `None` where the settings name none.
pub fn acceptor(settings: &Http) -> Result<Option<TlsAcceptor>, Failure> {
    let (certificate, key) = (&settings.tls_certificate_file, &settings.tls_key_file);
    match (certificate.as_os_str().is_empty(), key.as_os_str().is_empty()) {
        (true, true) => Ok(None),
        (false, false) => config(certificate, key).map(|config| Some(TlsAcceptor::from(Arc::new(config)))),
        _ => Err(Failure::new(Exit::Usage, "TLS needs a certificate and its key, and one of the two is not named")
            .next("set both tls_certificate_file and tls_key_file")),
    }
}

/// Refuses an address that others reach in clear: what is said there are names of children, and tokens.
pub fn refuse_clear(settings: &Http) -> Result<(), Failure> {
    let is_sheltered = settings.listen.ip().is_loopback() || settings.behind_proxy;
    if is_sheltered || !settings.tls_certificate_file.as_os_str().is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Usage,
        format_args!("{} can be reached by others, and nothing would be encrypted", settings.listen),
    )
    .next(
        "name tls_certificate_file and tls_key_file, or set behind_proxy where a proxy on a network of its own does it",
    ))
}

fn config(certificate: &Path, key: &Path) -> Result<ServerConfig, Failure> {
    let unusable = |path: &Path, why: &dyn std::fmt::Display| {
        Failure::new(Exit::Usage, format_args!("{} cannot be used for TLS: {why}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(|all| all.collect::<Result<Vec<_>, _>>());
    let chain = chain.map_err(|error| unusable(certificate, &error))?;
    if chain.is_empty() {
        return Err(unusable(certificate, &"it holds no certificate (PEM)"));
    }
    let mode = fs::metadata(key).map_err(|error| Failure::file("read", key, &error))?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(
            unusable(key, &"every user of this machine may read it").next(format_args!("chmod 600 {}", key.display()))
        );
    }
    let key_read = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(Exit::Internal, error))?;
    let mut config = config
        .with_no_client_auth()
        .with_single_cert(chain, key_read)
        .map_err(|error| unusable(key, &error).next("the key must be that of the first certificate"))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Accepts connections until the token is cancelled; each agrees on a key in a task of its own.
pub fn listen(listener: TcpListener, acceptor: TlsAcceptor, stopping: &CancellationToken) -> io::Result<TlsListener> {
    let address = listener.local_addr()?;
    let (sender, ready) = mpsc::channel(HANDSHAKES_MAX);
    tokio::spawn(accept_all(listener, acceptor, sender, stopping.clone()));
    Ok(TlsListener { address, ready })
}

type Ready = mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>;

async fn accept_all(listener: TcpListener, acceptor: TlsAcceptor, ready: Ready, stopping: CancellationToken) {
    let permits = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => return,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        // Answers are small and wanted at once.
        let _ = stream.set_nodelay(true);
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            match timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => drop(ready.send((stream, from)).await),
                Ok(Err(error)) => tracing::debug!(%error, "a client did not agree on a key"),
                Err(_) => tracing::debug!("a client took too long to agree on a key"),
            }
            drop(permit);
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The service is stopping: whoever serves from here is stopped by the same token.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caseledger_http::axum::{self, Router, routing::get};
    use std::net::Ipv4Addr;
    use std::path::PathBuf;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore};

    /// A certificate for `localhost` with its key, in files.
    fn files(dir: &Path) -> (Http, CertificateDer<'static>) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        let settings = Http { tls_certificate_file: certificate, tls_key_file: key, ..Http::default() };
        (settings, made.cert.der().clone())
    }

    fn connector(trusted: Option<CertificateDer<'static>>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        trusted.into_iter().for_each(|certificate| roots.add(certificate).unwrap());
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap();
        TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }

    async fn connect(
        to: SocketAddr,
        trusted: Option<CertificateDer<'static>>,
    ) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let stream = TcpStream::connect(to).await?;
        connector(trusted).connect("localhost".try_into().unwrap(), stream).await
    }

    #[tokio::test]
    async fn who_trusts_the_certificate_is_served_and_others_hear_nothing_in_clear() {
        let dir = tempfile::tempdir().unwrap();
        let (settings, certificate) = files(dir.path());
        let stopping = CancellationToken::new();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let listener = listen(listener, acceptor(&settings).unwrap().unwrap(), &stopping).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "seen"));
        let served = tokio::spawn(
            axum::serve(listener, router).with_graceful_shutdown(stopping.clone().cancelled_owned()).into_future(),
        );
        // Somebody who says nothing holds nobody up.
        let silent = TcpStream::connect(address).await.unwrap();
        let mut stream = connect(address, Some(certificate)).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("seen"), "{answer}");
        assert!(connect(address, None).await.is_err(), "a certificate nobody vouches for");
        let mut clear = TcpStream::connect(address).await.unwrap();
        clear.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut heard = Vec::new();
        let _ = clear.read_to_end(&mut heard).await;
        assert!(!String::from_utf8_lossy(&heard).contains("HTTP"), "{heard:?}");
        drop(silent);
        stopping.cancel();
        served.await.unwrap().unwrap();
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let (good, _) = files(dir.path());
        assert!(acceptor(&Http::default()).unwrap().is_none());
        let half = Http { tls_key_file: PathBuf::new(), ..good.clone() };
        assert!(acceptor(&half).is_err());
        let swapped = Http {
            tls_certificate_file: good.tls_key_file.clone(),
            tls_key_file: good.tls_certificate_file.clone(),
            ..good.clone()
        };
        fs::set_permissions(&swapped.tls_key_file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(acceptor(&swapped).is_err());
        let (other, _) = {
            let folder = dir.path().join("other");
            fs::create_dir(&folder).unwrap();
            files(&folder)
        };
        let foreign = Http { tls_key_file: other.tls_key_file, ..good.clone() };
        assert!(acceptor(&foreign).is_err(), "the key of another certificate");
        fs::set_permissions(&good.tls_key_file, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(acceptor(&good).err().unwrap().next.unwrap().contains("chmod"));
    }

    #[test]
    fn nobody_else_is_served_in_clear() {
        let others: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let table = [
            (Http::default(), true),
            (Http { listen: others, ..Http::default() }, false),
            (Http { listen: others, behind_proxy: true, ..Http::default() }, true),
            (Http { listen: others, tls_certificate_file: "cert.pem".into(), ..Http::default() }, true),
        ];
        for (settings, is_well) in table {
            assert_eq!(refuse_clear(&settings).is_ok(), is_well, "{settings:?}");
        }
    }
}

//! Reads an issuer's keys: from a file, or over https.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, HOST};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::keyring::Origin;
use crate::keys::{KeySet, NoKeys};

/// Larger documents are refused; one with twenty keys has 20 KiB.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// How long an issuer is given to send its keys.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where an issuer's keys are.
pub(crate) enum Source {
    /// Here already.
    Held,
    /// In a file.
    File(PathBuf),
    /// Behind an https address.
    Url(Address),
}

/// An https address and how it is trusted.
pub(crate) struct Address {
    uri: Uri,
    host: String,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
}

/// Why keys could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("cannot read {path}: {source}", path = path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("cannot connect to {host}: {source}")]
    Connect { host: String, source: io::Error },
    #[error("cannot ask {host}: {source}")]
    Http { host: String, source: hyper::Error },
    #[error("{host} did not send its keys within {seconds} s", seconds = PATIENCE.as_secs())]
    Slow { host: String },
    #[error("{host} answers {status} instead of its keys")]
    Status { host: String, status: StatusCode },
    #[error("the document is larger than {kib} KiB or broke off", kib = DOCUMENT_BYTES_MAX / 1024)]
    Document,
    #[error(transparent)]
    NoKeys(#[from] NoKeys),
}

impl Source {
    /// Returns what decides when the keys are read again.
    pub fn origin(&self) -> Origin {
        match self {
            Source::Held => Origin::Held,
            Source::File(_) => Origin::File,
            Source::Url(_) => Origin::Url,
        }
    }

    /// Reads the keys; `None` where there is nothing to read.
    pub async fn read(&self) -> Result<Option<KeySet>, FetchError> {
        let document = match self {
            Source::Held => return Ok(None),
            Source::File(path) => read_file(path).await?,
            Source::Url(address) => match tokio::time::timeout(PATIENCE, address.get()).await {
                Ok(document) => document?,
                Err(_) => return Err(FetchError::Slow { host: address.host.clone() }),
            },
        };
        Ok(Some(KeySet::read(&document)?))
    }
}

async fn read_file(path: &Path) -> Result<Vec<u8>, FetchError> {
    let failed = |source| FetchError::File { path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut document = Vec::new();
    file.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut document).await.map_err(failed)?;
    if document.len() > DOCUMENT_BYTES_MAX { Err(FetchError::Document) } else { Ok(document) }
}

impl Address {
    /// Takes an https address; `ca` names certificates to trust instead of those of the system. The error says what is
    /// wrong and what to do.
    pub fn new(url: &str, ca: Option<&Path>) -> Result<Address, String> {
        let uri: Uri = url.parse().map_err(|error| format!("jwks_url is no address: {error}"))?;
        let host = match (uri.scheme_str(), uri.host()) {
            (Some("https"), Some(host)) => host.to_owned(),
            _ => return Err("jwks_url must be https://host/path".to_owned()),
        };
        // Brackets belong to the address, not to the name.
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare)
            .map_err(|error: InvalidDnsNameError| format!("jwks_url names no host: {error}"))?;
        Ok(Address { uri, host, name, tls: Arc::new(client(ca)?) })
    }

    async fn get(&self) -> Result<Vec<u8>, FetchError> {
        let host = || self.host.clone();
        let lost = |source| FetchError::Connect { host: host(), source };
        let failed = |source| FetchError::Http { host: host(), source };
        let port = self.uri.port_u16().unwrap_or(443);
        let stream = TcpStream::connect((self.name.to_str().as_ref(), port)).await.map_err(lost)?;
        let stream = TlsConnector::from(self.tls.clone()).connect(self.name.clone(), stream).await.map_err(lost)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // It ends when the sender is dropped below; what it has to say comes out of the request.
        let connection = tokio::spawn(connection);
        let answer = sender.send_request(self.request()).await.map_err(failed)?;
        if answer.status() != StatusCode::OK {
            connection.abort();
            return Err(FetchError::Status { host: host(), status: answer.status() });
        }
        let body = Limited::new(answer.into_body(), DOCUMENT_BYTES_MAX).collect().await;
        connection.abort();
        body.map(|body| body.to_bytes().to_vec()).map_err(|_| FetchError::Document)
    }

    fn request(&self) -> Request<Empty<Bytes>> {
        let host = match self.uri.port_u16() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        };
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        Request::get(path)
            .header(HOST, host)
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .body(Empty::new())
            .expect("path and host come from an address that was read")
    }
}

/// Returns a TLS client that trusts the certificates of a file, or those of the system.
fn client(ca: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let unread = |why: &dyn std::fmt::Display| format!("cannot read jwks_ca_file {}: {why}", path.display());
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unread(&error))? {
                let certificate = certificate.map_err(|error| unread(&error))?;
                roots.add(certificate).map_err(|error| unread(&error))?;
            }
        }
        None => {
            // Of the system's certificates some are often unreadable or outdated; the good ones are enough.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(
            "no certificate to trust jwks_url by: install the system's CA certificates, or set jwks_ca_file".to_owned()
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

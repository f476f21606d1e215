//! The two doors of a running server: the HTTP address, and the control socket of its directory.

use std::fs::{self, File, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use caseledger_http::axum::Router;
use caseledger_http::axum::serve::ListenerExt;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::answering::{Heads, answer};
use crate::exit::{Exit, Failure};
use crate::running::{ADDRESS_FILE, SOCKET_FILE};
use crate::tls;

/// A server at work; ends with its token.
pub type Serving = JoinHandle<()>;

/// Takes an address; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(Exit::Busy, format_args!("cannot listen on {address}: {error}"))
            .next("stop what listens there, or name another address with --listen (port 0 takes a free one)")
    })
}

/// Serves HTTP on a listener until the token is cancelled and requests under way are answered.
pub fn serve(listener: TcpListener, router: Router, stopping: &CancellationToken) -> Serving {
    // Answers are small and wanted at once.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    tokio::spawn(answer(listener, router, stopping.clone(), Heads::USUAL))
}

/// Serves HTTP over TLS on a listener, as [`serve`] does in clear.
pub fn serve_tls(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    stopping: &CancellationToken,
) -> Result<Serving, Failure> {
    let listener = tls::listen(listener, acceptor, stopping).map_err(|error| Failure::new(Exit::Internal, error))?;
    Ok(tokio::spawn(answer(listener, router, stopping.clone(), Heads::USUAL)))
}

/// Writes the address that was taken to `http.addr`.
pub fn write_address(dir: &Path, address: SocketAddr) -> Result<(), Failure> {
    let path = dir.join(ADDRESS_FILE);
    let part = dir.join("http.addr.part");
    let written = fs::write(&part, format!("{address}\n")).and_then(|()| fs::rename(&part, &path));
    written.map_err(|error| Failure::file("write", &path, &error))
}

/// Opens the control socket (mode 0600) and serves the same HTTP on it.
///
/// A file left behind by a killed server is replaced: the caller owns the directory.
pub fn serve_control(dir: &Path, router: Router, stopping: &CancellationToken) -> Result<Serving, Failure> {
    let path = dir.join(SOCKET_FILE);
    let listener = private_socket(dir).map_err(|error| Failure::file("open", &path, &error))?;
    Ok(tokio::spawn(answer(listener, router, stopping.clone(), Heads::USUAL)))
}

/// Removes what says that a server runs here.
pub fn forget(dir: &Path) {
    for name in [ADDRESS_FILE, SOCKET_FILE] {
        // Where one is left, the next start replaces it, and nobody answers there.
        let _ = fs::remove_file(dir.join(name));
    }
}

/// Makes the socket under another name, closes it to others, and only then gives it the name people look for.
fn private_socket(dir: &Path) -> io::Result<UnixListener> {
    let (folder, short) = short_path(dir)?;
    let new = short.join("control.sock.new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, short.join(SOCKET_FILE))?;
    drop(folder);
    Ok(listener)
}

/// Returns a short name of a directory, and what must be held while it is used: the path of a socket has at most 108
/// bytes, the path of a data directory may have many more.
pub fn short_path(dir: &Path) -> io::Result<(File, PathBuf)> {
    let folder = File::open(dir)?;
    let through_proc = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd()));
    let short = if through_proc.exists() { through_proc } else { dir.to_owned() };
    Ok((folder, short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_private_also_in_a_deep_directory_and_replaces_one_left_behind() {
        let top = tempfile::tempdir().unwrap();
        let deep = top.path().join("x".repeat(100)).join("y".repeat(100));
        fs::create_dir_all(&deep).unwrap();
        for _ in 0..2 {
            let _listener = private_socket(&deep).unwrap();
            let mode = fs::metadata(deep.join(SOCKET_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            assert!(crate::running::is_running(&deep));
        }
        assert!(!crate::running::is_running(&deep), "the file stays, but nobody listens");
    }
}

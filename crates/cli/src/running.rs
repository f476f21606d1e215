//! Whether a server runs on a directory, and where it listens.

use std::fs;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::listening::short_path;

/// The file that holds the address of the HTTP interface, one line `host:port`.
pub const ADDRESS_FILE: &str = "http.addr";

/// The socket that commands on the same machine reach the server through.
pub const SOCKET_FILE: &str = "control.sock";

/// Connects to the server that runs on a directory.
pub fn connect(dir: &Path) -> io::Result<UnixStream> {
    let (_folder, short) = short_path(dir)?;
    UnixStream::connect(short.join(SOCKET_FILE))
}

/// Returns whether a server runs on a directory: whether somebody listens on its control socket.
pub fn is_running(dir: &Path) -> bool {
    // A killed server leaves the file behind; connecting tells.
    connect(dir).is_ok()
}

/// Returns the HTTP address of the server that runs on a directory, where one does.
pub fn address(dir: &Path) -> Option<String> {
    if !is_running(dir) {
        return None;
    }
    let text = fs::read_to_string(dir.join(ADDRESS_FILE)).ok()?;
    Some(text.trim().to_owned())
}

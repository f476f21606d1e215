//! Answering on a listener, connection by connection: who is slow to say what it wants holds no connection for long.

use std::time::Duration;

use caseledger_http::axum::Router;
use caseledger_http::axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio_util::sync::CancellationToken;

/// What the head of a request may take. A kept connection on which nothing is asked for that long is closed, too.
#[derive(Clone, Copy)]
pub struct Heads {
    /// How long it may be under way.
    pub within: Duration,
    /// The most bytes; a longer one is answered 431.
    pub bytes_max: usize,
}

impl Heads {
    /// What the doors of a server take.
    pub const USUAL: Heads = Heads { within: Duration::from_secs(60), bytes_max: 64 << 10 };
}

/// Answers until the token is cancelled, and then until the requests under way are answered.
pub async fn answer(mut listener: impl Listener, router: Router, stopping: CancellationToken, heads: Heads) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(heads.within).max_buf_size(heads.bytes_max);
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            (stream, _) = listener.accept() => stream,
            () = stopping.cancelled() => break,
        };
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let watched = connections.watch(connection);
        // How a connection ends is its client's affair.
        tokio::spawn(async move { drop(watched.await) });
    }
    // Nobody new is let in while the last are answered.
    drop(listener);
    connections.shutdown().await;
}

#[cfg(test)]
mod tests {
    use caseledger_http::axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Sends what a client says first and returns all it is answered until its connection ends.
    async fn told(says: &[u8], heads: Heads) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here" }));
        let stopping = CancellationToken::new();
        let server = tokio::spawn(answer(listener, router, stopping.clone(), heads));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(says).await.unwrap();
        let mut answer = Vec::new();
        // A connection may end by a reset while what it sent was not read to its end.
        let _ = client.read_to_end(&mut answer).await;
        stopping.cancel();
        server.await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_to_its_end_holds_no_connection() {
        let heads = Heads { within: Duration::from_millis(50), ..Heads::USUAL };
        for says in [&b""[..], b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nAnd-so-on: "] {
            // It ends at all: nobody waits for the rest.
            assert!(!told(says, heads).await.contains("here"));
        }
    }

    #[tokio::test]
    async fn a_kept_connection_on_which_nothing_more_is_asked_is_closed() {
        let heads = Heads { within: Duration::from_millis(50), ..Heads::USUAL };
        assert!(told(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", heads).await.ends_with("here"));
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_answered_so() {
        let heads = Heads { bytes_max: 8 << 10, ..Heads::USUAL };
        let large = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", "c".repeat(9 << 10));
        assert!(told(large.as_bytes(), heads).await.starts_with("HTTP/1.1 431"));
    }

    #[tokio::test]
    async fn what_is_under_way_is_answered_when_the_server_stops() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stopping = CancellationToken::new();
        let stop = stopping.clone();
        let slow = move || async move {
            stop.cancel();
            tokio::task::yield_now().await;
            "still answered"
        };
        let server = tokio::spawn(answer(listener, Router::new().route("/", get(slow)), stopping, Heads::USUAL));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("still answered"), "{answer}");
        server.await.unwrap();
    }
}

//! A small blocking HTTP/1.1 client for loopback: one connection, kept open, nothing retried.
//!
//! Nothing is retried because the tests are about just that: an error means the outcome is unknown.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

mod wire;

use wire::{Body, Headers, header, read_head};

/// Longer than the service may take to answer anything (a commit that takes 10 s ends it).
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// An answer with its body read to the end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Headers,
    /// The body, as sent.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns the first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// Returns the body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body that is UTF-8")
    }

    /// Returns the body as JSON: `null` when there is none, a string when it is other text.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_else(|_| Value::from(self.text()))
    }
}

/// A client of one address.
pub struct Client {
    addr: SocketAddr,
    kept: Option<BufReader<TcpStream>>,
}

impl Client {
    /// Makes a client; it connects with the first request.
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, kept: None }
    }

    /// Sends a GET and reads the answer.
    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.send("GET", path, &[], b"")
    }

    /// Sends a JSON body by POST and reads the answer.
    pub fn post(&mut self, path: &str, body: &Value, headers: &[(&str, &str)]) -> io::Result<Answer> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send("POST", path, &all, body.to_string().as_bytes())
    }

    /// Sends any request and reads the answer; after an error it is unknown whether the request was carried out.
    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let mut connection = self.ask(method, path, headers, body)?;
        let (status, headers) = read_head(&mut connection)?;
        let mut reader = Body::of(connection, &headers, method == "HEAD" || status == 204 || status == 304);
        let mut body = Vec::new();
        reader.read_to_end(&mut body)?;
        self.kept = reader.keep(&headers);
        Ok(Answer { status, headers, body })
    }

    /// Opens an answer that goes on and on, such as the live feed, to be read line by line.
    pub fn open(&mut self, path: &str, headers: &[(&str, &str)]) -> io::Result<Stream> {
        let mut connection = self.ask("GET", path, headers, b"")?;
        let (status, headers) = read_head(&mut connection)?;
        let body = BufReader::new(Body::of(connection, &headers, false));
        Ok(Stream { status, headers, body })
    }

    fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<BufReader<TcpStream>> {
        let mut connection = match self.kept.take() {
            Some(kept) => kept,
            None => connect(self.addr)?,
        };
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n", self.addr, body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        // One write, or the second half waits for the peer's delayed acknowledgement.
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        connection.get_mut().write_all(&bytes)?;
        Ok(connection)
    }
}

/// An answer that is still being sent.
pub struct Stream {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Headers,
    body: BufReader<Body>,
}

impl Stream {
    /// Sets how long to wait for the next byte; without it, 30 seconds.
    pub fn limit(&self, limit: Duration) -> io::Result<()> {
        self.body.get_ref().limit(limit)
    }

    /// Reads the next line without its ending; `None` at the end of the answer.
    pub fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        if self.body.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(Some(line))
    }
}

fn connect(addr: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    stream.set_write_timeout(Some(ANSWER_LIMIT))?;
    Ok(BufReader::new(stream))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use super::*;

    /// Accepts one connection and answers each request on it with the next of these; then closes.
    fn server(answers: &'static [&'static str]) -> Client {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let client = Client::new(listener.local_addr().unwrap());
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            for answer in answers {
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap() > 2 {
                    line.clear();
                }
                for part in answer.split_inclusive('|') {
                    let part = part.trim_end_matches('|');
                    reader.get_mut().write_all(part.as_bytes()).unwrap();
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        client
    }

    #[test]
    fn one_connection_serves_many_requests() {
        let mut client = server(&[
            "HTTP/1.1 201 Created\r\nContent-Length: 9\r\nETag: \"3\"\r\n\r\n{\"at\":|12}",
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n[1,2|\r\n3|\r\n,3]\r\n0\r\n\r\n",
        ]);
        let first = client.get("/one").unwrap();
        assert_eq!((first.status, first.json()["at"].as_u64(), first.header("etag")), (201, Some(12), Some("\"3\"")));
        assert_eq!(client.get("/two").unwrap().json(), Value::Null);
        assert_eq!(client.get("/three").unwrap().text(), "[1,2,3]");
    }

    #[test]
    fn an_answer_that_goes_on_is_read_line_by_line() {
        const FEED: &str =
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nid: 1\n\r\n|9\r\ndata: {}\n\r\n0\r\n\r\n";
        let mut stream = server(&[FEED]).open("/feed", &[]).unwrap();
        assert_eq!(stream.line().unwrap().as_deref(), Some("id: 1"));
        assert_eq!(stream.line().unwrap().as_deref(), Some("data: {}"));
        assert_eq!(stream.line().unwrap(), None);
    }

    #[test]
    fn an_answer_cut_short_is_an_error_and_no_answer() {
        let answer = server(&["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"at\""]).get("/cut");
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let answer = server(&["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n[1,2]\r\n"]).get("/cut");
        assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}

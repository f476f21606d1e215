//! Reading an HTTP/1.1 answer off its connection: status, headers, and a body of any of the three framings.

use std::io::{self, BufRead, BufReader, Error, ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

/// Header names in lower case, with their values.
pub type Headers = Vec<(String, String)>;

/// Reads status and headers.
pub fn read_head(connection: &mut impl BufRead) -> io::Result<(u16, Headers)> {
    let first = read_line(connection)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| broken(&format!("not an HTTP answer: {first:?}")))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        let Some((name, value)) = line.split_once(':') else {
            return Ok((status, headers));
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
}

fn read_line(connection: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line)? == 0 {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

/// Returns the first header of this lower-case name.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

/// How much of a body is still to come.
enum Left {
    /// This many bytes, and then no more.
    Bytes(u64),
    /// This many bytes of the present chunk, then another.
    Chunk(u64),
    /// Whatever comes until the connection is closed.
    UntilClosed,
}

/// The body of an answer, taken off its connection.
pub struct Body {
    connection: BufReader<TcpStream>,
    left: Left,
}

impl Body {
    /// Starts on the body that the headers announce; `none` when there is none whatever they say.
    pub fn of(connection: BufReader<TcpStream>, headers: &[(String, String)], none: bool) -> Self {
        let length = header(headers, "content-length").and_then(|text| text.parse().ok());
        let left = match length {
            _ if none => Left::Bytes(0),
            Some(length) => Left::Bytes(length),
            None if header(headers, "transfer-encoding") == Some("chunked") => Left::Chunk(0),
            None => Left::UntilClosed,
        };
        Self { connection, left }
    }

    /// Returns the connection for the next request, when the body was read to its end and the peer keeps it open.
    pub fn keep(self, headers: &[(String, String)]) -> Option<BufReader<TcpStream>> {
        let closes = header(headers, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        (!closes && matches!(self.left, Left::Bytes(0))).then_some(self.connection)
    }

    /// Sets how long to wait for the next byte.
    pub fn limit(&self, limit: Duration) -> io::Result<()> {
        self.connection.get_ref().set_read_timeout(Some(limit))
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let line = read_line(&mut self.connection)?;
        let size = line.split(';').next().and_then(|hex| u64::from_str_radix(hex, 16).ok());
        match size.ok_or_else(|| broken(&format!("not a chunk size: {line:?}")))? {
            0 => {
                while !read_line(&mut self.connection)?.is_empty() {}
                self.left = Left::Bytes(0);
            }
            size => self.left = Left::Chunk(size),
        }
        Ok(())
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Left::Chunk(0) = self.left {
            self.next_chunk()?;
        }
        let (Left::Bytes(left) | Left::Chunk(left)) = &mut self.left else {
            return self.connection.read(buffer);
        };
        let wanted = buffer.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.connection.read(&mut buffer[..wanted])?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        *left -= read as u64;
        if let Left::Chunk(0) = self.left {
            read_line(&mut self.connection)?;
        }
        Ok(read)
    }
}

//! What a command says: sentences for people, JSON lines for scripts, errors on standard error.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use serde::Serialize;
use serde_json::json;

use crate::exit::{Exit, Failure};

/// Standard output, buffered; says the same thing to people or to scripts.
pub struct Output {
    stdout: BufWriter<StdoutLock<'static>>,
    /// Whether the answer goes to a script.
    pub json: bool,
    /// How to mark text.
    pub style: Style,
    /// Whether the reader has gone away (`caseledger replay | head`): then nothing more is written, without complaint.
    closed: bool,
}

impl Output {
    /// Takes standard output.
    pub fn new(json: bool) -> Output {
        let stdout = io::stdout();
        let style = Style::when(!json && stdout.is_terminal() && std::env::var_os("NO_COLOR").is_none());
        Output { stdout: BufWriter::with_capacity(64 * 1024, stdout.lock()), json, style, closed: false }
    }

    /// Writes a line.
    pub fn line(&mut self, line: impl std::fmt::Display) {
        let written = writeln!(self.stdout, "{line}");
        self.note(written);
    }

    /// Writes a value as one line of JSON.
    pub fn json_line(&mut self, value: &impl Serialize) {
        let written = serde_json::to_writer(&mut self.stdout, value).map_err(io::Error::from);
        let written = written.and_then(|()| self.stdout.write_all(b"\n"));
        self.note(written);
    }

    /// Writes bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        let written = self.stdout.write_all(bytes);
        self.note(written);
    }

    /// Returns whether nobody reads any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Shows at once what was written.
    pub fn flush(&mut self) {
        let written = self.stdout.flush();
        self.note(written);
    }

    /// Ends a command that was done.
    pub fn end(&mut self, exit: Exit) -> Exit {
        self.flush();
        exit
    }

    /// Ends a command that failed: what, why, next step, on standard error.
    pub fn fail(&mut self, failure: &Failure) -> Exit {
        self.flush();
        if self.json {
            let error = json!({"error": {
                "code": failure.exit.name(), "exit": failure.exit as u8, "what": failure.what, "next": failure.next,
            }});
            eprintln!("{error}");
        } else {
            let style = Style::when(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none());
            eprintln!("{} {}", style.bad("error:"), failure.what);
            if let Some(next) = &failure.next {
                eprintln!("{} {next}", style.dim("next:"));
            }
        }
        failure.exit
    }

    fn note(&mut self, written: io::Result<()>) {
        // Nothing sensible is left to do with an output that cannot be written; a closed pipe is no error.
        if written.is_err() {
            self.closed = true;
        }
    }
}

/// How to mark text: on a terminal with colours, elsewhere not at all.
#[derive(Clone, Copy)]
pub struct Style {
    colours: bool,
}

impl Style {
    /// Marks text or leaves it plain.
    pub fn when(colours: bool) -> Style {
        Style { colours }
    }

    /// Marks what a reader looks for first.
    pub fn bold(self, text: impl std::fmt::Display) -> String {
        self.wrap("1", text)
    }

    /// Marks what can be passed over.
    pub fn dim(self, text: impl std::fmt::Display) -> String {
        self.wrap("2", text)
    }

    /// Marks what is as it should be.
    pub fn good(self, text: impl std::fmt::Display) -> String {
        self.wrap("32", text)
    }

    /// Marks what is not.
    pub fn bad(self, text: impl std::fmt::Display) -> String {
        self.wrap("1;31", text)
    }

    /// Marks what deserves a look.
    pub fn notable(self, text: impl std::fmt::Display) -> String {
        self.wrap("33", text)
    }

    fn wrap(self, code: &str, text: impl std::fmt::Display) -> String {
        if self.colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// Writes a number with separators: 1,234,567.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Writes a number with its noun: `1 event`, `2,000 events`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(thousands(number), text);
        }
        assert_eq!((count(1, "event"), count(0, "event")), ("1 event".into(), "0 events".into()));
    }
}

//! Every receipt handed out, one JSON object a line: what `caseledger verify --receipts` checks a ledger against.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

/// A file of receipts, written line by line as they come.
pub struct Receipts(Option<File>);

impl Receipts {
    /// Appends to a file; without a path receipts are let go.
    pub fn open(path: Option<&Path>) -> io::Result<Receipts> {
        let open = |path| File::options().create(true).append(true).open(path);
        path.map(open).transpose().map(Receipts)
    }

    /// Writes one receipt in one write, so that whoever kills this process leaves whole lines behind.
    pub fn keep(&mut self, receipt: &Value) -> io::Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let mut line = receipt.to_string();
        line.push('\n');
        file.write_all(line.as_bytes())
    }
}

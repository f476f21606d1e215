//! A reporting job in Rust: keeps what it reads of the broadcast in a file of its own, and from that the measures of a
//! quarter, all of them, as the ledger judges them.
//!
//! It binds to the durable consumer `reporting`. A batch is appended to the file and synced before it is acknowledged;
//! a message that is in the file already is passed over, and a half-written end of the file is cut off at the next
//! start. So it may be stopped or killed at any point, and counts every event once.
//!
//! ```text
//! cargo run -p caseledger-tests --bin measure_table -- nats://127.0.0.1:4222 reporting.nk m.ndjson 1200 2026-Q2
//! ```

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, Message, consumer::PullConsumer};
use caseledger_projections::measures::report::rows;
use caseledger_projections::measures::{Fold, Question, Run, lists, public};
use futures::StreamExt;
use serde_json::{Value, json};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The job's own store: one line a message, and the fold of them.
struct Store {
    file: File,
    fold: Fold,
}

impl Store {
    /// Opens the file, cuts off an end that was not written to its end, and folds the rest.
    fn open(path: &str) -> Fallible<Store> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        let mut fold = Fold::new();
        for line in text[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            public::take(&mut fold, line)?;
        }
        Ok(Store { file, fold })
    }

    /// Takes a batch in: on disk first, then in the fold.
    fn take(&mut self, messages: &[Message]) -> Fallible<()> {
        let mut lines = Vec::new();
        let first = self.fold.position().0 + 1;
        let fresh: Vec<&Message> = messages.iter().filter(|message| sequence(message) >= first).collect();
        for (next, message) in (first..).zip(&fresh) {
            if sequence(message) != next {
                return Err(format!("{} follows {}: a message is missing", sequence(message), next - 1).into());
            }
            lines.extend_from_slice(&message.payload);
            lines.push(b'\n');
        }
        self.file.write_all(&lines)?;
        self.file.sync_data()?;
        fresh.iter().try_for_each(|message| Ok(public::take(&mut self.fold, &message.payload)?))
    }

    /// Returns the figures of a quarter.
    fn figures(&self, quarter: &str) -> Fallible<Value> {
        let list = lists::newest(quarter).ok_or("there is no list of measures of that quarter")?;
        let run = Run::new(&self.fold, Question { list, as_at: None })?;
        let passes = list.reassesses.as_deref().and_then(|quarter| self.fold.published().passes(quarter));
        Ok(json!({"position": self.fold.position(), "rows": rows(&self.fold, &run, passes.as_ref())}))
    }
}

/// The sequence in the stream, which is the position in the ledger.
fn sequence(message: &Message) -> u64 {
    message.info().map_or(0, |info| info.stream_sequence)
}

#[tokio::main]
async fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, seed, path, until, quarter, more @ ..] = arguments.as_slice() else {
        return Err("measure_table URL SEED-FILE STORE UNTIL QUARTER [STOP-AFTER]".into());
    };
    let until: u64 = until.parse()?;
    let stop_after: Option<u64> = more.first().map(|text| text.parse()).transpose()?;
    let mut store = Store::open(path)?;
    let seed = std::fs::read_to_string(seed)?;
    let options = ConnectOptions::with_nkey(seed.trim().to_owned()).custom_inbox_prefix("_INBOX_reporting");
    let client = options.connect(url.as_str()).await?;
    let stream = jetstream::with_domain(client, "ledger");
    let consumer: PullConsumer = stream.get_consumer_from_stream("reporting", "LEDGER").await?;
    let mut seen = 0;
    while store.fold.position().0 < until {
        let mut batch = consumer.fetch().max_messages(100).messages().await?;
        let mut messages = Vec::new();
        while let Some(message) = batch.next().await {
            messages.push(message?);
        }
        store.take(&messages)?;
        seen += messages.len() as u64;
        if stop_after.is_some_and(|limit| seen >= limit) {
            return Ok(()); // Without an acknowledgement: what was taken in comes again.
        }
        if let Some(last) = messages.last() {
            last.ack().await?;
        }
    }
    println!("{}", store.figures(quarter)?);
    Ok(())
}

//! Reads events back from an export file, NDJSON or frames.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use caseledger_events::codec;
use caseledger_events::ids::Position;
use caseledger_proof::{Hash, extend};
use serde::{Deserialize, Serialize};

use crate::event_line::EventLine;
use crate::exit::{Exit, Failure};
use crate::replaying::messagepack::{Length, length};

/// The first line of an export: what it is a copy of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ExportHead {
    /// The ledger.
    pub ledger: String,
    /// Its epoch when the copy was made.
    pub epoch: u32,
    /// Whether its recorded times are those of a simulation.
    pub simulated: bool,
    /// The first position copied.
    pub first: u64,
    /// The last position copied.
    pub last: u64,
    /// The chain hash before the first.
    pub chain_before: String,
    /// The chain hash at the last.
    pub chain_hash: String,
    /// The release that wrote it.
    pub written_by: String,
}

/// The shape of the first line.
#[derive(Serialize, Deserialize)]
pub struct HeadLine {
    /// What it is a copy of.
    pub export: ExportHead,
}

/// Hands every event of an export to `each` as it would stand in a replay, oldest first.
pub fn read(path: &Path, each: impl FnMut(EventLine) -> Result<ControlFlow<()>, Failure>) -> Result<(), Failure> {
    let file = File::open(path).map_err(|error| Failure::file("open", path, &error))?;
    let mut input = BufReader::with_capacity(1 << 20, file);
    let start = input.fill_buf().map_err(|error| Failure::file("read", path, &error))?;
    match start.first() {
        None => Ok(()),
        Some(b'{') => read_lines(input, path, each),
        Some(_) => read_frames(input, path, each),
    }
}

fn read_lines(
    mut input: impl BufRead,
    path: &Path,
    mut each: impl FnMut(EventLine) -> Result<ControlFlow<()>, Failure>,
) -> Result<(), Failure> {
    let mut text = String::new();
    for number in 1_u64.. {
        text.clear();
        if input.read_line(&mut text).map_err(|error| Failure::file("read", path, &error))? == 0 {
            break;
        }
        if text.trim().is_empty() || number == 1 && serde_json::from_str::<HeadLine>(&text).is_ok() {
            continue;
        }
        let bad = |error: serde_json::Error| not_an_event(path, &format!("line {number}"), &error.to_string());
        if each(EventLine::parse(&text).map_err(bad)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn read_frames(
    mut input: impl Read,
    path: &Path,
    mut each: impl FnMut(EventLine) -> Result<ControlFlow<()>, Failure>,
) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let mut at = 0;
    let mut offset = 0_u64;
    let mut chain = None;
    loop {
        match length(&bytes[at..]) {
            Length::Whole(len) => {
                let frame = &bytes[at..at + len];
                if let Some(flow) = one_frame(frame, path, offset, &mut chain, &mut each)?
                    && flow.is_break()
                {
                    return Ok(());
                }
                at += len;
                offset += len as u64;
            }
            Length::Invalid => return Err(not_an_event(path, &format!("byte {offset}"), "this is no MessagePack")),
            Length::More => {
                bytes.drain(..at);
                at = 0;
                let held = bytes.len();
                let limit = 4 << 20;
                let got = input.by_ref().take(limit).read_to_end(&mut bytes);
                if got.map_err(|error| Failure::file("read", path, &error))? == 0 {
                    return if held == 0 {
                        Ok(())
                    } else {
                        Err(not_an_event(path, "its end", "the last frame is cut short"))
                    };
                }
            }
        }
    }
}

/// Handles one frame; `None` for the head.
fn one_frame(
    frame: &[u8],
    path: &Path,
    offset: u64,
    chain: &mut Option<Hash>,
    each: &mut impl FnMut(EventLine) -> Result<ControlFlow<()>, Failure>,
) -> Result<Option<ControlFlow<()>>, Failure> {
    let place = || format!("byte {offset}");
    if offset == 0
        && let Ok(head) = rmp_serde::from_slice::<HeadLine>(frame)
    {
        *chain = head.export.chain_before.parse().ok();
        return Ok(None);
    }
    let event = codec::decode(frame).map_err(|error| not_an_event(path, &place(), &error.reason))?;
    // Without a head the chain before the first frame is known only at position 1.
    let before = chain.unwrap_or(Hash::ZERO);
    let now = extend(before, frame);
    let is_chained = chain.is_some() || event.position == Position(1);
    *chain = is_chained.then_some(now);
    // Whoever holds the frames holds what they say.
    each(EventLine::of(&event, if is_chained { now } else { Hash::ZERO }, true)?).map(Some)
}

fn not_an_event(path: &Path, place: &str, why: &str) -> Failure {
    Failure::new(Exit::FoundWrong, format_args!("{}, {place}, is no event: {why}", path.display()))
        .next("name a file written by `caseledger export`, `caseledger replay` or GET /v1/events as an auditor")
}

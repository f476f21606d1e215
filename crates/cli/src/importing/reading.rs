//! Reading commands of an import as HTTP reads them, and sealing what is personal in them.

use std::collections::HashMap;

use aws_lc_rs::digest::{Context as Digest, SHA256};
use caseledger_events::action::CaseAction;
use caseledger_events::dates::OccurredAt;
use caseledger_events::envelope::{Actor, Source};
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, CorrelationId, StreamId, StudentId};
use caseledger_events::input::{BadInput, CommandBody};
use caseledger_events::machine::{Sealed, Submission};
use caseledger_events::opening::{Opening, ReadOpening};
use caseledger_events::personal::{Part, Personal};
use caseledger_events::world::{Command, World};
use caseledger_log::{Due, Ledger};
use caseledger_seal::{Keys, SealError};
use parking_lot::Mutex;

use super::Brought;
use crate::exit::{Exit, Failure};

/// Which student a case is about, of the cases that were spoken of.
type Students = Mutex<HashMap<CaseId, StudentId>>;

/// Commands that are ready for the log, and those that are none, by their place.
pub struct Read {
    pub due: Vec<Due<Command>>,
    pub unread: Vec<(usize, BadInput)>,
}

/// A command that was read and has no student yet.
struct Parsed {
    brought: Brought,
    what: What,
    occurred_at: Option<OccurredAt>,
    parts: Vec<Part>,
}

enum What {
    Open { opening: Opening, nsn: Option<Personal<String>> },
    Act { case: CaseId, action: CaseAction },
}

/// Reads commands; students are found or made for all openings with one sync.
pub fn read(ledger: &Ledger<World>, keys: &Keys, students: &Students, brought: Vec<Brought>) -> Result<Read, Failure> {
    let mut unread = Vec::new();
    let mut parsed = Vec::with_capacity(brought.len());
    for (n, brought) in brought.into_iter().enumerate() {
        match parse(brought) {
            Ok(command) => parsed.push(command),
            Err(bad) => unread.push((n, bad)),
        }
    }
    let nsns = parsed.iter().filter_map(|parsed| match &parsed.what {
        What::Open { nsn, .. } => Some(nsn.as_ref()),
        What::Act { .. } => None,
    });
    let mut opened_for = keys.students(nsns)?.into_iter();
    let mut due = Vec::with_capacity(parsed.len());
    for parsed in parsed {
        due.push(submit(ledger, keys, students, parsed, &mut opened_for)?);
    }
    Ok(Read { due, unread })
}

fn parse(brought: Brought) -> Result<Parsed, BadInput> {
    let body = CommandBody::read(&brought.body)?;
    let (facts, personal) = (body.facts(), body.personal());
    let (what, parts) = match brought.case {
        None => {
            let name = body.action.as_deref().unwrap_or(&brought.action);
            let read = Opening::parse(name, facts, personal)
                .ok_or_else(|| BadInput::new("/action", "there is no such way to open a case"))??;
            let ReadOpening { opening, parts, nsn, .. } = read.on(brought.at.auckland())?;
            (What::Open { opening, nsn }, parts)
        }
        Some(case) => {
            let read = CaseAction::parse(&brought.action, facts, personal);
            let (action, parts) = read.ok_or_else(|| BadInput::new("/action", "there is no such action"))??;
            (What::Act { case, action }, parts)
        }
    };
    Ok(Parsed { what, occurred_at: body.occurred_at, parts, brought })
}

fn submit(
    ledger: &Ledger<World>,
    keys: &Keys,
    students: &Students,
    parsed: Parsed,
    opened_for: &mut impl Iterator<Item = StudentId>,
) -> Result<Due<Command>, Failure> {
    let Parsed { brought, what, occurred_at, parts } = parsed;
    let tag = ledger.tag(&brought.actor, &brought.action, &brought.key);
    let about = brought.case.map_or("open".to_owned(), |case| format!("case/{case}"));
    let (command, student) = match what {
        What::Open { opening, .. } => {
            let student =
                opened_for.next().ok_or_else(|| Failure::new(Exit::Internal, "an opening without a student"))?;
            students.lock().insert(ledger.case_of(tag), student);
            (Command::Open { opening, student, occurred_at }, Some(student))
        }
        What::Act { case, action } => {
            let student = if parts.is_empty() { None } else { student_of(ledger, students, case)? };
            (Command::Act { case, action, occurred_at }, student)
        }
    };
    let mut submission = Submission {
        stream: brought.case.map(StreamId::Case),
        expected: brought.saw,
        tag: Some(tag),
        body_hash: body_hash(&about, &brought.body),
        parts,
        ..bare(command, brought.actor)
    };
    if let Some(student) = student.filter(|_| !submission.parts.is_empty()) {
        seal(keys, student, &mut submission)?;
    }
    Ok(Due { submission, at: Some(brought.at), ended: brought.ended.into_iter().map(StreamId::Case).collect() })
}

/// Makes the submission of a command that speaks of no case.
pub fn plain(ledger: &Ledger<World>, command: Command, actor: Actor, name: &str, key: &str) -> Submission<Command> {
    Submission { tag: Some(ledger.tag(&actor, name, key)), ..bare(command, actor) }
}

fn bare(command: Command, actor: Actor) -> Submission<Command> {
    Submission {
        stream: None,
        expected: None,
        also_expected: command.also_expected(),
        tag: None,
        body_hash: [0; 32],
        actor,
        on_behalf_of: None,
        source: Source::of(actor.role),
        source_recorded_at: None,
        correlation: CorrelationId(rand::random()),
        parts: Vec::new(),
        sealed: None,
        command,
    }
}

fn seal(keys: &Keys, student: StudentId, submission: &mut Submission<Command>) -> Result<(), Failure> {
    let key = match keys.seal(student, submission.correlation, &mut submission.parts) {
        Ok(current) => current.key,
        Err(SealError::NoKey) => {
            submission.parts.clear();
            Sealed::NO_KEY
        }
        Err(error) => return Err(error.into()),
    };
    submission.sealed = Some(Sealed { student, key });
    Ok(())
}

/// Returns the student a case is about: as it was brought in, else as its first event says; none where there is none.
fn student_of(ledger: &Ledger<World>, students: &Students, case: CaseId) -> Result<Option<StudentId>, Failure> {
    if let Some(student) = students.lock().get(&case) {
        return Ok(Some(*student));
    }
    let Some((_, head)) = ledger.head(StreamId::Case(case)) else { return Ok(None) };
    let history = ledger.reader().history(head)?;
    let first = history.first().and_then(|entry| entry.decode().ok());
    let read = first.and_then(|event| CaseEvent::read(event.kind, event.schema, event.facts).ok().flatten());
    let student = read.and_then(|event| event.begins_for());
    if let Some(student) = student {
        students.lock().insert(case, student);
    }
    Ok(student)
}

/// Returns SHA-256 of what a command is about and its body, which an import brings in one form only.
fn body_hash(about: &str, body: &str) -> [u8; 32] {
    let mut digest = Digest::new(&SHA256);
    digest.update(about.as_bytes());
    digest.update(&[0]);
    digest.update(body.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.finish().as_ref());
    hash
}

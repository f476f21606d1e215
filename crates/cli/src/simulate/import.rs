//! A plan through the import path: told, read and sealed, decided and answered side by side, each in a thread of its own.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Actor;
use caseledger_events::ids::{CaseId, StreamId, Version};
use caseledger_events::input::BadInput;
use caseledger_events::machine::Receipt;
use caseledger_events::reference::Entry;
use caseledger_events::refusal::Refusal;
use caseledger_identity::cast;
use caseledger_log::Outcome as Told;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde_json::json;

use super::outcome::{Outcome, Surprise};
use super::plan::{Span, Wanted};
use super::play::OPERATOR;
use super::step::{Expect, Key, On, Step};
use super::stream::Stream;
use super::summary::Summary;
use super::{ROWS_AT_ONCE, SimulateError, term};
use crate::exit::{Exit, Failure};
use crate::importing::{Answer, Brought, Importer, Prepared, Underway};
use crate::service::{Missing, Time};
use crate::settings::Settings;

/// How many commands are decided together: about what one group takes.
const TOGETHER: usize = 1_000;

/// How many such lots may wait between two threads, and be on their way to the disk: while some are synced, others are decided.
const LOTS: usize = 12;

/// What one of several threads gives the next.
type Lot<T> = Result<(Vec<Step>, T), Failure>;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// How many cases; as many as the policy of the first day plans a year where nothing is said (Q35).
    pub cases: Option<u32>,
    /// The seed.
    pub seed: u64,
    /// How much time.
    pub span: Span,
}

/// Imports a plan into a ledger that no server runs on, made where there is none; goes on where an import was cut short.
pub fn run(dir: &Path, settings: &Settings, asked: Asked, progress: impl FnMut(NaiveDate)) -> Result<Summary, Failure> {
    let Asked { cases, seed, span } = asked;
    let begins = Timestamp::from(term::at(span.first(), 0));
    let importer = Importer::open(dir, settings, Time::Simulated(Some(begins)), Missing::Create)?;
    let cases = cases.map_or_else(|| importer.planned_cases(span.first()), Ok)?;
    let played = into(&importer, Wanted { cases, seed, span }, progress);
    importer.close();
    played
}

fn into(importer: &Importer, wanted: Wanted, progress: impl FnMut(NaiveDate)) -> Result<Summary, Failure> {
    let started = Instant::now();
    let since = taken_up(importer, &wanted)?;
    let before = importer.position();
    load_reference(importer, &wanted)?;
    let mut summary = Summary::new(wanted.title());
    let mut steps = Stream::new(wanted);
    let lines = wanted.keys();
    let (passed_over, cast) = pass_over(importer, &mut steps, &lines, since);
    summary.passed_over = passed_over;
    let mut books = Books { summary, wanted, progress, day: NaiveDate::MIN };
    let (tell, told) = sync_channel(LOTS);
    let (give, ready) = sync_channel(LOTS);
    thread::scope(|scope| {
        scope.spawn(move || tell_all(steps, &tell));
        scope.spawn(move || prepare_all(importer, cast, &lines, &told, &give));
        decide_all(importer, &ready, &mut books)
    })?;
    let Books { mut summary, .. } = books;
    summary.events = importer.position().0 - before.0;
    summary.took = started.elapsed();
    Ok(summary)
}

/// Returns from when on an import goes on that was cut short; `None` where nothing was imported yet.
fn taken_up(importer: &Importer, wanted: &Wanted) -> Result<Option<DateTime<Utc>>, Failure> {
    let begins = term::at(wanted.span.first(), 0);
    let now = DateTime::from_timestamp_micros(importer.now().0).unwrap_or(begins);
    let opens = |step: &Step| matches!(step.on, On::New(_)) && step.expect == Expect::Accepted;
    let keys = wanted.keys();
    let has_begun = Stream::new(*wanted).find(opens).is_some_and(|first| {
        let id =
            cast::actor(&first.actor).map(|actor| importer.case_opened_by(&actor, &first.action, &key(&keys, &first)));
        id.is_some_and(|id| importer.knows(id))
    });
    match has_begun {
        true => Ok(Some(now)),
        false if now > begins + Duration::hours(1) => {
            Err(SimulateError::TermIsOver { span: wanted.span.name(), now }.into())
        }
        false => Ok(None),
    }
}

/// Leaves out what was answered before, all that comes before the minute the ledger's time has come to; returns how much
/// that is, and the cases it left.
fn pass_over(importer: &Importer, steps: &mut Stream, keys: &str, since: Option<DateTime<Utc>>) -> (u64, Cast) {
    let mut cast = Cast::default();
    let Some(since) = since else { return (0, cast) };
    let minute = DateTime::from_timestamp(since.timestamp() / 60 * 60, 0).unwrap_or(since);
    let mut passed_over = 0;
    while steps.peek().is_some_and(|at| at < minute) {
        let Some(step) = steps.next() else { break };
        cast.follow(importer, &step, &key(keys, &step), &actor_of(&step));
        passed_over += 1;
    }
    (passed_over, cast)
}

fn load_reference(importer: &Importer, wanted: &Wanted) -> Result<(), Failure> {
    let rows = wanted.map().entries(wanted.span.reference_from());
    let entries: Vec<Entry> = rows
        .into_iter()
        .map(serde_json::from_value)
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::new(Exit::Internal, format_args!("a row of the map does not read: {error}")))?;
    let operator =
        cast::actor(OPERATOR).ok_or_else(|| Failure::new(Exit::Internal, "the operator of a play has no codes"))?;
    for (n, rows) in entries.chunks(ROWS_AT_ONCE).enumerate() {
        let key = format!("reference-{}-{}-{n}", wanted.span.name(), entries.len());
        importer.load_reference(rows.to_vec(), operator, &key)?;
    }
    Ok(())
}

fn tell_all(mut steps: Stream, tell: &SyncSender<Vec<Step>>) {
    loop {
        let lot: Vec<Step> = steps.by_ref().take(TOGETHER).collect();
        // Who listens no more has met an error, which is told elsewhere.
        if lot.is_empty() || tell.send(lot).is_err() {
            return;
        }
    }
}

fn prepare_all(
    importer: &Importer,
    mut cast: Cast,
    keys: &str,
    told: &Receiver<Vec<Step>>,
    give: &SyncSender<Lot<Prepared>>,
) {
    for steps in told {
        let brought = steps.iter().map(|step| cast.bring(importer, keys, step)).collect();
        let lot = importer.prepare(brought).map(|prepared| (steps, prepared));
        let failed = lot.is_err();
        if give.send(lot).is_err() || failed {
            return;
        }
    }
}

fn decide_all<P: FnMut(NaiveDate)>(
    importer: &Importer,
    ready: &Receiver<Lot<Prepared>>,
    books: &mut Books<P>,
) -> Result<(), Failure> {
    let mut underway: VecDeque<(Vec<Step>, Underway)> = VecDeque::new();
    for lot in ready {
        let (steps, prepared) = lot?;
        underway.push_back((steps, importer.decide(prepared)?));
        if underway.len() > LOTS
            && let Some(oldest) = underway.pop_front()
        {
            books.enter(oldest)?;
        }
    }
    underway.into_iter().try_for_each(|lot| books.enter(lot))
}

/// The cases of every story as far as it is told: their ids follow from the keys of what opens them.
#[derive(Default)]
struct Cast(HashMap<u32, HashMap<String, Part>>);

/// A case of a story.
struct Part {
    id: CaseId,
    /// Whether it has probably ended: then its history is read before somebody speaks of it again.
    ended: bool,
}

impl Cast {
    /// Turns a step into a command with the ids of the cases it speaks of.
    fn bring(&mut self, importer: &Importer, keys: &str, step: &Step) -> Brought {
        let actor = actor_of(step);
        let key = key(keys, step);
        let parts = self.0.entry(step.story).or_default();
        let mut body = step.body.to_string();
        if body.contains("\"case:") {
            for (name, part) in parts.iter() {
                body = body.replace(&format!("\"case:{name}\""), &format!("\"{}\"", part.id));
            }
        }
        let ended = |part: &&Part| part.ended && (body.contains(&part.id.to_string()) || speaks_of(step, part, parts));
        let ended = parts.values().filter(ended).map(|part| part.id).collect();
        let case = match &step.on {
            On::Case(name) => Some(parts.get(name).map_or(CaseId([0; 16]), |part| part.id)),
            On::New(_) => None,
        };
        let saw = step.saw.map(Version);
        let at = Timestamp::from(step.at);
        self.follow(importer, step, &key, &actor);
        Brought { at, actor, action: step.action.clone(), case, ended, body, key, saw }
    }

    /// Notes what an accepted step does to the cases of its story.
    fn follow(&mut self, importer: &Importer, step: &Step, key: &str, actor: &Actor) {
        if step.expect != Expect::Accepted {
            return;
        }
        let parts = self.0.entry(step.story).or_default();
        match (&step.on, step.action.as_str()) {
            (On::New(name), action) if !parts.contains_key(name) => {
                let id = importer.case_opened_by(actor, action, key);
                parts.insert(name.clone(), Part { id, ended: false });
            }
            (On::Case(name), "close" | "reopen" | "complete-ministry-check") => {
                if let Some(part) = parts.get_mut(name) {
                    part.ended = step.action == "close" || step.body.contains("do_not_refer");
                }
            }
            (On::Case(name), "merge" | "unmerge") => {
                let merged = parts.iter_mut().filter(|(other, _)| *other != name);
                merged.for_each(|(_, part)| part.ended = step.action == "merge");
            }
            _ => {}
        }
    }
}

/// Who the stories know by name has codes; a test plays them all.
fn actor_of(step: &Step) -> Actor {
    cast::actor(&step.actor).expect("the people of stories have codes")
}

fn speaks_of(step: &Step, part: &Part, parts: &HashMap<String, Part>) -> bool {
    matches!(&step.on, On::Case(name) if parts.get(name).is_some_and(|own| own.id == part.id))
}

fn key(keys: &str, step: &Step) -> String {
    let number = match step.key {
        Key::Own => step.number,
        Key::Of(number) => number,
    };
    format!("{keys}-{}-{number}", step.story)
}

/// What came of everything so far.
struct Books<P> {
    summary: Summary,
    wanted: Wanted,
    progress: P,
    day: NaiveDate,
}

impl<P: FnMut(NaiveDate)> Books<P> {
    /// Compares the answers to a lot with what its steps expect.
    fn enter(&mut self, (steps, underway): (Vec<Step>, Underway)) -> Result<(), Failure> {
        for (step, answer) in steps.iter().zip(underway.answers()?) {
            if is_lost(&answer) {
                return Err(Failure::new(Exit::Unavailable, format_args!("the ledger takes no commands: {answer:?}"))
                    .next("start the same play again: it goes on where it stopped"));
            }
            let outcome = outcome(answer);
            self.summary.count_imported(&step.action, &outcome);
            if matches!((&step.on, &outcome), (On::New(_), Outcome::Recorded { repeated: false, .. })) {
                self.summary.cases += u64::from(is_first(&outcome));
            }
            if !is_expected(&step.expect, &outcome) {
                self.summary.surprise(Surprise::new(self.wanted.place(step), step, &outcome));
            }
        }
        if let Some(day) = steps.last().map(|step| Timestamp::from(step.at).auckland())
            && day != self.day
        {
            self.day = day;
            (self.progress)(day);
        }
        Ok(())
    }
}

/// A receipt with version 1 or 2 of its stream opened a case; a later one was attached to it (Q4).
fn is_first(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Recorded { receipt, .. } if receipt["first_version"] == 1)
}

/// Whoever may not know of a case is told over HTTP that there is none; here the rule that refuses tells it itself.
fn is_expected(expect: &Expect, outcome: &Outcome) -> bool {
    match expect {
        Expect::Refused { rule, .. } if rule == "404" => matches!(outcome, Outcome::Refused { .. }),
        expect => outcome.is(expect),
    }
}

/// Returns whether an answer says nothing about the command.
fn is_lost(answer: &Answer) -> bool {
    use Told::{Clock, NoSpace, Overloaded, ShuttingDown, Unknown, Unreadable};
    matches!(answer, Ok(Clock(_) | NoSpace { .. } | Overloaded | ShuttingDown | Unknown | Unreadable(_)))
}

fn outcome(answer: Result<Told<Refusal>, BadInput>) -> Outcome {
    let problem = |status: u16, code: &str| Outcome::Problem {
        status,
        code: code.to_owned(),
        pointer: None,
        detail: String::new(),
    };
    match answer {
        Err(bad) => {
            Outcome::Problem { status: 400, code: "bad-input".to_owned(), pointer: Some(bad.pointer), detail: bad.what }
        }
        Ok(Told::Accepted(receipt)) => recorded(&receipt, false),
        Ok(Told::Repeated(receipt)) => recorded(&receipt, true),
        Ok(Told::NothingToDo { .. }) => Outcome::Nothing { case: String::new() },
        Ok(Told::Refused(refusal)) => Outcome::Refused {
            rule: refusal.rule().to_owned(),
            code: refusal.code().to_owned(),
            detail: refusal.to_string(),
        },
        Ok(Told::Stale { .. }) => problem(412, "stale"),
        Ok(Told::KeyReused) => problem(409, "idempotency-key-reused"),
        Ok(Told::UnknownStream(_)) => problem(404, "unknown-case"),
        Ok(Told::TooLarge { .. }) => problem(413, "too-large"),
        Ok(other) => problem(503, &format!("{other:?}")),
    }
}

fn recorded(receipt: &Receipt, repeated: bool) -> Outcome {
    let events = receipt.position.0 - receipt.first.0 + 1;
    let first_version = u64::from(receipt.version.0).saturating_sub(events - 1);
    let case = if matches!(receipt.stream, StreamId::Case(_)) { receipt.stream.to_string() } else { String::new() };
    Outcome::Recorded { case, repeated, receipt: json!({"position": receipt.position, "first_version": first_version}) }
}

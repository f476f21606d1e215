//! `caseledger measures publish` and `import`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use caseledger_events::ids::{Code, Sha256};
use caseledger_events::measured::{
    Basis, MeasureResult, MeasureResultsPublished, PublishedOutcome, RESULTS_MAX, RunSource,
};
use caseledger_projections::measures::publish::{canonical, results};
use caseledger_projections::measures::report::rows;
use caseledger_projections::measures::run::RULES;
use caseledger_projections::measures::{Fold, List, Question, Run, lists};
use caseledger_proof::{Hash, chain, leaf};
use serde_json::json;

use super::reading::{Asked, no_run};
use crate::asking::{Asking, AskingArgs};
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count};
use crate::road::Road;
use crate::settings::{Settings, SettingsArgs};

/// Publish the figures of a quarter: an event that fixes what they were judged by, and every verdict by its hash
///
/// What is published is what `measures show` prints at this moment. `measures verify` recomputes it from the log alone,
/// however much was recorded since; `measures compare` shows what is known now beside it.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Exit codes: 0 done · 1 an event cannot be read · 2 no such list · 3 the directory is busy · 4 no such ledger ·
5 the ledger refused"
)]
pub struct Args {
    #[command(flatten)]
    asked: Asked,

    /// Publishes once, however often it is sent; made up when nothing is said
    #[arg(long, value_name = "KEY")]
    key: Option<String>,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Record results that were published elsewhere, for the passes that stay
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
The file is CSV with a header. Counts may be left out; the outcome is passed, failed, preliminary or not_applicable:
  provider,catchment,measure,outcome,population,achieved,not_achieved
  ASP-01,C-01,M5,passed,41,41,0
  ASP-01,C-01,M6,failed,,,

Exit codes: 0 done · 2 a row makes no sense, its line is printed · 3 the directory is busy · 4 no such ledger or file ·
5 the ledger refused"
)]
pub struct ImportArgs {
    /// The quarter they are of
    #[arg(long, value_name = "QUARTER")]
    quarter: Code,

    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Folds, judges, and sends what came out.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let list = args.asked.list()?;
    let fold = args.asked.fold(global)?;
    let run = Run::new(&fold, Question { list, as_at: args.asked.as_at() }).map_err(no_run)?;
    let passes = list.reassesses.as_deref().and_then(|quarter| fold.published().passes(quarter));
    let quarter = code(&run.quarter.name)?;
    let providers = results(quarter, &rows(&fold, &run, passes.as_ref()));
    let basis = basis(&fold, &run);
    let verdicts = basis.verdicts;
    let body = json!({"quarter": quarter, "from": RunSource::Ledger, "basis": basis, "providers": providers});
    let sender = Sender { asking: args.asking.read()?, settings: args.settings.resolve(&global.data)? };
    let position = sender.send(global, args.key.as_deref(), &body)?;
    if output.json {
        output.json_line(
            &json!({"run": position, "quarter": quarter, "verdicts": verdicts, "hash": body["basis"]["verdicts_hash"]}),
        );
    } else {
        let providers = count(providers.len() as u64, "provider");
        output.line(format_args!(
            "published {quarter} at position {position}: {}, {providers}",
            count(verdicts, "verdict")
        ));
        output.line(format_args!("`caseledger measures verify --run {position}` recomputes it from the log"));
    }
    Ok(Exit::Ok)
}

/// Returns what fixes a run's figures to the digit.
pub fn basis(fold: &Fold, run: &Run<'_>) -> Basis {
    let (verdicts, verdicts_hash) = hash(fold, run);
    Basis {
        list: run.list.version,
        list_hash: list_hash(run.list),
        rules: RULES,
        calendar: run.calendar.version(),
        calendar_fingerprint: run.calendar.fingerprint().try_into().expect("a fingerprint is 16 hex digits"),
        policy: run.policy,
        position: run.position,
        as_at: run.as_at,
        verdicts,
        verdicts_hash,
    }
}

/// Returns the hash of a list's text.
pub fn list_hash(list: &List) -> Sha256 {
    Sha256(leaf(lists::text(list).unwrap_or_default().as_bytes()).0)
}

/// Chains every verdict's canonical form, as the ledger chains its frames.
fn hash(fold: &Fold, run: &Run<'_>) -> (u64, Sha256) {
    let mut hash = Hash::ZERO;
    let count = canonical(fold, run, |line| hash = chain(hash, leaf(line.as_bytes())));
    (count, Sha256(hash.0))
}

fn code(text: &str) -> Result<Code, Failure> {
    text.parse().map_err(|_| Failure::new(Exit::Usage, format_args!("{text} is no name of a quarter such as 2026-Q2")))
}

/// Who sends a run, and how the service is opened where none runs.
struct Sender {
    asking: Asking,
    settings: Settings,
}

impl Sender {
    /// Sends a run and returns where it stands.
    fn send(self, global: &Global, key: Option<&str>, body: &serde_json::Value) -> Result<u64, Failure> {
        let key = key.map_or_else(|| format!("measures-{}", uuid::Uuid::new_v4()), str::to_owned);
        let send = async |road: &Road| road.post("/v1/measures/runs", &key, body).await?.accepted();
        let answer = Road::walk(&global.data, &self.settings, self.asking, send)?;
        answer["receipt"]["first_position"]
            .as_u64()
            .ok_or_else(|| Failure::new(Exit::Internal, "the receipt does not say where the run stands"))
    }
}

/// Reads the file and records its results.
pub fn import(args: &ImportArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let providers = read(&args.file, args.quarter)?;
    let body = json!({"quarter": args.quarter, "from": RunSource::External, "providers": providers});
    let sender = Sender { asking: args.asking.read()?, settings: args.settings.resolve(&global.data)? };
    let position = sender.send(global, None, &body)?;
    if output.json {
        output.json_line(&json!({"run": position, "quarter": args.quarter, "providers": providers.len()}));
    } else {
        let providers = count(providers.len() as u64, "provider");
        output.line(format_args!("recorded what was published of {}: {providers}, position {position}", args.quarter));
    }
    Ok(Exit::Ok)
}

fn read(path: &Path, quarter: Code) -> Result<Vec<MeasureResultsPublished>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    parse(&text, quarter).map_err(|(line, why)| {
        Failure::new(Exit::Usage, format_args!("{}, line {line}: {why}; nothing was recorded", path.display()))
            .next("`caseledger measures import --help` shows the form of the file")
    })
}

const COLUMNS: [&str; 7] = ["provider", "catchment", "measure", "outcome", "population", "achieved", "not_achieved"];

/// Reads the rows; an error names its line.
fn parse(text: &str, quarter: Code) -> Result<Vec<MeasureResultsPublished>, (usize, String)> {
    let mut lines =
        text.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty());
    let (number, head) = lines.next().ok_or((1, "there is no row in it".to_owned()))?;
    let columns: Vec<&str> = head.split(',').map(str::trim).collect();
    if columns != COLUMNS {
        return Err((number, format!("the header is {}", COLUMNS.join(","))));
    }
    let mut providers: BTreeMap<Code, Vec<MeasureResult>> = BTreeMap::new();
    for (number, line) in lines {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let (provider, result) = result(&fields).map_err(|why| (number, why))?;
        let known = providers.entry(provider).or_default();
        if known.iter().any(|other| (other.measure, other.catchment) == (result.measure, result.catchment)) {
            return Err((number, format!("{} of {provider} stands in it twice", result.measure)));
        }
        known.push(result);
    }
    let of = |(provider, results): (Code, Vec<MeasureResult>)| {
        let parts: Vec<_> = results.chunks(RESULTS_MAX).map(<[MeasureResult]>::to_vec).collect();
        parts.into_iter().map(move |results| MeasureResultsPublished { quarter, provider, results })
    };
    Ok(providers.into_iter().flat_map(of).collect())
}

fn result(fields: &[&str]) -> Result<(Code, MeasureResult), String> {
    let &[provider, catchment, measure, outcome, population, achieved, not_achieved] = fields else {
        return Err(format!("{} fields, the header has {}", fields.len(), COLUMNS.len()));
    };
    let code = |text: &str| text.parse::<Code>().map_err(|error| format!("`{text}` is {error}"));
    let number = |text: &str| match text {
        "" => Ok(0),
        text => text.parse::<u32>().map_err(|_| format!("`{text}` is no count")),
    };
    let outcome = match outcome {
        "passed" => PublishedOutcome::Passed,
        "failed" => PublishedOutcome::Failed,
        "preliminary" => PublishedOutcome::Preliminary,
        "not_applicable" => PublishedOutcome::NotApplicable,
        other => return Err(format!("`{other}` is no outcome: passed, failed, preliminary or not_applicable")),
    };
    let result = MeasureResult {
        measure: code(measure)?,
        catchment: if catchment.is_empty() { None } else { Some(code(catchment)?) },
        population: number(population)?,
        achieved: number(achieved)?,
        late: 0,
        not_achieved: number(not_achieved)?,
        not_yet_due: 0,
        excluded: 0,
        not_assessable: 0,
        outcome,
    };
    Ok((code(provider)?, result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_published_elsewhere_are_read_and_a_wrong_row_is_named_with_its_line() {
        let head = COLUMNS.join(",");
        let quarter = "2026-Q1".parse().unwrap();
        let read = parse(&format!("{head}\nASP-01,C-01,M5,passed,41,41,0\nASP-01,,M6,failed,,,\n"), quarter).unwrap();
        assert_eq!((read.len(), read[0].results.len()), (1, 2));
        assert!(read[0].results[0].outcome.is_pass() && read[0].results[1].catchment.is_none());
        for (row, line, says) in [
            ("ASP-01,C-01,M5,won,,,", 2, "`won` is no outcome"),
            ("asp,C-01,M5,passed,,,", 2, "`asp` is not a code"),
            ("ASP-01,C-01,M5,passed,many,,", 2, "`many` is no count"),
            ("ASP-01,C-01,M5", 2, "3 fields"),
            ("\nASP-01,C-01,M5,passed,,,\nASP-01,C-01,M5,failed,,,", 4, "stands in it twice"),
        ] {
            let (found, why) = parse(&format!("{head}\n{row}\n"), quarter).unwrap_err();
            assert!(found == line && why.contains(says), "{row}: line {found}: {why}");
        }
        assert!(parse("provider,measure\n", quarter).unwrap_err().1.contains("the header is"));
    }
}

//! `caseledger import`.

use std::fs;
use std::path::{Path, PathBuf};

use caseledger_events::reference::Entry;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count};
use crate::road::Road;
use crate::settings::SettingsArgs;

/// Bring data in
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Reference(ReferenceArgs),
}

/// Record which school lies in which catchment, and who serves it, from a date on
///
/// Rows that are recorded already are passed over, so a file may be imported again. Nothing is recorded before every
/// row has been read. Works beside a running server (through its control socket) and without one.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
The file is CSV with a header, one JSON object a line, or {\"entries\": […]} as POST /v1/reference takes it:
  what,school,catchment,provider,from
  school,S-001,C-01,,2026-01-01
  catchment,,C-01,ASP-01,2026-01-01
  in_school,S-001,,ISP-01,2026-01-01       provider empty: in-school provision ended

Exit codes: 0 done · 2 a row makes no sense, its line is printed · 3 the directory is busy · 4 no such ledger or file ·
5 the ledger refused"
)]
struct ReferenceArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Rows of one command; the ledger takes up to 500.
const ROWS_AT_ONCE: usize = 500;

/// Imports.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let What::Reference(args) = &args.what;
    let rows = in_order(read(&args.file)?);
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    let recorded = Road::walk(&global.data, &settings, asking, async |road| send(road, &rows).await)?;
    let rows = rows.len() as u64;
    if output.json {
        output.json_line(&json!({"rows": rows, "recorded": recorded, "known": rows - recorded}));
    } else {
        let known = rows - recorded;
        output.line(format_args!("{} recorded, {} known already", count(recorded, "row"), count(known, "row")));
    }
    Ok(Exit::Ok)
}

/// Sends rows in batches and returns how many were new.
///
/// The keys are new at every run: rows held already are passed over anyway, and a row set back to what it once was is
/// not a repeat.
async fn send(road: &Road, rows: &[Entry]) -> Result<u64, Failure> {
    let mut recorded = 0;
    for batch in rows.chunks(ROWS_AT_ONCE) {
        let key = format!("import-{}", Uuid::new_v4());
        let answer = road.post("/v1/reference", &key, &json!({"entries": batch})).await?.accepted()?;
        let receipt = &answer["receipt"];
        if let (Some(first), Some(last)) = (receipt["first_position"].as_u64(), receipt["position"].as_u64()) {
            recorded += last - first + 1;
        }
    }
    Ok(recorded)
}

/// Puts what rows stand on before them: they go out in several batches.
fn in_order(mut rows: Vec<Entry>) -> Vec<Entry> {
    rows.sort_by_key(|row| match row {
        Entry::Catchment { .. } => 0,
        Entry::School { .. } => 1,
        Entry::InSchool { .. } | Entry::Region { .. } => 2,
    });
    rows
}

fn read(path: &Path) -> Result<Vec<Entry>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    parse(&text).map_err(|(line, why)| {
        let place = if line == 0 { String::new() } else { format!(", line {line}") };
        Failure::new(Exit::Usage, format_args!("{}{place}: {why}; nothing was recorded", path.display()))
            .next("`caseledger import reference --help` shows the forms a file may have")
    })
}

type Wrong = (usize, String);

/// Reads any of the three forms; an error names its line, 0 where there is none.
fn parse(text: &str) -> Result<Vec<Entry>, Wrong> {
    let start = text.trim_start();
    let rows = if let Ok(whole) = serde_json::from_str::<Value>(text) {
        whole_document(whole)?
    } else if start.starts_with('{') {
        lines(text).map(|(number, line)| row(number, serde_json::from_str(line))).collect::<Result<_, _>>()?
    } else {
        csv(text)?
    };
    if rows.is_empty() {
        return Err((0, "there is no row in it".to_owned()));
    }
    Ok(rows)
}

fn whole_document(mut whole: Value) -> Result<Vec<Entry>, Wrong> {
    let list = match whole.get_mut("entries").map(Value::take) {
        Some(entries) => entries,
        None if whole.is_array() => whole,
        None => Value::Array(vec![whole]),
    };
    serde_json::from_value(list).map_err(|error| (0, error.to_string()))
}

fn csv(text: &str) -> Result<Vec<Entry>, Wrong> {
    let mut rows = lines(text);
    let Some((number, head)) = rows.next() else { return Ok(Vec::new()) };
    let columns: Vec<&str> = head.split(',').map(str::trim).collect();
    if !columns.contains(&"what") {
        return Err((number, "the header has no column `what`".to_owned()));
    }
    rows.map(|(number, line)| {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if fields.len() != columns.len() {
            return Err((number, format!("{} fields, the header has {}", fields.len(), columns.len())));
        }
        let given = columns.iter().zip(fields).filter(|(_, field)| !field.is_empty());
        let object = given.map(|(column, field)| ((*column).to_owned(), Value::from(field))).collect();
        row(number, serde_json::from_value(Value::Object(object)))
    })
    .collect()
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

fn row(number: usize, read: Result<Entry, serde_json::Error>) -> Result<Entry, Wrong> {
    read.map_err(|error| (number, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_say_the_same() {
        let csv =
            "what,school,catchment,provider,from\nschool,S-001,C-01,,2026-01-01\n\nin_school,S-001,,,2026-02-01\n";
        let lines = "{\"what\":\"school\",\"school\":\"S-001\",\"catchment\":\"C-01\",\"from\":\"2026-01-01\"}\n\
                     {\"what\":\"in_school\",\"school\":\"S-001\",\"from\":\"2026-02-01\"}\n";
        let joined = lines.trim_end().replace('\n', ",");
        let read = parse(csv).unwrap();
        assert_eq!(read.len(), 2);
        for same in [lines.to_owned(), format!("[{joined}]"), format!("{{\"entries\":[{joined}]}}")] {
            assert_eq!(parse(&same).unwrap(), read, "{same}");
        }
    }

    #[test]
    fn a_wrong_row_is_named_with_its_line() {
        let head = "what,school,catchment,provider,from\n";
        for (row, line, says) in [
            ("school,S-001,C-01,,2026-13-01", 2, "not a date such as 2026-03-01"),
            ("school,S-001,C-01", 2, "3 fields"),
            ("\nschool,s-1,C-01,,2026-01-01", 3, "a code"),
            ("pupil,S-001,C-01,,2026-01-01", 2, "pupil"),
        ] {
            let (found, why) = parse(&format!("{head}{row}\n")).unwrap_err();
            assert!(found == line && why.contains(says), "{row}: line {found}: {why}");
        }
        assert_eq!(parse("").unwrap_err().1, "there is no row in it");
    }
}

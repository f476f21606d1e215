//! `caseledger export --subject`: everything about one student in one bundle (IPP 6).

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::str::FromStr;

use caseledger_events::ids::StudentId;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Args, name, part_path};
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count};
use crate::replaying::filter::CaseRef;
use crate::road::Road;

/// A student, named by the number or id of a case, or by their own id: of an id the service knows which it is.
#[derive(Clone, Copy, Debug)]
pub struct Subject(CaseRef);

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Subject, String> {
        text.parse().map(Subject)
    }
}

/// Asks the service for the bundle and writes it.
pub fn run(subject: &Subject, args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let settings = args.restricted.settings.resolve(&global.data)?;
    let asking = args.restricted.asking.read()?;
    let key = format!("cli-{}", Uuid::new_v4());
    let bundle = Road::walk(&global.data, &settings, asking, async |road| ask(road, &key, subject).await)?;
    let part = part_path(&args.to_file);
    let failed = |error: std::io::Error| Failure::file("write", &part, &error);
    let text = serde_json::to_vec_pretty(&bundle).map_err(|error| Failure::new(Exit::Internal, error))?;
    // One that was left behind may be anybody's to read.
    match fs::remove_file(&part) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(failed)?;
    file.write_all(&text).map_err(failed)?;
    name(&file, &part, &args.to_file)?;
    say(&bundle, args, output);
    Ok(Exit::Ok)
}

async fn ask(road: &Road, key: &str, subject: &Subject) -> Result<Value, Failure> {
    const PATH: &str = "/v1/subjects/export";
    let Subject(case) = subject;
    let by_case = road.post(PATH, key, &json!({"case": case.to_string()})).await?.accepted();
    match (by_case, case) {
        (Err(failure), CaseRef::Id(id)) if failure.exit == Exit::NoData => {
            road.post(PATH, key, &json!({"student": StudentId(id.0)})).await?.accepted()
        }
        (told, _) => told,
    }
}

fn say(bundle: &Value, args: &Args, output: &mut Output) {
    let of = |path: &str| bundle.pointer(path).and_then(Value::as_array).map_or(0, |list| list.len() as u64);
    let (cases, others, prose) = (of("/cases"), of("/others/about_others"), of("/others/to_be_read"));
    if output.json {
        let file = &args.to_file;
        output.json_line(&json!({"file": file, "cases": cases, "about_others": others, "to_be_read": prose}));
        return;
    }
    output.line(format_args!("{} in {}, names and texts in clear", count(cases, "case"), args.to_file.display()));
    output.line(format_args!(
        "{} about others are marked, {} are to be read before it is handed out",
        count(others, "field"),
        count(prose, "text")
    ));
}

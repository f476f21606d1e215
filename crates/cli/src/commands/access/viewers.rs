//! `caseledger access viewers`: who could see a comment or a file, and when.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::asking::AskingArgs;
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::replaying::filter::CaseRef;
use crate::road::{Road, items, word};
use crate::settings::SettingsArgs;
use crate::when::When;

#[derive(clap::Args)]
pub struct Args {
    /// The case, by id or number
    #[arg(long)]
    case: CaseRef,

    /// The comment, by its number on the case
    #[arg(long, value_name = "NUMBER", required_unless_present = "file")]
    comment: Option<u16>,

    /// Or the file, by its number on the case
    #[arg(long, value_name = "NUMBER", conflicts_with = "comment")]
    file: Option<u16>,

    /// Up to this moment, and with the people who could act then: a day in New Zealand or an RFC 3339 time
    #[arg(long, value_name = "WHEN")]
    at: Option<When>,

    #[command(flatten)]
    asking: AskingArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Asks the service, which puts it on record.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let settings = args.settings.resolve(&global.data)?;
    let asking = args.asking.read()?;
    let mut body = match args.file {
        Some(file) => json!({"file": file}),
        None => json!({"comment": args.comment}),
    };
    if let Some(at) = args.at {
        // The last moment that counts.
        body["at"] = json!(caseledger_events::dates::Timestamp(at.end().0 - 1));
    }
    let path = format!("/v1/cases/{}/viewers", args.case);
    let told = Road::walk(&global.data, &settings, asking, async |road| {
        road.post(&path, &Uuid::new_v4().to_string(), &body).await?.accepted()
    })?;
    if output.json {
        output.json_line(&told);
    } else {
        print(&told, output);
    }
    Ok(Exit::Ok)
}

fn print(told: &Value, output: &mut Output) {
    let spans = items(&told["spans"]);
    if spans.is_empty() {
        output.line("nobody: there was no such item on the case by then, or no organisation that could see it");
    }
    for span in spans {
        let until = if span["until"].is_null() { "now" } else { word(&span["until"]) };
        output.line(format_args!("{:<24} {} to {until}", viewer(&span["viewer"]), word(&span["from"])));
    }
    for person in items(&told["people"]) {
        let word = |name: &str| word(&person[name]);
        output.line(format_args!("  {} as {} of {}", word("person"), word("role"), word("organisation")));
    }
}

/// `{"school": "S-001"}` and `"cit"` as people read them.
fn viewer(value: &Value) -> String {
    let named = value.as_object().and_then(|object| object.iter().next());
    match named {
        Some((what, code)) => format!("{what} {}", word(code)),
        None => word(value).to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_are_told_in_words() {
        assert_eq!(viewer(&json!({"school": "S-001"})), "school S-001");
        assert_eq!(viewer(&json!("cit")), "CIT");
    }
}

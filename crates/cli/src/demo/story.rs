//! What the demo shows when the term is played: a refusal with its rule, and a case with its history.

use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::simulate::{Client, ClientError, grants};

/// Who finds a case: the demo's auditor sees the facts of all of them, and none of the words.
const AUDITOR: &str = "AUDIT-1/auditor/MOE";

/// Lines of a history that are shown.
const HISTORY_LINES: usize = 14;

/// A case worth a look, and how the ledger refuses something on it.
pub struct Sample {
    /// Its number.
    pub number: String,
    /// Who reads it: the workflow lead of its provider sees names and words as well.
    pub reader: String,
    /// Where it stands.
    pub status: String,
    /// The history, oldest first: when, what, who.
    pub history: Vec<[String; 3]>,
    /// The refusal: what was tried, rule, code, sentence, way out.
    pub refusal: Option<Refusal>,
}

/// A refusal as the interface gives it.
pub struct Refusal {
    /// The request.
    pub request: String,
    /// The rule.
    pub rule: String,
    /// The stable code.
    pub code: String,
    /// The sentence for people.
    pub detail: String,
    /// What could be done instead.
    pub way_out: String,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Failure {
        Failure::new(Exit::Unavailable, error)
    }
}

/// Finds a closed case with a long history, and tries what a closed case does not take.
pub async fn sample(client: &Client, position: u64) -> Result<Option<Sample>, Failure> {
    let list = client.get(&format!("/v1/cases?status=closed&limit=100&min_position={position}"), AUDITOR).await?;
    let items = list.body["items"].as_array().cloned().unwrap_or_default();
    // Long enough to tell something, short enough to be read.
    let readable = |case: &&Value| (case["version"].as_u64().unwrap_or(0)) <= HISTORY_LINES as u64;
    let longest = items.iter().filter(readable).max_by_key(|case| case["version"].as_u64());
    let Some(case) = longest.or(items.first()) else { return Ok(None) };
    let number = text(&case["number"]);
    let reader = format!("{0}-L/workflow_lead/{0}", text(&case["provider"]));
    grants::to_those_who_look(client, [&reader]).await?;
    let timeline = client.get(&format!("/v1/cases/{number}/timeline?limit={HISTORY_LINES}"), &reader).await?;
    let entries = timeline.body["items"].as_array().cloned().unwrap_or_default();
    Ok(Some(Sample {
        status: text(&case["status"]).replace('_', " "),
        history: entries.iter().map(line).collect(),
        refusal: refusal(client, &reader, &number).await?,
        number,
        reader,
    }))
}

/// Asked by the workflow lead of the case's own provider: nothing but the closing stands in the way.
async fn refusal(client: &Client, lead: &str, number: &str) -> Result<Option<Refusal>, Failure> {
    let path = format!("/v1/cases/{number}/actions/assign-case-manager");
    let body = json!({"facts": {"manager": "P-2"}});
    let answer = client.command(&path, lead, "demo-refusal", &body).await?;
    let word = |name: &str| text(&answer.body[name]);
    let refused = answer.status.as_u16() == 422 && answer.body["rule"].is_string();
    Ok(refused.then(|| Refusal {
        request: format!("POST {path} {body}"),
        rule: word("rule"),
        code: word("code"),
        detail: word("detail"),
        way_out: word("way_out"),
    }))
}

fn line(entry: &Value) -> [String; 3] {
    let time = text(&entry["recorded_at"]);
    let time: Option<chrono::DateTime<chrono::Utc>> = time.parse().ok();
    let when = time.map(|time| time.with_timezone(&chrono_tz::Pacific::Auckland).format("%e %b %H:%M").to_string());
    let actor = &entry["actor"];
    let who = format!("{} at {}", text(&actor["role"]).replace('_', " "), text(&actor["organisation"]));
    [when.unwrap_or_default(), text(&entry["sentence"]), who]
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Sample {
    /// Prints the refusal and the history.
    pub fn print(&self, output: &mut Output) {
        let style = output.style;
        if let Some(refusal) = &self.refusal {
            output.line(format_args!("\n{}", style.bold("A refusal, with its rule and the way out")));
            output.line(format_args!("  {}", style.dim(&refusal.request)));
            output.line(format_args!("  422 {} {}: {}", style.notable(&refusal.rule), refusal.code, refusal.detail));
            if !refusal.way_out.is_empty() {
                output.line(format_args!("  way out: {}", refusal.way_out));
            }
        }
        output.line(format_args!("\n{} {}, {}", style.bold("A case:"), style.bold(&self.number), self.status));
        for [when, what, who] in &self.history {
            output.line(format_args!("  {}  {what} {}", style.dim(when), style.dim(format_args!("({who})"))));
        }
    }
}

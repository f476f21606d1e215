//! Plays situations through the public API and says precisely where one goes another way than its file tells.

use serde_json::{Value, json};

use super::super::client::Client;
use super::super::outcome::Surprise;
use super::super::play::{self, Cast, Conduct, OPERATOR, Progress};
use super::super::receipts::Receipts;
use super::super::step::Step;
use super::super::summary::Summary;
use super::super::taken_up;
use super::super::{Options, SimulateError, grants, load_reference, refuse_real_time, take};
use super::{Ending, Named, Weeks, json_of, map};

/// A situation that was played.
#[derive(Clone, Debug)]
pub struct Telling {
    /// The file's name without its ending.
    pub name: &'static str,
    /// What it is about.
    pub title: String,
    /// How many steps it has.
    pub steps: usize,
    /// What did not go as the file tells; empty when all did.
    pub surprises: Vec<Surprise>,
}

/// Plays situations side by side, each with students of its own, and returns how each went, with a summary of all.
pub async fn tell_all(
    client: &Client,
    situations: &[Named],
    options: &Options,
    progress: impl Fn(Progress),
) -> Result<(Vec<Telling>, Summary), SimulateError> {
    let started = std::time::Instant::now();
    refuse_real_time(client).await?;
    load_reference(client, &map(), "situations").await?;
    let weeks = weeks_for(client, situations, options.seed).await?;
    let mut steps = all_steps(situations, options.seed, weeks)?;
    grants::to_the_people(client, &mut steps).await?;
    grants::to_those_who_look(client, situations.iter().flat_map(|named| named.situation.people.values())).await?;
    let conduct = Conduct { keys: format!("situation-{}", options.seed), clients: options.clients, rate: options.rate };
    let mut summary = Summary::new(format!("{} situations, seed {}", situations.len(), options.seed));
    let mut receipts = Receipts::open(options.receipts.as_deref())?;
    let casts = play::play_all(client, &steps, &conduct, progress, |step, performed| {
        let place = || situations[step.story as usize].place(usize::from(step.number));
        take(&mut summary, &mut receipts, place, step, &performed)
    })
    .await?;
    for (story, named) in situations.iter().enumerate() {
        let cast = casts.get(&(story as u32)).cloned().unwrap_or_default();
        for surprise in look_at_the_end(client, named, &cast, weeks, summary.position).await? {
            summary.surprise(surprise);
        }
    }
    summary.cases = super::super::count_cases(casts.values());
    summary.took = started.elapsed();
    let of = |named: &Named| {
        let file = format!("tests/situations/{}.toml,", named.name);
        let surprises = summary.surprises.iter().filter(|surprise| surprise.place.starts_with(&file)).cloned();
        let (title, steps) = (named.situation.title.clone(), named.situation.steps.len());
        Telling { name: named.name, title, steps, surprises: surprises.collect() }
    };
    Ok((situations.iter().map(of).collect(), summary))
}

/// Returns a seed that no play of this ledger had, so that its students are new.
pub async fn fresh_seed(client: &Client) -> Result<u64, SimulateError> {
    let ledger = client.get("/v1/ledger", OPERATOR).await?;
    Ok(ledger.body["position"].as_u64().unwrap_or(1))
}

/// Where the ledger's clock stands already, the days of all files are moved past it, together.
async fn weeks_for(client: &Client, situations: &[Named], seed: u64) -> Result<Weeks, SimulateError> {
    let first = all_steps(situations, seed, Weeks::default())?.first().map(|step| step.at);
    let now = taken_up::clock(client).await?;
    Ok(first.zip(now).map_or(Weeks::default(), |(first, now)| Weeks::past(first, now)))
}

fn all_steps(situations: &[Named], seed: u64, weeks: Weeks) -> Result<Vec<Step>, SimulateError> {
    let mut steps = Vec::new();
    for (story, named) in situations.iter().enumerate() {
        steps.extend(named.steps(story as u32, seed, weeks)?);
    }
    steps.sort_by_key(|step| (step.at, step.story, step.number));
    Ok(steps)
}

/// Looks at the cases of a situation as its endings say.
async fn look_at_the_end(
    client: &Client,
    named: &Named,
    cast: &Cast,
    weeks: Weeks,
    position: u64,
) -> Result<Vec<Surprise>, SimulateError> {
    let mut surprises = Vec::new();
    for (i, ending) in named.situation.endings.iter().enumerate() {
        let place = format!("tests/situations/{}.toml, ending {}", named.name, i + 1);
        let Some(actor) = named.situation.people.get(&ending.who) else {
            surprises.push(other(&place, ending, "a person of the file", format!("`{}`, who is none", ending.who)));
            continue;
        };
        let Some(case) = cast.get(&ending.case) else {
            surprises.push(other(&place, ending, "the case", "no such case was opened"));
            continue;
        };
        for (expected, got) in look(client, ending, actor, case, weeks, position).await? {
            surprises.push(other(&place, ending, expected, got));
        }
    }
    Ok(surprises)
}

fn other(place: &str, ending: &Ending, expected: impl ToString, got: impl ToString) -> Surprise {
    let deed = format!("what {} sees of `{}`", ending.who, ending.case);
    Surprise { place: place.to_owned(), deed, expected: expected.to_string(), got: got.to_string() }
}

/// Returns every difference between an ending and what the API answers, as (expected, got).
async fn look(
    client: &Client,
    ending: &Ending,
    actor: &str,
    case: &str,
    weeks: Weeks,
    position: u64,
) -> Result<Vec<(String, String)>, SimulateError> {
    let mut differences = Vec::new();
    let seen = client.get(&format!("/v1/cases/{case}?min_position={position}"), actor).await?;
    compare("", &weeks.shift(&json_of(&ending.sees)), &seen.body, &mut differences);
    let text = seen.body.to_string();
    for hidden in ending.sees_nothing_of.iter().filter(|hidden| text.contains(hidden.as_str())) {
        differences.push((format!("nothing of `{hidden}`"), "it stands there".to_owned()));
    }
    if let Some(history) = &ending.history {
        let timeline = client.get(&format!("/v1/cases/{case}/timeline?limit=500"), actor).await?;
        let kinds: Vec<&str> =
            timeline.body["items"].as_array().into_iter().flatten().filter_map(|item| item["kind"].as_str()).collect();
        compare("/history", &json!(history), &json!(kinds), &mut differences);
    }
    let student = seen.body["student"].as_str().unwrap_or_default();
    let lists = ending.listed_under.iter().map(|filter| (filter, true));
    for (filter, is_listed) in lists.chain(ending.not_listed_under.iter().map(|filter| (filter, false))) {
        let page = client.get(&format!("/v1/cases?{filter}&student={student}&min_position={position}"), actor).await?;
        let items = page.body["items"].as_array().cloned().unwrap_or_default();
        if items.iter().any(|item| item["case"] == case) != is_listed {
            let not = if is_listed { "" } else { "not " };
            let got = format!("{}, {} cases", page.status, items.len());
            differences.push((format!("{not}listed under `{filter}`"), got));
        }
    }
    Ok(differences)
}

/// Compares what a file names with what is there; fields that it does not name may be anything.
fn compare(path: &str, expected: &Value, got: &Value, differences: &mut Vec<(String, String)>) {
    match (expected, got) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, field) in fields {
                compare(&format!("{path}/{name}"), field, &got[name], differences);
            }
        }
        (Value::Array(items), Value::Array(there)) if items.len() == there.len() => {
            for (i, (item, there)) in items.iter().zip(there).enumerate() {
                compare(&format!("{path}/{i}"), item, there, differences);
            }
        }
        // A file cannot write `null`; "none" stands for it.
        (Value::String(text), Value::Null) if text == "none" => {}
        _ if expected == got => {}
        _ => differences.push((format!("{path} = {expected}"), got.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_field() {
        let expected = json!({"status": "closed", "flags": {"urgent": true}, "manager": "none", "open_requests": []});
        let got =
            json!({"status": "active", "flags": {"urgent": true, "other": 1}, "manager": null, "open_requests": [1]});
        let mut differences = Vec::new();
        compare("", &expected, &got, &mut differences);
        let told: Vec<String> = differences.iter().map(|(expected, got)| format!("{expected}: {got}")).collect();
        assert_eq!(told, [r#"/open_requests = []: [1]"#, r#"/status = "closed": "active""#]);
    }
}

//! Plays steps through the public API: the simulated clock first, then the commands of that moment, many at once.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use futures::StreamExt;
use http::Method;
use serde_json::json;

use super::SimulateError;
use super::client::{Answer, Ask, Client, is_worth_another_try};
use super::grants::READER;
use super::outcome::Outcome;
use super::step::{Expect, Key, On, Step};

/// Who moves the clock and loads reference data.
pub const OPERATOR: &str = "SIM-1/operator/MOE";

/// The same, as the settings name a first operator.
pub const FIRST_OPERATOR: &str = "SIM-1/MOE";

/// What tells a simulated ledger its time.
const CLOCK: &str = "/v1/simulation/clock";

/// How steps are played.
#[derive(Clone, Debug)]
pub struct Conduct {
    /// What every idempotency key begins with: the same play, the same keys.
    pub keys: String,
    /// How many commands are under way at once; those of one story never are.
    pub clients: usize,
    /// How many commands a second are sent at most.
    pub rate: Option<f64>,
}

/// How far a play is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
    /// Where the simulated clock stands.
    pub now: DateTime<Utc>,
}

/// A step that was sent, and what came of it.
#[derive(Clone, Debug)]
pub struct Performed {
    /// What came of it; `None` where the case it speaks of was never opened.
    pub outcome: Option<Outcome>,
    /// Its events' types, where the step names those it should record.
    pub kinds: Vec<String>,
    /// How long the answer took, the last try alone.
    pub took: Duration,
    /// How many tries came before.
    pub tried_again: u64,
}

/// The ids of a story's cases, by the names the story gives them.
pub type Cast = HashMap<String, String>;

/// Plays all steps, which stand in the order of their time, and says what came of each; returns the ids of all cases.
pub async fn play_all(
    client: &Client,
    steps: &[Step],
    conduct: &Conduct,
    progress: impl Fn(Progress),
    mut done: impl FnMut(&Step, Performed) -> Result<(), SimulateError>,
) -> Result<HashMap<u32, Cast>, SimulateError> {
    let mut casts: HashMap<u32, Cast> = HashMap::new();
    let pace = Pace::new(conduct.rate);
    let mut played = 0;
    for moment in steps.chunk_by(|a, b| a.at == b.at) {
        let now = moment[0].at;
        move_clock(client, now).await?;
        let scenes: Vec<(u32, Cast, &[Step])> = moment
            .chunk_by(|a, b| a.story == b.story)
            .map(|scene| (scene[0].story, casts.remove(&scene[0].story).unwrap_or_default(), scene))
            .collect();
        let mut under_way = futures::stream::iter(scenes)
            .map(|(story, cast, scene)| play_scene(client, conduct, &pace, story, cast, scene))
            .buffer_unordered(conduct.clients.max(1));
        while let Some(scene) = under_way.next().await {
            let (story, cast, performed) = scene?;
            casts.insert(story, cast);
            for (step, performed) in performed {
                played += 1;
                done(step, performed)?;
            }
        }
        progress(Progress { done: played, total: steps.len() as u64, now });
    }
    Ok(casts)
}

type Scene<'a> = (u32, Cast, Vec<(&'a Step, Performed)>);

/// Plays the steps of one story at one moment, one after the other.
async fn play_scene<'a>(
    client: &Client,
    conduct: &Conduct,
    pace: &Pace,
    story: u32,
    mut cast: Cast,
    scene: &'a [Step],
) -> Result<Scene<'a>, SimulateError> {
    let mut performed = Vec::with_capacity(scene.len());
    for step in scene {
        pace.wait().await;
        let one = perform(client, conduct, &cast, step).await?;
        if let (On::New(name), Some(case)) = (&step.on, one.outcome.as_ref().and_then(Outcome::case)) {
            cast.insert(name.clone(), case.to_owned());
        }
        performed.push((step, one));
    }
    Ok((story, cast, performed))
}

/// Sends one step until there is an answer, always under the same key.
async fn perform(client: &Client, conduct: &Conduct, cast: &Cast, step: &Step) -> Result<Performed, SimulateError> {
    let path = match &step.on {
        On::New(_) => "/v1/cases".to_owned(),
        On::Case(name) => match cast.get(name) {
            Some(case) => format!("/v1/cases/{case}/actions/{}", step.action),
            None => {
                return Ok(Performed { outcome: None, kinds: vec![], took: Duration::ZERO, tried_again: 0 });
            }
        },
    };
    let key = key(conduct, step);
    let body = step.body_in(cast);
    let ask =
        Ask { method: Method::POST, path: &path, actor: &step.actor, key: Some(&key), saw: step.saw, body: &body };
    let (answer, took, tried_again) = patiently(client, &ask, step.at).await?;
    let outcome = Outcome::of(&answer);
    let kinds = match (&step.records, &outcome) {
        (Some(_), Outcome::Recorded { receipt, .. }) => kinds_of(client, receipt).await?,
        _ => vec![],
    };
    Ok(Performed { outcome: Some(outcome), kinds, took, tried_again })
}

/// Returns the idempotency key of a step.
pub fn key(conduct: &Conduct, step: &Step) -> String {
    let number = match step.key {
        Key::Own => step.number,
        Key::Of(number) => number,
    };
    format!("{}-{}-{number}", conduct.keys, step.story)
}

/// Asks until the service answers and is not busy.
async fn patiently(
    client: &Client,
    ask: &Ask<'_>,
    now: DateTime<Utc>,
) -> Result<(Answer, Duration, u64), SimulateError> {
    let mut retry = client.retry();
    let mut tried_again = 0;
    loop {
        let started = Instant::now();
        let answered = client.send(ask).await;
        let took = started.elapsed();
        match answered {
            Ok(answer) if !is_worth_another_try(&answer) => return Ok((answer, took, tried_again)),
            Ok(answer) if !retry.again().await => return Err(SimulateError::busy(&answer, retry.waited())),
            Err(error) if !retry.again().await => return Err(error.into()),
            Ok(_) => {}
            // A service that was started anew stands at its last event's time: without this the step would lie in
            // the future. While it is down this fails as well, and the next round tries again.
            Err(_) => drop(client.post(CLOCK, OPERATOR, &json!({"now": rfc3339(now)})).await),
        }
        tried_again += 1;
    }
}

/// Moves the simulated clock; one that stands later already is left alone, so a play can be taken up again.
pub async fn move_clock(client: &Client, now: DateTime<Utc>) -> Result<(), SimulateError> {
    let mut retry = client.retry();
    let body = json!({"now": rfc3339(now)});
    loop {
        match client.post(CLOCK, OPERATOR, &body).await {
            Ok(answer) if answer.status.is_success() || answer.body["code"] == "clock-not-set" => return Ok(()),
            Ok(answer) if !is_worth_another_try(&answer) => return Err(SimulateError::clock(&answer)),
            Ok(answer) if !retry.again().await => return Err(SimulateError::busy(&answer, retry.waited())),
            Err(error) if !retry.again().await => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
    }
}

/// Returns the types of the events a receipt speaks of.
async fn kinds_of(client: &Client, receipt: &serde_json::Value) -> Result<Vec<String>, SimulateError> {
    let (first, last) = (receipt["first_position"].as_u64(), receipt["position"].as_u64());
    let mut kinds = Vec::new();
    for position in first.unwrap_or(1)..=last.unwrap_or(0) {
        let answer = client.get(&format!("/v1/events/{position}"), READER).await?;
        kinds.push(answer.body["type"].as_str().unwrap_or("(no type)").to_owned());
    }
    Ok(kinds)
}

/// Returns whether a performed step went as the story says, and otherwise what came instead.
pub fn judge(step: &Step, performed: &Performed) -> Result<(), String> {
    let Some(outcome) = &performed.outcome else {
        return Err("nothing: the case was never opened".to_owned());
    };
    if !outcome.is(&step.expect) {
        return Err(outcome.to_string());
    }
    match &step.records {
        Some(kinds) if matches!(step.expect, Expect::Accepted) && *kinds != performed.kinds => {
            Err(format!("the events {:?} instead of {kinds:?}", performed.kinds))
        }
        _ => Ok(()),
    }
}

/// Returns a time as the API takes it.
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Holds commands to a rate, over all stories together.
struct Pace(Option<tokio::sync::Mutex<tokio::time::Interval>>);

impl Pace {
    fn new(rate: Option<f64>) -> Pace {
        let every = rate.filter(|rate| *rate > 0.0).map(|rate| Duration::from_secs_f64(1.0 / rate));
        Pace(every.map(|every| tokio::sync::Mutex::new(tokio::time::interval(every))))
    }

    async fn wait(&self) {
        if let Some(interval) = &self.0 {
            interval.lock().await.tick().await;
        }
    }
}

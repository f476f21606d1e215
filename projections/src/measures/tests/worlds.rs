//! The hand-computed worlds of `tests/measures`: every verdict and every row they state is what comes out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use caseledger_events::dates::OccurredAt;
use caseledger_events::ids::Code;
use chrono::NaiveDate;
use serde::Deserialize;

use super::world::{case_id, fold, lines};
use crate::measures::explain::{Explained, explain};
use crate::measures::report::{Outcome, Passes, Row, rows};
use crate::measures::{Question, Run, lists};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct World {
    #[allow(dead_code, reason = "said for whoever reads the file")]
    title: String,
    list: String,
    as_at: OccurredAt,
    #[serde(default)]
    published: Option<Vec<Pass>>,
    case: Vec<Case>,
    #[serde(default)]
    row: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pass {
    measure: String,
    provider: Code,
    catchment: Code,
    passed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    number: u32,
    #[serde(default)]
    student: Option<u32>,
    #[allow(dead_code, reason = "said for whoever reads the file")]
    #[serde(default)]
    why: Option<String>,
    events: String,
    /// By measure; several units of one measure stand as `M10/ASP-2`.
    #[serde(default)]
    expect: BTreeMap<String, Verdict>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Verdict {
    verdict: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    achieved: Option<bool>,
    #[serde(default)]
    start: Option<NaiveDate>,
    #[serde(default)]
    due: Option<NaiveDate>,
    #[serde(default)]
    on: Option<NaiveDate>,
    #[serde(default)]
    recorded: Option<NaiveDate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    measure: String,
    provider: Code,
    catchment: Code,
    #[serde(default)]
    population: Option<u32>,
    #[serde(default)]
    achieved: Option<u32>,
    #[serde(default)]
    achieved_late_recorded: Option<u32>,
    #[serde(default)]
    not_achieved: Option<u32>,
    #[serde(default)]
    not_yet_due: Option<u32>,
    #[serde(default)]
    excluded: Option<BTreeMap<String, u32>>,
    #[serde(default)]
    by_original: Option<u32>,
    outcome: String,
}

fn worlds() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/measures");
    let mut found: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ext| ext == "toml"));
    found.sort();
    found
}

#[test]
fn hand_computed_worlds_come_out_as_computed() {
    let found = worlds();
    assert!(found.len() >= 8, "the worlds are there");
    let mut wrong = Vec::new();
    for path in found {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let world: World =
            toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{name}: {e}"));
        check(&name, &world, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn check(name: &str, world: &World, wrong: &mut Vec<String>) {
    let told = world.case.iter().flat_map(|case| lines(case.number, case.student.unwrap_or(case.number), &case.events));
    let fold = fold(told.collect());
    let list = lists::newest(&world.list).unwrap();
    let as_at = match world.as_at {
        OccurredAt::Day(day) => caseledger_events::testing::noon(day),
        OccurredAt::Instant(time) => time,
    };
    let run = Run::new(&fold, Question { list, as_at: Some(as_at) }).unwrap();
    for case in &world.case {
        let explained = explain(&fold, list, case_id(case.number), None, Some(as_at)).unwrap();
        for (of, expected) in &case.expect {
            let found = pick(&explained, of, case.number);
            if let Some(difference) = differs(expected, found) {
                wrong.push(format!("{name}, case {}, {of}: {difference}", case.number));
            }
        }
        let more = explained.iter().filter(|one| one.number.0 == case.number && !case.expect.is_empty());
        for one in more {
            let with_provider = format!("{}/{}", one.measure, one.provider);
            if !case.expect.contains_key(&one.measure) && !case.expect.contains_key(&with_provider) {
                wrong.push(format!("{name}, case {}: {with_provider} is {}, not expected", case.number, one.verdict));
            }
        }
    }
    let passes = world.published.as_ref().map(|passes| {
        let of = |pass: &Pass| ((pass.measure.clone(), pass.provider, Some(pass.catchment)), pass.passed);
        passes.iter().map(of).collect::<Passes>()
    });
    let rows = rows(&fold, &run, passes.as_ref());
    for expected in &world.row {
        let of_it = |row: &&Row| {
            (&row.measure, row.provider, row.catchment)
                == (&expected.measure, expected.provider, Some(expected.catchment))
        };
        match rows.iter().find(of_it) {
            Some(row) => row_differs(name, expected, row, wrong),
            None => wrong.push(format!("{name}: no row {} {}", expected.measure, expected.provider)),
        }
    }
}

fn pick<'a>(explained: &'a [Explained], of: &str, number: u32) -> Option<&'a Explained> {
    let (measure, provider) = of.split_once('/').map_or((of, None), |(measure, provider)| (measure, Some(provider)));
    let mut found = explained.iter().filter(|one| one.measure == measure && one.number.0 == number);
    found.find(|one| provider.is_none_or(|provider| one.provider.as_str() == provider))
}

fn differs(expected: &Verdict, found: Option<&Explained>) -> Option<String> {
    let Some(found) = found else {
        return (expected.verdict != "none").then(|| format!("{} expected, nothing said", expected.verdict));
    };
    let date = |asked: Option<NaiveDate>, got: Option<NaiveDate>| asked.is_none_or(|asked| Some(asked) == got);
    let same = expected.verdict == found.verdict
        && expected.reason.as_ref().is_none_or(|reason| Some(reason) == found.reason.as_ref())
        && expected.achieved.is_none_or(|achieved| achieved == found.achieved)
        && date(expected.start, found.start)
        && date(expected.due, found.due)
        && date(expected.on, found.on)
        && date(expected.recorded, found.recorded);
    (!same).then(|| format!("{} expected, found {found:?}", expected.verdict))
}

fn row_differs(name: &str, expected: &Expected, row: &Row, wrong: &mut Vec<String>) {
    let number = |asked: Option<u32>, got: u32| asked.is_none_or(|asked| asked == got);
    let outcome = match &row.outcome {
        Outcome::NotAssessable { missing } => format!("not_assessable: {missing}"),
        outcome => serde_json::to_value(outcome).unwrap()["is"].as_str().unwrap().to_owned(),
    };
    let same = number(expected.population, row.population)
        && number(expected.achieved, row.achieved)
        && number(expected.achieved_late_recorded, row.achieved_late_recorded)
        && number(expected.not_achieved, row.not_achieved)
        && number(expected.not_yet_due, row.not_yet_due)
        && expected.excluded.as_ref().is_none_or(|excluded| *excluded == row.excluded)
        && expected.by_original.is_none_or(|count| Some(count) == row.achieved_by_original_deadline)
        && outcome == expected.outcome;
    if !same {
        wrong.push(format!("{name}, row {} {}: {row:?}", expected.measure, expected.provider));
    }
}

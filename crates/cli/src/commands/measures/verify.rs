//! `caseledger measures verify` and `compare`: a published run against the log alone.

use std::collections::BTreeMap;

use caseledger_events::ids::{Code, Position};
use caseledger_events::measured::{Basis, MeasureResult, MeasureResultsPublished};
use caseledger_projections::measures::publish::{Published, results};
use caseledger_projections::measures::report::rows;
use caseledger_projections::measures::{Fold, Judgement, List, Question, Run, lists};
use serde_json::json;

use super::publish::basis;
use super::reading::{fold, no_run};
use crate::cli::Global;
use crate::exit::{Exit, Failure};
use crate::output::{Output, count};

/// Recompute published runs from the log alone, and say whether every digit is the same
///
/// Each run is judged again by the list, policy and calendar it names, from the events up to the position it names.
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 every digit is the same · 1 something differs · 4 no such ledger or run"
)]
pub struct Args {
    /// The run at this position; every run of this ledger when nothing is said
    #[arg(long, value_name = "POSITION")]
    run: Option<u64>,
}

/// Show what is known now beside what was published, case by case
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done · 1 an event cannot be read · 4 no such ledger, or nothing was published"
)]
pub struct CompareArgs {
    /// The quarter
    #[arg(long, value_name = "QUARTER", required_unless_present = "run")]
    quarter: Option<String>,

    /// The run at this position; the latest of the quarter when nothing is said
    #[arg(long, value_name = "POSITION")]
    run: Option<u64>,
}

/// Verifies.
pub fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let now = fold(global, Position(u64::MAX))?;
    let of_ledger = now.published().all().iter().filter(|published| published.run.basis.is_some());
    let asked = of_ledger.filter(|published| args.run.is_none_or(|run| published.position.0 == run));
    let asked: Vec<&Published> = asked.collect();
    if asked.is_empty() {
        let what = "no run that this ledger computed is published there";
        return Err(Failure::new(Exit::NoData, what).next("`caseledger measures publish` publishes one"));
    }
    let mut all_same = true;
    for published in asked {
        let Some(expected) = &published.run.basis else { continue };
        let differences = again(global, published, expected)?;
        all_same &= differences.is_empty();
        let quarter = published.run.quarter;
        if output.json {
            output.json_line(&json!({
                "run": published.position, "quarter": quarter, "same": differences.is_empty(),
                "verdicts": expected.verdicts, "hash": expected.verdicts_hash, "differences": differences,
            }));
        } else if differences.is_empty() {
            output.line(format_args!(
                "{} {quarter} as published at position {}: {} recomputed up to position {}, every digit the same",
                output.style.good("ok:"),
                published.position,
                count(expected.verdicts, "verdict"),
                expected.position,
            ));
        } else {
            output.line(format_args!(
                "{} {quarter} as published at position {}",
                output.style.bad("not ok:"),
                published.position
            ));
            differences.iter().for_each(|difference| output.line(format_args!("  {difference}")));
        }
    }
    Ok(if all_same { Exit::Ok } else { Exit::FoundWrong })
}

/// Judges a run again and names every difference.
fn again(global: &Global, published: &Published, expected: &Basis) -> Result<Vec<String>, Failure> {
    let list = list_of(published, expected)?;
    let then = fold(global, expected.position)?;
    let run = Run::new(&then, Question { list, as_at: Some(expected.as_at) }).map_err(no_run)?;
    let found = basis(&then, &run);
    let mut differences = Vec::new();
    let mut differ = |what: &str, published: String, recomputed: String| {
        if published != recomputed {
            differences.push(format!("{what}: published {published}, recomputed {recomputed}"));
        }
    };
    differ("rules", expected.rules.to_string(), found.rules.to_string());
    differ("list", expected.list_hash.to_string(), found.list_hash.to_string());
    differ("calendar", String::from(expected.calendar_fingerprint), String::from(found.calendar_fingerprint));
    differ("policy", expected.policy.to_string(), found.policy.to_string());
    differ("position", expected.position.to_string(), found.position.to_string());
    differ("verdicts", expected.verdicts.to_string(), found.verdicts.to_string());
    differ("hash of the verdicts", expected.verdicts_hash.to_string(), found.verdicts_hash.to_string());
    let passes = list.reassesses.as_deref().and_then(|quarter| then.published().passes(quarter));
    let computed = results(published.run.quarter, &rows(&then, &run, passes.as_ref()));
    differences.extend(rows_that_differ(&published.providers, &computed));
    Ok(differences)
}

fn list_of(published: &Published, basis: &Basis) -> Result<&'static List, Failure> {
    lists::version(published.run.quarter.as_str(), basis.list).ok_or_else(|| {
        let what = format!("this build has no list {} of {}", basis.list, published.run.quarter);
        Failure::new(Exit::NoData, what).next("use the build that published it, or a newer one")
    })
}

fn rows_that_differ(published: &[MeasureResultsPublished], computed: &[MeasureResultsPublished]) -> Vec<String> {
    let by_provider = |all: &[MeasureResultsPublished]| {
        let mut providers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for of in all {
            providers.entry(of.provider).or_default().extend(of.results.iter().cloned());
        }
        providers
    };
    let (published, computed) = (by_provider(published), by_provider(computed));
    let mut differences = Vec::new();
    for provider in published.keys().chain(computed.keys()).collect::<std::collections::BTreeSet<_>>() {
        if published.get(provider) != computed.get(provider) {
            differences.push(format!("the results of {provider} differ"));
        }
    }
    differences
}

/// Compares.
pub fn compare(args: &CompareArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let now = fold(global, Position(u64::MAX))?;
    let found = match (args.run, &args.quarter) {
        (Some(run), _) => now.published().at(Position(run)),
        (None, Some(quarter)) => {
            let of_quarter = |published: &&Published| published.run.quarter.as_str() == quarter;
            let of_ledger = now.published().all().iter().filter(|published| published.run.basis.is_some());
            of_ledger.rev().find(of_quarter)
        }
        (None, None) => None,
    };
    let nothing = || Failure::new(Exit::NoData, "no such run was published by this ledger");
    let published = found.ok_or_else(nothing)?;
    let basis = published.run.basis.as_ref().ok_or_else(nothing)?;
    let list = list_of(published, basis)?;
    let then = fold(global, basis.position)?;
    let before = Run::new(&then, Question { list, as_at: Some(basis.as_at) }).map_err(no_run)?;
    let after = Run::new(&now, Question { list, as_at: None }).map_err(no_run)?;
    restated(&then, &before, &now, &after, output);
    let passes = list.reassesses.as_deref().and_then(|quarter| now.published().passes(quarter));
    let known = results(published.run.quarter, &rows(&now, &after, passes.as_ref()));
    rows_beside(&published.providers, &known, output);
    Ok(Exit::Ok)
}

/// Results by provider, measure and catchment.
fn by_row(all: &[MeasureResultsPublished]) -> BTreeMap<(Code, Code, Option<Code>), &MeasureResult> {
    let each = all.iter().flat_map(|of| of.results.iter().map(move |result| (of.provider, result)));
    each.map(|(provider, result)| ((provider, result.measure, result.catchment), result)).collect()
}

/// Prints the figures that changed, as published and as now known side by side.
fn rows_beside(published: &[MeasureResultsPublished], known: &[MeasureResultsPublished], output: &mut Output) {
    let (was, is) = (by_row(published), by_row(known));
    let mut keys: Vec<_> = was.keys().chain(is.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (old, new) = (was.get(key), is.get(key));
        if old == new {
            continue;
        }
        let (provider, measure, catchment) = key;
        if output.json {
            output.json_line(&json!({
                "provider": provider, "measure": measure, "catchment": catchment,
                "as_published": old, "as_now_known": new,
            }));
        } else {
            let figures = |result: Option<&&MeasureResult>| {
                result
                    .map_or("nothing".to_owned(), |r| format!("{} and {} late of {}", r.achieved, r.late, r.population))
            };
            let catchment = catchment.map(|code| format!(" in {code}")).unwrap_or_default();
            let (old, new) = (figures(old), figures(new));
            output.line(format_args!("{measure} {provider}{catchment}: {old} as published, {new} as now known"));
        }
    }
}

type Key = (usize, Position);

fn said<'a>(run: &'a Run<'_>) -> BTreeMap<Key, (&'a Judgement, usize)> {
    let mut said = BTreeMap::new();
    for (measure, verdicts) in run.verdicts.iter().enumerate() {
        for (at, judgement) in verdicts {
            said.insert((measure, run.units[*at].began), (judgement, *at));
        }
    }
    said
}

/// Prints the verdicts that changed, and what they rest on now.
fn restated(then: &Fold, before: &Run<'_>, now: &Fold, after: &Run<'_>, output: &mut Output) {
    let (was, is) = (said(before), said(after));
    let mut changed = 0;
    let name = |found: Option<&(&Judgement, usize)>| found.map_or("none", |(judgement, _)| judgement.verdict.name());
    let mut keys: Vec<&Key> = was.keys().chain(is.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let (old, new) = (was.get(key), is.get(key));
        if name(old) == name(new) && old.map(|(j, _)| j.achieved) == new.map(|(j, _)| j.achieved) {
            continue;
        }
        changed += 1;
        let measure = after.list.measures().nth(key.0).map_or("", |measure| measure.id.as_str());
        let Some((unit, fold)) =
            new.map(|(_, at)| (&after.units[*at], now)).or(old.map(|(_, at)| (&before.units[*at], then)))
        else {
            continue;
        };
        let provider = fold.code(unit.provider);
        let decided_by = new.map(|(judgement, _)| judgement.decided_by.clone()).unwrap_or_default();
        if output.json {
            output.json_line(&json!({
                "measure": measure, "case": unit.case, "number": unit.number, "provider": provider,
                "as_published": name(old), "as_now_known": name(new), "decided_by": decided_by,
            }));
        } else {
            let events: Vec<String> = decided_by.iter().map(ToString::to_string).collect();
            let by =
                if events.is_empty() { String::new() } else { format!(", by the events at {}", events.join(", ")) };
            output.line(format_args!(
                "{measure} {} {provider}: {} as published, {} as now known{by}",
                unit.number,
                name(old).replace('_', " "),
                name(new).replace('_', " "),
            ));
        }
    }
    if !output.json {
        output.line(format_args!(
            "{} of {} changed since position {} (now at {})",
            changed,
            count(was.len() as u64, "verdict"),
            before.position,
            after.position,
        ));
    }
}

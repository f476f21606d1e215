//! Playing the term and the situations, and what came of it in a few lines.

use std::cell::RefCell;
use std::cmp::Reverse;

use super::marker::Played;
use crate::exit::Failure;
use crate::output::count;
use crate::progress::Progress;
use crate::simulate::{self, Client, Options, Summary, Surprise, situation};

/// Plays a term and the situations; a demo that was cut short goes on where it was.
pub async fn play(options: &Options, client: &Client, is_new: bool) -> Result<(Played, Vec<Surprise>), Failure> {
    let term = play_term(options, client).await?;
    // Situations already begun are told once more, about other students.
    let seed = if is_new { options.seed } else { situation::fresh_seed(client).await? };
    let (tellings, situations) = play_situations(options, seed, client).await?;
    let as_told = tellings.iter().filter(|telling| telling.surprises.is_empty()).count();
    let mut lines = term_lines(&term);
    let all = tellings.len();
    lines.push(format!("{as_told} of {all} situations from people's work went as told (tests/situations)"));
    let position = term.position.max(situations.position);
    let surprises = term.surprises.iter().chain(&situations.surprises).cloned().collect();
    Ok((Played { seed: options.seed, cases: options.cases, lines, position }, surprises))
}

async fn play_term(options: &Options, client: &Client) -> Result<Summary, Failure> {
    let progress = RefCell::new(None);
    let played = simulate::play_into(client, options, |at| show_progress(&progress, "  playing ", at)).await;
    finish(progress);
    Ok(played?)
}

async fn play_situations(
    options: &Options,
    seed: u64,
    client: &Client,
) -> Result<(Vec<situation::Telling>, Summary), Failure> {
    let progress = RefCell::new(None);
    let library = situation::library().map_err(simulate::SimulateError::from)?;
    let told = |at| show_progress(&progress, "  telling ", at);
    let options = Options { seed, ..options.clone() };
    let played = situation::tell_all(client, &library, &options, told).await;
    finish(progress);
    Ok(played?)
}

fn show_progress(bar: &RefCell<Option<Progress>>, what: &'static str, at: simulate::Progress) {
    bar.borrow_mut().get_or_insert_with(|| Progress::new(what, at.total, "actions")).set(at.done);
}

fn finish(bar: RefCell<Option<Progress>>) {
    if let Some(bar) = bar.into_inner() {
        bar.finish();
    }
}

/// Rules that are named one by one.
const RULES_SHOWN: usize = 6;

fn term_lines(term: &Summary) -> Vec<String> {
    let (cases, recorded) = (count(term.cases, "case"), count(term.total_recorded(), "action"));
    let seconds = term.took.as_secs_f64();
    let mut lines = vec![format!("{cases}, {recorded} recorded in {seconds:.1} s ({})", term.title)];
    if term.repeated > 0 {
        lines.push(format!("{} sent again under the same key: recorded once", count(term.repeated, "action")));
    }
    let mut refused: Vec<_> = term.refused.iter().collect();
    refused.sort_by_key(|((rule, code), times)| (Reverse(**times), rule.clone(), code.clone()));
    lines.push(format!("{} refused by a rule, and nothing of them recorded:", count(term.total_refused(), "action")));
    for ((rule, code), times) in refused.iter().take(RULES_SHOWN) {
        lines.push(format!("  {times:>4}  {rule:<4} {code}"));
    }
    let others = refused.iter().skip(RULES_SHOWN);
    let rest: u64 = others.clone().map(|(_, times)| **times).sum();
    if rest > 0 {
        lines.push(format!("  {rest:>4}  for {} more", count(others.count() as u64, "reason")));
    }
    lines
}

//! What a play came to: actions by kind, refusals by rule, how long answers took.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::outcome::{Outcome, Surprise};

/// How many surprises are kept in words; the rest is counted.
const SURPRISES_KEPT: usize = 50;

/// What a play came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What was played, for the first line.
    pub title: String,
    /// Commands that were recorded, by action.
    pub recorded: BTreeMap<String, u64>,
    /// Refusals, by rule and code.
    pub refused: BTreeMap<(String, String), u64>,
    /// Commands with nothing to do.
    pub nothing: u64,
    /// Commands answered with the receipt of an earlier try.
    pub repeated: u64,
    /// Inputs of the wrong form, reused keys and stale versions, as the story meant them to be, by code.
    pub turned_away: BTreeMap<String, u64>,
    /// Tries that found no answer or a busy service, and were made again under the same key.
    pub tried_again: u64,
    /// Steps that a play taken up again left out, because what they showed is over.
    pub passed_over: u64,
    /// Cases opened.
    pub cases: u64,
    /// The highest position of a receipt; a query with it as `min_position` sees all of the play.
    pub position: u64,
    /// What did not go as the story says.
    pub surprises: Vec<Surprise>,
    /// How many of those there were.
    pub surprised: u64,
    /// How long it took.
    pub took: Duration,
    /// Events recorded, where they were counted.
    pub events: u64,
    /// How long each answer took; that of an import is not one client's wait.
    answers: Vec<u32>,
    imported: u64,
}

impl Summary {
    /// Begins with nothing but a title.
    pub fn new(title: impl Into<String>) -> Summary {
        Summary { title: title.into(), ..Summary::default() }
    }

    /// Takes one outcome in, with the time its answer took.
    pub fn count(&mut self, action: &str, outcome: &Outcome, took: Duration) {
        self.answers.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        self.take(action, outcome);
    }

    /// Takes the outcome of a command in that was imported with many others.
    pub fn count_imported(&mut self, action: &str, outcome: &Outcome) {
        self.imported += 1;
        self.take(action, outcome);
    }

    fn take(&mut self, action: &str, outcome: &Outcome) {
        match outcome {
            Outcome::Recorded { repeated, receipt, .. } => {
                let position = receipt["position"].as_u64().unwrap_or_default();
                self.position = self.position.max(position);
                match repeated {
                    true => self.repeated += 1,
                    false => add(&mut self.recorded, action),
                }
            }
            Outcome::Nothing { .. } => self.nothing += 1,
            Outcome::Refused { rule, code, .. } => {
                *self.refused.entry((rule.clone(), code.clone())).or_default() += 1;
            }
            Outcome::Problem { code, .. } => *self.turned_away.entry(code.clone()).or_default() += 1,
        }
    }

    /// Notes what did not go as the story says.
    pub fn surprise(&mut self, surprise: Surprise) {
        self.surprised += 1;
        if self.surprises.len() < SURPRISES_KEPT {
            self.surprises.push(surprise);
        }
    }

    /// Returns how many commands were answered.
    pub fn answered(&self) -> u64 {
        self.answers.len() as u64 + self.imported
    }

    /// Returns how many commands were recorded now.
    pub fn total_recorded(&self) -> u64 {
        self.recorded.values().sum()
    }

    /// Returns how many commands a rule refused.
    pub fn total_refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Returns the time that so many of a thousand answers stayed within; zero where nothing was asked.
    pub fn permille(&self, permille: usize) -> Duration {
        let mut answers = self.answers.clone();
        if answers.is_empty() {
            return Duration::ZERO;
        }
        let at = (answers.len() * permille / 1000).min(answers.len() - 1);
        let (_, value, _) = answers.select_nth_unstable(at);
        Duration::from_micros(u64::from(*value))
    }

    /// Returns the summary for scripts.
    pub fn json(&self) -> Value {
        let refused: BTreeMap<String, u64> =
            self.refused.iter().map(|((rule, code), n)| (format!("{rule} {code}"), *n)).collect();
        json!({
            "played": self.title, "cases": self.cases, "position": self.position,
            "recorded": self.recorded, "refused": refused, "nothing": self.nothing, "repeated": self.repeated,
            "turned_away": self.turned_away, "tried_again": self.tried_again, "passed_over": self.passed_over,
            "surprised": self.surprised, "surprises": self.surprises.iter().map(Surprise::to_string).collect::<Vec<_>>(),
            "seconds": self.took.as_secs_f64(), "events": self.events,
            "p50_ms": milliseconds(self.permille(500)), "p99_ms": milliseconds(self.permille(990)),
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answered, seconds) = (self.answered(), self.took.as_secs_f64());
        writeln!(f, "{}: {} cases, {answered} commands in {seconds:.1} s", self.title, self.cases)?;
        let rate = answered as f64 / seconds.max(0.001);
        let (p50, p99) = (milliseconds(self.permille(500)), milliseconds(self.permille(990)));
        if self.imported > 0 {
            let of_events = self.events as f64 / seconds.max(0.001);
            writeln!(f, "  {rate:.0} commands/s; {} events, {of_events:.0} events/s", self.events)?;
        } else {
            writeln!(f, "  {rate:.0} commands/s, answered within {p50:.1} ms (half) and {p99:.1} ms (99 of 100)")?;
        }
        list(f, "recorded", self.total_recorded(), self.recorded.iter().map(|(action, n)| (action.clone(), *n)))?;
        let refused = self.refused.iter().map(|((rule, code), n)| (format!("{rule} {code}"), *n));
        list(f, "refused, as the rules say", self.total_refused(), refused)?;
        let turned_away = self.turned_away.iter().map(|(code, n)| (code.clone(), *n));
        list(f, "turned away, as they should be", self.turned_away.values().sum(), turned_away)?;
        writeln!(f, "  nothing to do {}, repeated {}, tried again {}", self.nothing, self.repeated, self.tried_again)?;
        if self.passed_over > 0 {
            let n = self.passed_over;
            writeln!(
                f,
                "  taken up again: {n} steps left out, because the cases they refuse something on have moved on"
            )?;
        }
        if self.surprised == 0 {
            return write!(f, "  every answer was the one expected");
        }
        write!(f, "  {} answers were NOT the ones expected:", self.surprised)?;
        self.surprises.iter().try_for_each(|surprise| write!(f, "\n    {surprise}"))
    }
}

/// Counts one more; a name that is known costs no new text.
fn add(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(n) => *n += 1,
        None => drop(counts.insert(name.to_owned(), 1)),
    }
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Writes `  recorded 120: add-comment 30, close 10, …`, most frequent first, wrapped.
fn list(f: &mut fmt::Formatter<'_>, what: &str, total: u64, items: impl Iterator<Item = (String, u64)>) -> fmt::Result {
    const WIDTH: usize = 110;
    if total == 0 {
        return Ok(());
    }
    let mut items: Vec<(String, u64)> = items.collect();
    items.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut line = format!("  {what} {total}:");
    for (i, (name, n)) in items.iter().enumerate() {
        let comma = if i + 1 < items.len() { "," } else { "" };
        let item = format!(" {name} {n}{comma}");
        if line.len() + item.len() > WIDTH {
            writeln!(f, "{line}")?;
            line = "   ".to_owned();
        }
        line.push_str(&item);
    }
    writeln!(f, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_what_was_recorded_and_what_was_refused() {
        let mut summary = Summary::new("term 2026-T2, seed 7");
        let receipt = json!({"position": 9});
        let recorded = Outcome::Recorded { case: "c".into(), repeated: false, receipt };
        summary.count("close", &recorded, Duration::from_millis(4));
        let refused = Outcome::Refused { rule: "R20".into(), code: "pinned-by-request".into(), detail: String::new() };
        summary.count("reallocate-to-cit", &refused, Duration::from_millis(2));
        let text = summary.to_string();
        for part in ["recorded 1: close 1", "refused, as the rules say 1: R20 pinned-by-request 1", "every answer was"]
        {
            assert!(text.contains(part), "{part} in:\n{text}");
        }
        assert_eq!(summary.position, 9);
        assert_eq!(summary.permille(990), Duration::from_millis(4));
        assert_eq!(summary.json()["refused"]["R20 pinned-by-request"], 1);
    }
}

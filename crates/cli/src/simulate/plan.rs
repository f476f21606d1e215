//! A whole term: which stories begin when, all their steps in the order of time.

use chrono::{DateTime, NaiveDate, Utc};

use super::dice::Dice;
use super::people::{self, Series, Student};
use super::places::Map;
use super::script::Script;
use super::step::Step;
use super::stories::{CHRONIC_ABSENCE, NON_ENROLMENT, Story};
use super::term::{self, Term};

/// Chronically absent to non-enrolled students, as the service is sized (N1).
const KINDS: [(u64, &[Story]); 2] = [(45, CHRONIC_ABSENCE), (20, NON_ENROLMENT)];

/// How many of a hundred cases begin in the first weeks, when rolls are settled and schools look at term one.
const SURGE_PERCENT: u64 = 35;

/// What to plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// How many stories; a story opens one case, a few of them two or none.
    pub cases: u32,
    /// The seed.
    pub seed: u64,
    /// The term.
    pub term: Term,
}

/// A term in the order of time.
pub struct Plan {
    /// Where it plays.
    pub map: Map,
    /// All steps.
    pub steps: Vec<Step>,
    /// What each story is called.
    pub names: Vec<&'static str>,
}

impl Plan {
    /// Names a step for people.
    pub fn place(&self, step: &Step) -> String {
        format!("story {} ({}), step {}", step.story, self.names[step.story as usize], step.number)
    }
}

impl Wanted {
    /// Makes the plan: the same for the same wants, always.
    pub fn plan(&self) -> Plan {
        let map = Map::for_cases(self.cases);
        let (names, told): (Vec<_>, Vec<_>) = (0..self.cases).map(|story| self.tell(map, story)).unzip();
        let mut steps: Vec<Step> = told.into_iter().flatten().collect();
        let moment = grain(steps.len());
        for step in &mut steps {
            step.at = later(step.at, moment);
        }
        steps.sort_by_key(|step| (step.at, step.story, step.number));
        Plan { map, steps, names }
    }

    /// Writes one story: its dice depend on seed and number alone, so more cases leave the others as they were.
    fn tell(&self, map: Map, story: u32) -> (&'static str, Vec<Step>) {
        let mut dice = Dice::new(self.seed, u64::from(story));
        let kind = dice.weighted(&KINDS);
        let weights: Vec<(u64, usize)> = kind.iter().enumerate().map(|(i, story)| (story.weight, i)).collect();
        let chosen = &kind[dice.weighted(&weights)];
        let day = self.first_day(&mut dice);
        // Of some students nobody knows the number (K5).
        let is_known = chosen.again || dice.chance(97);
        let nsn = is_known.then(|| people::nsn(Series::Term, self.seed, u64::from(story)));
        let student = Student::new(&mut dice, nsn, day);
        let school = map.school(&mut dice);
        let mut script = Script::new(story, dice, self.term, map, student, school, day);
        (chosen.tell)(&mut script);
        (chosen.name, script.steps())
    }

    /// The term begins with a surge; then cases come evenly until shortly before its end.
    fn first_day(&self, dice: &mut Dice) -> NaiveDate {
        let days = self.term.working_days();
        let n = match dice.chance(SURGE_PERCENT) {
            true => dice.below(8),
            false => dice.below(days - 5),
        };
        term::working_days_after(self.term.first, n)
    }
}

/// Steps are played a moment at a time; a full term needs longer moments, or it would never send two things at once.
fn grain(steps: usize) -> i64 {
    match steps {
        0..10_000 => 60,
        10_000..100_000 => 10 * 60,
        _ => 60 * 60,
    }
}

/// Rounds a time up to the grain: later, so that nothing said to have happened lies in the future.
fn later(at: DateTime<Utc>, grain_seconds: i64) -> DateTime<Utc> {
    let seconds = at.timestamp();
    let rounded = seconds + (-seconds).rem_euclid(grain_seconds);
    DateTime::from_timestamp(rounded, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use caseledger_events::action::ACTIONS;
    use caseledger_events::opening::OPENINGS;
    use caseledger_events::refusal::Refusal;

    use super::*;
    use crate::simulate::outcome::Outcome;
    use crate::simulate::play::judge;
    use crate::simulate::rehearsal::Rehearsal;
    use crate::simulate::step::Expect;

    fn wanted(cases: u32, seed: u64) -> Wanted {
        Wanted { cases, seed, term: term::TERMS[0] }
    }

    #[test]
    fn the_same_seed_plans_the_same_term_and_another_seed_another() {
        assert_eq!(wanted(50, 7).plan().steps, wanted(50, 7).plan().steps);
        assert_ne!(wanted(50, 7).plan().steps, wanted(50, 8).plan().steps);
    }

    #[test]
    fn steps_stand_in_order_within_the_term_and_its_working_days() {
        let plan = wanted(100, 3).plan();
        let term = term::TERMS[0];
        assert!(plan.steps.is_sorted_by_key(|step| step.at));
        let mut last: BTreeMap<u32, u16> = BTreeMap::new();
        for step in &plan.steps {
            let before = last.insert(step.story, step.number);
            assert!(before.is_none_or(|before| before < step.number), "story {}", step.story);
            let day = step.at.with_timezone(&chrono_tz::Pacific::Auckland).date_naive();
            assert!((term.first..=term.last).contains(&day) && term::is_working_day(day), "{day}");
        }
    }

    #[test]
    fn the_kinds_of_case_keep_their_proportions() {
        let plan = wanted(2_000, 5).plan();
        let first = |step: &&Step| step.number == 0;
        let absence = plan.steps.iter().filter(first).filter(|step| step.action == "submit-support-request").count();
        assert!((1_310..1_460).contains(&absence), "{absence} of 2,000 for 45 in 65");
    }

    /// Plays whole terms against the rules: every answer is the one the story expects.
    #[test]
    fn every_step_goes_as_its_story_says() {
        for seed in [1, 2, 3] {
            let plan = wanted(400, seed).plan();
            let mut rehearsal = Rehearsal::new(&plan.map.entries(term::TERMS[0].first - chrono::Days::new(120)));
            let mut wrong = Vec::new();
            for step in &plan.steps {
                let performed = rehearsal.perform(step);
                if let Err(got) = judge(step, &performed) {
                    let place = format!("seed {seed} {}", plan.place(step));
                    wrong.push(format!(
                        "{place}: {} by {}: {} / {got}\n  {}",
                        step.action, step.actor, step.expect, step.body
                    ));
                }
            }
            assert!(
                wrong.is_empty(),
                "{} of {} steps:\n{}",
                wrong.len(),
                plan.steps.len(),
                wrong[..wrong.len().min(15)].join("\n")
            );
        }
    }

    #[test]
    fn a_term_shows_every_action_and_every_refusal() {
        let plan = wanted(2_500, 1).plan();
        let done: BTreeSet<&str> =
            plan.steps.iter().filter(|step| step.expect == Expect::Accepted).map(|step| step.action.as_str()).collect();
        let all = ACTIONS.iter().map(|action| action.name).chain(OPENINGS.iter().map(|opening| opening.name));
        let missing: Vec<&str> = all.filter(|name| !done.contains(name)).collect();
        assert!(missing.is_empty(), "actions that no story does: {missing:?}");
        let refused: BTreeSet<(&str, &str)> = plan
            .steps
            .iter()
            .filter_map(|step| match &step.expect {
                Expect::Refused { rule, code } => Some((rule.as_str(), code.as_str())),
                _ => None,
            })
            .collect();
        let missing: Vec<&str> = Refusal::ALL
            .iter()
            .filter(|(rule, _, _)| !OF_THE_LEDGER.contains(rule))
            .filter(|(rule, code, _)| !refused.contains(&(*rule, *code)) && !NOT_SHOWN.contains(code))
            .map(|(_, code, _)| *code)
            .collect();
        assert!(missing.is_empty(), "refusals that no story meets: {missing:?}");
    }

    /// Rules about roles and keys, which no act on a case breaks: a term is played by people who hold their roles.
    const OF_THE_LEDGER: [&str; 5] = ["A4", "A12", "E47", "KEYS", "PRA18"];

    /// Refusals that no term meets: limits no story reaches, an agency that is asked something else, a map with a hole.
    /// What another policy would say, and what providers say of themselves.
    const NOT_SHOWN: [&str; 19] = [
        "other-agency",
        "too-many",
        "too-much",
        "no-provider",
        "catchment-needed",
        "policy-in-the-past",
        "recently-closed",
        "sharing-stays",
        "fund-is-of-the-catchment-provider",
        "fund-is-for-chronic-absence",
        "already-merged",
        "survivor-has-ended",
        "two-students",
        "other-has-ended",
        "cit-does-not-decline",
        "school-providers-do-not-invoice",
        "invoice-number-used",
        "quarter-not-begun",
        "no-move-proposed",
    ];

    #[test]
    fn fewer_cases_are_a_part_of_more() {
        // As long as the map is the same: other stories do not disturb a story.
        let (few, more) = (wanted(100, 9).plan(), wanted(150, 9).plan());
        let part: Vec<&Step> = more.steps.iter().filter(|step| step.story < 100).collect();
        assert_eq!(few.steps.iter().collect::<Vec<_>>(), part);
    }

    #[test]
    fn outcomes_carry_the_case_they_speak_of() {
        let plan = wanted(1, 1).plan();
        let mut rehearsal = Rehearsal::new(&plan.map.entries(term::TERMS[0].first - chrono::Days::new(120)));
        let opened = plan.steps.iter().find_map(|step| match rehearsal.perform(step).outcome {
            Some(Outcome::Recorded { case, .. }) => Some(case),
            _ => None,
        });
        assert!(opened.is_some_and(|case| rehearsal.case(0, "case") == case.parse().ok()));
    }
}

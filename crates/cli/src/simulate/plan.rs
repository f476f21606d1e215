//! What is played: which stories begin when, and all their steps in the order of time.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::dice::Dice;
use super::people::{self, Series, Student};
use super::places::Map;
use super::script::{Script, Stage};
use super::step::Step;
use super::stories::{CHRONIC_ABSENCE, NON_ENROLMENT, OF_A_YEAR, Story};
use super::term::{self, Term, Year};

/// Chronically absent to non-enrolled students, as the service is sized (N1).
const KINDS: [(u64, Kind); 2] = [(45, Kind::Absence), (20, Kind::NonEnrolment)];

/// How many of a hundred cases begin in the first weeks, when rolls are settled and schools look at the term before.
const SURGE_PERCENT: u64 = 35;

/// How many of a year's cases begin in each term: most when the year begins.
const OF_TERMS: [(u64, usize); 4] = [(32, 0), (26, 1), (24, 2), (18, 3)];

/// How long before the first day schools and providers are in force; absences reach back into the term before.
const REFERENCE_DAYS_BEFORE: u64 = 400;

/// How much time is played.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    /// One term.
    Term(Term),
    /// A whole school year.
    Year(Year),
}

/// What to plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// How many stories; a story opens one case, a few of them two or none.
    pub cases: u32,
    /// The seed.
    pub seed: u64,
    /// How much time.
    pub span: Span,
}

/// Steps in the order of time.
pub struct Plan {
    /// Where it plays.
    pub map: Map,
    /// All steps.
    pub steps: Vec<Step>,
    wanted: Wanted,
}

/// A story before it is told: what its first throws of the dice decide.
pub struct Casting {
    /// The day it begins on.
    pub day: NaiveDate,
    story: &'static Story,
    stage: Stage,
    dice: Dice,
}

#[derive(Clone, Copy)]
enum Kind {
    Absence,
    NonEnrolment,
}

impl Span {
    /// Returns what it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Span::Term(term) => term.name,
            Span::Year(year) => year.name,
        }
    }

    /// Returns its first day.
    pub fn first(&self) -> NaiveDate {
        match self {
            Span::Term(term) => term.first,
            Span::Year(year) => year.first,
        }
    }

    /// Returns its last day.
    pub fn last(&self) -> NaiveDate {
        match self {
            Span::Term(term) => term.last,
            Span::Year(year) => year.last,
        }
    }

    /// Returns the day from which schools and providers are in force.
    pub fn reference_from(&self) -> NaiveDate {
        self.first() - Days::new(REFERENCE_DAYS_BEFORE)
    }

    fn series(&self) -> Series {
        match self {
            Span::Term(_) => Series::Term,
            Span::Year(_) => Series::Year,
        }
    }
}

impl Plan {
    /// Names a step for people.
    pub fn place(&self, step: &Step) -> String {
        self.wanted.place(step)
    }
}

impl Wanted {
    /// Makes the plan: the same for the same wants, always.
    pub fn plan(&self) -> Plan {
        let map = self.map();
        let mut steps: Vec<Step> = (0..self.cases).flat_map(|story| self.tell(map, story)).collect();
        let moment = grain(steps.len());
        for step in &mut steps {
            step.at = later(step.at, moment);
        }
        steps.sort_by_key(|step| (step.at, step.story, step.number));
        Plan { map, steps, wanted: *self }
    }

    /// Returns where it plays.
    pub fn map(&self) -> Map {
        Map::for_cases(self.cases)
    }

    /// Returns what every idempotency key begins with.
    pub fn keys(&self) -> String {
        let Wanted { span, seed, .. } = self;
        match span {
            Span::Term(term) => format!("term-{}-{seed}", term.name),
            Span::Year(year) => format!("year-{}-{seed}", year.name),
        }
    }

    /// Returns what it is called, with its seed.
    pub fn title(&self) -> String {
        let kind = if matches!(self.span, Span::Term(_)) { "term" } else { "year" };
        format!("{kind} {}, seed {}", self.span.name(), self.seed)
    }

    /// Names a step for people.
    pub fn place(&self, step: &Step) -> String {
        format!("story {} ({}), step {}", step.story, self.cast(step.story).story.name, step.number)
    }

    /// Writes one story: its dice depend on seed and number alone, so more cases leave the others as they were.
    pub fn tell(&self, map: Map, story: u32) -> Vec<Step> {
        let Casting { day, story: chosen, stage, mut dice } = self.cast(story);
        // Of some students nobody knows the number (K5).
        let is_known = chosen.again || dice.chance(97);
        let nsn = is_known.then(|| people::nsn(self.span.series(), self.seed, u64::from(story)));
        let former = people::former(self.span.series(), self.seed, u64::from(story));
        let student = Student::new(&mut dice, nsn, former, day);
        let school = map.school(&mut dice);
        let mut script = Script::new(story, dice, stage, map, student, school, day);
        (chosen.tell)(&mut script);
        script.steps()
    }

    /// Throws the first dice of a story: which it is, and when it begins.
    pub fn cast(&self, story: u32) -> Casting {
        let mut dice = Dice::new(self.seed, u64::from(story));
        let kind = dice.weighted(&KINDS);
        let own: &[Story] = match kind {
            Kind::Absence => CHRONIC_ABSENCE,
            Kind::NonEnrolment => NON_ENROLMENT,
        };
        let more: &[Story] = match (kind, self.span) {
            (Kind::Absence, Span::Year(_)) => OF_A_YEAR,
            _ => &[],
        };
        let stories: Vec<(u64, &'static Story)> = own.iter().chain(more).map(|story| (story.weight, story)).collect();
        let chosen = dice.weighted(&stories);
        let (day, stage) = match self.span {
            Span::Term(term) => {
                let stage = Stage { term, year: None, until: term.last, length: 1 };
                (first_day(&mut dice, term), stage)
            }
            Span::Year(year) => {
                let day = first_day_of_a_year(&mut dice, year, kind, chosen);
                let length = dice.between(LENGTH.0, LENGTH.1);
                (day, Stage { term: Term::around(&year.terms, day), year: Some(year), until: year.last, length })
            }
        };
        Casting { day, story: chosen, stage, dice }
    }
}

/// How many times as long as in a term the work on a case of a whole year goes on: 30 to 60 events a case (N5).
const LENGTH: (u64, u64) = (7, 14);

/// A term begins with a surge; then cases come evenly until shortly before its end.
fn first_day(dice: &mut Dice, term: Term) -> NaiveDate {
    let n = match dice.chance(SURGE_PERCENT) {
        true => dice.below(8),
        false => dice.below(term.working_days() - 5),
    };
    term::working_days_after(term.first, n)
}

/// Schools refer in term; the register notifies in holidays too; what is carried over comes in the first weeks.
fn first_day_of_a_year(dice: &mut Dice, year: Year, kind: Kind, story: &Story) -> NaiveDate {
    let in_a_term = |dice: &mut Dice| {
        let term = year.terms[dice.weighted(&OF_TERMS)];
        first_day(dice, term)
    };
    match kind {
        _ if story.carries_over => term::working_days_after(year.first, dice.below(18)),
        Kind::Absence => in_a_term(dice),
        Kind::NonEnrolment if dice.chance(15) => term::working_days_after(year.first, dice.below(220)),
        Kind::NonEnrolment => in_a_term(dice),
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

    fn year(cases: u32, seed: u64) -> Wanted {
        Wanted { cases, seed, span: Span::Year(term::YEARS[0]) }
    }

    fn wanted(cases: u32, seed: u64) -> Wanted {
        Wanted { cases, seed, span: Span::Term(term::TERMS[0]) }
    }

    #[test]
    fn the_same_seed_plans_the_same_term_and_another_seed_another() {
        assert_eq!(wanted(50, 7).plan().steps, wanted(50, 7).plan().steps);
        assert_ne!(wanted(50, 7).plan().steps, wanted(50, 8).plan().steps);
    }

    #[test]
    fn steps_stand_in_order_within_the_term_and_its_working_days() {
        for wanted in [wanted(100, 3), year(100, 3)] {
            let plan = wanted.plan();
            assert!(plan.steps.is_sorted_by_key(|step| step.at));
            let mut last: BTreeMap<u32, u16> = BTreeMap::new();
            for step in &plan.steps {
                let before = last.insert(step.story, step.number);
                assert!(before.is_none_or(|before| before < step.number), "story {}", step.story);
                let day = step.at.with_timezone(&chrono_tz::Pacific::Auckland).date_naive();
                let span = wanted.span.first()..=wanted.span.last();
                assert!(span.contains(&day) && term::is_working_day(day), "{day}");
            }
        }
    }

    #[test]
    fn the_kinds_of_case_keep_their_proportions() {
        let plan = wanted(2_000, 5).plan();
        let first = |step: &&Step| step.number == 0;
        let absence = plan.steps.iter().filter(first).filter(|step| step.action == "submit-support-request").count();
        assert!((1_310..1_460).contains(&absence), "{absence} of 2,000 for 45 in 65");
    }

    /// Plays whole terms and years against the rules: every answer is the one the story expects.
    #[test]
    fn every_step_goes_as_its_story_says() {
        for wanted in [wanted(400, 1), wanted(400, 2), wanted(400, 3), year(250, 1), year(250, 2)] {
            let plan = wanted.plan();
            let mut rehearsal = Rehearsal::new(&plan.map.entries(wanted.span.reference_from()));
            let mut wrong = Vec::new();
            for step in &plan.steps {
                let performed = rehearsal.perform(step);
                if let Err(got) = judge(step, &performed) {
                    let place = format!("{} {}", wanted.title(), plan.place(step));
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
    fn a_year_of_the_country_has_three_million_events() {
        // A sample of its stories stands for all: a referral and its allocation are two events of one command.
        let all = Wanted { cases: 65_000, ..year(0, 7) };
        let map = all.map();
        let mut events = 0;
        for story in (0..65_000).step_by(100) {
            let steps = all.tell(map, story);
            let accepted = steps.iter().filter(|step| step.expect == Expect::Accepted);
            events +=
                accepted.map(|step| if matches!(step.on, super::super::step::On::New(_)) { 2 } else { 1 }).sum::<u64>();
        }
        assert!((30_500..40_000).contains(&events), "{events} of a hundredth of the year");
    }

    #[test]
    fn every_term_of_a_year_begins_with_a_surge() {
        let all = year(5_000, 3);
        let days: Vec<NaiveDate> = (0..5_000).map(|story| all.cast(story).day).collect();
        for term in term::YEARS[0].terms {
            let within = |from: u64, to: u64| {
                let (from, to) = (term::working_days_after(term.first, from), term::working_days_after(term.first, to));
                days.iter().filter(|day| (from..to).contains(day)).count()
            };
            assert!(within(0, 8) > 2 * within(8, 16), "{}: {} then {}", term.name, within(0, 8), within(8, 16));
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
    const NOT_SHOWN: [&str; 24] = [
        "catchment-without-provider",
        "school-without-catchment",
        "far-ahead",
        "table-is-empty",
        "risk-is-of-cases",
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
        let mut rehearsal = Rehearsal::new(&plan.map.entries(wanted(1, 1).span.reference_from()));
        let opened = plan.steps.iter().find_map(|step| match rehearsal.perform(step).outcome {
            Some(Outcome::Recorded { case, .. }) => Some(case),
            _ => None,
        });
        assert!(opened.is_some_and(|case| rehearsal.case(0, "case") == case.parse().ok()));
    }
}

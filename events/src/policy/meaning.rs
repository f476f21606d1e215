//! What a policy means on a day, for settings that count days or terms, or that no rule reads: said with the policy itself (Q26, Q27,
//! Q32, Q34, Q38).

use caseledger_calendar::Calendar;
use chrono::{Months, NaiveDate};

use super::{Policy, TermlyWindow};

/// What a setting means on a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meaning {
    /// The question it answers.
    pub question: &'static str,
    /// What is said.
    pub what: &'static str,
    /// The day or the terms; none where the calendar does not hold them.
    pub value: Option<String>,
}

/// Says what a policy means on a day.
pub fn meaning(policy: &Policy, on: NaiveDate) -> Vec<Meaning> {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
    let terms = policy.measures.termly_window.terms(on);
    let codes = policy.tables.attendance_codes.iter().filter(|row| row.is_in_force(on));
    let codes: Vec<&str> = codes.map(|row| row.value.as_str()).collect();
    let rows = [
        ("Q26", "the form for a task that comes on it is due", day(policy.enrolment.form_due_on(on))),
        ("Q27", "a student withdrawn on it becomes a task", day(policy.enrolment.task_expected_on(on))),
        ("Q32", "a request made on it is overdue", day(policy.moves.overdue_on(on))),
        ("Q34", "termly attendance reaches", (!terms.is_empty()).then(|| terms.join(" "))),
        ("Q38", "codes of attendance in use", (!codes.is_empty()).then(|| codes.join(" "))),
    ];
    rows.into_iter().map(|(question, what, value)| Meaning { question, what, value }).collect()
}

impl TermlyWindow {
    /// Returns the completed terms that termly attendance reaches on a day, the eldest first, as far as the calendar
    /// holds them (D1, Q34).
    pub fn terms(self, on: NaiveDate) -> Vec<String> {
        let completed = Calendar::newest().terms().iter().filter(|term| term.ends.1 < on);
        let from = on.checked_sub_months(Months::new(12)).unwrap_or(on);
        let within: Vec<_> = match self {
            TermlyWindow::FourTerms => completed.collect(),
            TermlyWindow::TwelveMonths => completed.filter(|term| term.ends.1 >= from).collect(),
        };
        let kept = if self == TermlyWindow::FourTerms { within.len().saturating_sub(4) } else { 0 };
        within[kept..].iter().map(|term| format!("{}-T{}", term.year, term.term)).collect()
    }
}

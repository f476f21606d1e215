//! Figures of service levels: the stints that somebody reaches, counted as they are read.

use std::collections::BTreeMap;

use caseledger_events::access::{Filter, Level, Scope};
use caseledger_projections::business::BusinessDays;
use caseledger_projections::service_levels::Step;
use chrono::{Datelike, Days, NaiveDate};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::document::{LimitFigures, ServiceBy, ServiceFigures, ServicePage, ServiceQuery, StepFigures};
use crate::answering::Fault;
use crate::store::{AsOf, damaged};

/// The period where none is said: a quarter.
const WEEKS: u64 = 13;

/// A condition on stints with its values.
pub(super) type Condition = (String, Vec<Value>);

/// Returns which stints some lists reach; `None` where none of them shows a case's work.
///
/// A provider has its own stints, also those of cases that went on to another: they are its own service.
pub(super) fn condition(scopes: &[Scope]) -> Option<Condition> {
    let (mut terms, mut values) = (Vec::new(), Vec::new());
    for scope in scopes.iter().filter(|scope| matches!(scope.decided().level(), Level::Full | Level::FactsOnly)) {
        match scope.filter() {
            Filter::All => terms.push("1".to_owned()),
            Filter::Provider { provider } => {
                terms.push("provider = ?".to_owned());
                values.push(Value::from(provider.to_string()));
            }
            Filter::Manager { provider, person } => {
                terms.push("(provider = ? AND manager = ?)".to_owned());
                values.extend([Value::from(provider.to_string()), Value::from(person.to_string())]);
            }
            Filter::Catchments(of_region) => {
                let places = vec!["?"; of_region.len()].join(", ");
                terms.push(format!("catchment IN ({places})"));
                values.extend(of_region.iter().map(|catchment| Value::from(catchment.to_string())));
            }
            _ => {}
        }
    }
    (!terms.is_empty()).then(|| (format!("({})", terms.join(" OR ")), values))
}

/// A stint as the figures count it.
struct Counted {
    of: Option<String>,
    came_on: NaiveDate,
    left: Option<String>,
    has_provider: bool,
    waitlisted: bool,
    reachable: bool,
    allocated_on: Option<NaiveDate>,
    absent: Option<(u32, u32)>,
    /// The business days each step took.
    days: [Option<u32>; Step::ALL.len()],
    done: [bool; Step::ALL.len()],
}

const COLUMNS: &str = "came_on, left_as, provider IS NOT NULL, waitlisted, reachable, allocated_on, absent_half_days,
    open_half_days, allocated_on, allocated_days, assigned_on, assigned_days, begun_on, begun_days, school_met_on,
    school_met_days, engaged_on, engaged_days, planned_on, planned_days";

/// Counts the stints of a period.
pub(super) fn page(db: &Connection, scopes: &[Scope], query: &ServiceQuery, as_of: AsOf) -> Result<ServicePage, Fault> {
    let to = query.to.unwrap_or(as_of.day);
    let from = query.from.unwrap_or_else(|| to.checked_sub_days(Days::new(7 * WEEKS - 1)).unwrap_or(to));
    let mut groups: BTreeMap<Option<String>, Sum> = BTreeMap::new();
    let mut all = Sum::default();
    if let Some(reach) = condition(scopes) {
        let came = Period { column: "came_on", from, to };
        each(db, &reach, query, &came, COLUMNS, |row, of| {
            let counted = counted(row, of)?;
            groups.entry(counted.of.clone()).or_default().add(&counted, as_of.day);
            all.add(&counted, as_of.day);
            Ok(())
        })?;
        let left = Period { column: "left_on", from, to };
        each(db, &reach, query, &left, "left_on", |_, of| {
            groups.entry(of).or_default().figures.ended_in_period += 1;
            all.figures.ended_in_period += 1;
            Ok(())
        })?;
    }
    let rows = groups.into_iter().map(|(of, sum)| sum.told(of)).collect();
    Ok(ServicePage { from, to, on: as_of.day, by: query.by, rows, total: all.told(None), as_of: as_of.position })
}

/// A stretch of days that a column lies in.
struct Period {
    column: &'static str,
    from: NaiveDate,
    to: NaiveDate,
}

/// Hands every stint of a period to `take`, with whose it is.
fn each(
    db: &Connection,
    reach: &Condition,
    query: &ServiceQuery,
    period: &Period,
    columns: &str,
    mut take: impl FnMut(&Row<'_>, Option<String>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let Period { column, from, to } = *period;
    let mut terms = vec![reach.0.clone(), format!("{column} >= ?"), format!("{column} <= ?")];
    let mut values = reach.1.clone();
    values.extend([Value::from(from.to_string()), Value::from(to.to_string())]);
    let code = |code: &Option<caseledger_events::ids::Code>| code.map(|code| code.to_string());
    let filters = [
        ("provider = ?", code(&query.provider)),
        ("manager = ?", code(&query.manager)),
        ("catchment = ?", code(&query.catchment)),
        ("kind = ?", query.kind.map(|kind| kind.name().to_owned())),
    ];
    for (term, value) in filters {
        if let Some(value) = value {
            terms.push(term.to_owned());
            values.push(Value::from(value));
        }
    }
    if !query.migrated {
        terms.push("migrated = 0".to_owned());
    }
    let of = match query.by {
        ServiceBy::Provider => "provider",
        ServiceBy::Week => column,
        ServiceBy::Catchment => "catchment",
        ServiceBy::Manager => "manager",
        ServiceBy::Kind => "kind",
    };
    let text = format!("SELECT {of}, {columns} FROM service WHERE {}", terms.join(" AND "));
    let mut statement = db.prepare_cached(&text)?;
    let mut rows = statement.query(params_from_iter(values))?;
    while let Some(row) = rows.next()? {
        let mut of: Option<String> = row.get(0)?;
        if query.by == ServiceBy::Week {
            of = day(row, 0)?.map(|day| monday(day).to_string());
        }
        take(row, of)?;
    }
    Ok(())
}

fn counted(row: &Row<'_>, of: Option<String>) -> rusqlite::Result<Counted> {
    let (mut days, mut done) = ([None; Step::ALL.len()], [false; Step::ALL.len()]);
    for place in 0..Step::ALL.len() {
        done[place] = !matches!(row.get_ref(9 + 2 * place)?, rusqlite::types::ValueRef::Null);
        days[place] = row.get(10 + 2 * place)?;
    }
    let absent: (Option<u32>, Option<u32>) = (row.get(7)?, row.get(8)?);
    Ok(Counted {
        of,
        came_on: day(row, 1)?.ok_or_else(|| damaged("a stint has no beginning".to_owned()))?,
        left: row.get(2)?,
        has_provider: row.get(3)?,
        waitlisted: row.get(4)?,
        reachable: row.get(5)?,
        allocated_on: day(row, 6)?,
        absent: absent.0.zip(absent.1),
        days,
        done,
    })
}

/// What is added up for a row.
#[derive(Default)]
struct Sum {
    figures: ServiceFigures,
    absent: (u64, u64),
    steps: [StepSum; Step::ALL.len()],
}

#[derive(Default)]
struct StepSum {
    done: u64,
    waiting: u64,
    days: Vec<u32>,
    overdue: [u64; 2],
}

impl Sum {
    fn add(&mut self, stint: &Counted, today: NaiveDate) {
        let figures = &mut self.figures;
        figures.referrals += 1;
        let is_open = stint.left.is_none();
        if is_open {
            figures.open += 1;
            figures.unallocated += u64::from(!stint.has_provider);
            figures.waitlisted += u64::from(stint.waitlisted);
            let oldest = figures.oldest_open.map_or(stint.came_on, |oldest| oldest.min(stint.came_on));
            figures.oldest_open = Some(oldest);
        }
        figures.closed += u64::from(stint.left.as_deref() == Some("closed"));
        figures.moved += u64::from(stint.left.as_deref() == Some("moved"));
        if let Some((absent, open)) = stint.absent {
            self.absent = (self.absent.0 + u64::from(absent), self.absent.1 + u64::from(open));
        }
        for (place, step) in Step::ALL.into_iter().enumerate() {
            self.steps[place].add(step, place, stint, is_open, today);
        }
    }

    fn told(self, of: Option<String>) -> ServiceFigures {
        let (absent, open) = self.absent;
        let percent = (open > 0).then(|| (absent as f64 * 1_000.0 / open as f64).round() / 10.0);
        let steps = Step::ALL.into_iter().zip(self.steps).map(|(step, sum)| sum.told(step));
        ServiceFigures { of, absent_percent_before: percent, steps: steps.collect(), ..self.figures }
    }
}

impl StepSum {
    fn add(&mut self, step: Step, place: usize, stint: &Counted, is_open: bool, today: NaiveDate) {
        if stint.done[place] {
            self.done += 1;
            self.days.extend(stint.days[place]);
            return;
        }
        let is_asked = is_open && step.is_asked(stint.reachable);
        let from = step.from(stint.came_on, stint.allocated_on);
        let Some(from) = from.filter(|_| is_asked) else { return };
        self.waiting += 1;
        let waited = BusinessDays::national().between(from, today).unwrap_or(0);
        for (limit, overdue) in step.limits().iter().zip(&mut self.overdue) {
            *overdue += u64::from(waited > limit.days);
        }
    }

    fn told(mut self, step: Step) -> StepFigures {
        self.days.sort_unstable();
        let days = &self.days;
        // The smallest number of days that so many of them took at most.
        let at = |of: usize| (!days.is_empty()).then(|| days[(days.len() * of).div_ceil(10) - 1]);
        let limits = step.limits().iter().zip(self.overdue).map(|(limit, overdue)| {
            let in_time = days.partition_point(|&days| days <= limit.days) as u64;
            let late = days.len() as u64 - in_time;
            LimitFigures { days: limit.days, rule: limit.rule, in_time, late, overdue }
        });
        StepFigures {
            step,
            done: self.done,
            waiting: self.waiting,
            median_days: at(5),
            p90_days: at(9),
            limits: limits.collect(),
        }
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

fn day(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<NaiveDate>> {
    let text: Option<String> = row.get(column)?;
    let unreadable = || damaged("a stored day cannot be read".to_owned());
    text.map(|text| text.parse().map_err(|_| unreadable())).transpose()
}

//! `/v1/measures`: figures of a quarter, the cases behind them, why each is counted as it is, and published runs.
//!
//! Whoever may export facts of all cases asks for all providers; staff of a provider ask for their own.

use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use axum::routing::{get, post};
use caseledger_events::access::{Denied, Operation};
use caseledger_events::dates::{OccurredAt, Timestamp, start_of_day};
use caseledger_events::envelope::Role;
use caseledger_events::ids::{CaseId, Code, Position};
use caseledger_events::input::{self, BadInput};
use caseledger_events::measured::{MeasureResultsPublished, MeasureRunPublished, PublishRun};
use caseledger_events::number::CaseNumber;
use caseledger_events::viewed::Viewed;
use caseledger_events::world::Command;
use caseledger_projections::measures::explain::{Explained, explain};
use caseledger_projections::measures::report::{NarrativeRow, Row, narratives};
use caseledger_projections::measures::run::{Frame, RULES};
use caseledger_projections::measures::unit::Unit;
use caseledger_projections::measures::{Judgement, List, Measure, Question, lists};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::admission::may;
use crate::answer::CommandDocument;
use crate::command::{Headers, JsonText, Plain, record};
use crate::figures::{ask, ask_standing, no_run};
use crate::on_record::{self, note};
use crate::openapi;
use crate::problem::Problem;
use crate::query::{Query, ask_for, which};
use crate::state::{AppState, HttpSettings};

/// The figures of a quarter, and what they went by.
#[derive(Debug, Serialize, JsonSchema)]
struct FiguresDocument {
    /// The quarter.
    quarter: String,
    /// Its first day.
    from: NaiveDate,
    /// Its last day.
    to: NaiveDate,
    /// The version of its list of measures.
    list: u32,
    /// The number of the predicates' meaning.
    rules: u32,
    /// The version of the calendar.
    calendar: u32,
    /// What counts as a business day.
    profile: String,
    /// The version of the policy.
    policy: u32,
    /// The position they are known at.
    position: Position,
    /// As at when.
    as_at: Timestamp,
    /// The figures, by measure, provider and catchment.
    rows: Vec<Row>,
    /// What providers told for the narrative measures.
    narratives: Vec<NarrativeRow>,
}

/// The verdicts behind the figures.
#[derive(Debug, Serialize, JsonSchema)]
struct VerdictsDocument {
    /// The position they are known at.
    position: Position,
    /// The verdicts, by measure.
    items: Vec<VerdictDocument>,
}

/// One verdict.
#[derive(Debug, Serialize, JsonSchema)]
struct VerdictDocument {
    measure: String,
    case: CaseId,
    number: CaseNumber,
    provider: Code,
    verdict: &'static str,
    reason: Option<String>,
    achieved: bool,
    start: Option<NaiveDate>,
    due: Option<NaiveDate>,
    on: Option<NaiveDate>,
    recorded: Option<NaiveDate>,
    decided_by: Vec<Position>,
}

/// Why a case is counted as it is.
#[derive(Debug, Serialize, JsonSchema)]
struct ExplanationDocument {
    /// One for each verdict of the case.
    items: Vec<Explained>,
}

/// The runs that were published.
#[derive(Debug, Serialize, JsonSchema)]
struct RunsDocument {
    /// The runs, the latest last.
    items: Vec<RunDocument>,
}

/// A published run.
#[derive(Debug, Serialize, JsonSchema)]
struct RunDocument {
    /// Where it stands in the ledger.
    position: Position,
    /// What it was judged by.
    run: MeasureRunPublished,
    /// What it says of each provider that may be asked about.
    providers: Vec<MeasureResultsPublished>,
}

/// What may be asked of a quarter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filters {
    /// One provider alone.
    provider: Option<Code>,
    /// One measure alone.
    measure: Option<String>,
    /// A version of the list; the newest where it is absent.
    list: Option<u32>,
    /// As at the end of a day, or an instant; the last event's time where it is absent.
    as_at: Option<String>,
    /// As known at a position.
    to: Option<u64>,
}

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![
        Route {
            method: Method::POST,
            path: "/v1/measures/runs",
            summary: "Publishes a run of a quarter's measures (the owner of the service).",
            handler: || post(publish).layer(DefaultBodyLimit::max(HttpSettings::default().reference_bytes_max)),
            describe: openapi::command::<PublishRun, CommandDocument>,
        },
        Route {
            method: Method::GET,
            path: "/v1/measures/runs",
            summary: "Lists the runs of quarters' measures that were published.",
            handler: || get(published),
            describe: |route, generator| openapi::get::<RunsDocument>(route, generator, &[]),
        },
        Route {
            method: Method::GET,
            path: "/v1/measures/{quarter}",
            summary: "Returns the figures of a quarter by measure, provider and catchment.",
            handler: || get(figures),
            describe: |route, generator| openapi::get::<FiguresDocument>(route, generator, FILTERS),
        },
        Route {
            method: Method::GET,
            path: "/v1/measures/{quarter}/cases",
            summary: "Lists the verdicts behind the figures, case by case.",
            handler: || get(verdicts),
            describe: |route, generator| openapi::get::<VerdictsDocument>(route, generator, FILTERS),
        },
        Route {
            method: Method::GET,
            path: "/v1/measures/{quarter}/cases/{case}",
            summary: "Says why a case is counted as it is: its clock day by day, and the events that decided.",
            handler: || get(explained),
            describe: |route, generator| openapi::get::<ExplanationDocument>(route, generator, FILTERS),
        },
    ]
}

const FILTERS: &[&str] = &["provider", "measure", "list", "as_at", "to"];

/// A question about a quarter by somebody who may ask it.
struct Asked {
    list: &'static List,
    filters: Filters,
    as_at: Option<Timestamp>,
    /// Of which provider alone, by what was asked and by who asks.
    provider: Option<Code>,
}

impl Asked {
    async fn read(state: &AppState, asker: &Asker, quarter: &str, raw: Option<&str>) -> Result<Asked, Problem> {
        let filters: Filters = Query::read(raw)?.rest()?;
        let found = match filters.list {
            Some(version) => lists::version(quarter, version),
            None => lists::newest(quarter),
        };
        let list = found.ok_or_else(|| {
            let known: Vec<&str> = lists::all().iter().map(List::quarter).collect();
            Problem::not_found("list of measures").way_out(format!("there are lists of {}", known.join(", ")))
        })?;
        let as_at = filters.as_at.as_deref().map(instant).transpose()?;
        let provider = of_provider(state, asker, filters.provider).await?;
        Ok(Asked { list, filters, as_at, provider })
    }

    fn to(&self) -> Option<Position> {
        self.filters.to.map(Position)
    }

    fn takes(&self, measure: &str, provider: Code) -> bool {
        let by_measure = self.filters.measure.as_ref().is_none_or(|asked| asked.eq_ignore_ascii_case(measure));
        by_measure && self.provider.is_none_or(|asked| asked == provider)
    }

    fn question(&self) -> Question<'static> {
        Question { list: self.list, as_at: self.as_at }
    }
}

/// Staff of a provider ask for their own; all others need to be allowed the facts of all cases. Attempts at another
/// provider's are on record.
async fn of_provider(state: &AppState, asker: &Asker, wanted: Option<Code>) -> Result<Option<Code>, Problem> {
    if !asker.actor.role.is_provider() {
        may(state, asker, Operation::Export).await?;
        note(state, asker, Viewed::allowed(Operation::Export)).await?;
        return Ok(wanted);
    }
    let own = asker.actor.organisation;
    if wanted.is_some_and(|wanted| wanted != own) {
        // Another provider's figures are answered like those of one that there is not.
        let _ = on_record::denied(state, asker, Operation::List, None, Denied::Secret).await;
        return Err(Problem::not_found("provider"));
    }
    note(state, asker, Viewed::allowed(Operation::List)).await?;
    Ok(Some(own))
}

/// A day counts to its end, in New Zealand.
fn instant(text: &str) -> Result<Timestamp, Problem> {
    let bad = |_| Problem::bad_request("bad-query", "as_at: neither a date nor an RFC 3339 time");
    Ok(match text.parse::<OccurredAt>().map_err(bad)? {
        OccurredAt::Instant(time) => time,
        OccurredAt::Day(day) => Timestamp(start_of_day(day.succ_opt().unwrap_or(day)).0 - 1),
    })
}

async fn figures(
    State(state): State<AppState>,
    asker: Asker,
    Path(quarter): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<FiguresDocument>, Problem> {
    let asked = Asked::read(&state, &asker, &quarter, raw.as_deref()).await?;
    ask_standing(&state, asked.to(), asked.question(), move |fold, standing| {
        let passes = asked.list.reassesses.as_deref().and_then(|quarter| fold.published().passes(quarter));
        let Frame { calendar, quarter, settings, policy } = standing.frame();
        let mut rows = standing.rows(passes.as_ref());
        rows.retain(|row| asked.takes(&row.measure, row.provider));
        let mut narratives = narratives(fold, asked.list, &quarter.name);
        narratives.retain(|row| asked.takes(&row.measure, row.provider));
        Ok(Json(FiguresDocument {
            quarter: quarter.name.clone(),
            from: quarter.from,
            to: quarter.to,
            list: asked.list.version,
            rules: RULES,
            calendar: calendar.version(),
            profile: settings.calendar_profile.clone(),
            policy: *policy,
            position: fold.position(),
            as_at: standing.as_at(fold),
            rows,
            narratives,
        }))
    })
    .await
}

async fn verdicts(
    State(state): State<AppState>,
    asker: Asker,
    Path(quarter): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<VerdictsDocument>, Problem> {
    if asker.actor.role == Role::CaseManager {
        // Case by case a case manager reads of what is assigned to them, one explanation at a time.
        let no = Denied::NotThisRole { role: asker.actor.role, operation: Operation::List };
        return Err(on_record::denied(&state, &asker, Operation::List, None, no).await);
    }
    let asked = Asked::read(&state, &asker, &quarter, raw.as_deref()).await?;
    ask_standing(&state, asked.to(), asked.question(), move |fold, standing| {
        let taken = standing.verdicts(fold, |measure, provider| asked.takes(&measure.id, provider));
        let one = |(measure, unit, judgement): (&Measure, &Unit, &Judgement)| VerdictDocument {
            measure: measure.id.clone(),
            case: unit.case,
            number: unit.number,
            provider: fold.code(unit.provider),
            verdict: judgement.verdict.name(),
            reason: judgement.verdict.reason(),
            achieved: judgement.achieved,
            start: judgement.start,
            due: judgement.due,
            on: judgement.on,
            recorded: judgement.recorded,
            decided_by: judgement.decided_by.clone(),
        };
        let items = taken.into_iter().map(one).collect();
        Ok(Json(VerdictsDocument { position: fold.position(), items }))
    })
    .await
}

async fn explained(
    State(state): State<AppState>,
    asker: Asker,
    Path((quarter, case)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Result<Json<ExplanationDocument>, Problem> {
    let asked = Asked::read(&state, &asker, &quarter, raw.as_deref()).await?;
    on_the_case(&state, &asker, &case).await?;
    ask(&state, asked.to(), move |fold| {
        let by_number = || case.parse::<CaseNumber>().ok().and_then(|number| fold.case_by_number(number));
        let known = case.parse::<CaseId>().ok().and_then(|id| fold.case(id)).or_else(by_number);
        let id = known.map(|facts| facts.id).ok_or_else(crate::query::unknown_case)?;
        let mut items = explain(fold, asked.list, id, asked.filters.measure.as_deref(), asked.as_at).map_err(no_run)?;
        items.retain(|one| asked.takes(&one.measure, one.provider));
        Ok(Json(ExplanationDocument { items }))
    })
    .await
}

/// Staff of a provider read of a case what the table lets them open, as it is or as it was handed over; all others were
/// asked for the facts of all cases. Either way it is on record for the case.
async fn on_the_case(state: &AppState, asker: &Asker, case: &str) -> Result<(), Problem> {
    if asker.actor.role.is_provider() {
        let opened = ask_for(state, asker, Operation::OpenCase, case, |view, case, decide| view.case(case, decide));
        return opened.await.map(drop);
    }
    let Some(which) = which(case) else { return Err(crate::query::unknown_case()) };
    let standing = crate::query::ask(state, move |view| view.standing(which)).await?;
    note(state, asker, Viewed::allowed(Operation::Export).with_cases(standing.map(|case| case.case))).await
}

async fn published(State(state): State<AppState>, asker: Asker) -> Result<Json<RunsDocument>, Problem> {
    let provider = of_provider(&state, &asker, None).await?;
    ask(&state, None, move |fold| {
        let theirs = |all: &[MeasureResultsPublished]| -> Vec<MeasureResultsPublished> {
            all.iter().filter(|of| provider.is_none_or(|asked| asked == of.provider)).cloned().collect()
        };
        let run = |run: &caseledger_projections::measures::publish::Published| RunDocument {
            position: run.position,
            run: run.run.clone(),
            providers: theirs(&run.providers),
        };
        Ok(Json(RunsDocument { items: fold.published().all().iter().map(run).collect() }))
    })
    .await
}

async fn publish(
    State(state): State<AppState>,
    asker: Asker,
    headers: HeaderMap,
    JsonText(text): JsonText,
) -> Result<Response, Problem> {
    let headers = Headers::read(asker, &headers)?;
    let body: PublishRun = input::read(&text, "")?;
    if let Some((pointer, what)) = body.wrong() {
        return Err(BadInput { pointer, what }.into());
    }
    let (name, command) = ("publish-measures", Command::Measures(Box::new(body)));
    record(&state, &headers, Plain { name, about: name, text: &text, stream: None, command }).await
}

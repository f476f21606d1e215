//! `POST /v1/subjects/export`: everything about one student in one bundle, for the answer to an access request (IPP 6).
//!
//! What tells of other people is marked, not left out: whether they may be told of is decided by a person (Privacy Act
//! 2020, s 53).

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use axum::routing::post;
use caseledger_events::access::{Denied, Grant, Operation, Principal, Standing, authorise, no_such_case};
use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Position, StudentId};
use caseledger_events::input;
use caseledger_events::personal::Group;
use caseledger_events::viewed::Viewed;
use caseledger_views::{Asked, CaseQuery, CaseView, QueryError, ShownCase, TimelineEntry, WhichCase};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Route;
use crate::actor::Asker;
use crate::command::{Body, JsonText};
use crate::on_record;
use crate::openapi;
use crate::others::{Marks, marks};
use crate::problem::Problem;
use crate::query::{ask, which};
use crate::state::AppState;

/// Whose data is asked for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectBody {
    /// The student, by our id.
    #[serde(default)]
    student: Option<StudentId>,
    /// Or a case of the student, by id or number.
    #[serde(default)]
    case: Option<String>,
}

/// Everything about one student.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubjectBundle {
    /// The student.
    student: StudentId,
    /// When it was taken out.
    exported_at: Timestamp,
    /// The last position of the ledger it is true at.
    as_of: Position,
    /// The student's cases, oldest first.
    cases: Vec<SubjectCase>,
    /// Where in `cases` somebody else is told of, and where a person must look whether that is so.
    others: Marks,
    /// What is not in it, and where it is.
    beside: &'static str,
}

/// One case with everything that happened to it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubjectCase {
    /// The case as it stands.
    case: ShownCase,
    /// What happened to it, oldest first, with every word that was written.
    timeline: Vec<TimelineEntry>,
}

/// What the bundle says of what it leaves to other places.
const BESIDE: &str = "who looked at these cases: POST /v1/access-ledger/search; attendance data and files are kept by \
                      the systems that the cases name";

/// The routes of this file.
pub fn routes() -> Vec<Route> {
    vec![Route {
        method: Method::POST,
        path: "/v1/subjects/export",
        summary: "Takes everything about one student out in one bundle, what tells of others marked (IPP 6).",
        handler: || post(export),
        describe: openapi::post::<SubjectBody, SubjectBundle>,
    }]
}

async fn export(State(state): State<AppState>, asker: Asker, body: Body) -> Result<Json<SubjectBundle>, Problem> {
    let none = no_such_case(&asker.principal, Operation::SubjectExport);
    if !none.is_secret() {
        return Err(denied(&state, &asker, None, none).await);
    }
    let JsonText(text) = body?;
    let body: SubjectBody = input::read(&text, "")?;
    if body.student.is_some() == body.case.is_some() {
        return Err(Problem::bad_request("bad-input", "the body names no student, or two")
            .with("pointer", "".into())
            .way_out("give `student`, or `case`"));
    }
    let today = state.ledger.now().auckland();
    let principal = asker.principal.clone();
    let found = ask(&state, move |view| collect(view, &body, &principal, today)).await?;
    let (student, cases, as_of) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return Err(denied(&state, &asker, None, none).await),
        Err((case, no)) => return Err(denied(&state, &asker, Some(case), no).await),
    };
    let ids = cases.iter().map(|(case, _)| *case);
    let mut viewed = Viewed::allowed(Operation::SubjectExport).with_cases(ids);
    viewed.groups = cases.iter().flat_map(|(_, shown)| groups(&shown.0)).collect();
    viewed.groups.sort();
    viewed.groups.dedup();
    viewed.results = u32::try_from(cases.len()).unwrap_or(u32::MAX);
    on_record::note(&state, &asker, viewed).await?;
    let cases: Vec<SubjectCase> = cases.into_iter().map(|(_, (_, shown))| shown).collect();
    let others = marks(&serde_json::to_value(&cases).unwrap_or_default());
    let exported_at = state.ledger.now();
    Ok(Json(SubjectBundle { student, exported_at, as_of, cases, others, beside: BESIDE }))
}

async fn denied(state: &AppState, asker: &Asker, case: Option<CaseId>, no: Denied) -> Problem {
    on_record::denied(state, asker, Operation::SubjectExport, case, no).await
}

fn groups(grant: &Grant) -> Vec<Group> {
    grant.decided().sees().groups().collect()
}

/// The student, the cases with the grants they are shown by, and the position.
type Found = (StudentId, Vec<(CaseId, (Grant, SubjectCase))>, Position);

/// Reads all cases of the student; one that the asker may not have stops all of it.
fn collect(
    view: &CaseView,
    body: &SubjectBody,
    asker: &Principal,
    today: NaiveDate,
) -> Result<Result<Option<Found>, (CaseId, Denied)>, QueryError> {
    let named = body.case.as_deref().map(which);
    let student = match (body.student, named) {
        (Some(student), _) => Some(student),
        (None, Some(Some(case))) => view.student_of(case)?,
        (None, _) => None,
    };
    let Some(student) = student else { return Ok(Ok(None)) };
    let as_of = view.position();
    let mut cases = Vec::new();
    for id in view.cases_of(student)? {
        let decide = |case: &Standing| authorise(asker, Operation::SubjectExport, case, today);
        match view.case(WhichCase::Id(id), decide)? {
            Asked::Granted(grant, Some(case)) => {
                let timeline = timeline(view, id, &decide)?;
                cases.push((id, (grant, SubjectCase { case, timeline })));
            }
            Asked::Denied(no) => return Ok(Err((id, no))),
            Asked::Unknown | Asked::Granted(_, None) => {}
        }
    }
    Ok(Ok((!cases.is_empty()).then_some((student, cases, as_of))))
}

fn timeline(
    view: &CaseView,
    case: CaseId,
    decide: &impl Fn(&Standing) -> Result<Grant, Denied>,
) -> Result<Vec<TimelineEntry>, QueryError> {
    let mut entries = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = view.timeline(WhichCase::Id(case), decide, cursor.as_deref(), Some(CaseQuery::LIMIT_MAX))?;
        let Asked::Granted(_, Some(page)) = page else { return Ok(entries) };
        entries.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(entries);
        }
    }
}

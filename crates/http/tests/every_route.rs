//! Every route the router serves, asked by every role at every place about every kind of case, answers with the status that
//! the table of access says: a route without a row here fails the test.

use std::collections::BTreeMap;

use crate::access::{everybody, named, principal, scene, status};
use crate::support::*;
use axum::body::Body;
use axum::http::{Method, Request};
use caseledger_events::access::*;
use caseledger_events::envelope::Actor;
use caseledger_http::served;
use chrono::NaiveDate;
use serde_json::{Value, json};

/// What a route asks the table.
#[derive(Clone, Copy, Debug)]
enum Asks {
    /// Something about one case.
    Case(Operation),
    /// A case as it was: its timeline, of those who see the case as a whole.
    Then,
    /// Who could see an item of a case: whoever explains access, or sees every fact of it.
    Viewers,
    /// To record something on a case, at a version it never stood at: who may know of it is told that, others nothing.
    Act,
    /// A list that the row narrows.
    List(Operation),
    /// Figures over a list, of those whom a row shows cases as a whole.
    Levels,
    /// Something about the ledger as a whole: any of these.
    Ledger(&'static [Operation]),
    /// The figures of a provider's own, or of all.
    Figures,
    /// Case by case, which of a provider's people its workflow lead alone reads.
    Verdicts,
    /// Whatever the rules of the command itself say.
    Rules,
    /// Nothing but a sign-in.
    SignIn,
    /// Not even that.
    Nothing,
}

/// What each route asks.
fn asks(method: &Method, path: &str) -> Asks {
    use Operation::*;
    match (method.as_str(), path) {
        ("GET", "/v1/cases/{case}") => Asks::Case(OpenCase),
        ("GET", "/v1/cases/{case}/timeline") => Asks::Case(Timeline),
        ("GET", "/v1/cases/{case}/then" | "/v1/cases/{case}/changes") => Asks::Then,
        ("POST", "/v1/cases/{case}/break-glass") => Asks::Case(BreakGlass),
        ("POST", "/v1/subjects/export") => Asks::Case(SubjectExport),
        ("POST", "/v1/cases/{case}/viewers") => Asks::Viewers,
        ("POST", "/v1/cases/{case}/actions/{action}") => Asks::Act,
        ("GET", "/v1/cases" | "/v1/work") => Asks::List(List),
        ("GET", "/v1/service-levels") => Asks::Levels,
        ("POST", "/v1/cases/search") => Asks::List(Search),
        ("GET", "/v1/feed") => Asks::List(Feed),
        ("GET", "/v1/events" | "/v1/events/{position}" | "/metrics") => Asks::Ledger(&[RawEvents]),
        ("POST", "/v1/reference") => Asks::Ledger(&[Reference]),
        ("POST", "/v1/grants" | "/v1/grants/revoke") => Asks::Ledger(&[GrantRoles]),
        ("POST", "/v1/tokens/revoke") => Asks::Ledger(&[RevokeTokens]),
        ("POST", "/v1/access-ledger/search") => Asks::Ledger(&[AccessLedger]),
        ("POST", "/v1/audit") => Asks::Ledger(&[AccessLedger, Operate]),
        ("POST", "/v1/keys") => Asks::Ledger(&[ManageKeys, Hold, Dispose]),
        ("GET", "/v1/keys") => Asks::Ledger(&[ManageKeys, Hold, Dispose]),
        ("POST", "/v1/keys/rotate" | "/v1/keys/change-kek") => Asks::Ledger(&[ManageKeys]),
        (
            "POST",
            "/v1/views/rebuild"
            | "/v1/views/beside"
            | "/v1/views/{view}/rebuild"
            | "/v1/views/{view}/beside"
            | "/v1/views/{view}/skip",
        ) => Asks::Ledger(&[Operate]),
        ("POST", "/v1/simulation/clock") => Asks::Ledger(&[Operate]),
        ("GET", "/v1/measures/{quarter}" | "/v1/measures/runs") => Asks::Figures,
        ("GET", "/v1/measures/{quarter}/cases") => Asks::Verdicts,
        ("GET", "/v1/measures/{quarter}/cases/{case}") => Asks::Figures,
        ("POST", "/v1/cases" | "/v1/policy" | "/v1/measures/runs" | "/v1/providers/{provider}/actions/{action}") => {
            Asks::Rules
        }
        ("GET", "/v1/ledger" | "/v1/relay" | "/v1/views" | "/v1/policy" | "/v1/actions") => Asks::SignIn,
        ("GET", "/healthz" | "/readyz" | "/openapi.json" | "/docs/") => Asks::Nothing,
        _ => panic!("{method} {path} is new: say what it asks of the table of access"),
    }
}

/// What a request says, where it takes something: enough to be decided, and nothing that is recorded.
fn says(path: &str, case: &str) -> Value {
    match path {
        "/v1/cases/{case}/break-glass" => json!({"because": "lawful_request"}),
        "/v1/subjects/export" => json!({"case": case}),
        "/v1/cases/{case}/viewers" => json!({"comment": 1}),
        "/v1/views/{view}/rebuild" | "/v1/views/rebuild" => json!({"dry_run": true}),
        _ => json!({}),
    }
}

fn filled(path: &str, case: &str) -> String {
    let path = path.replace("{case}", case).replace("{action}", "review").replace("{provider}", "ASP-01");
    let path = path.replace("{position}", "1").replace("{quarter}", "2026-Q2").replace("{view}", "case_view");
    assert!(!path.contains('{'), "{path}");
    match path.rsplit('/').next() {
        Some("then") => path + "?at=1",
        Some("changes") => path + "?from=1&to=2",
        _ => path,
    }
}

/// The status that the table says; `None` where somebody may, and what comes then is another's to say.
fn expected(asks: Asks, asker: &Principal, case: &Standing, on: NaiveDate) -> Option<u16> {
    let of_case = |operation: Operation| match operation {
        Operation::BreakGlass => break_glass(asker, GlassReason::LawfulRequest, case, on),
        _ => authorise(asker, operation, case, on),
    };
    let whole = |level| matches!(level, Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver);
    match asks {
        Asks::Case(operation) => match of_case(operation) {
            Ok(grant) => (grant.level() == Level::Receipt).then_some(404),
            Err(denied) => Some(status(denied)),
        },
        Asks::Then => match of_case(Operation::Timeline) {
            Ok(grant) => (!whole(grant.level())).then_some(403),
            Err(denied) => Some(status(denied)),
        },
        Asks::Viewers if pass(asker, Operation::ExplainAccess, on).is_ok() => None,
        Asks::Viewers => match authorise(asker, Operation::Timeline, case, on) {
            Ok(grant) if grant.level() == Level::Full => None,
            Ok(_) => Some(403),
            Err(denied) => Some(status(denied)),
        },
        Asks::Act => {
            let knows = [Operation::Act, Operation::OpenCase].into_iter().any(|to| of_case(to).is_ok());
            Some(if knows { 412 } else { 404 })
        }
        Asks::List(operation) => scopes(asker, operation, on).err().map(status),
        Asks::Levels => match scopes(asker, Operation::List, on) {
            Ok(lists) => (!lists.iter().any(is_counted)).then_some(403),
            Err(denied) => Some(status(denied)),
        },
        Asks::Ledger(operations) => {
            let denied: Vec<Denied> =
                operations.iter().filter_map(|&operation| pass(asker, operation, on).err()).collect();
            (denied.len() == operations.len()).then(|| status(denied[0]))
        }
        Asks::Verdicts if asker.role() == caseledger_events::envelope::Role::CaseManager => Some(403),
        Asks::Figures | Asks::Verdicts if asker.role().is_provider() => None,
        Asks::Figures | Asks::Verdicts => pass(asker, Operation::Export, on).err().map(status),
        Asks::Rules | Asks::SignIn | Asks::Nothing => None,
    }
}

/// Whether the figures of a list are for those who have it.
fn is_counted(list: &Scope) -> bool {
    let level = matches!(list.decided().level(), Level::Full | Level::FactsOnly);
    level
        && matches!(
            list.filter(),
            Filter::All | Filter::Provider { .. } | Filter::Catchments(_) | Filter::Manager { .. }
        )
}

/// Answers by how they ended.
type Tally = BTreeMap<u16, u32>;

async fn ask(service: &Service, who: Actor, (method, path): &(Method, &str), case: &str) -> u16 {
    let request = Request::builder().method(method.clone()).uri(filled(path, case));
    let request = request
        .header("ledger-actor", named(who))
        .header("content-type", "application/json")
        .header("idempotency-key", "every-route")
        .header("if-match", "\"9999\"");
    let body = if method == Method::GET { String::new() } else { says(path, case).to_string() };
    let request = request.body(Body::from(body)).unwrap();
    if *path == "/v1/feed" || *path == "/v1/events" {
        // What begins to be answered may be had; a feed has no end.
        let response = tower::ServiceExt::oneshot(service.app.clone(), request).await.unwrap();
        return response.status().as_u16();
    }
    service.send(request).await.status.as_u16()
}

#[tokio::test]
async fn every_role_gets_on_every_route_for_every_kind_of_case_what_the_table_says() {
    let scene = scene().await;
    let on = scene.service.ledger.now().auckland();
    let told = scene.told();
    let known = format!("/v1/cases?min_position={}", scene.position);
    assert_eq!(scene.service.get(&known, AUDITOR).await.status, 200);
    let mut routes = served();
    // Broken glass opens what other routes show: it comes last.
    routes.sort_by_key(|(_, path)| path.ends_with("break-glass"));
    let before = scene.service.ledger.reader().durable();
    let (mut tally, mut asked) = (Tally::new(), 0);
    for route @ (method, path) in &routes {
        let asks = asks(method, path);
        let is_of_a_case = path.contains("{case}") || *path == "/v1/subjects/export";
        for who in everybody() {
            let asker = principal(who);
            for case in told.values().take(if is_of_a_case { usize::MAX } else { 1 }) {
                let answer = ask(&scene.service, who, route, &case.standing.case.to_string()).await;
                let what = || format!("{method} {path} by {} of case {}", named(who), case.standing.number);
                match expected(asks, &asker, &case.standing, on) {
                    Some(status) => assert_eq!(answer, status, "{}", what()),
                    None => assert!(![401, 403, 500].contains(&answer), "{}: {answer}", what()),
                }
                *tally.entry(answer).or_default() += 1;
                asked += 1;
            }
        }
    }
    assert_eq!(scene.service.ledger.reader().durable(), before, "nothing was recorded on the way");
    assert!(asked > 2_000 && [200, 403, 404].iter().all(|status| tally[status] > 200), "{asked}: {tally:?}");
}

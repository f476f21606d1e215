//! Who asks. Until identity lands, a development header says so, and only on loopback.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::ids::{Code, CorrelationId};
use serde_json::json;

use crate::problem::Problem;
use crate::state::AppState;

/// The development header: `<person>/<role>/<organisation>`, such as `P-17/case_manager/ASP-01`.
pub const ACTOR_HEADER: &str = "ledger-actor";

const ON_BEHALF_OF_HEADER: &str = "ledger-on-behalf-of";
const CORRELATION_HEADER: &str = "correlation-id";

/// Who asks, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// Who.
    pub actor: Actor,
    /// For whom, when somebody acts for another.
    pub on_behalf_of: Option<Code>,
    /// What the client calls the request; a new one where it does not say.
    pub correlation: CorrelationId,
}

impl FromRequestParts<AppState> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Asker, Problem> {
        if !state.settings.loopback {
            return Err(unauthenticated("the development actor header is taken on loopback only")
                .way_out("bind the service to 127.0.0.1; sign-in with tokens follows"));
        }
        let headers = &parts.headers;
        Ok(Asker {
            actor: actor(headers)?,
            on_behalf_of: code(headers, ON_BEHALF_OF_HEADER)?,
            correlation: correlation(headers)?,
        })
    }
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
}

fn actor(headers: &HeaderMap) -> Result<Actor, Problem> {
    let text = text(headers, ACTOR_HEADER)?.ok_or_else(|| {
        unauthenticated("the request does not say who asks")
            .way_out("send `Ledger-Actor: <person>/<role>/<organisation>`, such as P-17/case_manager/ASP-01")
    })?;
    let mut fields = text.split('/');
    let read = (|| {
        let person = fields.next()?.parse().ok()?;
        let role: Role = serde_json::from_value(json!(fields.next()?)).ok()?;
        let organisation = fields.next()?.parse().ok()?;
        fields.next().is_none().then_some(Actor { person, role, organisation })
    })();
    read.ok_or_else(|| {
        unauthenticated("the header Ledger-Actor is not <person>/<role>/<organisation>").way_out(
            "person and organisation are codes (A-Z, 0-9, _ and -, up to 16); the roles are listed in /openapi.json",
        )
    })
}

fn code(headers: &HeaderMap, name: &'static str) -> Result<Option<Code>, Problem> {
    let Some(text) = text(headers, name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|error| bad_header(name, &format!("{error}")))
}

fn correlation(headers: &HeaderMap) -> Result<CorrelationId, Problem> {
    match text(headers, CORRELATION_HEADER)? {
        Some(text) => text.parse().map_err(|error| bad_header(CORRELATION_HEADER, &format!("{error}"))),
        None => Ok(CorrelationId(uuid::Uuid::new_v4().into_bytes())),
    }
}

/// Returns a header as text; `None` where it is absent.
pub fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(bad_header(name, "it is sent more than once"));
    }
    value.to_str().map(Some).map_err(|_| bad_header(name, "it is not printable ASCII"))
}

/// 400: a header is not of the right form.
pub fn bad_header(name: &'static str, what: &str) -> Problem {
    Problem::bad_request("bad-header", format!("the header {name} cannot be used: {what}")).with("header", json!(name))
}

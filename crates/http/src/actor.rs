//! Who asks: an access token says so, or on a development server a header; the grants in the ledger admit them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use caseledger_events::access::Principal;
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Role};
use caseledger_events::ids::{Code, CorrelationId};
use caseledger_identity::{TokenError, bearer, token_name};
use serde_json::json;

use crate::admission::{admit, turned_away};
use crate::problem::Problem;
use crate::state::{AppState, HeaderSignIn};

/// The development header: `<person>/<role>/<organisation>`, such as `P-17/case_manager/ASP-01`.
pub const ACTOR_HEADER: &str = "ledger-actor";

const ON_BEHALF_OF_HEADER: &str = "ledger-on-behalf-of";
const CORRELATION_HEADER: &str = "correlation-id";

/// The header that picks one of the roles a token names.
const ROLE_HEADER: &str = "ledger-role";

/// Who asks, and for whom.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Who, as the grants admit them.
    pub principal: Principal,
    /// The same, as events name it.
    pub actor: Actor,
    /// For whom, when somebody acts for another.
    pub on_behalf_of: Option<Code>,
    /// What the client calls the request; a new one where it does not say.
    pub correlation: CorrelationId,
}

impl FromRequestParts<AppState> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Asker, Problem> {
        let headers = &parts.headers;
        let (actor, is_mfa) = sign_in(state, headers, true)?;
        let (on_behalf_of, correlation) = (code(headers, ON_BEHALF_OF_HEADER)?, correlation(headers)?);
        let principal = match admit(state, actor, is_mfa).await? {
            Ok(principal) => principal,
            Err(no) => return Err(turned_away(state, actor, on_behalf_of, correlation, no).await),
        };
        Ok(Asker { principal, actor, on_behalf_of, correlation })
    }
}

/// Says again what somebody is admitted as whose request goes on and on; not counted as a request.
///
/// The token may have ended or been taken back, the grant revoked.
pub async fn again(state: &AppState, headers: &HeaderMap) -> Result<Principal, Problem> {
    let (actor, is_mfa) = sign_in(state, headers, false)?;
    admit(state, actor, is_mfa).await?.map_err(Problem::from)
}

/// Returns who asks, and whether more than one factor proved it.
fn sign_in(state: &AppState, headers: &HeaderMap, is_new: bool) -> Result<(Actor, bool), Problem> {
    match text(headers, header::AUTHORIZATION.as_str()) {
        Ok(Some(authorization)) => by_token(state, authorization, headers, is_new),
        Ok(None) => by_header(state.settings.header_sign_in, headers),
        Err(_) => Err(refused("", TokenError::Malformed)),
    }
}

/// Puts into the log which token was refused and why; whoever sent it is told neither.
fn refused(token: &str, error: TokenError) -> Problem {
    tracing::info!(token = %token_name(token), reason = error.code(), "an access token was refused");
    unsigned()
}

fn by_header(believed: HeaderSignIn, headers: &HeaderMap) -> Result<(Actor, bool), Problem> {
    match (believed, actor(headers)) {
        (HeaderSignIn::Nobody, _) => Err(refused("", TokenError::Missing)),
        (HeaderSignIn::Operators, Ok(who @ Actor { role: Role::Operator, .. })) => Ok((who, true)),
        (HeaderSignIn::Operators, Ok(_)) => Err(unauthenticated("the header is believed of operators alone here")
            .way_out("sign in with an access token: --token-file FILE")),
        (_, read) => read.map(|actor| (actor, true)),
    }
}

/// Whatever is wrong with a token, the answer is the same; what it was stands in the log under the token's hash.
fn by_token(
    state: &AppState,
    authorization: &str,
    headers: &HeaderMap,
    is_new: bool,
) -> Result<(Actor, bool), Problem> {
    let tokens = state.tokens.as_ref().ok_or_else(unsigned)?;
    let token = bearer(authorization).map_err(|error| refused("", error))?;
    // Tokens live in real time, also where the ledger's time is simulated.
    let now = Timestamp::from(chrono::Utc::now());
    let verified = tokens.verify(token, now).map_err(|error| refused(token, error))?;
    if is_new {
        state.limits.count(verified.person, verified.organisation)?;
    }
    let role = match (text(headers, ROLE_HEADER)?, verified.roles.as_slice()) {
        (None, [role]) => Some(*role),
        (None, _) => None,
        (Some(name), roles) => roles.iter().copied().find(|role| role.name() == name),
    };
    let role = role.ok_or_else(|| {
        bad_header(ROLE_HEADER, "the sign-in names several roles or not this one")
            .way_out("name one of them in Ledger-Role, such as case_manager")
    })?;
    Ok((Actor { person: verified.person, role, organisation: verified.organisation }, verified.is_mfa))
}

fn unsigned() -> Problem {
    unauthenticated("the request is not signed in").way_out(
        "send `Authorization: Bearer <access token>`; a development server mints them: caseledger token --as …",
    )
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

//! `/openapi.json`, and a page that shows it without anything from elsewhere.
//!
//! A browser sends no access token with a page it opens: without one they are shown on a development server alone, where the
//! header is believed of anybody. Elsewhere `caseledger openapi` prints the document.

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use utoipa_swagger_ui::SwaggerUi;

use crate::actor::Asker;
use crate::openapi;
use crate::problem::Problem;
use crate::state::{AppState, HeaderSignIn};

/// The page's own content security policy: nothing is asked of another host.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

/// The paths that are served here.
pub const PATHS: [&str; 2] = ["/docs/", "/openapi.json"];

/// Serves document and page.
pub fn router(state: &AppState) -> Router<AppState> {
    let page = SwaggerUi::new("/docs").external_url_unchecked("/openapi.json", openapi::document());
    let signed_in = middleware::from_fn_with_state(state.clone(), signed_in);
    Router::new().merge(page).layer(middleware::from_fn(closed)).layer(signed_in)
}

async fn signed_in(State(state): State<AppState>, request: Request, next: Next) -> Result<Response, Problem> {
    if state.settings.header_sign_in == HeaderSignIn::Anybody {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    Asker::from_request_parts(&mut parts, &state).await?;
    Ok(next.run(Request::from_parts(parts, body)).await)
}

async fn closed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

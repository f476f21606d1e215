//! `/openapi.json`, and a page that shows it without anything from elsewhere.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use utoipa_swagger_ui::SwaggerUi;

use crate::openapi;
use crate::state::AppState;

/// The page's own content security policy: nothing is asked of another host.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

/// Serves document and page.
pub fn router() -> Router<AppState> {
    let page = SwaggerUi::new("/docs").external_url_unchecked("/openapi.json", openapi::document());
    Router::new().merge(page).layer(middleware::from_fn(closed))
}

async fn closed(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

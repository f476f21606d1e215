//! Paths that are no text: answered like every other trouble, before a route is asked.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

/// Lets requests through whose path is text once its escapes are read.
pub async fn readable(request: Request, next: Next) -> Response {
    if is_text(request.uri().path()) {
        return next.run(request).await;
    }
    Problem::bad_request("bad-path", "the path holds escapes (%..) that are no UTF-8").into_response()
}

fn is_text(path: &str) -> bool {
    if !path.contains('%') {
        return true;
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = after.get(..2).filter(|_| *first == b'%').and_then(|digits| hex::decode(digits).ok());
        bytes.push(escaped.as_ref().map_or(*first, |byte| byte[0]));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    std::str::from_utf8(&bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_utf_8() {
        for (path, text) in [
            ("/v1/cases", true),
            ("/v1/cases/T%C4%81ne", true),
            ("/v1/cases/%", true),
            ("/v1/cases/%zz%4", true),
            ("/v1/cases/%FF%FE", false),
            ("/v1/cases/%c4", false),
        ] {
            assert_eq!(is_text(path), text, "{path}");
        }
    }
}

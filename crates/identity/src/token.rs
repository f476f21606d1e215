//! The outer form of a token: three parts of base64url, and objects in which no name stands twice.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::error::TokenError;
use crate::settings::Algorithm;

/// Larger tokens are refused before any of it is read.
pub(crate) const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// Returns the token of an `Authorization` header; the scheme may be written in any case (RFC 9110).
pub fn bearer(authorization: &str) -> Result<&str, TokenError> {
    let (scheme, token) = authorization.split_once(' ').ok_or(TokenError::Missing)?;
    let token = token.trim_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(TokenError::Missing);
    }
    Ok(token)
}

/// A token taken apart; nothing of it is believed yet.
pub(crate) struct Compact<'a> {
    /// What the signature is over: header, a dot, payload.
    pub signed: &'a str,
    /// The signature, as sent.
    pub signature: &'a str,
    /// What the header says.
    pub header: Header,
    /// What the payload says.
    pub payload: Members,
}

impl<'a> Compact<'a> {
    /// Takes a token apart.
    pub fn read(token: &'a str) -> Result<Compact<'a>, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if payload.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header = Header::read(&Members::read(header)?)?;
        // One way alone to write a signature: another spelling of the same bytes is no token.
        if signature.is_empty() || URL_SAFE_NO_PAD.decode(signature).is_err() {
            return Err(TokenError::Malformed);
        }
        Ok(Compact { signed, signature, header, payload: Members::read(payload)? })
    }
}

/// What of a header is looked at. `jku`, `x5u`, `x5c` and `jwk` are not: they would let a token bring its own key.
#[derive(Debug)]
pub(crate) struct Header {
    pub algorithm: Algorithm,
    pub key_id: String,
    typ: Option<String>,
}

impl Header {
    fn read(members: &Members) -> Result<Header, TokenError> {
        if members.0.contains_key("crit") {
            return Err(TokenError::Critical);
        }
        let text = |name| members.get(name).and_then(Value::as_str);
        let algorithm = text("alg").and_then(Algorithm::named).ok_or(TokenError::Algorithm)?;
        let key_id = text("kid").filter(|kid| !kid.is_empty()).ok_or(TokenError::KeyIdMissing)?;
        let typ = members.text("typ").map_err(|_| TokenError::Type)?.map(normal_type);
        Ok(Header { algorithm, key_id: key_id.to_owned(), typ })
    }

    /// Holds the type to what the issuer sets; where it sets none, to what an access token may be.
    pub fn check_type(&self, set: Option<&str>) -> Result<(), TokenError> {
        let is_right = match (set, self.typ.as_deref()) {
            (Some(set), typ) => typ == Some(normal_type(set).as_str()),
            (None, typ) => matches!(typ, None | Some("jwt" | "at+jwt")),
        };
        if is_right { Ok(()) } else { Err(TokenError::Type) }
    }
}

/// Returns a media type as it compares: lower case, without `application/` (RFC 7515 §4.1.9).
fn normal_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    lower.strip_prefix("application/").map(ToOwned::to_owned).unwrap_or(lower)
}

/// The members of a JSON object, each name once.
pub(crate) struct Members(BTreeMap<String, Value>);

impl Members {
    /// Reads a base64url part.
    pub fn read(part: &str) -> Result<Members, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            // The reader's own message is a constant of ours; the texts of a token never come into it.
            if error.to_string().starts_with(TWICE) { TokenError::Duplicate } else { TokenError::Malformed }
        })
    }

    /// Returns a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Returns a member that is a text; `None` where it is absent.
    pub fn text(&self, name: &str) -> Result<Option<&str>, TokenError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(TokenError::ClaimInvalid),
        }
    }

    /// Returns a member that is a list of texts; a single text is a list of one.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, TokenError> {
        match self.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) => Ok(vec![text]),
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().ok_or(TokenError::ClaimInvalid)).collect()
            }
            Some(_) => Err(TokenError::ClaimInvalid),
        }
    }
}

const TWICE: &str = "a name stands twice";

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Members, D::Error> {
        struct Object;
        impl<'de> de::Visitor<'de> for Object {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(de::Error::custom(TWICE));
                    }
                }
                Ok(Members(members))
            }
        }
        d.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        let table = [
            ("Bearer abc", Ok("abc")),
            ("bearer abc", Ok("abc")),
            ("BEARER  abc ", Ok("abc")),
            ("Bearer", Err(TokenError::Missing)),
            ("Bearer ", Err(TokenError::Missing)),
            ("Basic abc", Err(TokenError::Missing)),
            ("abc", Err(TokenError::Missing)),
            ("", Err(TokenError::Missing)),
        ];
        for (header, token) in table {
            assert_eq!(bearer(header), token, "{header:?}");
        }
    }

    #[test]
    fn types_compare_without_case_and_prefix() {
        for (typ, normal) in [("at+jwt", "at+jwt"), ("application/AT+JWT", "at+jwt"), ("JWT", "jwt")] {
            assert_eq!(normal_type(typ), normal);
        }
    }
}

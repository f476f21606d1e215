//! Tokens that are wrong in one way each, with the reason they are refused for.

use aws_lc_rs::hmac;
use caseledger_identity::TokenError::{self, *};
use serde_json::{Value, json};

use super::stage::{COLD, LOGIN, Stage, altered};
use super::{Draft, base64};

/// Every row.
pub fn rows(s: &Stage) -> Vec<Row> {
    [of_bad_form(s), of_bad_header(s), of_bad_signature(s), of_bad_claims(s)].concat()
}

/// Puts a member before all others, so that it may stand twice.
fn first(member: &str) -> impl Fn(String) -> String {
    let member = member.to_owned();
    move |text| format!("{{{member},{}", &text[1..])
}

/// Signs with HMAC, as somebody would who has the public key alone.
fn hmac_signed(draft: &Draft<'_>, key: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    draft.sign_as(hmac::sign(&key, draft.message().as_bytes()))
}

/// Fills a token with what nobody reads until it has so many bytes. Base64 cannot have every length, so that sometimes
/// the header has to be longer by a byte or two.
pub fn of_size(draft: &Draft<'_>, bytes: usize) -> String {
    let short = bytes * 3 / 4 - draft.sign().len() * 3 / 4 - 60;
    let fillings = (0..3).flat_map(|head| (short..short + 60).map(move |claim| (head, claim)));
    let filled = |(head, claim)| draft.clone().header("x", "x".repeat(head)).claim("x", "x".repeat(claim)).sign();
    fillings.map(filled).find(|token| token.len() == bytes).expect("one of three lengths of the header fits")
}

/// A row: what is wrong, the reason it is refused for, the token.
pub type Row = (&'static str, TokenError, String);

fn of_bad_form(s: &Stage) -> Vec<Row> {
    let good = s.good().sign();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    vec![
        ("nothing", Missing, String::new()),
        ("one part", Malformed, header.to_owned()),
        ("two parts", Malformed, format!("{header}.{payload}")),
        ("a trailing part", Malformed, format!("{good}.{payload}")),
        ("five parts, an encrypted token", Malformed, format!("{good}.{payload}.{signature}")),
        ("dots alone", Malformed, "..".to_owned()),
        ("no header", Malformed, format!(".{payload}.{signature}")),
        ("no payload", Malformed, format!("{header}..{signature}")),
        ("no signature", Malformed, format!("{header}.{payload}.")),
        ("a letter outside base64url", Malformed, format!("{header}.{payload}.{}+", &signature[1..])),
        ("padding", Malformed, format!("{header}.{payload}.{signature}==")),
        ("the same signature spelt otherwise", Malformed, {
            // 64 bytes leave four bits of the last letter unused; anything but zeros there is another spelling.
            let last = if signature.ends_with('A') { "B" } else { &next_letter(signature) };
            format!("{header}.{payload}.{}{last}", &signature[..signature.len() - 1])
        }),
        ("a line break", Malformed, format!("{header}.{payload}.{signature}\n")),
        ("a letter that is not ASCII", Malformed, format!("{header}.{payload}ā.{signature}")),
        ("a header that is no JSON", Malformed, s.good().header_text(|_| "alg".into()).sign()),
        ("a header that is a list", Malformed, s.good().header_text(|text| format!("[{text}]")).sign()),
        ("a payload that is no JSON", Malformed, s.good().claims_text(|_| "sub".into()).sign()),
        ("a payload that is a list", Malformed, s.good().claims_text(|text| format!("[{text}]")).sign()),
        ("a payload with more behind it", Malformed, s.good().claims_text(|text| text + "{}").sign()),
        ("a payload that is not UTF-8", Malformed, format!("{header}.{}.{signature}", base64([b'{', 0xff, b'}']))),
        ("nested a thousand deep", Malformed, {
            let deep = format!("\"x\":{}{}", "[".repeat(1000), "]".repeat(1000));
            s.good().claims_text(first(&deep)).sign()
        }),
        ("1 MB of anything", TooLarge, "x".repeat(1 << 20)),
        ("1 MB, well signed", TooLarge, s.good().claim("filling", "x".repeat(1 << 20)).sign()),
        ("one byte too many, well signed", TooLarge, of_size(&s.good(), 16 * 1024 + 1)),
    ]
}

/// Returns the letter after the last one of a text, in the order of base64url.
fn next_letter(text: &str) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = LETTERS.find(&text[text.len() - 1..]).unwrap();
    LETTERS[at + 1..at + 2].to_owned()
}

fn of_bad_header(s: &Stage) -> Vec<Row> {
    let (good, plain) = (|| s.good(), || s.plain());
    let confused = |kid: &str| good().header("alg", "HS256").header("kid", kid);
    let strange = || good().signed_by(&s.stranger);
    vec![
        ("alg none", Algorithm, good().header("alg", "none").sign()),
        ("alg none, no signature", Algorithm, format!("{}.", good().header("alg", "none").message())),
        ("alg none in other letters", Algorithm, good().header("alg", "nOnE").sign()),
        ("HMAC with the RSA public key", Algorithm, hmac_signed(&confused("rsa"), &s.rsa.public())),
        ("HMAC with the point of a curve", Algorithm, hmac_signed(&confused("p256"), &s.p256.public())),
        ("HMAC with the document", Algorithm, hmac_signed(&confused("rsa"), s.rsa.jwk("rsa").to_string().as_bytes())),
        ("RS512", Algorithm, good().header("alg", "RS512").header("kid", "rsa").signed_by(&s.rsa).sign()),
        ("EdDSA", Algorithm, good().header("alg", "EdDSA").sign()),
        ("ES256K", Algorithm, good().header("alg", "ES256K").sign()),
        ("an algorithm in small letters", Algorithm, good().header("alg", "es256").sign()),
        ("no algorithm", Algorithm, good().without_header("alg").sign()),
        ("an algorithm that is a number", Algorithm, good().header("alg", 256).sign()),
        ("an algorithm not pinned for this issuer", Algorithm, {
            plain().header("alg", "ES256").header("kid", "p256").signed_by(&s.p256).sign()
        }),
        ("RS256 with the key of a curve", KeyMismatch, good().header("alg", "RS256").sign()),
        ("ES256 with an RSA key", KeyMismatch, good().header("kid", "rsa").sign()),
        ("ES384 with a key on P-256", KeyMismatch, good().header("alg", "ES384").sign()),
        ("PS256 with a key meant for RS256", KeyMismatch, {
            good().header("alg", "PS256").header("kid", "rsa-rs256").signed_by(&s.rsa).sign()
        }),
        ("no key named", KeyIdMissing, good().without_header("kid").sign()),
        ("an empty name of a key", KeyIdMissing, good().header("kid", "").sign()),
        ("a key that is a number", KeyIdMissing, good().header("kid", 1).sign()),
        ("an unknown key", KeyUnknown, good().header("kid", "p257").sign()),
        ("a key of another issuer", KeyUnknown, good().header("kid", "codes").signed_by(&s.codes).sign()),
        ("a name of a key that is a path", KeyUnknown, good().header("kid", "../../dev/null").sign()),
        ("a key brought along (jwk)", Signature, strange().header("jwk", s.stranger.jwk("p256")).sign()),
        ("a key brought along (jwk), none named", KeyIdMissing, {
            strange().without_header("kid").header("jwk", s.stranger.jwk("p256")).sign()
        }),
        ("a key behind an address (jku)", Signature, strange().header("jku", "https://evil.example/keys").sign()),
        ("a certificate behind an address (x5u)", Signature, strange().header("x5u", "https://evil.example/c").sign()),
        ("a certificate brought along (x5c)", Signature, strange().header("x5c", json!(["MIIB"])).sign()),
        ("an extension demanded", Critical, good().header("crit", json!(["exp"])).sign()),
        ("an empty demand", Critical, good().header("crit", json!([])).sign()),
        ("a payload as is (b64)", Critical, good().header("crit", json!(["b64"])).header("b64", false).sign()),
        ("an algorithm twice", Duplicate, good().header_text(first("\"alg\":\"none\"")).sign()),
        ("a key named twice", Duplicate, good().header_text(first("\"kid\":\"rsa\"")).sign()),
        ("another type where at+jwt is set", Type, good().header("typ", "JWT").sign()),
        ("no type where at+jwt is set", Type, good().without_header("typ").sign()),
        ("a type that is a list", Type, good().header("typ", json!(["at+jwt"])).sign()),
        ("a logout token", Type, plain().header("typ", "logout+jwt").sign()),
        ("a proof of possession", Type, plain().header("typ", "dpop+jwt").sign()),
    ]
}

fn of_bad_signature(s: &Stage) -> Vec<Row> {
    let good = s.good().sign();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let raised = s.good().claim("roles", json!(["operator"])).message();
    vec![
        ("a stranger's signature", Signature, s.good().signed_by(&s.stranger).sign()),
        ("a stranger's RSA signature", Signature, s.plain().signed_by(&s.strange_rsa).sign()),
        ("an altered payload", Signature, format!("{raised}.{signature}")),
        ("an altered signature", Signature, altered(&good, 2)),
        ("the signature of another token", Signature, {
            let other = s.good().claim("jti", "other").sign();
            format!("{message}.{}", other.rsplit_once('.').unwrap().1)
        }),
        ("zeros for a signature", Signature, s.good().sign_as([0; 64])),
        ("a signature cut short", Signature, format!("{message}.{}", &signature[..signature.len() - 6])),
        ("a signature of the right key in DER", Signature, s.good().sign_as(s.p256.sign_der(message.as_bytes()))),
        ("a PSS signature said to be PKCS#1", Signature, {
            let draft = s.plain();
            draft.sign_as(s.rsa.sign("PS256", draft.message().as_bytes()))
        }),
    ]
}

fn of_bad_claims(s: &Stage) -> Vec<Row> {
    let (good, plain, coded) = (|| s.good(), || s.plain(), || s.coded());
    vec![
        ("an issuer twice", Duplicate, good().claims_text(first("\"iss\":\"https://evil.example\"")).sign()),
        ("an audience twice", Duplicate, good().claims_text(first("\"aud\":\"caseledger\"")).sign()),
        ("roles twice", Duplicate, good().claims_text(first("\"roles\":[\"operator\"]")).sign()),
        ("a name twice, once escaped", Duplicate, good().claims_text(first("\"rol\\u0065s\":[\"operator\"]")).sign()),
        ("no issuer", ClaimMissing, good().without("iss").sign()),
        ("an unknown issuer", Issuer, good().claim("iss", "https://evil.example").sign()),
        ("an issuer without its last slash", Issuer, good().claim("iss", LOGIN.trim_end_matches('/')).sign()),
        ("an issuer in capitals", Issuer, good().claim("iss", LOGIN.to_uppercase()).sign()),
        ("a list with our issuer", ClaimInvalid, good().claim("iss", json!([LOGIN])).sign()),
        ("one pinned issuer in the name of another", KeyUnknown, coded().claim("iss", LOGIN).sign()),
        ("an issuer whose keys never came", KeysUnavailable, good().claim("iss", COLD).sign()),
        ("no audience", ClaimMissing, good().without("aud").sign()),
        ("another audience", Audience, good().claim("aud", "payroll").sign()),
        ("an audience that begins like ours", Audience, good().claim("aud", "caseledger.example").sign()),
        ("audiences without ours", Audience, good().claim("aud", json!(["payroll", "mail"])).sign()),
        ("no audience in the list", Audience, good().claim("aud", json!([])).sign()),
        ("an audience that is a number", ClaimInvalid, good().claim("aud", 1).sign()),
        ("our audience beside a number", ClaimInvalid, good().claim("aud", json!(["caseledger", 1])).sign()),
        ("no end", ClaimMissing, good().without("exp").sign()),
        ("an end that is a text", ClaimInvalid, good().claim("exp", (s.now + 60).to_string()).sign()),
        ("an end with a fraction", ClaimInvalid, good().claim("exp", s.now as f64 + 60.5).sign()),
        ("an end before 1970", ClaimInvalid, good().claim("exp", -1).sign()),
        ("an end past all calendars", ClaimInvalid, good().claim("exp", i64::MAX).sign()),
        (
            "an end beyond 64 bits",
            Malformed,
            good().claims_text(|t| t.replace(&(s.now + 3600).to_string(), "1e999")).sign(),
        ),
        ("expired a minute ago", Expired, good().claim("iat", s.now - 3660).claim("exp", s.now - 60).sign()),
        ("expired years ago", Expired, good().claim("iat", 0).claim("exp", 3600).sign()),
        ("not yet valid", NotYetValid, good().claim("nbf", s.now + 61).sign()),
        ("issued in the future", NotYetValid, good().claim("iat", s.now + 61).without("nbf").sign()),
        ("issued in the future, valid already", NotYetValid, good().claim("iat", s.now + 61).sign()),
        ("a beginning that is a text", ClaimInvalid, good().claim("nbf", "now").sign()),
        ("no time of issue", ClaimMissing, good().without("iat").sign()),
        ("an hour and a second", Lifetime, good().claim("exp", s.now + 3601).sign()),
        ("a year", Lifetime, good().claim("exp", s.now + 31_536_000).sign()),
        ("an ID token: nonce", IdToken, plain().claim("nonce", "n-0S6").sign()),
        ("an ID token: at_hash", IdToken, good().claim("at_hash", "77QmUPtjPfzWtF2A").sign()),
        ("an ID token: token_use", IdToken, good().claim("token_use", "id").sign()),
        ("an ID token for the client", Audience, plain().claim("aud", "the-client").without("scp").sign()),
        ("an ID token that looks like no other", Scope, plain().without("scp").sign()),
        ("no scope", Scope, good().without("scope").sign()),
        ("other scopes", Scope, good().claim("scope", "openid profile").sign()),
        ("a scope that begins like ours", Scope, good().claim("scope", "ledger.read").sign()),
        ("a scope that is a number", ClaimInvalid, good().claim("scope", 7).sign()),
        ("no subject", ClaimMissing, good().without("sub").sign()),
        ("an empty subject", Subject, good().claim("sub", "").sign()),
        ("a subject without end", Subject, good().claim("sub", "s".repeat(256)).sign()),
        ("a subject that is a number", ClaimInvalid, good().claim("sub", 17).sign()),
        ("a subject that is no code where codes are given out", Subject, coded().claim("sub", "mere.example").sign()),
        ("a code that passes for a person of another issuer", Subject, coded().claim("sub", "P-4T3RKPWA2EXSX").sign()),
        ("no role", Role, good().without("roles").sign()),
        ("an empty list of roles", Role, good().claim("roles", json!([])).sign()),
        ("unknown roles alone", Role, good().claim("roles", json!(["principal", "Case_Manager"])).sign()),
        ("a role that is a number", ClaimInvalid, good().claim("roles", json!([1])).sign()),
        ("roles in an object", ClaimInvalid, good().claim("roles", json!({"case_manager": true})).sign()),
        ("more roles than anybody holds", ClaimInvalid, good().claim("roles", vec!["case_manager"; 65]).sign()),
        ("no organisation", Organisation, good().without("organisation").sign()),
        ("an organisation that is no code", Organisation, good().claim("organisation", "Te Kura").sign()),
        ("an organisation in small letters", Organisation, good().claim("organisation", "asp14").sign()),
        ("two organisations", Organisation, good().claim("organisation", json!(["ASP14", "ASP15"])).sign()),
        ("nothing but nulls", ClaimInvalid, good().claim("iss", Value::Null).sign()),
    ]
}

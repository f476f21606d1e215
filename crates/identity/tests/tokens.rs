//! Tokens that are taken and tokens that are refused: one table each. Every refusal has its code and reveals nothing.

use crate::support::stage::Stage;
use crate::support::{Draft, NOW, after, wrong};
use caseledger_identity::{TokenError, Verified, token_name};
use serde_json::json;

#[tokio::test]
async fn a_token_that_fails_one_check_is_refused_with_its_code_and_nothing_revealed() {
    let s = Stage::new().await;
    let rows = wrong::rows(&s);
    assert!(rows.len() >= 60);
    for (what, reason, token) in &rows {
        let refused = s.verifier.verify(token, after(0));
        assert_eq!(refused.err(), Some(*reason), "{what}");
        let shown = format!("{reason} {reason:?} {}", reason.code());
        let secrets = token.split('.').filter(|part| part.len() > 8).chain(["canary", "evil"]);
        secrets.for_each(|secret| assert!(!shown.contains(secret), "{what}: {shown}"));
    }
    assert_eq!(s.verifier.remembered(), 0, "nothing of it is kept");
    for reason in TokenError::ALL {
        let refused = rows.iter().filter(|(_, why, _)| why == reason).count();
        assert_eq!(s.verifier.counts().refused(*reason), refused as u64, "{reason:?}");
    }
}

#[tokio::test]
async fn no_token_is_taken_by_keys_that_could_not_be_read_again_for_a_day() {
    let s = Stage::new().await;
    let (fresh, stale) = (s.verifier_that_read(86_000).await, s.verifier_that_read(90_000).await);
    for token in [s.good().sign(), s.plain().sign(), s.coded().sign()] {
        assert!(fresh.verify(&token, after(0)).is_ok());
        assert_eq!(stale.verify(&token, after(0)).err(), Some(TokenError::KeysStale));
    }
}

#[tokio::test]
async fn a_token_that_passes_every_check_is_taken() {
    let s = Stage::new().await;
    let (good, plain, coded) = (|| s.good(), || s.plain(), || s.coded());
    let rsa = |algorithm: &str| good().header("alg", algorithm).header("kid", "rsa").signed_by(&s.rsa);
    let rows: Vec<(&str, String)> = vec![
        ("ES256", good().sign()),
        ("ES384", good().header("alg", "ES384").header("kid", "p384").signed_by(&s.p384).sign()),
        ("RS256", rsa("RS256").sign()),
        ("PS256", rsa("PS256").sign()),
        ("RS256 with a key meant for it", rsa("RS256").header("kid", "rsa-rs256").sign()),
        ("exactly 16 KiB", wrong::of_size(&good(), 16 * 1024)),
        ("a type written out", good().header("typ", "application/AT+JWT").sign()),
        (
            "a header with what nobody reads",
            good().header("x5t", "dGVzdA").header("jku", "https://evil.example").sign(),
        ),
        ("a type where none is set", plain().sign()),
        ("no type where none is set", plain().without_header("typ").sign()),
        ("the right type where none is set", plain().header("typ", "at+jwt").sign()),
        ("one audience of several", good().claim("aud", json!(["mail", "caseledger"])).sign()),
        ("the scope alone", good().claim("scope", "ledger").sign()),
        ("scopes in a text under another name", plain().claim("scp", "mail ledger").sign()),
        ("a nonce where the type tells", good().claim("nonce", "n-0S6").sign()),
        ("an access token that says so", good().claim("token_use", "access").sign()),
        ("expired a second less than a minute ago", good().claim("iat", NOW - 3659).claim("exp", NOW - 59).sign()),
        ("valid in a minute", good().claim("nbf", NOW + 60).claim("iat", NOW + 60).claim("exp", NOW + 3660).sign()),
        ("no beginning", good().without("nbf").sign()),
        ("a single role as a text", good().claim("roles", "case_manager").sign()),
        (
            "a role among unknown ones",
            good().claim("roles", json!(["principal", "case_manager", "case_manager"])).sign(),
        ),
        ("a subject that is a code", coded().sign()),
        ("a subject of 255 bytes", good().claim("sub", "s".repeat(255)).sign()),
    ];
    for (what, token) in &rows {
        let taken = s.verifier.verify(token, after(0)).unwrap_or_else(|why| panic!("{what}: {why}"));
        assert_eq!(taken.roles.len(), 1, "{what}");
        assert_eq!(taken.organisation.as_str(), "ASP14", "{what}");
        assert_eq!(taken.token, token_name(token), "{what}");
    }
    assert_eq!(s.verifier.counts().checked(), rows.len() as u64);
    assert_eq!(s.verifier.counts().unknown_roles(), 1);
}

fn taken(s: &Stage, draft: &Draft<'_>) -> Verified {
    (*s.verifier.verify(&draft.sign(), after(0)).unwrap()).clone()
}

#[tokio::test]
async fn a_person_is_a_hash_of_issuer_and_subject_or_the_code_an_issuer_gives_out() {
    let s = Stage::new().await;
    let (here, there) = (taken(&s, &s.good()).person, taken(&s, &s.plain()).person);
    assert!(here.as_str().starts_with("P-") && here.as_str().len() == 15);
    assert_ne!(here, there, "the same subject of another issuer is somebody else");
    assert_eq!(here, taken(&s, &s.good().claim("jti", "later")).person);
    assert_eq!(taken(&s, &s.coded()).person.as_str(), "ASP14-M1");
}

#[tokio::test]
async fn more_than_one_factor_is_what_the_issuer_calls_so() {
    let s = Stage::new().await;
    let (good, plain) = (s.good().without("amr"), s.plain().without("amr"));
    let table = [
        (&good.clone(), false),
        (&good.clone().claim("amr", json!(["pwd"])), false),
        (&good.clone().claim("amr", json!(["pwd", "mfa"])), true),
        (&good.clone().claim("acr", "two"), false),
        (&plain.clone().claim("acr", "two"), true),
        (&plain.clone().claim("acr", "one"), false),
    ];
    for (draft, is_mfa) in table {
        assert_eq!(taken(&s, draft).is_mfa, is_mfa, "{}", draft.claims);
    }
}

#[tokio::test]
async fn what_is_kept_of_a_token_shows_neither_it_nor_its_subject() {
    let s = Stage::new().await;
    let token = s.good().sign();
    let shown = format!("{:?}", s.verifier.verify(&token, after(0)).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
    token.split('.').for_each(|part| assert!(!shown.contains(part), "{shown}"));
    assert!(shown.contains(&token_name(&token).to_string()));
}

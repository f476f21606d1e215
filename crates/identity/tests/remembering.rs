//! A token is checked once, remembered until it ends, and taken back when it is revoked.

use crate::support::stage::{Stage, altered, mirrored};
use crate::support::{NOW, after};
use caseledger_identity::TokenError::*;
use caseledger_identity::token_name;

#[tokio::test]
async fn a_token_is_checked_once_and_remembered_until_it_ends() {
    let s = Stage::new().await;
    let token = s.good().sign();
    for (second, outcome) in [(0, None), (1800, None), (3659, None), (3660, Some(Expired)), (80_000, Some(Expired))] {
        assert_eq!(s.verifier.verify(&token, after(second)).err(), outcome, "second {second}");
    }
    assert_eq!((s.verifier.counts().checked(), s.verifier.counts().remembered()), (1, 2));
}

#[tokio::test]
async fn a_remembered_token_vouches_for_no_other_signature() {
    let s = Stage::new().await;
    let token = s.good().sign();
    s.verifier.verify(&token, after(0)).unwrap();
    for (what, other) in [("altered", altered(&token, 2)), ("none", s.good().sign_as([0; 64]))] {
        assert_eq!(s.verifier.verify(&other, after(0)).err(), Some(Signature), "{what}");
    }
}

#[tokio::test]
async fn a_revoked_token_stays_revoked_also_under_its_other_signature() {
    let s = Stage::new().await;
    let token = s.good().sign();
    let twin = mirrored(&token);
    assert_ne!(token, twin);
    s.verifier.verify(&token, after(0)).unwrap();
    s.verifier.verify(&twin, after(0)).unwrap();
    s.verifier.revoke(token_name(&token), after(10));
    for (what, token) in [("itself", &token), ("its twin", &twin), ("the twin of that", &mirrored(&twin))] {
        assert_eq!(s.verifier.verify(token, after(11)).err(), Some(Revoked), "{what}");
    }
    assert!(s.verifier.verify(&s.good().claim("jti", "new").sign(), after(11)).is_ok());
}

#[tokio::test]
async fn once_a_token_is_revoked_no_request_gets_through_with_it_however_many_are_under_way() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let s = Stage::new().await;
    for round in 0..20 {
        let token = s.good().claim("jti", round).sign();
        let is_revoked = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // Asked for before the check: a request that began earlier may still get through.
                    while !is_revoked.load(Ordering::SeqCst) {
                        let _ = s.verifier.verify(&token, after(1));
                    }
                    for _ in 0..50 {
                        assert_eq!(s.verifier.verify(&token, after(1)).err(), Some(Revoked));
                    }
                });
            }
            s.verifier.revoke(token_name(&token), after(1));
            is_revoked.store(true, Ordering::SeqCst);
        });
    }
}

#[tokio::test]
async fn a_person_s_tokens_of_before_are_revoked_and_a_new_one_is_taken() {
    let s = Stage::new().await;
    let (old, others) = (s.good().sign(), s.good().claim("sub", "somebody else").sign());
    let person = s.verifier.verify(&old, after(0)).unwrap().person;
    s.verifier.verify(&others, after(0)).unwrap();
    s.verifier.revoke_person(person, after(30), after(30));
    let new = s.good().claim("iat", NOW + 30).sign();
    let unseen = s.good().claim("jti", "never shown before").sign();
    for (what, token, outcome) in [
        ("seen before", old, Some(Revoked)),
        ("unseen", unseen, Some(Revoked)),
        ("new", new, None),
        ("others", others, None),
    ] {
        assert_eq!(s.verifier.verify(&token, after(31)).err(), outcome, "{what}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_read_again_serve_for_a_day() {
    let s = Stage::new().await;
    let day = 24 * 3600;
    let issued =
        |second: i64| s.good().claim("iat", NOW + second).claim("nbf", NOW + second).claim("exp", NOW + second + 3600);
    let early = issued(day - 10).sign();
    for (what, token, second, outcome) in [
        ("a new token, keys 23 h old", issued(23 * 3600).sign(), 23 * 3600, None),
        ("just before the day is over", early.clone(), day - 1, None),
        ("the same token, remembered or not, when it is over", early, day, Some(KeysStale)),
        ("a new token when it is over", issued(day).sign(), day, Some(KeysStale)),
    ] {
        assert_eq!(s.verifier.verify(&token, after(second)).err(), outcome, "{what}");
    }
}

/// However a good token is damaged, it is refused or says exactly what it said before.
#[tokio::test]
async fn no_damaged_token_says_anything_new() {
    use proptest::prelude::*;
    let s = Stage::new().await;
    let token = s.good().sign();
    let before = (*s.verifier.verify(&token, after(0)).unwrap()).clone();
    let cases = if std::env::var_os("CASELEDGER_LONG").is_some() { 100_000 } else { 2_000 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(at in 0..token.len(), byte in 0x20_u8..0x7f, remove in 0..3_usize)| {
        let mut bytes = token.clone().into_bytes();
        let end = (at + remove).min(bytes.len());
        bytes.splice(at..end, [byte]);
        let damaged = String::from_utf8(bytes).unwrap();
        if let Ok(said) = s.verifier.verify(&damaged, after(0)) {
            prop_assert_eq!(&*said, &before);
        }
    });
}

//! The development issuer: everybody of the cast is taken, on the server whose key signed, and nowhere else.

use crate::support::{Draft, NOW, Pair, after};
use caseledger_identity::TokenError::*;
use caseledger_identity::cast::{self, cast};
use caseledger_identity::{DEVELOPMENT_ISSUER, DevIssuer, DevToken, IdentitySettings, Place, SettingsError, Verifier};

const HERE: Place = Place { is_production: false, is_loopback: true };

fn development() -> IdentitySettings {
    IdentitySettings { development: true, issuers: Vec::new() }
}

fn server() -> (tempfile::TempDir, DevIssuer, Verifier) {
    let dir = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open_or_create(dir.path(), HERE).unwrap();
    let verifier = Verifier::new(&development(), Some(&issuer)).unwrap();
    (dir, issuer, verifier)
}

#[test]
fn everybody_of_the_cast_is_taken_as_who_they_are() {
    let (_dir, issuer, verifier) = server();
    for person in cast() {
        let said = verifier.verify(&issuer.mint(&person.token(), after(0)), after(0)).unwrap();
        assert_eq!(said.person.as_str(), person.person);
        assert_eq!(said.roles, [person.role]);
        assert_eq!(said.organisation.as_str(), person.organisation);
        assert_eq!(said.is_mfa, person.mfa);
        assert_eq!((said.issued_at, said.expires), (after(0), after(3600)));
    }
}

#[test]
fn an_actor_written_out_is_taken_too() {
    let (_dir, issuer, verifier) = server();
    let actor = cast::actor("P-NL/workflow_lead/ASP-NORTH").unwrap();
    let said = verifier.verify(&issuer.mint(&DevToken::from(actor), after(0)), after(0)).unwrap();
    assert_eq!((said.person, said.organisation), (actor.person, actor.organisation));
}

#[test]
fn a_command_beside_the_server_signs_what_the_server_takes() {
    let (dir, _, verifier) = server();
    let beside = DevIssuer::open(dir.path(), HERE).unwrap();
    let token = beside.mint(&cast()[0].token(), after(0));
    assert!(verifier.verify(&token, after(0)).is_ok());
}

#[test]
fn two_tokens_of_one_second_are_two() {
    let (_dir, issuer, verifier) = server();
    let [one, other] = [0, 1].map(|_| issuer.mint(&cast()[0].token(), after(0)));
    let name = verifier.verify(&one, after(0)).unwrap().token;
    verifier.revoke(name, after(0));
    assert_eq!(verifier.verify(&one, after(0)).err(), Some(Revoked));
    assert!(verifier.verify(&other, after(0)).is_ok());
}

#[test]
fn another_server_s_development_issuer_is_a_stranger() {
    let (_dir, _, verifier) = server();
    let (_other_dir, other, _) = server();
    let token = other.mint(&cast()[0].token(), after(0));
    assert_eq!(verifier.verify(&token, after(0)).err(), Some(KeyUnknown));
}

#[test]
fn its_tokens_mean_nothing_where_it_is_not_allowed() {
    let (_dir, issuer, _) = server();
    let settings: IdentitySettings = toml::from_str(
        r#"issuers = [
            { issuer = "https://login.example.nz", audience = "caseledger", jwks_file = "/x", algorithms = ["ES256"] },
        ]"#,
    )
    .unwrap();
    let production = Verifier::new(&settings, None).unwrap();
    let token = issuer.mint(&cast()[0].token(), after(0));
    assert_eq!(production.verify(&token, after(0)).err(), Some(Issuer));
    assert!(matches!(Verifier::new(&settings, Some(&issuer)), Err(SettingsError::NotDevelopment)));
    assert!(matches!(Verifier::new(&IdentitySettings::default(), None), Err(SettingsError::NoIssuer)));
}

#[test]
fn a_token_in_its_name_needs_its_key() {
    let (_dir, _, verifier) = server();
    let stranger = Pair::p256();
    let token = Draft::new(DEVELOPMENT_ISSUER, "ES256", "any", &stranger).claim("sub", "OPS-1").sign();
    assert_eq!(verifier.verify(&token, after(0)).err(), Some(KeyUnknown));
}

#[test]
fn its_tokens_end_after_an_hour() {
    let (_dir, issuer, verifier) = server();
    let token = issuer.mint(&cast()[0].token(), after(0));
    assert!(verifier.verify(&token, after(3659)).is_ok());
    assert_eq!(verifier.verify(&token, after(3660)).err(), Some(Expired));
    assert_eq!(after(0).0, NOW * 1_000_000);
}

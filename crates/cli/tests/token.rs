//! `caseledger token`: what it prints is taken by the server of the same directory, and it is refused elsewhere.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Ran, on, run, server as serving};
use caseledger_events::dates::Timestamp;
use caseledger_identity::{DevIssuer, IdentitySettings, Place, Verifier};

const HERE: Place = Place { is_production: false, is_loopback: true };

/// Makes the verifier a development server on a directory has.
fn server(data: &Path) -> Verifier {
    let issuer = DevIssuer::open_or_create(&data.join("identity"), HERE).unwrap();
    let settings = IdentitySettings { development: true, ..IdentitySettings::default() };
    Verifier::new(&settings, Some(&issuer)).unwrap()
}

fn token(data: &Path, args: &[&str]) -> Ran {
    run(["--data", data.to_str().unwrap(), "token"].iter().chain(args))
}

fn now() -> Timestamp {
    Timestamp::from(chrono::Utc::now())
}

#[test]
fn the_server_of_the_directory_takes_the_token_as_who_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let verifier = server(dir.path());
    let table = [
        ("case_manager", "ASP14-M1", "case_manager"),
        ("Awhina", "S1401-A", "attendance_lead"),
        ("P-NL/workflow_lead/ASP-NORTH", "P-NL", "workflow_lead"),
    ];
    for (who, person, role) in table {
        let printed = token(dir.path(), &["--as", who]).ended(0).out;
        let said = verifier.verify(printed.trim_end(), now()).unwrap();
        assert_eq!((said.person.as_str(), said.roles[0].name()), (person, role), "{who}");
        let json = token(dir.path(), &["--as", who, "--json"]).ended(0).json();
        assert_eq!((&json["person"], &json["roles"][0]), (&person.into(), &role.into()), "{who}");
        assert!(verifier.verify(json["token"].as_str().unwrap(), now()).is_ok(), "{who}");
    }
}

#[test]
fn where_no_development_server_ran_there_is_no_token_and_no_key_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let ran = token(dir.path(), &["--as", "auditor"]).ended(4);
    assert!(ran.out.is_empty() && ran.err.contains("development server"), "{}", ran.err);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_server_that_others_reach_and_a_key_that_others_read_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    server(dir.path());
    let ran = token(dir.path(), &["--as", "auditor", "--listen", "0.0.0.0:8080"]).ended(5);
    assert!(ran.err.contains("127.0.0.1"), "{}", ran.err);
    let key = dir.path().join("identity/development-issuer.p8");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = token(dir.path(), &["--as", "auditor"]).ended(5);
    assert!(ran.err.contains("delete it"), "{}", ran.err);
}

#[test]
fn where_the_settings_are_those_of_production_there_is_no_token() {
    let dir = tempfile::tempdir().unwrap();
    server(dir.path());
    let settings = "[identity]\ndevelopment = false\n[[identity.issuers]]\nissuer = \"https://login.example.nz/\"\n\
                    audience = \"caseledger\"\njwks_file = \"keys.json\"\nalgorithms = [\"RS256\"]\n";
    fs::write(dir.path().join("caseledger.toml"), settings).unwrap();
    let ran = token(dir.path(), &["--as", "auditor"]).ended(5);
    assert!(ran.out.is_empty(), "{}", ran.out);
}

#[test]
fn the_cast_is_listed_and_who_is_not_in_it_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let shown = token(dir.path(), &["--list"]).ended(0).out;
    assert!(shown.contains("Manaia Example") && shown.contains("prosecutions_unit"), "{shown}");
    let people = token(dir.path(), &["--list", "--json"]).ended(0).lines();
    assert!(people.iter().any(|person| person["role"] == "auditor" && person["organisation"] == "MOE"));
    let ran = token(dir.path(), &["--as", "nobody"]).ended(2);
    assert!(ran.err.contains("--list"), "{}", ran.err);
}

#[test]
fn a_token_that_is_taken_back_by_its_file_or_hash_stays_so_over_restarts_and_others_go_on() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = serving(&dir).start();
    let mint = |name: &str| {
        let text = token(&dir, &["--as", "P-7/auditor/MOE"]).ended(0).out;
        let file = top.path().join(name);
        fs::write(&file, &text).unwrap();
        (file, format!("Bearer {}", text.trim()))
    };
    let (lost, of_lost) = mint("lost.jwt");
    let (_, of_other) = mint("other.jwt");
    let asks = |service: &caseledger_tests::Service, bearer: &str| {
        service.client().send("GET", "/v1/events/1", &[("authorization", bearer)], b"").unwrap().status
    };
    assert_eq!((asks(&service, &of_lost), asks(&service, &of_other)), (200, 200));
    let refused = on(&dir, "access revoke-token", &[top.path().join("nowhere").to_str().unwrap()]);
    assert_ne!(refused.code, 0);
    let told = on(&dir, "access revoke-token", &[lost.to_str().unwrap()]).ended(0).out;
    assert!(told.contains("is taken no more") && !told.contains(of_lost.trim_start_matches("Bearer ")), "{told}");
    assert_eq!((asks(&service, &of_lost), asks(&service, &of_other)), (401, 200), "live at once");
    assert!(service.stop().success());
    service.restart();
    assert_eq!((asks(&service, &of_lost), asks(&service, &of_other)), (401, 200), "kept over a restart");
    let hash = caseledger_identity::token_name(of_other.trim_start_matches("Bearer ")).to_string();
    on(&dir, "access revoke-token", &["--hash", &hash]).ended(0);
    assert_eq!(asks(&service, &of_other), 401);
    assert!(service.stop().success());
    on(&dir, "verify", &[]).ended(0);
}

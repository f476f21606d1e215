//! Every way to end that is documented, and what is said then.

use std::fs;
use std::net::TcpListener;

use crate::support::{ledger, on, record, run, server};
use serde_json::{Value, json};

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2() {
    for args in [&["verfiy"][..], &["replay", "--case", "17"], &["serve", "--listen", "nowhere"], &["nats"], &[]] {
        run(args).ended(2);
    }
}

#[test]
fn no_such_data_ends_with_4_and_says_what_to_do() {
    let top = tempfile::tempdir().unwrap();
    for command in ["verify", "replay", "lint", "ledger", "export x", "backup x", "views status"] {
        let ran = on(top.path(), command, &[]).ended(4);
        assert!(ran.err.contains("there is no ledger in"), "{command}: {}", ran.err);
        assert!(ran.out.is_empty(), "{command}: {}", ran.out);
    }
    on(top.path(), "import reference", &["nowhere.csv"]).ended(4);
    on(top.path(), "replay", &["--file", "nowhere.ndjson"]).ended(4);
    assert_eq!(fs::read_dir(top.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_directory_in_use_ends_with_3_and_names_the_process() {
    let top = tempfile::tempdir().unwrap();
    let service = server(top.path()).start();
    let ran = on(top.path(), "serve", &["--listen", "127.0.0.1:0"]).ended(3);
    assert!(ran.err.contains(&format!("process {}", service.id().unwrap())), "{}", ran.err);
}

#[test]
fn an_address_in_use_ends_with_3_and_leaves_the_ledger_closed_in_order() {
    let top = ledger(1);
    let dir = top.path().join("ledger");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = on(&dir, "serve", &["--listen", &address]).ended(3);
    assert!(ran.err.contains("cannot listen on"), "{}", ran.err);
    let verified = on(&dir, "verify", &[]).ended(0);
    assert!(verified.out.contains("sled store holds the same"), "{}", verified.out);
}

#[test]
fn settings_that_make_no_sense_end_with_2_before_anything_is_made() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    on(&dir, "serve", &["--log-level", "inf=o=x"]).ended(2);
    let file = top.path().join("settings.toml");
    fs::write(&file, "[http]\nlisten_to = \"127.0.0.1:1\"\n").unwrap();
    let ran = on(&dir, "serve", &["--config", file.to_str().unwrap()]).ended(2);
    assert!(ran.err.contains("listen_to") && ran.err.contains("line 2"), "{}", ran.err);
    assert!(!dir.exists());
}

#[test]
fn real_and_simulated_time_are_never_mixed() {
    let top = tempfile::tempdir().unwrap();
    let (real, simulated) = (top.path().join("real"), top.path().join("simulated"));
    assert!(server(&real).start().stop().success());
    let ran = on(&real, "serve", &["--simulated", "2026-02-02"]).ended(2);
    assert!(ran.err.contains("real time"), "{}", ran.err);
    on(&real, "demo", &["--once"]).ended(2);

    let ran = on(&simulated, "serve", &["--simulated"]).ended(4);
    assert!(ran.err.contains("needs the time it starts at"), "{}", ran.err);
    let first = server(&simulated).arg("--simulated").arg("2026-02-02").start().stop();
    assert!(first.success());
    let ran = on(&simulated, "serve", &[]).ended(2);
    assert!(ran.err.contains("--simulated"), "{}", ran.err);
    let mut again = server(&simulated).arg("--simulated").start();
    assert_eq!(record(&again, 1)["simulated"], true);
    assert!(again.stop().success());
    assert_eq!(on(&simulated, "ledger", &["--json"]).json()["simulated"], true);
}

#[test]
fn errors_are_json_for_scripts() {
    let top = tempfile::tempdir().unwrap();
    let ran = on(top.path(), "verify", &["--json"]).ended(4);
    let error: Value = serde_json::from_str(ran.err.trim()).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["exit"]), (&json!("no-such-data"), &json!(4)));
    assert!(error["error"]["what"].as_str().unwrap().contains("no ledger"), "{error}");
}

#[test]
fn an_import_that_makes_no_sense_records_nothing() {
    let top = ledger(0);
    let dir = top.path().join("ledger");
    let file = top.path().join("rows.csv");
    fs::write(&file, "what,school,catchment,provider,from\nschool,S-1,C-1,,2026-01-01\nschool,S-2,C-1,,soon\n")
        .unwrap();
    let ran = on(&dir, "import reference", &[file.to_str().unwrap()]).ended(2);
    assert!(ran.err.contains("line 3") && ran.err.contains("nothing was recorded"), "{}", ran.err);
    assert_eq!(on(&dir, "ledger", &["--json"]).json()["position"], 1);
}

#[test]
fn an_import_is_the_same_beside_a_server_and_without_one() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let file = top.path().join("rows.csv");
    let row = |n: u32| format!("catchment,,S-{n},C-1,2026-01-01\n");
    let write = |rows: std::ops::Range<u32>| {
        let text: String = rows.map(row).collect();
        fs::write(&file, format!("what,school,catchment,provider,from\n{text}")).unwrap();
    };
    let import = || on(&dir, "import reference", &[file.to_str().unwrap(), "--json"]).ended(0).json();
    let mut service = server(&dir).start();
    write(0..1_200);
    assert_eq!(import(), json!({"rows": 1200, "recorded": 1200, "known": 0}));
    assert!(service.stop().success());
    write(1_000..1_300);
    assert_eq!(import(), json!({"rows": 300, "recorded": 100, "known": 200}));
    service.restart();
    assert_eq!(import(), json!({"rows": 300, "recorded": 0, "known": 300}));
    assert!(service.stop().success());
    on(&dir, "verify", &[]).ended(0);
    assert_eq!(on(&dir, "replay", &["--type", "reference_recorded"]).out.lines().count(), 1_300);
}

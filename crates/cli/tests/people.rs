//! The demo's people act by grants, and what each of them lists and opens is what the table of access says.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{command, on};
use caseledger_events::access::{Operation, TABLE};
use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::Role;
use caseledger_identity::cast::{self, Person, cast};
use caseledger_identity::{DevIssuer, Place};
use caseledger_tests::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A demo that serves what it played.
pub struct Demo {
    child: Child,
    top: tempfile::TempDir,
}

impl Demo {
    pub fn start(cases: &str) -> Demo {
        let top = tempfile::tempdir().unwrap();
        let (data, out) = (top.path().join("demo"), top.path().join("out"));
        let args = ["demo", "--cases", cases, "--listen", "127.0.0.1:0", "--ballast-mib", "0", "--data"];
        let mut demo = command(args.iter().map(|arg| arg.to_string()).chain([data.to_str().unwrap().to_owned()]));
        demo.env("PATH", "/nonexistent").env_remove("NATS_SERVER_BIN");
        let child = demo.stdin(Stdio::null()).stdout(fs::File::create(&out).unwrap()).spawn().unwrap();
        let mut demo = Demo { child, top };
        let began = Instant::now();
        while !fs::read_to_string(&out).unwrap().contains("Serving until") {
            let ended = demo.child.try_wait().unwrap();
            let told = || fs::read_to_string(&out).unwrap();
            assert!(ended.is_none() && began.elapsed() < Duration::from_secs(300), "{ended:?}\n{}", told());
            std::thread::sleep(Duration::from_millis(50));
        }
        demo
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.top.path().join("demo")
    }

    pub fn client(&self) -> Client {
        Client::new(fs::read_to_string(self.data().join("http.addr")).unwrap().trim().parse().unwrap())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

/// Signs somebody in with a token of the development issuer.
pub fn bearer(dir: &Path, person: &str) -> String {
    let issuer = DevIssuer::open(&dir.join("identity"), Place { is_production: false, is_loopback: true }).unwrap();
    let named = cast::find(person).map(Person::token).or_else(|| cast::actor(person).map(Into::into)).unwrap();
    format!("Bearer {}", issuer.mint(&named, Timestamp::from(chrono::Utc::now())))
}

fn get(demo: &Demo, dir: &Path, person: &str, path: &str) -> (u16, Value) {
    let bearer = bearer(dir, person);
    let answer = demo.client().send("GET", path, &[("authorization", bearer.as_str())], b"").unwrap();
    (answer.status, answer.json())
}

fn may(role: Role, operation: Operation) -> bool {
    TABLE.iter().any(|row| row.role == role && row.may.contains(&operation))
}

#[test]
fn each_of_the_cast_lists_and_opens_what_the_table_says_and_strangers_nothing() {
    let demo = Demo::start("30");
    let dir = demo.data();
    let (status, all) = get(&demo, &dir, "AUDIT-1", "/v1/cases?limit=500");
    assert_eq!(status, 200, "{all}");
    let numbers: Vec<String> =
        all["items"].as_array().unwrap().iter().map(|case| case["number"].as_str().unwrap().to_owned()).collect();
    assert!(numbers.len() > 30, "{}", numbers.len());
    let mut opened = 0;
    for Person { person, role, .. } in cast() {
        let (status, list) = get(&demo, &dir, person, "/v1/cases?limit=500");
        assert_eq!(status == 200, may(*role, Operation::List), "{person}: {status} {list}");
        let listed: Vec<&str> =
            list["items"].as_array().into_iter().flatten().filter_map(|case| case["number"].as_str()).collect();
        for number in numbers.iter().step_by(31).map(String::as_str).chain(listed.iter().copied().take(2)) {
            let explained = on(&dir, "access explain", &["--as", person, "--case", number, "--json"]).json();
            let (status, answer) = get(&demo, &dir, person, &format!("/v1/cases/{number}"));
            assert_eq!(
                status == 200,
                explained["allowed"] == true,
                "{person}, {number}: {status} {explained} {answer}"
            );
            opened += u32::from(status == 200);
            if listed.contains(&number) && may(*role, Operation::OpenCase) {
                assert_eq!(status, 200, "{person} lists {number} and cannot open it: {answer}");
            }
        }
    }
    assert!(opened > 20, "{opened}");
    for person in cast() {
        searches_follows_and_takes_out_what_the_table_says(&demo, person, &numbers[0]);
    }
    let (status, regional) = get(&demo, &dir, "OFFICE-1", "/v1/cases?limit=500");
    let listed = regional["items"].as_array().unwrap().len();
    assert!(status == 200 && (1..numbers.len()).contains(&listed), "a region, not the country: {listed}");
    let (status, answer) = get(&demo, &dir, "NOBODY-1/auditor/MOE", "/v1/cases");
    assert_eq!((status, &answer["code"]), (403, &Value::from("no-grant")), "{answer}");
}

/// Search, live feed, recorded events, the access ledger, one student's data.
fn searches_follows_and_takes_out_what_the_table_says(demo: &Demo, person: &Person, case: &str) {
    let Person { person: who, role, mfa, .. } = person;
    let bearer = bearer(&demo.data(), who);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let post =
        |path: &str, body: Value| demo.client().send("POST", path, &headers, body.to_string().as_bytes()).unwrap();
    let found = post("/v1/cases/search", json!({"name": "a"}));
    assert_eq!(found.status == 200, may(*role, Operation::Search), "{who} searches: {}", found.json());
    let raw = demo.client().send("GET", "/v1/events/1", &headers, b"").unwrap();
    assert_eq!(raw.status == 200, may(*role, Operation::RawEvents), "{who} reads events: {}", raw.json());
    let looked = post("/v1/access-ledger/search", json!({"limit": 1}));
    assert_eq!(looked.status == 200, *mfa && may(*role, Operation::AccessLedger), "{who}: {}", looked.json());
    let bundle = post("/v1/subjects/export", json!({"case": case}));
    assert_eq!(bundle.status == 200, *mfa && may(*role, Operation::SubjectExport), "{who}: {}", bundle.status);
    let feed = demo.client().open("/v1/feed", &[("authorization", bearer.as_str())]).unwrap();
    assert_eq!(feed.status == 200, may(*role, Operation::Feed), "{who} follows: {}", feed.status);
}

#[test]
fn the_commands_of_the_machine_work_on_a_ledger_that_asks_for_grants() {
    let demo = Demo::start("6");
    let dir = demo.data();
    on(&dir, "views status", &[]).ended(0);
    let keys = on(&dir, "keys status", &["--json"]).ended(0).json();
    assert!(keys["keys"].as_u64().unwrap() > 6, "{keys}");
    let number = on(&dir, "replay", &["--type", "comment_added", "--limit", "1"]).ended(0).json();
    let case = number["stream"].as_str().unwrap().strip_prefix("case/").unwrap().to_owned();
    let told = on(&dir, "access viewers", &["--case", &case, "--comment", "1", "--json"]).ended(0).json();
    assert!(!told["spans"].as_array().unwrap().is_empty(), "{told}");
    let rotated = on(&dir, "keys rotate", &["--case", &case]).ended(0).out;
    assert!(rotated.contains("recorded at position"), "{rotated}");
    on(&dir, "keys change-kek", &[]).ended(0);
    on(&dir, "keys hold", &["--case", &case, "--name", "INQUIRY-7"]).ended(5);
    on(&dir, "keys hold", &["--case", &case, "--name", "INQUIRY-7", "--as", "NSD-1"]).ended(0);
    let shown = on(&dir, "keys status", &[]).ended(0).out;
    assert!(shown.contains("hold INQUIRY-7"), "{shown}");
    let file = demo.top.path().join("bundle.json");
    let export = |who: &str| on(&dir, "export", &["--subject", &case, file.to_str().unwrap(), "--as", who]);
    export("AUDIT-1").ended(5);
    assert!(!file.exists());
    let said = export("NSD-1").ended(0).out;
    assert!(said.contains("names and texts in clear"), "{said}");
    let bundle: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(bundle["cases"][0]["case"]["case"], case.as_str());
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let lint = on(&dir, "lint", &["--json"]).ended(0).lines();
    assert_eq!(lint[1]["of"], "access ledger", "{lint:?}");
    on(&dir, "verify", &["--access"]).ended(0);
}

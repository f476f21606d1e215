//! The service as strangers meet it: curl, the public NATS client for Python, a property-based tester of HTTP interfaces.
//!
//! The Python packages are pinned by hash in `tests/outside/requirements.txt`; `cargo xtask tools` puts them into
//! `.tools/outside/`. Without them these tests say that they were skipped; in CI they may not be.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::simulation::{caseledger, lines, simulated};
use caseledger_tests::{Broker, Role, Service, is_long};

/// Paths that are no question with an answer: the live feed goes on for ever.
const ENDLESS: &str = "^/v1/feed";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie one folder below the root")
}

/// Returns a program of the Python environment; says so and returns `None` where there is none, but not in CI.
fn python_tool(name: &str) -> Option<PathBuf> {
    let place = std::env::var_os("CASELEDGER_OUTSIDE").filter(|path| !path.is_empty());
    let place = place.map_or_else(|| root().join(".tools/outside"), PathBuf::from);
    let program = place.join("bin").join(name);
    if program.is_file() {
        return Some(program);
    }
    let why =
        format!("no {}; `cargo xtask tools` fetches it, CASELEDGER_OUTSIDE names another place", program.display());
    let is_ci = std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    assert!(!is_ci, "CI is set and nothing may be skipped, but there is {why}");
    eprintln!("SKIPPED: {why}");
    None
}

fn both(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn curl_walks_a_whole_case_and_each_refusal_names_its_rule() {
    for service in [Service::start(), simulated()] {
        let walk = root().join("tests/outside/walk.sh");
        let output = Command::new("bash").arg(walk).arg(format!("http://{}", service.addr())).output();
        let output = output.expect("bash can be started");
        let told = both(&output);
        assert!(output.status.success(), "{told}");
        for rule in ["R10", "R14", "R15", "R16", "R19", "R20", "R22", "R23", "R26", "R40", "R41", "A7", "E4", "V4"] {
            assert!(told.contains(&format!(" {rule}: ")), "{rule} in:\n{told}");
        }
    }
}

#[test]
fn a_plain_nats_subscriber_sees_every_position_and_nobody_s_name() {
    let Some(python) = python_tool("python3") else { return };
    let Some(broker) = Broker::start() else { return };
    let service = Service::builder().nats(&broker).arg("--simulated=2026-04-19").start();
    // A seed that brings cases to ASP01, for the provider's own subscription.
    let arguments = ["simulate", "--json", "--cases", "60", "--seed", SEED_WITH_ASP01];
    let (status, told) = lines(&caseledger(&service, &arguments));
    assert!(status.success(), "{told:#?}");
    let (status, _) = lines(&caseledger(&service, &["simulate", "--json", "--situations"]));
    assert!(status.success());
    let until = head(&service);
    let reporting = subscriber(&python, &broker, Role::Reporting, until, &[]);
    assert!(reporting.contains(&format!("{until} messages up to position {until}")), "{reporting}");
    let scoped = ["--consumer", "provider-asp01", "--provider", "asp01"];
    let provider = subscriber(&python, &broker, Role::Provider, until, &scoped);
    let seen: u64 = provider.split(' ').next().and_then(|n| n.parse().ok()).expect("a count first");
    assert!((1..until / 4).contains(&seen), "{provider}");
}

/// Of the seeds, the first whose 60 cases bring some to the provider that nats.conf gives a consumer.
const SEED_WITH_ASP01: &str = "3";

/// Returns the last position of the ledger.
fn head(service: &Service) -> u64 {
    let answer = service.client().send("GET", "/v1/ledger", &[("ledger-actor", "A-1/auditor/MOE")], b"");
    answer.expect("an answer").json()["position"].as_u64().expect("a position")
}

/// Runs the subscriber until a position and returns what it printed.
fn subscriber(python: &Path, broker: &Broker, role: Role, until: u64, more: &[&str]) -> String {
    let names = root().join("crates/cli/src/simulate/reference");
    let output = Command::new(python)
        .arg(root().join("tests/outside/subscriber.py"))
        .args(["--url", &broker.url(), "--until", &until.to_string(), "--seed-file"])
        .arg(broker.creds_dir().join(format!("{}.nk", role.name())))
        .args(more)
        .arg("--names")
        .args([names.join("given_names.txt"), names.join("family_names.txt")])
        .output()
        .expect("python can be started");
    assert!(output.status.success(), "{}", both(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Killed after any message, given messages twice, started again: its figures are those of the ledger.
#[test]
fn a_reporting_job_keeps_a_table_of_its_own_exactly_once() {
    let Some(python) = python_tool("python3") else { return };
    let Some(broker) = Broker::start() else { return };
    let service = Service::builder().nats(&broker).arg("--simulated=2026-04-19").start();
    let (status, told) = lines(&caseledger(&service, &["simulate", "--json", "--cases", "60", "--seed", "11"]));
    assert!(status.success(), "{told:#?}");
    let until = head(&service);
    let job = |more: &[&str]| {
        let output = Command::new(&python)
            .arg(root().join("tests/outside/measure_table.py"))
            .args(["--url", &broker.url(), "--until", &until.to_string(), "--seed-file"])
            .arg(broker.creds_dir().join(format!("{}.nk", Role::Reporting.name())))
            .arg("--store")
            .arg(service.data().with_file_name("m10.sqlite"))
            .args(more)
            .output()
            .expect("python can be started");
        assert!(output.status.success(), "{}", both(&output));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).expect("one line of JSON")
    };
    for stop in ["1", "70", "333"] {
        assert!(job(&["--stop-after", stop])["position"].as_u64() < Some(until));
    }
    let told = job(&[]);
    assert_eq!((&told, told["position"].as_u64()), (&job(&[]), Some(until)), "nothing is counted twice");

    let to = until.to_string();
    let asked = ["measures", "show", "--json", "--quarter", "2026-Q2", "--measure", "M10", "--to", &to];
    let (status, rows) = lines(&caseledger(&service, &asked));
    assert!(status.success(), "{rows:#?}");
    let late = |row: &serde_json::Value| row["achieved_late_recorded"].as_u64().unwrap_or(0);
    let ours = rows.iter().filter(|row| row["population"].as_u64().is_some_and(|population| population > 0));
    let ours: serde_json::Map<String, serde_json::Value> = ours
        .map(|row| {
            let achieved = row["achieved"].as_u64().unwrap_or(0) + late(row);
            let provider = row["provider"].as_str().expect("a code").to_owned();
            (provider, serde_json::json!([row["population"], achieved]))
        })
        .collect();
    assert!(ours.len() > 5, "{ours:?}");
    assert_eq!(told["M10"], serde_json::Value::Object(ours));
}

/// What a spreadsheet shows, and what its formulas count, is what the interface answers.
#[test]
fn a_reader_of_workbooks_finds_the_figures_of_the_interface() {
    let Some(python) = python_tool("python3") else { return };
    let service = Service::builder().arg("--simulated=2026-04-19").start();
    let (status, told) = lines(&caseledger(&service, &["simulate", "--json", "--cases", "60", "--seed", "11"]));
    assert!(status.success(), "{told:#?}");
    let answer = service.client().send("GET", "/v1/measures/2026-Q2", &[("ledger-actor", "A-1/auditor/MOE")], b"");
    let figures = service.data().with_file_name("figures.json");
    std::fs::write(&figures, answer.expect("an answer").json().to_string()).expect("the folder can be written");
    let folder = service.data().with_file_name("taken-away");
    let folder = folder.to_str().expect("a plain name");
    let (status, told) =
        lines(&caseledger(&service, &["measures", "export", "--json", "--quarter", "2026-Q2", folder]));
    assert!(status.success(), "{told:#?}");
    let output = Command::new(python)
        .arg(root().join("tests/outside/workbook.py"))
        .arg(Path::new(folder).join("figures.xlsx"))
        .arg(&figures)
        .output()
        .expect("python can be started");
    assert!(output.status.success(), "{}", both(&output));
    assert!(both(&output).contains("10 measures agree"), "{}", both(&output));
}

#[test]
fn no_request_made_up_from_the_openapi_document_ends_in_a_5xx() {
    let Some(tester) = python_tool("schemathesis") else { return };
    let service = simulated();
    let (status, _) = lines(&caseledger(&service, &["simulate", "--json", "--situations"]));
    assert!(status.success());
    let settings = service.data().with_file_name("schemathesis.toml");
    // No generator guesses a case there is, and hardly a request would get past "unknown case".
    let known = format!("[parameters]\n\"path.case\" = \"{}\"\n", a_case_at_work(&service));
    std::fs::write(&settings, known).expect("the folder can be written");
    // Each role is let through to other actions; the first two reach the most.
    let all = ["T-1/workflow_lead/ASP-NORTH", "T-2/operator/MOE", "T-3/attendance_lead/KAURI", "T-4/cit/MOE"];
    let (roles, examples) = if is_long() { (&all[..], "40") } else { (&all[..2], "5") };
    let before = head(&service);
    for (place, role) in roles.iter().enumerate() {
        // What is tried at every border of every parameter is nearly the same for each role, and most of the time.
        let phases = if place == 0 || is_long() { "examples,coverage,fuzzing" } else { "examples,fuzzing" };
        let output = Command::new(&tester)
            .arg("--config-file")
            .arg(&settings)
            .args(["run", &format!("http://{}/openapi.json", service.addr())])
            .args(["--header", &format!("Ledger-Actor: {role}"), "--checks", "not_a_server_error"])
            .args(["--exclude-path-regex", ENDLESS, "--max-examples", examples, "--seed", "20260420"])
            .args(["--phases", phases, "--request-timeout", "60", "--no-color"])
            .current_dir(settings.parent().expect("a file lies in a folder"))
            .output()
            .expect("schemathesis can be started");
        assert!(output.status.success(), "{role}:\n{}", both(&output));
    }
    assert!(head(&service) > before, "not one made-up request was accepted: the tester does not reach the rules");
    let log = service.log();
    assert!(!log.contains("panicked"), "{log}");
    assert_eq!(service.get("/healthz").0, 200);
}

/// Returns the number of a case that the provider in the north is working on.
fn a_case_at_work(service: &Service) -> String {
    let path = "/v1/cases?provider=ASP-NORTH&status=active&limit=1";
    let answer = service.client().send("GET", path, &[("ledger-actor", "A-1/auditor/MOE")], b"");
    let page = answer.expect("an answer").json();
    page["items"][0]["number"].as_str().unwrap_or_else(|| panic!("no case at work: {page}")).to_owned()
}

//! `caseledger measures` on a played ledger: shown, explained, published, verified after more was recorded, compared.

use std::fs;
use std::path::Path;

use crate::support::{on, run, server};
use serde_json::{Value, json};

/// A simulated term of a few cases.
fn played(dir: &Path, cases: &str, seed: &str) {
    let mut service = server(dir).arg("--simulated").arg("2026-04-19").start();
    on(dir, "simulate", &["--cases", cases, "--seed", seed]).ended(0);
    assert!(service.stop().success());
}

const Q2: [&str; 3] = ["--quarter", "2026-Q2", "--json"];

/// The figures of one measure over all providers: those achieved, and all that count.
fn sum(lines: &[Value], measure: &str) -> (u64, u64) {
    let of_it = lines.iter().filter(|line| line["measure"] == measure && line["population"].is_u64());
    of_it.fold((0, 0), |(achieved, all), row| {
        let late =
            if row["late_recording_counts"] == true { row["achieved_late_recorded"].as_u64().unwrap() } else { 0 };
        (achieved + row["achieved"].as_u64().unwrap() + late, all + row["population"].as_u64().unwrap())
    })
}

#[test]
fn figures_open_the_cases_behind_them_and_cases_the_days_and_events() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    played(&dir, "12", "5");
    let args = ["--quarter", "2026-Q2", "--json", "--measure", "M10", "--cases"];
    let lines = on(&dir, "measures show", &args).ended(0).lines();
    assert_eq!((&lines[0]["quarter"], &lines[0]["list"]), (&"2026-Q2".into(), &1.into()));
    let cases: Vec<&Value> = lines.iter().filter(|line| line["case"].is_string()).collect();
    let count = |achieved: bool| cases.iter().filter(|case| case["achieved"] == achieved).count() as u64;
    let (achieved, population) = sum(&lines, "M10");
    let excluded = cases.iter().filter(|case| case["verdict"] == "excluded").count() as u64;
    assert!(population > 0, "a played term has referrals due in it");
    assert_eq!((achieved, population), (count(true), cases.len() as u64 - excluded));

    let number = cases[0]["number"].as_str().unwrap();
    let told = on(&dir, "measures explain", &["--quarter", "2026-Q2", "--case", number, "--measure", "m10", "--json"]);
    let told = told.ended(0).json();
    assert_eq!((&told["verdict"], &told["due"]), (&cases[0]["verdict"], &cases[0]["due"]));
    assert_eq!(told["counted"].as_array().unwrap().len(), 5, "{told}");
    on(&dir, "measures explain", &["--quarter", "2026-Q2", "--case", "00000000-0000-4000-8000-000000000000"]).ended(4);
    let none = on(&dir, "measures show", &["--quarter", "2031-Q1"]).ended(2);
    assert!(none.err.contains("there is no such list of measures for 2031-Q1"), "{}", none.err);
    assert!(run(["measures", "lists"]).ended(0).out.contains("2026-Q2 list 1"));
}

#[test]
fn e44_a_published_run_is_the_same_to_the_digit_after_more_was_recorded() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    played(&dir, "8", "5");
    on(&dir, "measures verify", &[]).ended(4);
    let results = top.path().join("q1.csv");
    fs::write(
        &results,
        "provider,catchment,measure,outcome,population,achieved,not_achieved\nASP01,C01,M5,passed,4,4,0\n",
    )
    .unwrap();
    on(&dir, "measures import", &["--as", "NSD-1", "--quarter", "2026-Q1", results.to_str().unwrap()]).ended(0);
    let before = on(&dir, "measures show", &Q2).ended(0).lines();
    let published = on(&dir, "measures publish", &[&Q2[..], &["--as", "NSD-1"]].concat()).ended(0).json();
    let run = published["run"].to_string();

    // A further term on the same ledger; what is published stays, what is known changes.
    let mut service = server(&dir).arg("--simulated").arg("2026-04-19").start();
    on(&dir, "simulate", &["--cases", "8", "--seed", "6", "--term", "2026-T3"]).ended(0);
    assert!(service.stop().success());
    let verified = on(&dir, "measures verify", &["--run", &run, "--json"]).ended(0).json();
    assert_eq!((&verified["same"], &verified["hash"]), (&true.into(), &published["hash"]));
    let again =
        on(&dir, "measures show", &["--quarter", "2026-Q2", "--json", "--to", &before[0]["position"].to_string()]);
    assert_eq!(again.ended(0).lines()[1..], before[1..], "as known then");
    let compared = on(&dir, "measures compare", &["--quarter", "2026-Q2"]).ended(0).out;
    assert!(compared.contains("changed since position"), "{compared}");
}

#[test]
fn e44_a_run_that_does_not_follow_from_the_log_is_found_out() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    played(&dir, "4", "5");
    let mut service = server(&dir).arg("--simulated").arg("2026-04-19").start();
    let headers = [("ledger-actor", "P-OWNER/national_service_delivery/MOE"), ("idempotency-key", "false-1")];
    let zeros = "0".repeat(64);
    let result = json!({
        "measure": "M10", "population": 900, "achieved": 900, "late": 0, "not_achieved": 0, "not_yet_due": 0,
        "excluded": 0, "not_assessable": 0, "outcome": "passed",
    });
    let body = json!({
        "quarter": "2026-Q2", "from": "ledger",
        "basis": {
            "list": 1, "list_hash": zeros, "rules": 1, "calendar": 1, "calendar_fingerprint": "0000000000000000",
            "policy": 1, "position": 20, "as_at": "2026-07-10T00:00:00Z", "verdicts": 900, "verdicts_hash": "1".repeat(64),
        },
        "providers": [{"quarter": "2026-Q2", "provider": "ASP01", "results": [result]}],
    });
    let (status, answer) = service.post("/v1/measures/runs", &body, &headers);
    assert_eq!(status, 200, "{answer}");
    assert!(service.stop().success());
    let told = on(&dir, "measures verify", &[]).ended(1).out;
    for what in ["list: published 0000", "calendar: published", "hash of the verdicts", "the results of ASP01 differ"] {
        assert!(told.contains(what), "{what}: {told}");
    }
}

#[test]
fn what_is_taken_away_says_the_same_as_what_is_shown() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    played(&dir, "8", "7");
    let folder = top.path().join("out");
    on(&dir, "measures export", &["--quarter", "2026-Q2", folder.to_str().unwrap()]).ended(0);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let rows: Vec<String> = read("figures.csv").lines().map(str::to_owned).collect();
    let shown = on(&dir, "measures show", &["--quarter", "2026-Q2", "--json", "--catchments"]).ended(0).lines();
    let shown: Vec<&Value> = shown.iter().filter(|line| line["population"].is_u64()).collect();
    assert_eq!(rows.len() - 1, shown.len());
    for (row, shown) in rows[1..].iter().zip(shown) {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells[..2], [shown["measure"].as_str().unwrap(), shown["provider"].as_str().unwrap()]);
        assert_eq!(cells[4].parse::<u64>().ok(), shown["population"].as_u64(), "{row}");
    }
    assert_eq!(&fs::read(folder.join("figures.xlsx")).unwrap()[..2], b"PK");
    let (drawing, page) = (read("figures.svg"), read("figures.html"));
    assert!(drawing.contains("role=\"img\"") && drawing.contains("<desc id=\"words\">"), "{drawing}");
    assert!(page.contains("<caption>") && page.contains("scope=\"col\"") && page.contains(&drawing));
    assert!(!read("cases.csv").contains("ū") && !page.contains("Hēmi"), "nothing personal is in it");
}

#[test]
fn a_new_quarter_is_a_file_and_needs_no_other_build() {
    let top = tempfile::tempdir().unwrap();
    let (dir, lists) = (top.path().join("ledger"), top.path().join("lists"));
    played(&dir, "6", "5");
    fs::create_dir(&lists).unwrap();
    let list = "format = 1\nquarter = \"2026-Q3\"\nversion = 1\ntitle = \"A third quarter\"\nsource = [\"S2\"]\n\
        calendar = 1\n\n[[measure]]\nid = \"M10\"\ntitle = \"School met\"\nsource = [\"S2\"]\nthreshold = 80\n\
        of = { migrated = \"not_by_q39\" }\nclock = { start = \"by_q6\", business_days = 5 }\n\
        achieved = { all = [\"school_met\"] }\n";
    fs::write(lists.join("2026-Q3.1.toml"), list).unwrap();
    let folder = lists.to_str().unwrap();
    let asked = ["--quarter", "2026-Q3", "--measures", folder, "--json"];
    let lines = on(&dir, "measures show", &asked).ended(0).lines();
    assert_eq!((&lines[0]["quarter"], &lines[0]["list"]), (&"2026-Q3".into(), &1.into()));
    assert!(on(&dir, "measures lists", &["--measures", folder]).ended(0).out.contains("A third quarter"));

    let mut service = server(&dir).arg("--simulated").arg("2026-04-19").arg("--measures").arg(folder).start();
    let auditor = [("ledger-actor", "P-AUD/auditor/MOE")];
    let answer = service.client().send("GET", "/v1/measures/2026-Q3", &auditor, b"").expect("an answer").json();
    assert_eq!(answer["quarter"], "2026-Q3", "{answer}");
    assert!(service.stop().success());

    fs::write(lists.join("2026-Q3.1.toml"), list.replace("threshold = 80", "threshold = 180")).unwrap();
    let refused = on(&dir, "measures show", &asked).ended(2).err;
    assert!(refused.contains("2026-Q3.1.toml, line 12: M10: a threshold is a percentage"), "{refused}");
}

//! Canaries in every personal field that the interface takes, found nowhere outside the case view: not in the log directory,
//! the journal, the access ledger, the broker's store, metrics, logs, feeds, exports, nor in what is answered to a refusal.
//!
//! Fields and actions are those of the OpenAPI document, so that a new one is in the sweep without being named here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::simulation::caseledger;
use caseledger_events::testing::sample;
use caseledger_tests::{Broker, Service};
use serde_json::{Value, json};

/// What every canary begins with; nothing else in the ledger does.
const CANARY: &str = "zqKanari";

/// Who could record something, tried in this order.
const PEOPLE: [&str; 10] = [
    "M-2/case_manager/ASP-1",
    "P-1/workflow_lead/ASP-1",
    "S-1/attendance_lead/SCH-1",
    "ENROL/enrol/ENROL",
    "INZ/inz/INZ",
    "MSD/msd/MSD",
    "P-3/cit/MOE",
    "P-4/service_desk/MOE",
    "P-5/prosecutions_unit/MOE",
    "P-2/workflow_lead/ASP-2",
];

/// What stands on a case before an action that needs it.
const BEFORE: [(&str, &[&str]); 14] = [
    ("answer-information-request", &["open-information-request"]),
    ("withdraw-information-request", &["open-information-request"]),
    ("change-comment-sharing", &["add-comment"]),
    ("change-file-sharing", &["upload-file"]),
    ("complete-task", &["add-task"]),
    ("resume", &["pause"]),
    ("remove-from-waitlist", &["waitlist"]),
    ("reopen", &["close"]),
    ("mark-contact-details-out-of-date", &["record-contact-details"]),
    ("request-detailed-check", &["record-overseas-evidence"]),
    ("reallocate-by-cit", &["reallocate-to-cit"]),
    ("decline-reallocation", &["reallocate-to-cit"]),
    ("fund-need", &["identify-need"]),
    ("record-prosecution-outcome", &["notify-prosecution"]),
];

/// The interface, its canaries, and what it answered to what it refused.
struct Play {
    service: Service,
    document: Value,
    canaries: u32,
    keys: u32,
    /// The fields, by their schema's place, that were taken with a canary in them.
    taken: BTreeSet<String>,
    /// Everything that was answered to a request that was refused.
    refusals: String,
}

impl Play {
    /// Returns a value of a schema with a canary in every text, and notes where they stand.
    fn filled(&mut self, schema: &Value, name: &str, placed: &mut Vec<String>) -> Value {
        let document = self.document.clone();
        let schema = match schema["$ref"].as_str() {
            Some(target) => document.pointer(target.trim_start_matches('#')).expect("a reference leads somewhere"),
            None => schema,
        };
        if let Some(choices) = schema["anyOf"].as_array() {
            let some = choices.iter().find(|choice| choice["type"] != "null").expect("a choice is something");
            return self.filled(some, name, placed);
        }
        if let Some(members) = schema["properties"].as_object() {
            let members: Vec<_> = members.iter().map(|(name, schema)| (name.clone(), schema.clone())).collect();
            let filled = |(name, schema): (String, Value)| (name.clone(), self.filled(&schema, &name, placed));
            return Value::Object(members.into_iter().map(filled).collect());
        }
        let is = |kind: &str| {
            schema["type"] == kind || schema["type"].as_array().is_some_and(|of| of.contains(&kind.into()))
        };
        if is("object") {
            return json!({});
        }
        if is("array") {
            return json!([self.filled(&schema["items"], name, placed), self.filled(&schema["items"], name, placed)]);
        }
        assert!(is("string"), "{name} is no text: {schema}");
        match (schema["format"].as_str(), name) {
            (Some("date"), _) => json!("2013-11-17"),
            (_, "nsn") => {
                self.canaries += 1;
                json!(format!("9{:08}", 40_000_000 + self.canaries * 7_919))
            }
            _ => {
                self.canaries += 1;
                placed.push(name.to_owned());
                json!(format!("{CANARY}{}x", self.canaries))
            }
        }
    }

    /// Returns the schema of what is personal in a request.
    fn personal(&self, path: &str, action: Option<&str>) -> Value {
        let body = &self.document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        let follow = |schema: &Value| match schema["$ref"].as_str() {
            Some(target) => self.document.pointer(target.trim_start_matches('#')).cloned().unwrap_or_default(),
            None => schema.clone(),
        };
        let body = follow(body);
        let choices = ["oneOf", "anyOf"].iter().find_map(|of| body[*of].as_array()).cloned().unwrap_or_default();
        let one = choices.iter().map(follow).find(|of| of["properties"]["action"]["const"] == json!(action));
        one.unwrap_or(body)["properties"]["personal"].clone()
    }

    fn send(&mut self, who: &str, path: &str, body: &Value) -> Result<Value, u16> {
        self.keys += 1;
        let key = format!("canary-{}", self.keys);
        let (status, answer) = self.service.post(path, body, &[("ledger-actor", who), ("idempotency-key", &key)]);
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        self.refusals += &answer.to_string();
        Err(status)
    }

    fn refer(&mut self) -> String {
        let schema = self.personal("/v1/cases", Some("submit-support-request"));
        let mut placed = Vec::new();
        let personal = self.filled(&schema, "personal", &mut placed);
        let facts = json!({
            "school": "SCH-1", "absent_half_days": 34, "open_half_days": 90, "engagement": "partly",
            "school_steps_taken": true,
        });
        let body = json!({"action": "submit-support-request", "facts": facts, "personal": personal});
        let opened = self.send("S-1/attendance_lead/SCH-1", "/v1/cases", &body).expect("a referral is taken");
        self.taken.extend(placed.into_iter().map(|name| format!("referral {name}")));
        let case = opened["case"].as_str().expect("a case").to_owned();
        let assign = json!({"facts": {"manager": "M-2"}});
        let assigned =
            self.send("P-1/workflow_lead/ASP-1", &format!("/v1/cases/{case}/actions/assign-case-manager"), &assign);
        assigned.expect("a case manager is assigned");
        case
    }

    /// Records an action on a case as the first of those who may; returns whether anybody did.
    fn act(&mut self, case: &str, name: &str) -> bool {
        let schema = self.personal(&format!("/v1/cases/{{case}}/actions/{name}"), None);
        let mut placed = Vec::new();
        let personal = if schema.is_null() { json!({}) } else { self.filled(&schema, "personal", &mut placed) };
        let (mut facts, _) = sample(name);
        let first_inz = json!("inz");
        if name == "open-information-request" {
            facts["agency"] = first_inz;
        }
        let body = json!({"facts": facts, "personal": personal});
        let path = format!("/v1/cases/{case}/actions/{name}");
        let done = PEOPLE.iter().any(|who| self.send(who, &path, &body).is_ok());
        if done {
            self.taken.extend(placed.into_iter().map(|field| format!("{name} {field}")));
        }
        done
    }
}

fn play(broker: &Broker) -> Play {
    let service = Service::builder().nats(broker).arg("--log-level").arg("trace").arg("--segment-mib").arg("1");
    let service = service.arg("--ballast-mib").arg("0").arg("--simulated=2026-03-02").start();
    let (status, document) = service.get("/openapi.json");
    assert_eq!(status, 200);
    let mut play = Play { service, document, canaries: 0, keys: 0, taken: BTreeSet::new(), refusals: String::new() };
    let entries = json!({"entries": [
        {"what": "catchment", "catchment": "C-1", "provider": "ASP-1", "from": "2025-01-01"},
        {"what": "catchment", "catchment": "C-2", "provider": "ASP-2", "from": "2025-01-01"},
        {"what": "school", "school": "SCH-1", "catchment": "C-1", "from": "2025-01-01"},
        {"what": "school", "school": "SCH-2", "catchment": "C-2", "from": "2025-01-01"},
    ]});
    play.send("P-OP/operator/MOE", "/v1/reference", &entries).expect("reference data are taken");
    let (status, catalogue) = play
        .service
        .client()
        .send("GET", "/v1/actions", &[("ledger-actor", "P-OP/operator/MOE")], b"")
        .map(|answer| (answer.status, answer.json()))
        .expect("an answer");
    assert_eq!(status, 200);
    let names: Vec<String> = catalogue["actions"]
        .as_array()
        .expect("actions")
        .iter()
        .map(|action| action["name"].as_str().expect("a name").to_owned())
        .collect();
    let (mut done, mut not) = (0, Vec::new());
    for name in &names {
        let case = play.refer();
        let before = BEFORE.iter().find(|(of, _)| of == name).map_or(&[][..], |(_, before)| before);
        for before in before {
            play.act(&case, before);
        }
        match play.act(&case, name) {
            true => done += 1,
            false => not.push(name.as_str()),
        }
    }
    assert!(done * 3 > names.len() * 2, "{done} of {} actions were recorded; not {not:?}", names.len());
    play
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Whether bytes hold a canary: one of the texts, or one of the numbers.
fn holds(bytes: &[u8], numbers: &BTreeSet<String>) -> bool {
    let is_number = |digits: &[u8]| std::str::from_utf8(digits).is_ok_and(|digits| numbers.contains(digits));
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'z' => bytes[at..].starts_with(CANARY.as_bytes()),
        b'9' => bytes.get(at..at + 9).is_some_and(is_number),
        _ => false,
    })
}

#[test]
fn what_is_written_into_personal_fields_is_found_in_the_case_view_and_nowhere_else() {
    let Some(broker) = Broker::start() else { return };
    let mut play = play(&broker);
    assert!(play.canaries > 100, "{}", play.canaries);
    for part in [
        "student",
        "contacts",
        "note",
        "plan",
        "health",
        "answer",
        "travel",
        "agreement",
        "file",
        "concern",
        "prosecution",
    ] {
        let fields: BTreeSet<&str> =
            play.taken.iter().map(|place| place.split(' ').next_back().unwrap_or("")).collect();
        let field = match part {
            "student" => "family_name",
            "contacts" => "phones",
            "plan" => "goals",
            "answer" => "code",
            "travel" => "passport",
            "agreement" => "agreed_by",
            "file" => "name",
            _ => "text",
        };
        assert!(fields.contains(field), "no canary was taken in {part}: {fields:?}");
    }
    let numbers: BTreeSet<String> = (1..=play.canaries).map(|n| format!("9{:08}", 40_000_000 + n * 7_919)).collect();
    let auditor = [("ledger-actor", "P-AUD/auditor/MOE")];
    let service = &play.service;
    let get = |path: &str| service.client().send("GET", path, &auditor, b"").expect("an answer");
    let begun = Instant::now();
    while get("/v1/relay").json()["lag_events"] != 0 {
        assert!(begun.elapsed() < Duration::from_secs(120), "{}", get("/v1/relay").text());
        std::thread::sleep(Duration::from_millis(50));
    }
    // What is told of it by every road that is not a view of a case.
    let last = get("/v1/ledger").json()["position"].as_u64().expect("a position");
    for path in [
        "/metrics",
        "/v1/events?from=1",
        "/v1/views",
        "/v1/relay",
        "/readyz",
        "/v1/audit?limit=1000",
        "/v1/cases?nonsense=1",
    ] {
        assert!(!holds(get(path).text().as_bytes(), &numbers), "{path} tells");
    }
    let mut feed = service.client().open("/v1/feed", &[auditor[0], ("last-event-id", "0")]).expect("a feed");
    while let Some(line) = feed.line().expect("a line") {
        assert!(!holds(line.as_bytes(), &numbers), "the feed tells: {line}");
        if line.trim() == format!("id: {last}") {
            break;
        }
    }
    assert!(!play.refusals.is_empty() && !holds(play.refusals.as_bytes(), &numbers), "a refusal repeats what was sent");
    for args in [&["replay"][..], &["replay", "--as-messagepack", "--as", "P-AUD/auditor/MOE"], &["lint", "--json"]] {
        let told = caseledger(service, args);
        assert!(told.status.success() && !holds(&told.stdout, &numbers), "{args:?} tells");
    }
    let backup = service.data().with_file_name("backup");
    assert!(caseledger(service, &["backup", backup.to_str().expect("a plain name")]).status.success());
    assert!(holds(get_views(service.data()).as_slice(), &numbers), "the case view holds them");
    play.service.stop();
    for dir in [play.service.data(), &broker.store_dir(), &backup] {
        let found = files(dir).into_iter().filter(|path| !path.starts_with(play.service.data().join("views")));
        for path in found {
            assert!(!holds(&fs::read(&path).unwrap_or_default(), &numbers), "{} holds one", path.display());
        }
    }
    assert!(files(&broker.store_dir()).len() > 1, "the broker stores the stream");
    assert!(!holds(play.service.log().as_bytes(), &numbers), "the service's log tells");
    assert!(!holds(broker.log().as_bytes(), &numbers), "the broker's log tells");
}

/// All bytes of the read models.
fn get_views(data: &Path) -> Vec<u8> {
    files(&data.join("views")).iter().flat_map(|path| fs::read(path).unwrap_or_default()).collect()
}

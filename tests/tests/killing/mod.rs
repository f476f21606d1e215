//! Load for a service that is killed: workers that remember what was acknowledged, and what is in doubt.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use caseledger_tests::{Answer, Client};
use serde_json::{Value, json};

/// One command under its key; sent again as often as it takes.
#[derive(Clone, Debug)]
pub struct Order {
    /// The idempotency key.
    pub key: String,
    /// Where it is sent.
    pub path: String,
    /// Who sends it.
    pub actor: &'static str,
    /// What is sent.
    pub body: Value,
}

/// A command that was acknowledged.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The command.
    pub order: Order,
    /// Its receipt.
    pub receipt: Value,
}

impl Order {
    /// Reference data that the cases need.
    pub fn reference() -> Order {
        let entries = json!([
            {"what": "catchment", "catchment": "C-01", "provider": "ASP-01", "from": "2025-01-01"},
            {"what": "school", "school": "S-001", "catchment": "C-01", "from": "2025-01-01"},
        ]);
        let (path, actor) = ("/v1/reference".to_owned(), "P-OP/operator/MOE");
        Order { key: "reference".to_owned(), path, actor, body: json!({"entries": entries}) }
    }

    /// Sends it; an error means that the outcome is not known.
    pub fn send(&self, client: &mut Client) -> std::io::Result<Answer> {
        client.post(&self.path, &self.body, &[("ledger-actor", self.actor), ("idempotency-key", &self.key)])
    }
}

/// One client with cases of its own: opens one, has it checked, allocated and assigned, and writes comments.
pub struct Worker {
    id: usize,
    count: u64,
    case: Option<String>,
    stage: u64,
    /// A command whose outcome is not known: the next one to be sent.
    in_doubt: Option<Order>,
    /// What was acknowledged since it was last taken.
    pub kept: Vec<Kept>,
}

/// Comments written on a case before the next one is opened.
const COMMENTS: u64 = 5;

impl Worker {
    /// Makes a worker that has done nothing yet.
    pub fn new(id: usize) -> Worker {
        Worker { id, count: 0, case: None, stage: 0, in_doubt: None, kept: Vec::new() }
    }

    /// Returns whether the outcome of its last command is not known.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt.is_some()
    }

    /// Sends one command after another until told to stop or until the service does not answer.
    pub fn work(&mut self, addr: SocketAddr, stop: &AtomicBool) {
        let mut client = Client::new(addr);
        while !stop.load(Ordering::Relaxed) {
            let order = self.in_doubt.take().unwrap_or_else(|| self.next());
            match order.send(&mut client) {
                Ok(answer) if answer.status < 300 => self.acknowledged(order, &answer.json()),
                Ok(answer) if answer.status == 503 => {
                    self.in_doubt = Some(order);
                    return;
                }
                Ok(answer) => panic!("{order:?}: {} {}", answer.status, answer.text()),
                Err(_) => {
                    self.in_doubt = Some(order);
                    return;
                }
            }
        }
    }

    fn next(&mut self) -> Order {
        self.count += 1;
        let key = format!("w{}-{}", self.id, self.count);
        let (action, actor, body) = match self.stage {
            0 => return Order { key, path: "/v1/cases".to_owned(), actor: "ENROL/enrol/ENROL", body: self.referral() },
            1 => {
                let facts = json!({"in_new_zealand": true, "enrolled": false, "outcome": "refer"});
                ("complete-ministry-check", "P-CIT/cit/MOE", json!({"facts": facts}))
            }
            2 => ("assign-case-manager", "P-WL/workflow_lead/ASP-01", json!({"facts": {"manager": "P-CM"}})),
            n => {
                let text = format!("Kōrero with the whānau, the {n}th time.");
                ("add-comment", "P-CM/case_manager/ASP-01", json!({"personal": {"note": {"text": text}}}))
            }
        };
        let case = self.case.as_deref().expect("the case was opened first");
        Order { key, path: format!("/v1/cases/{case}/actions/{action}"), actor, body }
    }

    fn referral(&self) -> Value {
        let nsn = format!("7{:02}{:07}", self.id, self.count);
        json!({
            "action": "notify-non-enrolment",
            "facts": {
                "last_school": "S-001", "last_day_attended": "2025-05-05", "withdrawn_on": "2025-06-02",
                "leave_reason": "continuous_absence",
            },
            "personal": {"student": {
                "nsn": nsn, "family_name": "Pēwhairangi", "given_names": "Tūmanako", "birth_date": "2013-05-06",
            }},
        })
    }

    fn acknowledged(&mut self, order: Order, answer: &Value) {
        assert!(answer["receipt"].is_object(), "{order:?}: {answer}");
        if self.stage == 0 {
            self.case = answer["case"].as_str().map(str::to_owned);
        }
        self.stage = (self.stage + 1) % (3 + COMMENTS);
        self.kept.push(Kept { order, receipt: answer["receipt"].clone() });
    }
}

/// Chance that can be had again: the same seed, the same numbers.
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end.max(1)
    }
}

//! `kill -9` at random moments under concurrent load, round after round on one directory: whatever was acknowledged is
//! there, at its position and with its hash; nothing is there twice; no command is there in half; it always opens.

use std::collections::BTreeMap;
use std::env;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::killing::{Dice, Kept, Order, Worker};
use caseledger_tests::{Broker, Client, Folder, Service, caseledger, rounds};
use serde_json::Value;

/// Clients that work at the same time.
const WORKERS: usize = 8;
/// The latest moment of a kill after the load has begun, in milliseconds.
const KILL_MS_MAX: u64 = 400;
/// After so many rounds the whole log is walked only now and then: a walk takes longer with every round.
const WALK_EVERY_ROUND_UNTIL: u64 = 50;
const WALK_EVERY: u64 = 25;
/// Receipts that are looked up or asked for once more in a round.
const SAMPLE: usize = 8;
const CATCH_UP_LIMIT: Duration = Duration::from_secs(120);

/// One directory, its service, what it acknowledged.
struct Trial {
    service: Service,
    broker: Option<Broker>,
    workers: Vec<Worker>,
    kept: Vec<Kept>,
    dice: Dice,
    receipts: PathBuf,
    // Named last, removed last.
    _folder: Folder,
}

#[test]
fn kill_9_loses_doubles_and_halves_nothing() {
    let seed = env::var("CASELEDGER_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
        u64::from(now.subsec_nanos())
    });
    println!("CASELEDGER_SEED={seed}");
    let mut trial = Trial::start(seed);
    let rounds = rounds(50, 1_000);
    let mut in_doubt = 0;
    for round in 1..=rounds {
        trial.load_until_killed();
        in_doubt += trial.workers.iter().filter(|worker| worker.is_in_doubt()).count();
        let fresh = trial.keep_receipts();
        if round <= WALK_EVERY_ROUND_UNTIL || round % WALK_EVERY == 0 {
            trial.verify(&format!("round {round}"));
        }
        trial.service.restart();
        trial.look_up(fresh);
        trial.ask_again();
    }
    let acknowledged = trial.kept.len();
    trial.finish();
    println!("{rounds} kills, {acknowledged} commands acknowledged, {in_doubt} in doubt and sent again");
    assert!(in_doubt > 0, "no kill met a command under way: this tested nothing");
}

impl Trial {
    fn start(seed: u64) -> Trial {
        let folder = Folder::new("kill-nine");
        let broker = Broker::start();
        let mut builder = Service::builder().data(folder.path().join("data"));
        // Small files: creating and copying large ones is not what this is about.
        for argument in ["--segment-mib", "1", "--ballast-mib", "0", "--snapshot-every-events", "200"] {
            builder = builder.arg(argument);
        }
        if let Some(broker) = &broker {
            builder = builder.nats(broker);
        }
        let service = builder.start();
        let order = Order::reference();
        let answer = order.send(&mut service.client()).expect("a fresh service answers");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let kept = vec![Kept { order, receipt: answer.json()["receipt"].clone() }];
        let receipts = folder.path().join("receipts.ndjson");
        let mut trial = Trial {
            service,
            broker,
            workers: (0..WORKERS).map(Worker::new).collect(),
            kept,
            dice: Dice::new(seed),
            receipts,
            _folder: folder,
        };
        trial.write_receipts(0);
        trial
    }

    /// Has all workers send, and kills the service in the middle.
    fn load_until_killed(&mut self) {
        let (addr, never) = (self.service.addr(), AtomicBool::new(false));
        let after = Duration::from_millis(self.dice.below(KILL_MS_MAX));
        let service = &mut self.service;
        std::thread::scope(|scope| {
            for worker in &mut self.workers {
                scope.spawn(|| worker.work(addr, &never));
            }
            sleep(after);
            service.kill();
        });
    }

    /// Takes what was acknowledged in this round; returns where it begins.
    fn keep_receipts(&mut self) -> usize {
        let begin = self.kept.len();
        for worker in &mut self.workers {
            self.kept.append(&mut worker.kept);
        }
        self.write_receipts(begin);
        begin
    }

    fn write_receipts(&mut self, begin: usize) {
        let file = File::options().create(true).append(true).open(&self.receipts);
        let mut file = file.expect("a file in a temporary folder can be written");
        let lines: String = self.kept[begin..].iter().map(|kept| format!("{}\n", kept.receipt)).collect();
        file.write_all(lines.as_bytes()).expect("a file in a temporary folder can be written");
    }

    /// Walks the log, with every receipt handed out so far.
    fn verify(&self, when: &str) -> Value {
        let receipts = self.receipts.to_str().expect("temporary folders have plain names");
        let output = on(self.service.data(), &["verify", "--json", "--receipts", receipts]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{when}: {told}{error}");
        serde_json::from_str(&told).expect("verify --json prints JSON")
    }

    /// Looks up some of the receipts of this round in the running service.
    fn look_up(&mut self, begin: usize) {
        let mut client = self.service.client();
        for _ in 0..SAMPLE.min(self.kept.len() - begin) {
            let at = begin + self.dice.below((self.kept.len() - begin) as u64) as usize;
            let receipt = &self.kept[at].receipt;
            let path = format!("/v1/events/{}", receipt["position"]);
            let answer = client.send("GET", &path, &[("ledger-actor", "P-A/auditor/MOE")], b"");
            let answer = answer.expect("a service that has started answers");
            assert_eq!(answer.status, 200, "{receipt}: {}", answer.text());
            assert_eq!(answer.json()["chain_hash"], receipt["chain_hash"], "{receipt}");
        }
    }

    /// Sends some commands of any round once more: each gets its first receipt again.
    fn ask_again(&mut self) {
        let mut client = self.service.client();
        for _ in 0..SAMPLE {
            let at = self.dice.below(self.kept.len() as u64) as usize;
            self.kept[at].ask_again(&mut client);
        }
    }

    /// Clears every doubt, stops in order, and counts: what was acknowledged is all there is, once.
    fn finish(mut self) {
        let addr = self.service.addr();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for worker in &mut self.workers {
                scope.spawn(|| worker.work(addr, &stop));
            }
            sleep(Duration::from_millis(200));
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert!(self.workers.iter().all(|worker| !worker.is_in_doubt()));
        self.keep_receipts();
        self.check_broadcast();
        assert!(self.service.stop().success(), "{}", self.service.log());
        let verified = self.verify("at the end");
        assert_eq!(verified["sled"], "agrees", "{verified}");
        self.count(verified["events"].as_u64().expect("a number of events"));
    }

    /// The receipts cover every position but the ledger's own first event, and none of them twice.
    fn count(&self, events: u64) {
        let number = |receipt: &Value, name: &str| receipt[name].as_u64().expect("a receipt has positions");
        let mut ranges: BTreeMap<u64, (u64, &str)> = BTreeMap::new();
        for kept in &self.kept {
            let (first, last) = (number(&kept.receipt, "first_position"), number(&kept.receipt, "position"));
            if let Some((_, other)) = ranges.insert(first, (last, &kept.order.key)) {
                panic!("{other} and {} have the same position {first}", kept.order.key);
            }
        }
        let mut next = 2;
        for (first, (last, key)) in ranges {
            assert_eq!(first, next, "position {next} belongs to no command that was acknowledged (before {key})");
            next = last + 1;
        }
        // At its stop the service records how far the access ledger reached; nothing else follows the last receipt.
        let rest = on(self.service.data(), &["replay", "--from", &next.to_string()]);
        let rest = String::from_utf8_lossy(&rest.stdout).into_owned();
        let kinds: Vec<Value> = rest.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        let ours = kinds.iter().all(|event| event["type"] == "restricted");
        assert!(ours && kinds.len() <= 1, "the log ends with events of no acknowledged command: {rest}");
        assert_eq!(next + kinds.len() as u64, events + 1);
    }

    /// Every event is in the stream at its position, however often relay and service were killed.
    fn check_broadcast(&self) {
        let Some(broker) = &self.broker else { return };
        let began = Instant::now();
        while self.service.get_as("/v1/relay")["lag_events"] != 0 {
            assert!(began.elapsed() < CATCH_UP_LIMIT, "{}", self.service.get_as("/v1/relay"));
            sleep(Duration::from_millis(50));
        }
        let creds = broker.creds_dir();
        let creds = creds.to_str().expect("temporary folders have plain names");
        let url = broker.url();
        let output = on(self.service.data(), &["nats", "check", "--nats-url", &url, "--nats-creds-dir", creds]);
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
    }
}

impl Kept {
    fn ask_again(&self, client: &mut Client) {
        let answer = self.order.send(client).expect("a service that has started answers").json();
        assert_eq!(answer["receipt"], self.receipt, "{:?}", self.order);
        assert_eq!(answer["repeated"], true, "{answer}");
    }
}

/// Reads as somebody who may.
trait GetAs {
    fn get_as(&self, path: &str) -> Value;
}

impl GetAs for Service {
    fn get_as(&self, path: &str) -> Value {
        let answer = self.client().send("GET", path, &[("ledger-actor", "P-A/auditor/MOE")], b"");
        answer.expect("a service that has started answers").json()
    }
}

fn on(dir: &Path, args: &[&str]) -> std::process::Output {
    let command = Command::new(caseledger()).args(args).arg("--data").arg(dir).output();
    command.expect("the binary can be started")
}

//! Signals: an orderly end keeps every acknowledgement, a second signal ends at once, both leave a ledger that opens.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::support::{on, server, try_record};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

#[test]
fn sigterm_under_load_ends_in_order_and_keeps_what_was_acknowledged() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = server(&dir).start();
    let (receipts, next) = (Mutex::new(Vec::<Value>::new()), AtomicU32::new(0));
    let (warm, addr) = (AtomicBool::new(false), service.addr());
    let status = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = caseledger_tests::Client::new(addr);
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let row = serde_json::json!({"what": "catchment", "catchment": format!("S-{n:05}"), "provider": "C-01", "from": "2026-01-01"});
                    let key = format!("school-{n}");
                    let headers = [("ledger-actor", crate::support::OPERATOR), ("idempotency-key", key.as_str())];
                    // A refused connection or a 503 is how the end looks from outside.
                    match client.post("/v1/reference", &serde_json::json!({"entries": [row]}), &headers) {
                        Ok(answer) if answer.status == 200 => receipts.lock().unwrap().push(answer.json()["receipt"].clone()),
                        Ok(answer) => {
                            assert_eq!(answer.status, 503, "{}", answer.text());
                            return;
                        }
                        Err(_) => return,
                    }
                    if n > 200 {
                        warm.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
        while !warm.load(Ordering::Relaxed) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        service.stop()
    });
    assert_eq!(status.code(), Some(0), "{}", service.log());
    assert!(!dir.join("http.addr").exists() && !dir.join("control.sock").exists());
    let file = top.path().join("receipts.ndjson");
    let receipts = receipts.into_inner().unwrap();
    std::fs::write(&file, receipts.iter().map(|receipt| format!("{receipt}\n")).collect::<String>()).unwrap();
    let verified = on(&dir, "verify", &["--json", "--receipts", file.to_str().unwrap()]).ended(0).json();
    assert_eq!((&verified["receipts"], &verified["sled"]), (&receipts.len().into(), &"agrees".into()));
    service.restart();
    let (status, again) = try_record(&service, 0);
    assert!(status == 200 && again["repeated"] == true, "{again}");
    assert!(service.stop().success());
}

#[test]
fn a_second_signal_ends_at_once_and_loses_nothing() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = server(&dir).arg("--drain-seconds").arg("600").start();
    let receipt = crate::support::record(&service, 1);
    // A request that never ends keeps the orderly end waiting.
    let mut hanging = std::net::TcpStream::connect(service.addr()).unwrap();
    std::io::Write::write_all(
        &mut hanging,
        b"POST /v1/reference HTTP/1.1\r\nhost: x\r\nledger-actor: P-1/operator/MOE\r\nidempotency-key: k\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    )
    .unwrap();
    let id = Pid::from_raw(service.id().unwrap().try_into().unwrap()).unwrap();
    while !service.log().contains("stopping") {
        kill_process(id, Signal::TERM).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    // It may have had the second one already.
    let _ = kill_process(id, Signal::TERM);
    let status = service.wait_for_end();
    assert_eq!(status.code(), Some(143), "{}", service.log());
    service.restart();
    let (_, again) = try_record(&service, 1);
    assert_eq!(again["receipt"], receipt);
    assert!(service.stop().success());
    on(&dir, "verify", &[]).ended(0);
}

#[test]
fn a_live_feed_does_not_hold_up_the_end() {
    let top = tempfile::tempdir().unwrap();
    let mut service = server(&top.path().join("ledger")).arg("--drain-seconds").arg("600").start();
    let mut feed = service.client();
    let mut feed = feed.open("/v1/feed", &[("ledger-actor", crate::support::OPERATOR)]).unwrap();
    assert_eq!(feed.status, 200);
    crate::support::record(&service, 1);
    let mut seen = String::new();
    while !seen.contains("reference_recorded") {
        seen.push_str(&feed.line().unwrap().expect("the feed goes on"));
    }
    // An idle connection that is kept open does not either.
    let mut idle = service.client();
    idle.get("/healthz").unwrap();
    assert!(service.stop().success(), "{}", service.log());
    while feed.line().unwrap().is_some() {}
}

#[test]
fn without_a_broker_it_works_and_says_that_nothing_is_broadcast() {
    let top = tempfile::tempdir().unwrap();
    let mut service = server(&top.path().join("quiet")).start();
    assert!(service.log().contains("nothing is broadcast"), "{}", service.log());
    let relay =
        service.client().send("GET", "/v1/relay", &[("ledger-actor", crate::support::OPERATOR)], b"").unwrap().json();
    assert_eq!(relay["state"], "disabled");
    assert!(service.stop().success());

    let mut service = server(&top.path().join("away")).arg("--nats-url").arg("nats://127.0.0.1:1").start();
    crate::support::record(&service, 1);
    let ready = service.client().get("/readyz").unwrap();
    assert_eq!((ready.status, &ready.json()["status"]), (200, &"degraded".into()), "{}", ready.text());
    assert!(service.stop().success());
}

#[test]
fn the_last_event_of_a_service_that_stopped_says_how_far_the_access_ledger_reached() {
    let top = tempfile::tempdir().unwrap();
    let dir = top.path().join("ledger");
    let mut service = server(&dir).start();
    for _ in 0..3 {
        let looked = service.client().send("GET", "/v1/cases", &[("ledger-actor", "P-AUD/auditor/MOE")], b"").unwrap();
        assert_eq!(looked.status, 200, "{}", looked.text());
    }
    assert!(service.stop().success());
    let journal = caseledger_log::JournalReader::open(&dir).unwrap();
    let mut scan = journal.scan(journal.last());
    let group = scan.next_group().unwrap().unwrap();
    let (_, frame, _) = group.chained().last().unwrap();
    let event = caseledger_events::codec::decode(frame).unwrap();
    assert_eq!(event.kind, "access_head_recorded");
    let told = caseledger_events::readable::facts(&event).unwrap();
    assert!(told.to_string().contains("\"position\":3"), "{told}");
    on(&dir, "verify", &["--access"]).ended(0);
    // Views that are cut off behind what was recorded are missed.
    let access = dir.join("access");
    std::fs::remove_dir_all(&access).unwrap();
    let missed = on(&dir, "verify", &["--access"]);
    assert_ne!(missed.code, 0, "{}", missed.out);
}

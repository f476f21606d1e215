//! `caseledger nats consumer add` against the accounts of nats.conf: the operator makes it, with its filter. That the users
//! of other accounts do not reach it is shown by `nats_conf.rs`: each is allowed its own consumer by name.

use std::time::{Duration, Instant};

use crate::simulation::caseledger;
use async_nats::jetstream::consumer::PullConsumer;
use caseledger_tests::{Broker, Role, Service};

/// Waits until the relay has made the stream and stands in it.
fn wait_for_the_stream(service: &Service) {
    let began = Instant::now();
    loop {
        let headers = [("ledger-actor", "A-1/auditor/MOE")];
        let answer = service.client().send("GET", "/v1/relay", &headers, b"").expect("the service answers");
        if answer.json()["state"] == "ok" {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{}", answer.json());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test]
async fn a_consumer_that_is_added_is_listed_and_made_once() {
    let Some(broker) = Broker::start() else { return };
    let (url, creds) = (broker.url(), broker.creds_dir());
    let creds = creds.to_str().expect("a path that is UTF-8");
    let service = Service::builder().arg("--nats-url").arg(&url).arg("--nats-creds-dir").arg(creds).start();
    wait_for_the_stream(&service);
    let list = service.data().with_file_name("consumers.toml");
    std::fs::write(&list, include_str!("../../consumers.toml")).expect("the folder can be written");
    let list = list.to_str().expect("a path that is UTF-8");
    let nats = ["--nats-url", url.as_str(), "--nats-creds-dir", creds, "--nats-consumers-file", list];
    let add = ["nats", "consumer", "add", "provider-asp02", "--provider", "ASP02"];
    let run = |words: &[&str]| {
        let output = caseledger(&service, &[words, &nats[..]].concat());
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), told)
    };
    let (code, told) = run(&add);
    assert!(code == Some(0) && told.contains("provider-asp02: made"), "{told}");
    let operator = broker.jetstream(Role::Operator).await;
    let mut made: PullConsumer =
        operator.get_consumer_from_stream("provider-asp02", "LEDGER").await.expect("it is there");
    let config = &made.info().await.expect("its state").config;
    let filters = [config.filter_subjects.as_slice(), std::slice::from_ref(&config.filter_subject)].concat();
    assert!(filters.iter().any(|filter| filter == "ledger.ev.*.asp02.>"), "{filters:?}");
    let (code, told) = run(&["nats", "consumer"]);
    assert!(code == Some(0) && told.contains("provider-asp02: stands as listed"), "{told}");
    let (code, told) = run(&add);
    assert!(code == Some(2) && told.contains("listed twice"), "{told}");
}

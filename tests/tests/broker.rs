//! The broker that other tests stand on: it keeps its store and its port through whatever is done to it.

use std::time::Duration;

use async_nats::jetstream::stream;
use caseledger_tests::{Broker, Role};
use tokio::time::timeout;

/// Makes the stream and has the relay store one message in it.
async fn store_one(broker: &Broker) {
    let config =
        stream::Config { name: "LEDGER".to_owned(), subjects: vec!["ledger.ev.>".to_owned()], ..Default::default() };
    let operator = broker.jetstream(Role::Operator).await;
    operator.create_stream(config).await.expect("the operator makes a stream");
    let relay = broker.jetstream(Role::Relay).await;
    let stored = relay.publish("ledger.ev.case_closed.asp01._._", "{}".into()).await.expect("the relay publishes");
    stored.await.expect("the stream acknowledges");
}

/// Returns the last sequence of the stream, if there is one.
async fn last_sequence(broker: &Broker) -> Option<u64> {
    let operator = broker.jetstream(Role::Operator).await;
    let stream = operator.get_stream("LEDGER").await.ok()?;
    Some(stream.cached_info().state.last_sequence)
}

#[tokio::test]
async fn a_killed_broker_comes_back_on_its_store_and_port() {
    let Some(mut broker) = Broker::start() else {
        return;
    };
    store_one(&broker).await;
    let (url, id) = (broker.url(), broker.id());
    broker.kill();
    broker.restart();
    assert_eq!(broker.url(), url);
    assert_ne!(broker.id(), id);
    assert_eq!(last_sequence(&broker).await, Some(1));
}

#[tokio::test]
async fn a_wiped_broker_has_forgotten_its_stream() {
    let Some(mut broker) = Broker::start() else {
        return;
    };
    store_one(&broker).await;
    broker.stop();
    broker.wipe();
    broker.restart();
    assert_eq!(last_sequence(&broker).await, None);
}

#[tokio::test]
async fn a_paused_broker_answers_again_when_it_is_resumed() {
    let Some(broker) = Broker::start() else {
        return;
    };
    store_one(&broker).await;
    let client = broker.connect(Role::Operator).await;
    broker.pause();
    let while_paused = timeout(Duration::from_millis(300), client.request("$JS.API.INFO", "".into())).await;
    assert!(while_paused.is_err(), "a stopped process answered");
    broker.resume();
    assert_eq!(last_sequence(&broker).await, Some(1));
}

#[tokio::test]
async fn two_brokers_stand_side_by_side() {
    let (Some(one), Some(two)) = (Broker::start(), Broker::start()) else {
        return;
    };
    assert_ne!(one.url(), two.url());
    store_one(&one).await;
    assert_eq!(last_sequence(&two).await, None);
}

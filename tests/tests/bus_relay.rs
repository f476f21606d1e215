//! The relay against a real broker that dies, comes back, forgets, stalls: sequence = position whatever happens.

use std::time::Duration;

use crate::bus_support::*;
use caseledger_events::ids::Position;
use caseledger_tests::{Broker, rounds};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_stands_in_the_stream_at_its_position() {
    let Some(broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(1_000);
    let relay = relay(&broker, &ledger).await;
    until_out(&relay.view(), &ledger).await;
    ledger.grow(1);
    ledger.grow(250);
    let status = until_out(&relay.view(), &ledger).await;
    assert_eq!((status.state.name(), status.lag_events(), status.published), ("ok", Some(0), 1_251));
    relay.stop().await;
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_starts_again_goes_on_where_the_stream_stands() {
    let Some(broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(100);
    for _ in 0..3 {
        let relay = relay(&broker, &ledger).await;
        until_out(&relay.view(), &ledger).await;
        relay.stop().await;
        ledger.grow(50);
    }
    let relay = relay(&broker, &ledger).await;
    let status = until_out(&relay.view(), &ledger).await;
    assert_eq!(status.published, 50, "only what was missing is sent");
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_at_the_start_gets_everything_when_it_comes() {
    let Some(mut broker) = Broker::start() else { return };
    broker.kill();
    let mut ledger = Ledger::with(300);
    let relay = relay(&broker, &ledger).await;
    until(&relay.view(), "degraded", |status| status.state.name() == "degraded").await;
    ledger.grow(300);
    let status = relay.view().snapshot();
    assert_eq!((status.log_last, status.lag_events()), (Position(600), None), "the lag is not known yet: {status:?}");
    broker.restart();
    until_out(&relay.view(), &ledger).await;
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_killed_in_mid_stream_loses_and_doubles_nothing() {
    let Some(mut broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(2_000);
    let relay = relay(&broker, &ledger).await;
    for round in 1..=rounds(3, 30) {
        ledger.grow(2_000);
        let middle = Position(round * 2_000 + 500);
        until(&relay.view(), "the middle", |status| status.stream_last.is_some_and(|last| last >= middle)).await;
        broker.kill();
        ledger.grow(100);
        until(&relay.view(), "degraded", |status| status.state.name() == "degraded").await;
        let status = relay.view().snapshot();
        assert!(status.lag_events() >= Some(100) && status.oldest_unpublished.is_some(), "{status:?}");
        broker.restart();
        until_out(&relay.view(), &ledger).await;
    }
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_whose_store_was_wiped_gets_the_whole_log_again() {
    let Some(mut broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(500);
    let relay = relay(&broker, &ledger).await;
    until_out(&relay.view(), &ledger).await;
    broker.stop();
    broker.wipe();
    ledger.grow(100);
    broker.restart();
    until(&relay.view(), "the refilled stream", |status| status.published == 1_100).await;
    until_out(&relay.view(), &ledger).await;
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_deleted_behind_its_back_is_noticed_without_a_new_event() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(200);
    let mut options = options(&broker);
    options.endpoint.patience.recheck = Duration::from_millis(200);
    let relay = start(options, &ledger).await;
    until_out(&relay.view(), &ledger).await;
    let operator = broker.jetstream(caseledger_tests::Role::Operator).await;
    operator.delete_stream("LEDGER").await.expect("the operator may delete the stream");
    until(&relay.view(), "the refilled stream", |status| status.published == 400).await;
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_broker_is_waited_for_and_nothing_is_stored_twice() {
    let Some(broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(500);
    let relay = relay(&broker, &ledger).await;
    until_out(&relay.view(), &ledger).await;
    for seconds in [3, rounds(1, 20)] {
        broker.pause();
        ledger.grow(2_000);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        broker.resume();
        until_out(&relay.view(), &ledger).await;
    }
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_keeps_stalling_still_gets_everything() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(rounds(5_000, 50_000));
    let mut options = options(&broker);
    // Short enough that stalls are taken for losses: what was stored meanwhile must not be stored again.
    options.endpoint.patience.ack = Duration::from_millis(150);
    options.endpoint.patience.settle = Duration::from_millis(50);
    let relay = start(options, &ledger).await;
    let last = Position(ledger.last());
    let began = std::time::Instant::now();
    while relay.view().snapshot().stream_last != Some(last) {
        assert!(began.elapsed() < 10 * LIMIT, "no end in sight: {:?}", relay.view());
        broker.pause();
        tokio::time::sleep(Duration::from_millis(300)).await;
        broker.resume();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_at_once_store_nothing_twice() {
    let Some(broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(3_000);
    let (one, two) = tokio::join!(relay(&broker, &ledger), relay(&broker, &ledger));
    for _ in 0..rounds(20, 200) {
        ledger.grow(100);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    until_out(&one.view(), &ledger).await;
    until_out(&two.view(), &ledger).await;
    // A relay counts what it was told in order; what it had stored behind a refusal counts for nobody.
    let (one, two) = (one.view().snapshot(), two.view().snapshot());
    assert!(one.published + two.published <= ledger.last(), "an event was acknowledged to both");
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_stopped_anywhere_leaves_a_stream_that_can_go_on() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(20_000);
    for round in 0..rounds(10, 100) {
        let relay = relay(&broker, &ledger).await;
        tokio::time::sleep(Duration::from_millis(round * 7 % 50)).await;
        relay.stop().await;
    }
    let relay = relay(&broker, &ledger).await;
    until_out(&relay.view(), &ledger).await;
    assert_copy(&broker, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_stream_degrades_the_relay_and_drops_nothing() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(1_000);
    let mut options = options(&broker);
    options.stream.bytes_max = 200_000;
    let relay = start(options, &ledger).await;
    let full = |status: &caseledger_bus::RelayStatus| status.state.to_string().contains("maximum bytes exceeded");
    let status = until(&relay.view(), "a full stream", full).await;
    assert_eq!(status.state.name(), "degraded");
    assert!(status.lag_events() > Some(0) && status.oldest_unpublished.is_some(), "{status:?}");
    let stored = read_stream(&broker).await;
    assert!(!stored.is_empty() && stored.iter().enumerate().all(|(at, message)| message.sequence == at as u64 + 1));
}

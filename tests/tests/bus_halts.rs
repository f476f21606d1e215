//! What makes the relay halt: it names the reason, publishes nothing, and goes on by itself when the reason is gone.

mod bus_support;

use async_nats::jetstream::stream::Config;
use bus_support::*;
use caseledger_tests::{Broker, Role};

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_stream_under_our_name() {
    let Some(broker) = Broker::start() else { return };
    let theirs = Ledger::new(2, 0, 1);
    let first = relay(&broker, &theirs).await;
    until_out(&first.view(), &theirs).await;
    first.stop().await;
    let ours = Ledger::with(100);
    let relay = relay(&broker, &ours).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "foreign_ledger");
    assert!(text.contains("02020202-") && text.contains("01010101-") && text.contains("nats rebuild"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_somebody_else_made() {
    let Some(broker) = Broker::start() else { return };
    let operator = broker.jetstream(Role::Operator).await;
    let config = Config { name: "LEDGER".into(), subjects: vec!["ledger.ev.>".into()], ..Default::default() };
    operator.create_stream(config).await.expect("the operator makes a stream");
    let ledger = Ledger::with(10);
    let relay = relay(&broker, &ledger).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "foreign_ledger");
    assert!(text.contains("not made by this service"), "{text}");
    assert_eq!(read_stream(&broker).await.len(), 0, "nothing was published into it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_log_restored_under_a_running_stream() {
    let Some(broker) = Broker::start() else { return };
    let newer = Ledger::with(200);
    let first = relay(&broker, &newer).await;
    until_out(&first.view(), &newer).await;
    first.stop().await;
    let older = Ledger::with(120);
    let relay = relay(&broker, &older).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "ahead");
    assert!(text.contains("200") && text.contains("120") && text.contains("the same events"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_log_that_was_written_on() {
    let Some(broker) = Broker::start() else { return };
    let newer = Ledger::with(200);
    let first = relay(&broker, &newer).await;
    until_out(&first.view(), &newer).await;
    first.stop().await;
    let mut older = Ledger::with(120);
    older.diverge(9);
    older.grow(30);
    let second = relay(&broker, &older).await;
    let (name, text) = until_halted(&second.view()).await;
    assert_eq!(name, "ahead");
    assert!(text.contains("different events"), "{text}");
    second.stop().await;
    older.grow(100);
    let third = relay(&broker, &older).await;
    let (name, text) = until_halted(&third.view()).await;
    assert_eq!(name, "diverged");
    assert!(text.contains("at position 121"), "the first position that differs is named: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_from_before_a_restore() {
    let Some(broker) = Broker::start() else { return };
    let before = Ledger::with(50);
    let first = relay(&broker, &before).await;
    until_out(&first.view(), &before).await;
    first.stop().await;
    let mut after = Ledger::new(1, 1, 1);
    after.grow(60);
    let relay = relay(&broker, &after).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "other_epoch");
    assert!(text.contains("epoch 0") && text.contains("epoch 1"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_the_stream() {
    let Some(broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(100);
    let first = relay(&broker, &ledger).await;
    until_out(&first.view(), &ledger).await;
    first.stop().await;
    hand_made(
        &broker,
        |_| (),
        |operator, config| async move {
            let stream = operator.get_stream("LEDGER").await.expect("there is a stream");
            stream.delete_message(57).await.expect("a stream that does not deny it deletes a message");
            operator.update_stream(config).await.expect("deny_delete can be switched on");
        },
    )
    .await;
    ledger.grow(10);
    let relay = relay(&broker, &ledger).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "holes");
    assert!(text.contains("99 messages up to sequence 100") && text.contains("nats check"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_lost_its_beginning() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(100);
    let first = relay(&broker, &ledger).await;
    until_out(&first.view(), &ledger).await;
    first.stop().await;
    hand_made(
        &broker,
        |_| (),
        |operator, config| async move {
            let stream = operator.get_stream("LEDGER").await.expect("there is a stream");
            stream.purge().sequence(31).await.expect("a stream that does not deny it can be purged");
            operator.update_stream(config).await.expect("deny_purge can be switched on");
        },
    )
    .await;
    let relay = relay(&broker, &ledger).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "not_from_one");
    assert!(text.contains("begins at sequence 31"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_set_up_differently_is_left_as_it_is() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(100);
    let first = relay(&broker, &ledger).await;
    until_out(&first.view(), &ledger).await;
    first.stop().await;
    let operator = broker.jetstream(Role::Operator).await;
    let mut changed = operator.get_stream("LEDGER").await.expect("there is a stream").cached_info().config.clone();
    let good = changed.clone();
    changed.discard = async_nats::jetstream::stream::DiscardPolicy::Old;
    operator.update_stream(&changed).await.expect("the operator may change the stream");
    let relay = relay(&broker, &ledger).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "config_differs");
    assert!(text.contains("discard is Old, not New"), "{text}");
    operator.update_stream(&good).await.expect("the operator may change it back");
    relay.view().recheck();
    until(&relay.view(), "ok after the operator's act", |status| status.state.name() == "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_publishing_into_the_stream() {
    let Some(broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(100);
    let relay = relay(&broker, &ledger).await;
    until_out(&relay.view(), &ledger).await;
    let intruder = broker.jetstream(Role::Relay).await;
    let stored = intruder.publish("ledger.ev.comment_added._._._", "{}".into()).await.expect("it may publish");
    assert_eq!(stored.await.expect("it is stored").sequence, 101);
    // Position 101 meets the fence (code 10071). Those in flight behind it do not: something stands before them. So the
    // hash at the end is right, and only comparing what was in flight shows the intruder.
    ledger.grow(5);
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "diverged");
    assert!(text.contains("sequence 101") && text.contains("names no hash"), "{text}");
    relay.stop().await;
    let again = start(options(&broker), &ledger).await;
    assert_eq!(until_halted(&again.view()).await.0, "diverged", "a relay that starts afresh sees it as well");
}

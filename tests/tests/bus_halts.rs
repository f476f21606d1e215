//! What makes the relay halt: it names the reason, publishes nothing, and goes on by itself when the reason is gone.

use crate::bus_support::*;
use async_nats::jetstream::stream::Config;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_rights_is_told_what_was_refused() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(10);
    let first = relay(&broker, &ledger).await;
    until_out(&first.view(), &ledger).await;
    first.stop().await;
    let mut options = options(&broker);
    options.endpoint.seed_file = Some(broker.creds_dir().join("reporting.nk"));
    options.endpoint.patience.request = std::time::Duration::from_millis(500);
    let relay = start(options, &ledger).await;
    let told = |status: &caseledger_bus::RelayStatus| {
        status.state.to_string().to_lowercase().contains("permissions violation")
    };
    let status = until(&relay.view(), "the refusal by name", told).await;
    assert_eq!(status.state.name(), "degraded");
    until(&relay.view(), "the count of refusals", |status| status.violations > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_the_broker_does_not_know_is_named_and_others_are_not_asked_for() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(10);
    let folder = caseledger_tests::Folder::new("seed");
    let seed = folder.path().join("unknown.nk");
    std::fs::write(&seed, nkeys::KeyPair::new_user().seed().unwrap()).unwrap();
    std::fs::set_permissions(&seed, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut options = options(&broker);
    options.endpoint.seed_file = Some(seed);
    let relay = start(options, &ledger).await;
    let told = |status: &caseledger_bus::RelayStatus| status.state.to_string().contains("authorization violation");
    assert_eq!(until(&relay.view(), "the refusal by name", told).await.state.name(), "degraded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_too_old() {
    let old = old_server().await;
    let ledger = Ledger::with(10);
    let endpoint = caseledger_bus::Endpoint::new(old, caseledger_bus::BusUser::Relay, None);
    let error = caseledger_bus::Connection::open(&endpoint).await.unwrap_err().to_string();
    assert!(error.contains("2.9.10") && error.contains("2.14"), "{error}");
    let mut options = caseledger_bus::RelayOptions::new(endpoint, None);
    options.endpoint.patience.request = std::time::Duration::from_millis(200);
    let relay = start(options, &ledger).await;
    let (name, text) = until_halted(&relay.view()).await;
    assert_eq!(name, "server_too_old");
    assert!(text.contains("2.9.10") && text.contains("cargo xtask tools"), "{text}");
}

/// Listens as a server that says it is 2.9.10 and keeps connections open: what is read of an old one before anything else.
async fn old_server() -> String {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = socket.into_split();
                let hello =
                    "INFO {\"server_id\":\"old\",\"version\":\"2.9.10\",\"headers\":true,\"max_payload\":1048576}\r\n";
                let _ = write.write_all(hello.as_bytes()).await;
                let mut lines = BufReader::new(read).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    if line.starts_with("PING") {
                        let _ = write.write_all(b"PONG\r\n").await;
                    }
                }
            });
        }
    });
    format!("nats://{address}")
}

//! `nats check` finds what is wrong throughout; `nats rebuild` makes the stream anew with its consumers where they were.

use crate::bus_support::*;
use async_nats::jetstream::consumer::PullConsumer;
use caseledger_bus::{
    BusUser, CheckError, CheckReport, Connection, Difference, Filler, LogSource, RebuildOptions, RebuildStep,
    StreamSettings, check, rebuild,
};
use caseledger_events::ids::Position;
use caseledger_tests::{Broker, Role};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

/// Compares from the journal, as another process would, with the rights of the operator.
async fn checked(broker: &Broker, ledger: &Ledger) -> Result<CheckReport, CheckError> {
    let log = LogSource::from(journal(&ledger.dir()));
    let operator = Connection::open(&endpoint(broker, BusUser::Operator)).await.expect("the operator connects");
    let mut heard = Position(0);
    let report = check(&log, &operator, StreamSettings::default(), |at, _| {
        assert!(at > heard, "progress only grows");
        heard = at;
    })
    .await;
    operator.close().await;
    report
}

/// Fills a stream from a ledger and stops the relay.
async fn filled(broker: &Broker, ledger: &Ledger) {
    let relay = relay(broker, ledger).await;
    until_out(&relay.view(), ledger).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_true_copy_is_clean() {
    let Some(broker) = Broker::start() else { return };
    let mut ledger = Ledger::with(1_700);
    assert!(matches!(checked(&broker, &ledger).await, Err(CheckError::NoStream)));
    filled(&broker, &ledger).await;
    let report = checked(&broker, &ledger).await.unwrap();
    assert!(report.is_clean() && report.compared == 1_700, "{report:?}");
    ledger.grow(10);
    let report = checked(&broker, &ledger).await.unwrap();
    assert!(report.is_clean(), "what is not in the stream yet is no difference: {report:?}");
    assert_eq!((report.stream_last, report.log_last), (Position(1_700), Position(1_710)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_that_is_not_ours_is_found_where_it_stands() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(1_200);
    filled(&broker, &ledger).await;
    hand_made(
        &broker,
        |messages| {
            messages[19].body = "{}".into();
            messages[29].subject = "ledger.ev.comment_added._._._".into();
            messages[39].headers.insert("ce-type", "something.else");
            messages[49].headers.insert("ce-ledgerhash", "00".repeat(32));
        },
        |operator, config| async move {
            let stream = operator.get_stream("LEDGER").await.expect("there is a stream");
            for sequence in [600, 601, 602, 1_200] {
                stream.delete_message(sequence).await.expect("a stream that does not deny it deletes a message");
            }
            operator.update_stream(config).await.expect("deny_delete can be switched on");
        },
    )
    .await;
    let report = checked(&broker, &ledger).await.unwrap();
    let [setup, rest @ ..] = report.differences.as_slice() else { panic!("{report:?}") };
    assert!(matches!(setup, Difference::Setup(halt) if halt.name() == "holes"), "{setup:?}");
    let content = |position, what| Difference::Content { position: Position(position), what };
    let missing = |first, last| Difference::Missing { first: Position(first), last: Position(last) };
    let wrong =
        Difference::Hash { position: Position(50), stream: Some(caseledger_proof::Hash::ZERO), log: ledger.chain[50] };
    let expected = [
        content(20, "body"),
        content(30, "subject"),
        content(40, "headers"),
        wrong,
        missing(600, 602),
        missing(1_200, 1_200),
    ];
    assert_eq!(rest, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ahead_of_the_log_and_a_foreign_one_are_named() {
    let Some(broker) = Broker::start() else { return };
    filled(&broker, &Ledger::with(150)).await;
    let report = checked(&broker, &Ledger::with(100)).await.unwrap();
    assert_eq!(report.differences, [Difference::Beyond { first: Position(101), last: Position(150) }]);
    let mut foreign = Ledger::new(7, 0, 1);
    foreign.grow(10);
    let report = checked(&broker, &foreign).await.unwrap();
    assert!(matches!(report.differences.as_slice(), [Difference::Setup(halt)] if halt.name() == "foreign_ledger"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_stream_is_whole_and_its_consumers_stand_where_they_had_acknowledged() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(300);
    filled(&broker, &ledger).await;
    let acknowledged = read_as(&broker, Role::Reporting, "reporting", 120).await;
    assert_eq!(acknowledged.last(), Some(&120));
    let own = read_as(&broker, Role::Provider, "provider-asp01", 10).await;
    hand_made(
        &broker,
        |_| (),
        |operator, config| async move {
            let stream = operator.get_stream("LEDGER").await.expect("there is a stream");
            stream.delete_message(200).await.expect("a stream that does not deny it deletes a message");
            operator.update_stream(config).await.expect("deny_delete can be switched on");
        },
    )
    .await;
    // Deleting a stream by hand takes its consumers with it: they are made again as they were.
    let after = [("reporting", 120), ("provider-asp01", *own.last().unwrap())];
    remake_consumers(&broker, &after).await;

    let running = relay(&broker, &ledger).await;
    assert_eq!(until_halted(&running.view()).await.0, "holes");
    let folder = caseledger_tests::Folder::new("notes");
    let options = RebuildOptions {
        operator: endpoint(&broker, BusUser::Operator),
        filler: Filler::Running(running.view()),
        stream: StreamSettings::default(),
        consumers: consumers(),
        notes: folder.path().join("rebuild.json"),
    };
    let mut steps = Vec::new();
    rebuild(&ledger.store.reader().into(), &options, &CancellationToken::new(), |step| steps.push(step)).await.unwrap();

    assert!(steps.contains(&RebuildStep::Made), "{steps:?}");
    assert!(!options.notes.exists(), "the notes are gone when everything stands");
    until(&running.view(), "ok", |status| status.state.name() == "ok").await;
    assert_copy(&broker, &ledger).await;
    assert_eq!(read_as(&broker, Role::Reporting, "reporting", 1).await, [121]);
    let next_own = read_as(&broker, Role::Provider, "provider-asp01", 1).await[0];
    assert!(next_own > *own.last().unwrap() && next_own <= own.last().unwrap() + 10, "{next_own} after {own:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_was_broken_off_goes_on_with_its_notes() {
    let Some(broker) = Broker::start() else { return };
    let ledger = Ledger::with(300);
    filled(&broker, &ledger).await;
    read_as(&broker, Role::Reporting, "reporting", 50).await;
    let folder = caseledger_tests::Folder::new("notes");
    let options = RebuildOptions {
        operator: endpoint(&broker, BusUser::Operator),
        filler: Filler::Own(endpoint(&broker, BusUser::Relay)),
        stream: StreamSettings::default(),
        consumers: consumers(),
        notes: folder.path().join("rebuild.json"),
    };
    // Told to stop before it begins to fill: the old stream is gone then, and with it what was acknowledged.
    let stopped = CancellationToken::new();
    stopped.cancel();
    let log = LogSource::from(journal(&ledger.dir()));
    let error = rebuild(&log, &options, &stopped, |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("broken off"), "{error}");
    assert!(options.notes.exists());
    rebuild(&log, &options, &CancellationToken::new(), |_| ()).await.unwrap();
    assert_copy(&broker, &ledger).await;
    assert_eq!(read_as(&broker, Role::Reporting, "reporting", 1).await, [51]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_consumers_skip_nothing_that_is_new() {
    let Some(broker) = Broker::start() else { return };
    let before = Ledger::with(200);
    filled(&broker, &before).await;
    read_as(&broker, Role::Reporting, "reporting", 180).await;
    let mut restored = Ledger::with(100);
    restored.diverge(5);
    restored.grow(150);
    let folder = caseledger_tests::Folder::new("notes");
    let options = RebuildOptions {
        operator: endpoint(&broker, BusUser::Operator),
        filler: Filler::Own(endpoint(&broker, BusUser::Relay)),
        stream: StreamSettings::default(),
        consumers: consumers(),
        notes: folder.path().join("rebuild.json"),
    };
    rebuild(&restored.store.reader().into(), &options, &CancellationToken::new(), |_| ()).await.unwrap();
    assert_copy(&broker, &restored).await;
    let next = read_as(&broker, Role::Reporting, "reporting", 1).await;
    assert_eq!(next, [101], "180 were acknowledged, but from 101 on other events stand there now");
}

/// Reads and acknowledges as a scoped user does; returns the sequences.
async fn read_as(broker: &Broker, role: Role, name: &str, count: usize) -> Vec<u64> {
    let jetstream = broker.jetstream(role).await;
    let consumer: PullConsumer =
        jetstream.get_consumer_from_stream(name, "LEDGER").await.expect("the user may bind to its consumer");
    let mut messages =
        consumer.batch().max_messages(count).expires(LIMIT).messages().await.expect("the user may ask for messages");
    let mut sequences = Vec::new();
    while let Some(message) = messages.next().await {
        let message = message.expect("a message is delivered");
        message.double_ack().await.expect("the user may acknowledge");
        sequences.push(message.info().expect("a message says where it stands").stream_sequence);
    }
    assert_eq!(sequences.len(), count);
    sequences
}

async fn remake_consumers(broker: &Broker, after: &[(&str, u64)]) {
    let operator = Connection::open(&endpoint(broker, BusUser::Operator)).await.expect("the operator connects");
    caseledger_bus::make_consumers(&operator, &consumers()).await.expect("the operator makes consumers");
    for (name, last) in after {
        let role = if *name == "reporting" { Role::Reporting } else { Role::Provider };
        let jetstream = broker.jetstream(role).await;
        let consumer: PullConsumer = jetstream.get_consumer_from_stream(*name, "LEDGER").await.expect("it stands");
        let mut messages = consumer.batch().max_messages(1000).messages().await.expect("it delivers");
        while let Some(Ok(message)) = messages.next().await {
            message.double_ack().await.expect("the user may acknowledge");
            if message.info().expect("a message says where it stands").stream_sequence >= *last {
                break;
            }
        }
    }
}

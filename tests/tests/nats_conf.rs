//! nats.conf and consumers.toml on a real server: each role can do its work, and nothing beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, stream};
use caseledger_tests::{Broker, Role};
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;
use tokio::time::{sleep, timeout};

const STREAM: &str = "LEDGER";
/// The API as readers reach it across accounts, and as it is in the account of the stream.
const APIS: [&str; 2] = ["$JS.ledger.API", "$JS.API"];
const EVENTS: [&str; 4] = [
    "ledger.ev.case_closed.asp01.c1.s1",
    "ledger.ev.case_closed.asp02.c2.s2",
    "ledger.ev.restricted._._._",
    "ledger.ev.comment_added.asp01.c1._",
];

#[derive(Deserialize)]
struct Consumers {
    consumer: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: String,
    description: String,
    filter_subjects: Vec<String>,
    ack_policy: String,
    max_ack_pending: i64,
}

impl Listed {
    fn config(self) -> pull::Config {
        let ack_policy = match self.ack_policy.as_str() {
            "all" => AckPolicy::All,
            "explicit" => AckPolicy::Explicit,
            other => panic!("consumer {}: no such ack_policy: {other}", self.name),
        };
        pull::Config {
            durable_name: Some(self.name),
            description: Some(self.description),
            filter_subjects: self.filter_subjects,
            ack_policy,
            max_ack_pending: self.max_ack_pending,
            ..Default::default()
        }
    }
}

/// Starts a broker with the stream, the listed consumers and a few events, made by those whose work it is.
async fn ledger() -> Option<Broker> {
    let broker = Broker::start()?;
    let operator = broker.jetstream(Role::Operator).await;
    let config = stream::Config {
        name: STREAM.to_owned(),
        subjects: vec!["ledger.ev.>".to_owned()],
        deny_delete: true,
        deny_purge: true,
        ..Default::default()
    };
    let stream = operator.create_stream(config).await.expect("the operator makes the stream");
    let listed: Consumers =
        toml::from_str(include_str!("../../consumers.toml")).expect("consumers.toml is in its form");
    for consumer in listed.consumer {
        stream.create_consumer(consumer.config()).await.expect("the operator makes the listed consumers");
    }
    let relay = broker.jetstream(Role::Relay).await;
    for (before, subject) in EVENTS.into_iter().enumerate() {
        let mut fence = HeaderMap::new();
        fence.insert("Nats-Expected-Last-Sequence", before.to_string());
        fence.insert("Nats-Expected-Stream", STREAM);
        let sent = relay.publish_with_headers(subject, fence, "{}".into()).await.expect("the relay publishes");
        assert_eq!(sent.await.expect("the stream acknowledges").sequence, before as u64 + 1);
    }
    Some(broker)
}

/// Returns sequence, subject and acknowledgement of what a durable consumer of this role has for it.
async fn pulled(reader: &jetstream::Context, consumer: &str) -> Vec<(u64, String)> {
    let consumer: PullConsumer = reader.get_consumer_from_stream(consumer, STREAM).await.expect("its own consumer");
    let mut batch = consumer.fetch().max_messages(100).messages().await.expect("a batch");
    let mut seen = Vec::new();
    while let Some(message) = batch.try_next().await.expect("a message") {
        message.double_ack().await.expect("an acknowledgement that is confirmed");
        seen.push((message.info().expect("where it stands").stream_sequence, message.subject.to_string()));
    }
    seen
}

fn all_events() -> Vec<(u64, String)> {
    (1..).zip(EVENTS).map(|(sequence, subject)| (sequence, subject.to_owned())).collect()
}

#[tokio::test]
async fn the_relay_finds_where_the_stream_stands_and_what_is_there() {
    let Some(broker) = ledger().await else { return };
    let relay = broker.jetstream(Role::Relay).await;
    let stream = relay.get_stream(STREAM).await.expect("the relay may ask for the stream");
    assert_eq!(stream.cached_info().state.last_sequence, EVENTS.len() as u64);
    let last = stream.get_raw_message(EVENTS.len() as u64).await.expect("the relay may read one message");
    assert_eq!(last.subject.as_str(), EVENTS[EVENTS.len() - 1]);
}

#[tokio::test]
async fn a_projector_reads_every_event_in_order_from_its_own_position() {
    let Some(broker) = ledger().await else { return };
    let projector = broker.jetstream(Role::Projector).await;
    let stream = projector.get_stream(STREAM).await.expect("a projector may ask for the stream");
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: 2 },
        ..Default::default()
    };
    let consumer = stream.create_consumer(config).await.expect("a projector makes consumers of its own");
    let messages = consumer.messages().await.expect("a stream of messages");
    let seen: Vec<String> =
        messages.take(3).map(|message| message.expect("a message").subject.to_string()).collect().await;
    assert_eq!(seen, EVENTS[1..]);
}

#[tokio::test]
async fn reporting_reads_every_position_and_its_place_is_kept() {
    let Some(broker) = ledger().await else { return };
    let reporting = broker.jetstream(Role::Reporting).await;
    assert_eq!(pulled(&reporting, "reporting").await, all_events());
    let again = broker.jetstream(Role::Reporting).await;
    assert_eq!(pulled(&again, "reporting").await, []);
}

#[tokio::test]
async fn a_provider_reads_events_of_its_own_scope_alone() {
    let Some(broker) = ledger().await else { return };
    let provider = broker.jetstream(Role::Provider).await;
    let own: Vec<_> = all_events().into_iter().filter(|(_, subject)| subject.contains(".asp01.")).collect();
    assert_eq!(pulled(&provider, "provider-asp01").await, own);
}

/// What each role must not send; the consumer of the other scoped reader and the plain API among it.
fn forbidden_to_publish() -> BTreeMap<&'static str, (Role, Vec<String>)> {
    let scoped = |other: &str| {
        let mut subjects: Vec<String> = [
            "ledger.ev.case_closed.asp01._._",
            "$JS.ACK.LEDGER.somebody.1.1.1.1.0",
            "_INBOX_operator.x",
            "$SYS.REQ.SERVER.PING",
        ]
        .map(str::to_owned)
        .to_vec();
        let requests = [
            "INFO",
            "STREAM.INFO.LEDGER",
            "STREAM.CREATE.OTHER",
            "STREAM.UPDATE.LEDGER",
            "STREAM.PURGE.LEDGER",
            "STREAM.DELETE.LEDGER",
            "STREAM.MSG.GET.LEDGER",
            "STREAM.MSG.DELETE.LEDGER",
            "DIRECT.GET.LEDGER",
            "CONSUMER.CREATE.LEDGER",
            "CONSUMER.CREATE.LEDGER.mine",
            "CONSUMER.CREATE.LEDGER.reporting.ledger.ev.>",
            "CONSUMER.CREATE.LEDGER.provider-asp01.ledger.ev.*.asp01.>",
            "CONSUMER.DURABLE.CREATE.LEDGER.mine",
            "CONSUMER.DELETE.LEDGER.reporting",
            "CONSUMER.DELETE.LEDGER.provider-asp01",
            "CONSUMER.PAUSE.LEDGER.reporting",
            "CONSUMER.NAMES.LEDGER",
        ];
        for prefix in APIS {
            subjects.extend(requests.iter().map(|request| format!("{prefix}.{request}")));
            subjects.push(format!("{prefix}.CONSUMER.MSG.NEXT.LEDGER.{other}"));
            subjects.push(format!("{prefix}.CONSUMER.INFO.LEDGER.{other}"));
        }
        subjects
    };
    let reader = [
        "ledger.ev.case_closed.asp01._._",
        "$JS.API.STREAM.PURGE.LEDGER",
        "$JS.ledger.API.STREAM.PURGE.LEDGER",
        "$JS.ledger.API.STREAM.DELETE.LEDGER",
        "$JS.ledger.API.STREAM.UPDATE.LEDGER",
        "$JS.ledger.API.STREAM.CREATE.OTHER",
    ];
    let relay = [
        "$JS.API.STREAM.CREATE.LEDGER",
        "$JS.API.STREAM.UPDATE.LEDGER",
        "$JS.API.STREAM.PURGE.LEDGER",
        "$JS.API.STREAM.DELETE.LEDGER",
        "$JS.API.STREAM.MSG.DELETE.LEDGER",
        "$JS.API.CONSUMER.CREATE.LEDGER.mine",
        "$JS.API.CONSUMER.DELETE.LEDGER.reporting",
        "$JS.API.CONSUMER.MSG.NEXT.LEDGER.reporting",
    ];
    BTreeMap::from([
        ("REPORTING", (Role::Reporting, scoped("provider-asp01"))),
        ("PROVIDER_ASP01", (Role::Provider, scoped("reporting"))),
        ("PROJECTOR", (Role::Projector, reader.map(str::to_owned).to_vec())),
        ("LEDGER", (Role::Relay, relay.map(str::to_owned).to_vec())),
    ])
}

/// Waits until the server has logged a refusal: a client only sees that nothing comes back.
async fn refused(broker: &Broker, account: &str, violation: &str) {
    let logged = || broker.log().lines().any(|line| line.contains(account) && line.contains(violation));
    let seen = timeout(Duration::from_secs(5), async {
        while !logged() {
            sleep(Duration::from_millis(20)).await;
        }
    });
    assert!(seen.await.is_ok(), "the server has not refused to {account}: {violation}");
}

#[tokio::test]
async fn nobody_sends_what_is_not_theirs_to_send() {
    let Some(broker) = ledger().await else { return };
    for (account, (role, subjects)) in forbidden_to_publish() {
        let client = broker.connect(role).await;
        for subject in &subjects {
            client.publish(subject.clone(), "{}".into()).await.expect("a message is handed to the client");
        }
        client.flush().await.expect("messages go out");
        for subject in subjects {
            refused(&broker, &format!("\"{account}/"), &format!("Publish Violation - Subject \"{subject}\"")).await;
        }
    }
    assert_untouched(&broker).await;
}

#[tokio::test]
async fn nobody_listens_to_what_is_not_theirs_to_hear() {
    let Some(broker) = ledger().await else { return };
    let accounts = [
        ("REPORTING", Role::Reporting, "_INBOX_provider-asp01.>"),
        ("PROVIDER_ASP01", Role::Provider, "_INBOX_reporting.>"),
        ("PROJECTOR", Role::Projector, "_INBOX_relay.>"),
        ("LEDGER", Role::Relay, "_INBOX_operator.>"),
    ];
    for (account, role, inbox) in accounts {
        let client = broker.connect(role).await;
        for subject in [inbox, "_INBOX.>", "ledger.ev.>", ">", "$JS.EVENT.>"] {
            let _kept = client.subscribe(subject).await.expect("a subscription is handed to the client");
            client.flush().await.expect("subscriptions go out");
            refused(&broker, &format!("\"{account}/"), &format!("Subscription Violation - Subject \"{subject}\""))
                .await;
        }
    }
}

/// The server answers with its own rights, to whatever subject the asker names. In the account of the stream such an
/// answer is stored as an event, and an empty one deletes the stream; from another account it must go nowhere.
#[tokio::test]
async fn no_reader_steers_an_answer_into_the_stream_or_its_api() {
    let Some(broker) = ledger().await else { return };
    let readers = [(Role::Reporting, "reporting"), (Role::Provider, "provider-asp01"), (Role::Projector, "reporting")];
    let targets =
        ["ledger.ev.case_closed.asp01._._", "$JS.API.STREAM.DELETE.LEDGER", "$JS.API.CONSUMER.DELETE.LEDGER.reporting"];
    for (role, consumer) in readers {
        let client = broker.connect(role).await;
        for (target, api) in targets.iter().flat_map(|target| APIS.map(|api| (*target, api))) {
            // The first takes the events, the second finds none left and is answered with an empty message.
            for request in [r#"{"batch":10,"no_wait":true}"#, r#"{"batch":10,"no_wait":true}"#, ""] {
                let next = format!("{api}.CONSUMER.MSG.NEXT.LEDGER.{consumer}");
                let sent = client.publish_with_reply(next, target, request.into()).await;
                sent.expect("a request is handed over");
            }
            let info = format!("{api}.CONSUMER.INFO.LEDGER.{consumer}");
            let sent = client.publish_with_reply(info, target, "".into()).await;
            sent.expect("a request is handed over");
        }
        client.flush().await.expect("requests go out");
    }
    sleep(Duration::from_millis(500)).await;
    assert_untouched(&broker).await;
}

/// A push consumer is the other way to have the server send somewhere; a projector may make consumers.
#[tokio::test]
async fn a_projector_points_no_push_consumer_at_the_stream_or_its_api() {
    let Some(broker) = ledger().await else { return };
    let client = broker.connect(Role::Projector).await;
    let targets =
        ["ledger.ev.case_closed.asp01._._", "$JS.API.STREAM.DELETE.LEDGER", "$JS.API.CONSUMER.DELETE.LEDGER.reporting"];
    for (number, target) in targets.into_iter().enumerate() {
        let config = format!(
            r#"{{"stream_name":"LEDGER","action":"","config":{{"name":"push{number}","deliver_subject":"{target}",
                "ack_policy":"none","deliver_policy":"all","headers_only":true,"idle_heartbeat":100000000}}}}"#
        );
        let create = format!("$JS.ledger.API.CONSUMER.CREATE.LEDGER.push{number}");
        let answer = client.request(create, config.into()).await.expect("the server answers");
        println!("{target}: {}", String::from_utf8_lossy(&answer.payload));
    }
    sleep(Duration::from_millis(500)).await;
    assert_untouched(&broker).await;
}

/// The stream holds what the relay stored, and the listed consumers are there.
async fn assert_untouched(broker: &Broker) {
    let operator = broker.jetstream(Role::Operator).await;
    let stream = operator.get_stream(STREAM).await.expect("the stream is there");
    let state = &stream.cached_info().state;
    assert_eq!((state.first_sequence, state.last_sequence, state.messages), (1, 4, 4));
    for consumer in ["reporting", "provider-asp01"] {
        let found: Result<PullConsumer, _> = stream.get_consumer(consumer).await;
        found.unwrap_or_else(|error| panic!("consumer {consumer} is gone: {error}"));
    }
}

//! What `/metrics` tells: counters of the interface, gauges read when they are asked for. Nothing personal.

use std::sync::atomic::{AtomicI64, AtomicU64};

use caseledger_events::dates::Timestamp;
use caseledger_log::ClockStatus;
use caseledger_views::ViewState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::state::Parts;

/// Route and status class of a request: the route's pattern, never the URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct View {
    view: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: String,
}

/// Counters of the interface.
#[derive(Clone)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    seconds: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            requests: Family::default(),
            // 0.25 ms to 8 s.
            seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
        }
    }
}

type Int = Gauge<i64, AtomicI64>;
type Real = Gauge<f64, AtomicU64>;

impl Metrics {
    /// Counts one finished request.
    pub fn finished(&self, route: &str, status: u16, seconds: f64) {
        self.requests.get_or_create(&Request { route: route.to_owned(), status }).inc();
        self.seconds.observe(seconds);
    }

    /// Returns everything in the text format of OpenMetrics.
    pub fn text(&self, parts: &Parts, now: Timestamp) -> String {
        let mut registry = Registry::with_prefix("caseledger");
        registry.register("http_requests", "Finished requests by route and status", self.requests.clone());
        registry.register("http_request_seconds", "Time from request to response", self.seconds.clone());
        ledger(&mut registry, parts);
        views(&mut registry, parts);
        relay(&mut registry, parts, now);
        let mut text = String::with_capacity(8 * 1024);
        // Writing to a String fails only where a metric cannot be written at all.
        let _ = encode(&mut text, &registry);
        text
    }
}

fn int(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge = Int::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

fn real(registry: &mut Registry, name: &str, help: &str, value: f64) {
    let gauge = Real::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn ledger(registry: &mut Registry, parts: &Parts) {
    let status = parts.ledger.status();
    int(registry, "log_position", "Last durable position", status.durable.0);
    int(registry, "log_queue", "Commands waiting to be decided", status.queued as u64);
    int(registry, "log_group_events", "Events of the last group", status.last_group_events as u64);
    int(registry, "log_streams", "Streams", status.streams as u64);
    int(registry, "log_free_bytes", "Free bytes of the data directory's file system", status.free_bytes);
    int(registry, "log_floor_bytes", "Free bytes below which commands are refused", status.floor_bytes);
    int(registry, "log_snapshot_position", "Position of the newest state snapshot", status.last_snapshot.0);
    int(registry, "log_takes_commands", "1 while commands are taken", u64::from(status.takes_commands));
    let stopped = matches!(status.clock, ClockStatus::Stopped(_));
    int(registry, "clock_stopped", "1 while commands wait for an operator to confirm the clock", u64::from(stopped));
    int(registry, "students_known", "Students known by an NSN", parts.keys.count() as u64);
}

fn views(registry: &mut Registry, parts: &Parts) {
    let (position, events, seconds) =
        (Family::<View, Int>::default(), Family::<View, Int>::default(), Family::<View, Real>::default());
    let (ready, stalled) = (Family::<View, Int>::default(), Family::<View, Int>::default());
    let (rate, beside) = (Family::<View, Real>::default(), Family::<View, Int>::default());
    let (beside_rate, beside_left) = (Family::<View, Real>::default(), Family::<View, Real>::default());
    for status in parts.views.status() {
        let label = View { view: status.view.to_owned() };
        position.get_or_create(&label).set(status.position.0 as i64);
        events.get_or_create(&label).set(status.lag_events as i64);
        seconds.get_or_create(&label).set(status.lag_seconds);
        ready.get_or_create(&label).set(i64::from(status.ready));
        let is_stalled = matches!(status.state, ViewState::Stalled { .. });
        stalled.get_or_create(&label).set(i64::from(is_stalled));
        rate.get_or_create(&label).set(status.events_per_second);
        if let Some(built) = status.beside {
            beside.get_or_create(&label).set(built.position.0 as i64);
            beside_rate.get_or_create(&label).set(built.events_per_second);
            if let Some(left) = built.seconds_left {
                beside_left.get_or_create(&label).set(left);
            }
        }
    }
    registry.register("view_position", "How far a view has read", position);
    registry.register("view_lag_events", "Events a view is behind", events);
    registry.register("view_lag_seconds", "Seconds a view has been behind", seconds);
    registry.register("view_ready", "1 while a view answers queries", ready);
    registry.register("view_stalled", "1 while a view stands before an event it cannot take", stalled);
    registry.register("view_events_per_second", "Events a view reads a second, over ten seconds", rate);
    registry.register("view_beside_position", "How far the file beside a view's own has read", beside);
    registry.register("view_beside_events_per_second", "Events it reads a second, over ten seconds", beside_rate);
    registry.register("view_beside_seconds_left", "Seconds it needs to the head at that rate", beside_left);
}

fn relay(registry: &mut Registry, parts: &Parts, now: Timestamp) {
    let status = parts.relay.snapshot();
    let state = Family::<State, Int>::default();
    for name in caseledger_bus::RelayState::NAMES {
        state.get_or_create(&State { state: name.to_owned() }).set(i64::from(name == status.state.name()));
    }
    registry.register("relay_state", "1 for the state the relay is in", state);
    int(registry, "relay_published", "Events stored by this relay since the start", status.published);
    int(registry, "relay_resyncs", "Resyncs since the start", status.resyncs);
    int(registry, "relay_permission_violations", "Refusals by the broker since the start", status.violations);
    if let Some(last) = status.stream_last {
        int(registry, "relay_stream_position", "Last sequence known to be in the stream", last.0);
    }
    if let Some(lag) = status.lag_events() {
        int(registry, "relay_lag_events", "Events not yet in the stream", lag);
    }
    if let Some(lag) = status.lag_seconds(now) {
        real(registry, "relay_lag_seconds", "Age of the oldest event not yet in the stream", lag);
    }
}

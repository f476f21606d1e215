//! How the relay stands, for `/readyz`, `/metrics` and people.

use std::fmt;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::Position;

use crate::halt::Halt;

/// What the relay does now.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum RelayState {
    /// There is no broker in the configuration.
    #[default]
    Disabled,
    /// No connection has stood yet.
    Connecting,
    /// The broker is away or cannot store; the service goes on and the log keeps everything.
    Degraded {
        /// Why.
        reason: String,
    },
    /// The stream is asked where it stands.
    Resync,
    /// Events go out as they become durable.
    Ok,
    /// Nothing goes out until the reason is gone.
    Halted {
        /// Why.
        reason: Halt,
    },
}

impl RelayState {
    /// Every name a state can have.
    pub const NAMES: [&str; 6] = ["disabled", "connecting", "degraded", "resync", "ok", "halted"];

    /// Returns the name of the state.
    pub fn name(&self) -> &'static str {
        match self {
            RelayState::Disabled => "disabled",
            RelayState::Connecting => "connecting",
            RelayState::Degraded { .. } => "degraded",
            RelayState::Resync => "resync",
            RelayState::Ok => "ok",
            RelayState::Halted { .. } => "halted",
        }
    }
}

impl fmt::Display for RelayState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RelayState::Degraded { reason } => write!(f, "degraded: {reason}"),
            RelayState::Halted { reason } => write!(f, "halted ({}): {reason}", reason.name()),
            state => f.write_str(state.name()),
        }
    }
}

/// How the relay stands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RelayStatus {
    /// What it does.
    pub state: RelayState,
    /// The last sequence known to be in the stream; `None` until the stream could be asked.
    pub stream_last: Option<Position>,
    /// The last durable position of the log.
    pub log_last: Position,
    /// When the oldest event that is not yet in the stream was recorded, where there is one and it is known.
    pub oldest_unpublished: Option<Timestamp>,
    /// Events acknowledged to this relay, in order, since it started.
    pub published: u64,
    /// How often it had to ask the stream where it stands since it started.
    pub resyncs: u64,
    /// How often it halted, or found the reason of a halt still there, since it started.
    pub halts: u64,
    /// How often the broker refused this user something since it started.
    pub violations: u64,
}

impl RelayStatus {
    /// Returns how many events are not yet in the stream; `None` until the stream could be asked.
    pub fn lag_events(&self) -> Option<u64> {
        self.stream_last.map(|stream| self.log_last.0.saturating_sub(stream.0))
    }

    /// Returns the age in seconds of the oldest event that is not yet in the stream: 0 when all are, `None` while unknown.
    pub fn lag_seconds(&self, now: Timestamp) -> Option<f64> {
        match (self.lag_events(), self.oldest_unpublished) {
            (Some(0), _) => Some(0.0),
            (_, Some(oldest)) => Some((now.0 - oldest.0).max(0) as f64 / 1e6),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_counts_events_and_seconds_of_what_is_not_yet_out() {
        let mut status = RelayStatus { log_last: Position(10), ..RelayStatus::default() };
        let now = Timestamp(9_500_000);
        assert_eq!((status.lag_events(), status.lag_seconds(now)), (None, None), "the stream was never asked");
        status.stream_last = Some(Position(4));
        assert_eq!((status.lag_events(), status.lag_seconds(now)), (Some(6), None));
        status.oldest_unpublished = Some(Timestamp(8_000_000));
        assert_eq!((status.lag_events(), status.lag_seconds(now)), (Some(6), Some(1.5)));
        assert_eq!(status.lag_seconds(Timestamp(0)), Some(0.0), "a clock behind the event is no negative age");
        status.stream_last = Some(Position(10));
        assert_eq!((status.lag_events(), status.lag_seconds(now)), (Some(0), Some(0.0)));
    }
}

//! The broadcast: relay from the log to NATS JetStream, check and rebuild.
//!
//! The log is the outbox. A stateless relay tails it and publishes position *p* so that it can be stored at stream
//! sequence *p* alone; appending never waits for the broker. The stream is a copy that the log can mend.
//! Read the modules in this order: how we connect; what the stream is; one message; one session of publishing; where
//! the stream stands; the relay around them; then check, consumers and rebuild.

mod endpoint;

mod connection;

mod api;

mod stream;

mod halt;

mod log_source;

mod outgoing;

mod feed;

mod ack;

mod status;

mod session;

mod resync;

mod consumers;

mod maker;

mod relay;

mod check;

mod rebuild;

mod follow;

pub use api::{ApiError, STREAM};
pub use check::{CheckError, CheckReport, Difference, check};
pub use connection::{ConnectError, Connection, Link, SERVER_MIN};
pub use consumers::{AckKind, BadConsumers, ConsumerSpec, ConsumerState, make_consumers, read_consumers};
pub use endpoint::{BadSeed, BusUser, Endpoint, Patience};
pub use follow::{FollowError, Followed, Follower, broadcast_of};
pub use halt::Halt;
pub use log_source::LogSource;
pub use maker::{MakeError, Maker, make_stream};
pub use rebuild::{Filler, RebuildError, RebuildOptions, RebuildStep, rebuild};
pub use relay::{RelayHandle, RelayOptions, RelayView};
pub use session::WINDOW_MAX;
pub use status::{RelayState, RelayStatus};
pub use stream::{MESSAGE_BYTES_MAX, StreamSettings};

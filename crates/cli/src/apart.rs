//! Read models built apart from the service: where events come from, and the crew of files that takes them.

pub mod chunk;
pub mod crew;
pub mod http;
pub mod journal;
pub mod nats;

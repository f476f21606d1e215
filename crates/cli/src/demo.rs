//! What `demo` is made of: a broker, a term of cases, and a look at what came of it.

pub mod broker;
pub mod look;
pub mod marker;
pub mod play;
pub mod ports;
pub mod seeds;
pub mod story;

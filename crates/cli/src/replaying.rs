//! What `replay` and `export` share: which events are asked for, and where they are read from.

pub mod file;
pub mod filter;
pub mod messagepack;

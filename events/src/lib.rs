//! The pure core of the case ledger: what may happen, what has happened, and how it is stored.
//!
//! Nothing here reads a clock, a file or a socket. Read the modules in this order:
//! ids and dates; the envelope and its bytes; what is personal; the events; the state they fold into;
//! the commands with their rules; the refusals.

pub mod ids;

pub mod dates;

pub mod personal;

pub mod envelope;

pub mod codec;

pub mod machine;

pub mod system;

pub mod public;

pub mod number;

pub mod parts;

pub mod event;

pub mod reference;

pub mod policy;

pub mod provider;

pub mod measured;

pub mod keys;

pub mod case;

pub mod refusal;

pub mod input;

pub mod routing;

pub mod action;

pub mod actions;

pub mod opening;

pub mod access;

pub mod viewed;

pub mod world;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod catalogue;

#[cfg(test)]
mod golden;

pub mod readable;

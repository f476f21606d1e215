//! The stream of a provider: what it reports about itself (M1–M3, E45), its invoices (B1–B6), and work with a group of
//! students (K9). Facts alone: documents lie outside the ledger and are named by their SHA-256.

mod act;
mod event;
mod state;

#[cfg(test)]
mod tests;

pub use act::*;
pub use event::*;
pub use state::ProviderState;

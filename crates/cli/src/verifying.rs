//! What `verify` checks, piece by piece.

pub mod receipts;
pub mod views;
pub mod walk;

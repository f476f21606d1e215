//! The journal: plain, checksummed, preallocated segment files of groups, and derived indexes beside them.
//!
//! Read the modules in this order: [`record`] and [`segment`] are the bytes; [`walk`] tells torn from damaged;
//! [`live_index`], [`bloom`] and [`sidecar`] say where things lie; [`table`] is the list of segments; [`writer`]
//! appends; [`keeper`] seals, prepares and mends in the background; [`rebuild`] makes a segment whole again;
//! [`block`], [`scan`] and [`parallel`] read in bulk; [`offline`] reads a directory without owning it.

pub(crate) mod block;
mod bloom;
pub(crate) mod files;
pub(crate) mod keeper;
pub(crate) mod live_index;
mod offline;
mod parallel;
pub(crate) mod rebuild;
pub(crate) mod record;
pub(crate) mod scan;
pub(crate) mod segment;
pub(crate) mod sidecar;
pub(crate) mod table;
mod walk;
pub(crate) mod writer;

pub use block::Block;
pub use offline::JournalReader;
pub use scan::{Entries, Scan};

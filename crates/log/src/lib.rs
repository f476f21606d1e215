//! The event log: sled store and journal, the sequencer, group commit.

//! Pure folds from events to read-model rows, one file a read model.
//!
//! A fold knows neither clock nor storage: the same events give the same rows for ever, which is what makes a
//! rebuild comparable with what it replaces. To add a read model: its fold here, its SQLite shape in
//! `crates/views`, and one line in the list there.

pub mod moment;

pub mod case_view;

pub mod timeline;

pub mod names;

pub mod work_queue;

pub mod business;

pub mod service_levels;

pub mod audit_trail;

pub mod broadcast;

pub mod measures;

pub mod invoice;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

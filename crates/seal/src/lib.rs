//! Student identity.

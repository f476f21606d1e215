//! Read-model stores: workers, positions, queries.

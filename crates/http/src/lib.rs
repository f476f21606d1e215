//! The HTTP interface: routes, problem documents, live feed, OpenAPI.

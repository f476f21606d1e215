//! The same bytes appended to other stores, durable, with as many clients: where they are present.
//!
//! PostgreSQL: Debian's package. UmaDB: its server from the PyPI package `umadb` (the program `umadb` on the path, or
//! named by UMADB_BIN); building its client needs Debian's protobuf-compiler.

mod postgres;
mod umadb;

use std::time::Duration;

use anyhow::Result;

/// The bytes of one event: as many as one of our frames takes.
const EVENT_BYTES: usize = 480;

/// Where peers keep their data: on the device that is measured.
const DIR: &str = ".bench";

/// Appends to every peer that is present; returns name and events a second.
pub fn all(clients: usize, lasting: Duration) -> Result<Vec<(String, f64)>> {
    let mut all = Vec::new();
    match umadb::UmaDb::start() {
        Ok(server) => all.push(("UmaDB, raw appends".to_owned(), server.append(clients, lasting)?)),
        Err(error) => println!("UmaDB is left out: {error:#}"),
    }
    match postgres::Postgres::start() {
        Ok(server) => all.push(("PostgreSQL, raw appends".to_owned(), server.append(clients, lasting)?)),
        Err(error) => println!("PostgreSQL is left out: {error:#}"),
    }
    Ok(all)
}

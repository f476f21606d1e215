//! Benchmarks: what the service and its log do on this machine, with the device's own floor beside each figure.
//!
//! Figures of different runs do not compare on a shared machine: ratios are taken within one run.

mod append;
mod eventsourcing;
mod figures;
mod floor;
mod frames;
mod large;
mod load;
mod pace;
#[cfg(feature = "peers")]
mod peers;
mod queries;
mod relay;
mod replay;
mod rules;
mod service;
mod synth;
mod views;
mod visible;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The one the service has: what runs in this process is to be as fast here as there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "cargo xtask bench", about = "Benchmarks of the service and its log")]
struct Args {
    /// Where the data of a run are put; on the device that is to be measured.
    #[arg(long, global = true, default_value = ".bench")]
    dir: std::path::PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Acknowledged actions over HTTP: many clients and one, beside the device's floor and, with --peers, other stores.
    Append {
        /// Clients that each wait for their answer.
        #[arg(long, default_value_t = 64)]
        clients: usize,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 8)]
        seconds: u64,
        /// Rounds; the measurements of a round are interleaved and the median round is shown.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// Also UmaDB and PostgreSQL raw appends of the same bytes, where they are present.
        #[arg(long)]
        peers: bool,
    },
    /// Ready frames into the log (restore, replica), durable.
    Frames {
        /// Events.
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
    },
    /// Reading the journal back: bytes checked, events decoded, on one core and on two.
    Replay {
        /// Events.
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
    },
    /// The relay catching up into a real JetStream.
    Relay {
        /// Events.
        #[arg(long, default_value_t = 300_000)]
        events: u64,
    },
    /// Queries of the case view beside actions, in a large ledger: at a set pace, and as many as there can be.
    Queries {
        /// Events in the ledger, 15 a case.
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// How soon an action shows: in the case view, and at a NATS subscriber.
    Visible {
        /// Actions a second.
        #[arg(long, default_value_t = 1_000)]
        per_second: u64,
        /// Seconds of each measurement.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// The rules alone, on one core: commands decided and folded in, and the state of many cases in memory.
    Rules {
        /// Cases that are opened.
        #[arg(long, default_value_t = 650_000)]
        cases: u64,
        /// Of these, the ones that stay active.
        #[arg(long, default_value_t = 80_000)]
        active: u64,
    },
    /// All read models: built, built anew beside actions and readers, kept by a remote worker, asked.
    Views {
        /// Events in the ledger, 15 a case.
        #[arg(long, default_value_t = 1_000_000)]
        events: u64,
    },
    /// A large ledger: disk, memory, start after a kill, one scattered case.
    Large {
        /// Events.
        #[arg(long, default_value_t = 10_000_000)]
        events: u64,
    },
}

fn main() -> Result<()> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.dir)?;
    match args.what {
        What::Append { clients, seconds, rounds, peers } => append::run(&args.dir, clients, seconds, rounds, peers),
        What::Frames { events } => frames::run(&args.dir, events),
        What::Replay { events } => replay::run(&args.dir, events),
        What::Relay { events } => relay::run(&args.dir, events),
        What::Queries { events, seconds } => queries::run(&args.dir, events, seconds),
        What::Visible { per_second, seconds } => visible::run(&args.dir, per_second, seconds),
        What::Rules { cases, active } => rules::run(cases, active),
        What::Views { events } => views::run(&args.dir, events),
        What::Large { events } => large::run(&args.dir, events),
    }
}

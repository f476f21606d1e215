//! The `caseledger` binary; everything is in the library, so that tests and benchmarks can reach it.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    caseledger::run()
}

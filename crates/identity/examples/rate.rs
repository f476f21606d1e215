//! How fast tokens are checked: `cargo run --release -p caseledger-identity --example rate`.

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use caseledger_events::dates::Timestamp;
use caseledger_identity::cast::cast;
use caseledger_identity::{DevIssuer, IdentitySettings, Place, Verifier};

const TIMES: u32 = 20_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/token-rate".to_owned()));
    let issuer = DevIssuer::open_or_create(&folder, Place { is_production: false, is_loopback: true })?;
    let settings = IdentitySettings { development: true, ..IdentitySettings::default() };
    let verifier = Verifier::new(&settings, Some(&issuer))?;
    let now = Timestamp(1_795_305_600_000_000);
    let tokens: Vec<String> = (0..TIMES).map(|_| issuer.mint(&cast()[0].token(), now)).collect();
    let first = time(|| tokens.iter().filter(|token| verifier.verify(token, now).is_ok()).count());
    let again =
        time(|| (0..TIMES).filter(|_| verifier.verify(black_box(&tokens[TIMES as usize - 1]), now).is_ok()).count());
    println!("a token of {} bytes: checked in {:?}, remembered in {:?}", tokens[0].len(), first / TIMES, again / TIMES);
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "this measures time, and judges no token by it")]
fn time(work: impl FnOnce() -> usize) -> Duration {
    let start = std::time::Instant::now();
    assert_eq!(work(), TIMES as usize, "every token is taken");
    start.elapsed()
}

//! What the device itself does: two files written and synced at the same time, as one commit must.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::figures::quantile;

/// Two concurrent `write` + `fdatasync` on preallocated files of zeros.
pub struct Floor {
    /// Pairs a second.
    pub pairs_per_second: f64,
    /// Median seconds of a pair.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// Measures the floor with `bytes` a write.
pub fn measure(dir: &Path, bytes: usize, lasting: Duration) -> Result<Floor> {
    const FILE_BYTES: usize = 64 << 20;
    let mut files = Vec::new();
    for name in ["floor.a", "floor.b"] {
        let mut file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(dir.join(name))?;
        for _ in 0..FILE_BYTES >> 20 {
            file.write_all(&[0; 1 << 20])?;
        }
        file.sync_all()?;
        files.push(file);
    }
    let (start, end) = (Barrier::new(2), Barrier::new(2));
    let mut samples = Vec::new();
    let block = vec![0x5a; bytes];
    let writes = (FILE_BYTES / bytes.max(1)) as u64;
    let started = Instant::now();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| -> Result<()> {
        let other = scope.spawn(|| -> Result<()> {
            for n in (0..writes).cycle() {
                start.wait();
                if stop.load(std::sync::atomic::Ordering::Acquire) {
                    break;
                }
                files[1].write_all_at(&block, n * bytes as u64)?;
                files[1].sync_data()?;
                end.wait();
            }
            Ok(())
        });
        for n in (0..writes).cycle() {
            if started.elapsed() >= lasting {
                stop.store(true, std::sync::atomic::Ordering::Release);
                start.wait();
                break;
            }
            let pair = Instant::now();
            start.wait();
            files[0].write_all_at(&block, n * bytes as u64)?;
            files[0].sync_data()?;
            end.wait();
            samples.push(pair.elapsed().as_secs_f64());
        }
        other.join().map_err(|_| anyhow::anyhow!("the second writer panicked"))?
    })?;
    let elapsed = started.elapsed().as_secs_f64();
    for name in ["floor.a", "floor.b"] {
        std::fs::remove_file(dir.join(name))?;
    }
    Ok(Floor {
        pairs_per_second: samples.len() as f64 / elapsed,
        p50: quantile(&mut samples, 0.5),
        p99: quantile(&mut samples, 0.99),
    })
}

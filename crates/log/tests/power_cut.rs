//! A power cut, as far as one machine can show it: an ext4 image on a loop device whose copy is mounted again.
//!
//! The writer is halted, the image is copied as the device has it, and the copy is mounted: what only the page cache
//! held is gone. The drive's own cache is taken for durable, so this is kinder than a real cut. The control run
//! writes without our fdatasync and must lose acknowledged events, or the test would prove nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::storage_support::{Seeded, long, writer};
use caseledger_events::ids::Position;
use caseledger_log::Store;
use caseledger_proof::Hash;
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn writer_process() {
    writer::write_if_asked();
}

/// A mounted image; unmounted when dropped.
struct Mounted {
    image: PathBuf,
    at: PathBuf,
}

impl Mounted {
    fn new(image: PathBuf, at: PathBuf) -> Result<Mounted, String> {
        std::fs::create_dir_all(&at).map_err(|error| error.to_string())?;
        run("mount", &["-o", "loop", path(&image), path(&at)])?;
        Ok(Mounted { image, at })
    }

    fn ledger(&self) -> PathBuf {
        self.at.join("ledger")
    }

    /// Copies the image as the device has it now and mounts the copy.
    fn cut(&self, to: &Path) -> Result<Mounted, String> {
        let image = to.with_extension("img");
        run("cp", &["--sparse=always", path(&self.image), path(&image)])?;
        Mounted::new(image, to.to_owned())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = run("umount", &[path(&self.at)]);
        let _ = std::fs::remove_file(&self.image);
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(args).output().map_err(|error| format!("{program}: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{program}: {}", told.trim()))
}

/// Makes and mounts an empty image, or says why this machine cannot.
fn image(dir: &Path) -> Result<Mounted, String> {
    let image = dir.join("0.img");
    std::fs::File::create(&image).and_then(|file| file.set_len(512 << 20)).map_err(|error| error.to_string())?;
    run("mkfs.ext4", &["-q", "-F", path(&image)])?;
    Mounted::new(image, dir.join("0"))
}

/// Lets a writer run for a while, halts it, and returns the disk as it is then with what was acknowledged before.
fn write_and_cut(on: &Mounted, to: &Path, fdatasync: bool, micros: u64) -> (Mounted, Option<(Position, Hash)>) {
    let mut child = writer::start("power_cut::writer_process", &on.ledger(), fdatasync);
    child.wait_until_ready();
    std::thread::sleep(Duration::from_micros(micros));
    let pid = Pid::from_child(&child.child);
    let acknowledged = child.last_acknowledged();
    kill_process(pid, Signal::STOP).unwrap();
    let copy = on.cut(to).unwrap();
    child.kill();
    (copy, acknowledged)
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = match image(dir.path()) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: no loop device can be mounted here ({why})"),
    };
    let cuts = if long() { 200 } else { 6 };
    let seed = 3;
    let mut random = Seeded(seed);
    let mut acknowledged = None;
    for cut in 1..=cuts {
        let to = dir.path().join(cut.to_string());
        let (copy, now) = write_and_cut(&disk, &to, true, random.next() % 400_000);
        acknowledged = now.or(acknowledged);
        disk = copy;
        let head = writer::assert_kept(&disk.ledger(), acknowledged, &format!("seed {seed}, cut {cut}"));
        println!("cut {cut}: {head} events, acknowledged {:?}", acknowledged.map(|it| it.0));
        if disk_is_filling(&disk.ledger()) {
            std::fs::remove_dir_all(disk.ledger()).unwrap();
            acknowledged = None;
        }
    }
}

#[test]
fn without_our_fdatasync_a_power_cut_loses_acknowledged_events() {
    let dir = tempfile::tempdir().unwrap();
    if let Err(why) = image(dir.path()) {
        return println!("skipped: no loop device can be mounted here ({why})");
    }
    let mut random = Seeded(5);
    for cut in 1..=40 {
        let dir = tempfile::tempdir().unwrap();
        let disk = image(dir.path()).unwrap();
        let (copy, acknowledged) =
            write_and_cut(&disk, &dir.path().join("cut"), false, 100_000 + random.next() % 400_000);
        let Some((position, _)) = acknowledged else { continue };
        let opened = Store::open(&copy.ledger(), &writer::options(true));
        match opened {
            Ok((_, report)) if report.head >= position => {}
            Ok((_, report)) => return println!("cut {cut}: {position} was acknowledged, {} is left", report.head),
            Err(error) => return println!("cut {cut}: {position} was acknowledged: {error}"),
        }
    }
    panic!("40 cuts without our fdatasync lost nothing: the test does not show what it should");
}

/// Keeps the image from filling over many cuts.
fn disk_is_filling(ledger: &Path) -> bool {
    let free = rustix::fs::statvfs(ledger).unwrap();
    free.f_bavail * free.f_frsize < 128 << 20
}

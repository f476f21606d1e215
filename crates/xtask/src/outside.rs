//! The Python packages that the checks from outside are written with, in `.tools/outside/`, pinned by hash.
//!
//! A virtual environment names its own place in its scripts, so it is made where it stays; a stamp is written last, and
//! what has none, or another one, is made anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{step, tools, workspace};

const PINS: &str = "tests/outside/requirements.txt";
const STAMP: &str = "made-for-requirements.txt";

/// Returns the environment, made now where it is missing or made for other pins.
pub fn environment() -> Result<PathBuf> {
    let pins = workspace::root().join(PINS);
    let wanted = fs::read_to_string(&pins).with_context(|| format!("cannot read {}", pins.display()))?;
    let place = workspace::root().join(".tools/outside");
    if fs::read_to_string(place.join(STAMP)).is_ok_and(|made| made == wanted) {
        return Ok(place);
    }
    eprintln!("fetching the packages of {PINS} into .tools/outside/ …");
    make(&place, &pins).context(
        "cannot fetch the Python packages of the checks from outside; Python 3.10 or newer with pip and a network are \
         needed once",
    )?;
    fs::write(place.join(STAMP), wanted).with_context(|| format!("cannot write into {}", place.display()))?;
    Ok(place)
}

fn make(place: &Path, pins: &Path) -> Result<()> {
    if place.exists() {
        fs::remove_dir_all(place).with_context(|| format!("cannot remove {}", place.display()))?;
    }
    let python = tools::python()?;
    let venv = |with: &[&str]| step::output_of(Command::new(&python).args(["-m", "venv"]).args(with).arg(place));
    // Debian packs the pip of new environments apart; then the pip of the machine installs into this one.
    let own_pip = venv(&[]).is_ok();
    if !own_pip {
        venv(&["--clear", "--without-pip"])?;
    }
    let inside = place.join("bin/python");
    let mut pip = Command::new(if own_pip { inside.as_os_str() } else { python.as_ref() });
    pip.args(["-m", "pip"]);
    if !own_pip {
        pip.arg("--python").arg(&inside);
    }
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--retries", "2", "--require-hashes", "-r"])
        .arg(pins);
    pip.env("PIP_REQUIRE_VIRTUALENV", "0");
    step::output_of(&mut pip)?;
    Ok(())
}

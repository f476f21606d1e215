//! Where things lie: the root of the workspace, the target folder, the tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Returns the root of the workspace this program was built in.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // crates/xtask lies two folders below the root.
    here.ancestors().nth(2).unwrap_or(here)
}

/// Returns the folder that cargo puts binaries of the dev profile in.
///
/// This program lies there itself, so a target folder chosen by environment or configuration is found without asking.
pub fn dev_bin_dir() -> Result<PathBuf> {
    let this = std::env::current_exe().context("cannot tell where xtask itself lies")?;
    let dir = this.parent().context("xtask lies in no folder")?;
    Ok(dir.to_path_buf())
}

/// Returns whether this is a run of continuous integration, where nothing may be skipped.
pub fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

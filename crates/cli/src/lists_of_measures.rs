//! Lists of measures from a folder, beside those the program ships: a new quarter without another build.

use std::fs;
use std::path::Path;

use caseledger_projections::measures::lists;

use crate::cli::Global;
use crate::exit::{Exit, Failure};

/// Adds what the folder of `--measures` holds, where one is named; anything wrong in it ends the command.
pub fn add(global: &Global) -> Result<(), Failure> {
    let Some(folder) = &global.measures else { return Ok(()) };
    let texts = read(folder).map_err(|error| Failure::file("read", folder, &error))?;
    lists::add(texts).map_err(|error| {
        let what = format!("a list of measures in {} cannot be used: {error}", folder.display());
        Failure::new(Exit::Usage, what).next("docs/measures.md explains what a list may say")
    })
}

fn read(folder: &Path) -> std::io::Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            texts.push((name, fs::read_to_string(&path)?));
        }
    }
    texts.sort();
    Ok(texts)
}

//! Every file of a crate's `tests/` is part of its one test program, so that no test is written and never run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Fails with the files that no `tests/main.rs` names.
pub fn run() -> Result<()> {
    let root = workspace::root();
    let mut left_out = Vec::new();
    for entry in fs::read_dir(root.join("crates")).context("cannot list the crates")? {
        left_out.extend(unnamed(&entry?.path().join("tests"))?);
    }
    left_out.extend(unnamed(&root.join("tests/tests"))?);
    if left_out.is_empty() {
        return Ok(());
    }
    bail!("these tests never run; give each a `mod` line in the main.rs beside it:\n  {}", left_out.join("\n  "));
}

/// Returns the files of one folder that its `main.rs` has no line for; none where there is no folder.
fn unnamed(tests: &Path) -> Result<Vec<String>> {
    if !tests.is_dir() {
        return Ok(Vec::new());
    }
    let main = tests.join("main.rs");
    let list = fs::read_to_string(&main).with_context(|| format!("cannot read {}", main.display()))?;
    let mut left_out = Vec::new();
    for entry in fs::read_dir(tests)? {
        let path = entry?.path();
        let (Some(name), Some("rs")) =
            (path.file_stem().and_then(|name| name.to_str()), path.extension().and_then(|e| e.to_str()))
        else {
            continue;
        };
        if name != "main" && !names(&list, name) {
            left_out.push(path.display().to_string());
        }
    }
    left_out.sort();
    Ok(left_out)
}

fn names(list: &str, module: &str) -> bool {
    list.lines().any(|line| line.trim() == format!("mod {module};"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_of_its_own_names_a_file() {
        let list = "mod heard;\n// mod silent;\n";
        assert!(names(list, "heard"));
        assert!(!names(list, "silent"));
        assert!(!names(list, "hear"));
    }
}

//! One step of a longer run: a command that is shown, run, and named with how to repeat it when it fails.

use std::ffi::OsStr;
use std::fmt::Display;
use std::process::Command;

use anyhow::{Context, Error, Result, anyhow, bail};

use crate::workspace;

/// A command with the name it is known by and the environment it adds.
pub struct Step {
    name: &'static str,
    command: Command,
}

impl Step {
    /// Starts a step that runs cargo at the root of the workspace.
    pub fn cargo<S: AsRef<OsStr>>(name: &'static str, args: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new("cargo");
        command.args(args).current_dir(workspace::root());
        Self { name, command }
    }

    /// Starts a step that runs any command.
    pub fn of(name: &'static str, command: Command) -> Self {
        Self { name, command }
    }

    /// Adds a variable to the environment of the step.
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(key, value);
        self
    }

    /// Adds arguments at the end.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Runs the step; a failure names the step and the command that repeats it.
    pub fn run(mut self) -> Result<()> {
        let line = shell_line(&self.command);
        eprintln!("\n== {}: {line}", self.name);
        let status = self.command.status().with_context(|| format!("cannot start {line}"))?;
        if !status.success() {
            return Err(failed(self.name, &line, &status));
        }
        Ok(())
    }

    /// Gives this process over to the command; returns only when it cannot be started.
    pub fn become_it(mut self) -> Result<()> {
        use std::os::unix::process::CommandExt;
        let line = shell_line(&self.command);
        Err(self.command.exec()).with_context(|| format!("cannot start {line}"))
    }
}

/// Names the step that failed, why, and the command that repeats it.
pub fn failed(name: &str, line: &str, why: &dyn Display) -> Error {
    anyhow!("step \"{name}\" failed: {why:#}\nto repeat it, at the root of the workspace:\n  {line}")
}

/// Returns a step's output, or its name and error output when it fails.
pub fn output_of(command: &mut Command) -> Result<String> {
    let line = shell_line(command);
    let output = command.output().with_context(|| format!("cannot start {line}"))?;
    if !output.status.success() {
        bail!("`{line}` failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed bytes that are not UTF-8"))
}

/// Returns the command as it would be typed into a shell, with the variables it adds.
pub fn shell_line(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(key, value)| {
        value.map(|value| format!("{}={}", key.to_string_lossy(), quoted(&value.to_string_lossy())))
    });
    let words =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|word| quoted(&word.to_string_lossy()));
    set.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_as_a_line_that_can_be_typed() {
        let mut command = Command::new("cargo");
        command.args(["doc", "--no-deps", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(shell_line(&command), r"RUSTDOCFLAGS='-D warnings' cargo doc --no-deps 'it'\''s'");
    }
}

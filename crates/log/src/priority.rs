//! Commands go first: whoever only follows the log is scheduled behind those that acknowledge.

/// How far a following thread steps back, in steps of niceness.
const STEPS: i32 = 10;

/// Lets the calling thread be scheduled behind threads that record commands.
///
/// Views and broadcast may lag for a moment under load, acknowledgements should not; with the processors free nothing
/// changes. Where the system does not allow it the thread stays as it is.
pub fn step_back() {
    // Linux keeps the niceness of each thread apart.
    if let Err(error) = rustix::process::nice(STEPS) {
        tracing::debug!(%error, "a following thread keeps its priority");
    }
}

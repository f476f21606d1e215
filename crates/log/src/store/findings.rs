//! What readers found damaged while the store was open.

use parking_lot::Mutex;

use crate::report::Finding;

/// How many findings are remembered; the log keeps all of them.
const REMEMBERED_MAX: usize = 1000;

/// Findings of this run, each once.
#[derive(Default)]
pub(crate) struct Findings(Mutex<Vec<Finding>>);

impl Findings {
    /// Logs and remembers a finding; one that is known already is passed over.
    pub fn report(&self, finding: Finding) {
        let mut known = self.0.lock();
        if known.contains(&finding) {
            return;
        }
        tracing::warn!(%finding, "one copy of the log was damaged and was repaired from the other");
        if known.len() < REMEMBERED_MAX {
            known.push(finding);
        }
    }

    /// Returns what was found so far.
    pub fn list(&self) -> Vec<Finding> {
        self.0.lock().clone()
    }
}

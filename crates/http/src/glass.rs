//! Glass that was broken: who may read which case beyond the usual rows, why, and until when.
//!
//! Kept in memory alone: after a restart every pane is whole again, and whoever still needs the case says so anew.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use caseledger_events::access::{
    Denied, GlassReason, Grant, Key, Operation, Principal, Standing, authorise, break_glass,
};
use caseledger_events::envelope::Actor;
use caseledger_events::ids::CaseId;
use chrono::NaiveDate;
use parking_lot::Mutex;

/// Panes broken at a time; more are not broken by people.
const PANES_MAX: usize = 10_000;

/// The panes that are broken now.
#[derive(Default)]
pub struct Glass(Mutex<HashMap<(Key, CaseId), Broken>>);

#[derive(Clone, Copy)]
struct Broken {
    because: GlassReason,
    until: Instant,
}

impl Glass {
    /// Notes that somebody broke it for a case; it is whole again after a while.
    pub fn note(&self, who: Actor, case: CaseId, because: GlassReason, lasts: Duration) {
        let now = Instant::now();
        let mut panes = self.0.lock();
        if panes.len() >= PANES_MAX {
            panes.retain(|_, broken| now < broken.until);
        }
        if panes.len() >= PANES_MAX {
            panes.clear();
        }
        panes.insert((who.into(), case), Broken { because, until: now + lasts });
    }

    /// Returns why somebody may read a case beyond the usual rows just now.
    fn broken(&self, who: Actor, case: CaseId) -> Option<GlassReason> {
        let panes = self.0.lock();
        let broken = panes.get(&(who.into(), case))?;
        (Instant::now() < broken.until).then_some(broken.because)
    }

    /// Decides about reading a case: through broken glass where there is some and a row still allows it, else by the
    /// usual rows.
    pub fn authorise(
        &self,
        asker: &Principal,
        operation: Operation,
        case: &Standing,
        today: NaiveDate,
    ) -> Result<Grant, Denied> {
        let is_reading = matches!(operation, Operation::OpenCase | Operation::Timeline);
        let because = if is_reading { self.broken(asker.actor(), case.case) } else { None };
        match because.map(|because| break_glass(asker, because, case, today)) {
            Some(Ok(grant)) => Ok(grant),
            _ => authorise(asker, operation, case, today),
        }
    }
}

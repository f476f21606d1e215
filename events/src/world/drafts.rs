//! From events to what the sequencer takes: stream, stored facts, and the scope each event stands under.

use chrono::NaiveDate;

use super::FACTS_BYTES_MAX;
use crate::case::Case;
use crate::dates::OccurredAt;
use crate::envelope::Scope;
use crate::event::{AllocatedToProvider, CaseEvent};
use crate::ids::{CaseId, StreamId};
use crate::machine::Draft;
use crate::refusal::Refusal;

/// Returns provider, catchment and school a case stands under on a day.
pub(super) fn scope_of(case: &Case, day: NaiveDate) -> Scope {
    Scope {
        provider: case.provider(),
        catchment: case.catchment,
        school: Some(case.enrolled_at(day).unwrap_or(case.school)),
    }
}

/// Turns events into drafts: the first carries what was written; an allocation stands under the new provider.
pub(super) fn drafts(
    id: CaseId,
    events: Vec<CaseEvent>,
    mut scope: Scope,
    occurred_at: OccurredAt,
    allocated_at: OccurredAt,
) -> Result<Vec<Draft>, Refusal> {
    let mut drafts = Vec::with_capacity(events.len());
    for (i, event) in events.iter().enumerate() {
        let mut when = occurred_at;
        match event {
            CaseEvent::AllocatedToProvider(AllocatedToProvider { provider, catchment, .. }) => {
                scope = Scope { provider: Some(*provider), catchment: catchment.or(scope.catchment), ..scope };
                when = allocated_at;
            }
            // What becomes of a case at CIT concerns the provider that passed it there.
            CaseEvent::ReallocatedByCit(e) => scope.provider = Some(e.from),
            CaseEvent::ReallocationDeclinedByCit(e) => scope.provider = Some(e.back_to),
            CaseEvent::SupportRequestSubmitted(e) => scope.school = Some(e.school),
            CaseEvent::NonEnrolmentNotified(e) => scope.school = Some(e.last_school),
            _ => {}
        }
        let facts = event.facts();
        if facts.len() > FACTS_BYTES_MAX {
            return Err(Refusal::TooMuch { limit_bytes: FACTS_BYTES_MAX as u32 });
        }
        drafts.push(Draft {
            stream: StreamId::Case(id),
            kind: event.kind(),
            schema: event.schema(),
            facts,
            occurred_at: when,
            scope,
            carries_parts: i == 0,
        });
    }
    Ok(drafts)
}

//! The fold from the broadcast: public facts are all the measures need, so a reporting job outside has the same figures.

use serde::Deserialize;
use serde_json::Value;

use caseledger_events::dates::{OccurredAt, Timestamp};
use caseledger_events::envelope::{Actor, Recorded, Role, Scope, Source};
use caseledger_events::event::*;
use caseledger_events::ids::{Code, CorrelationId, Position, StreamId, Version};
use caseledger_events::measured::MeasureEvent;
use caseledger_events::policy::{POLICY_SET, PolicySet};
use caseledger_events::provider::*;

use super::fold::Fold;

/// A message that is no public event of this ledger's form.
#[derive(Debug, thiserror::Error)]
#[error("the message cannot be read as a public event: {reason}; a newer program may have written it")]
pub struct BadMessage {
    /// What the reader met; never the contents.
    pub reason: String,
}

/// All that a restricted event says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restricted {
    position: Position,
}

/// What the measures read of the body of a message.
#[derive(Deserialize)]
struct Event {
    position: Position,
    stream: StreamId,
    version: Version,
    previous: Position,
    #[serde(rename = "type")]
    kind: String,
    schema: u16,
    occurred_at: OccurredAt,
    recorded_at: Timestamp,
    #[serde(default)]
    source_recorded_at: Option<Timestamp>,
    role: Role,
    organisation: Code,
    source: Source,
    #[serde(default)]
    provider: Option<Code>,
    #[serde(default)]
    catchment: Option<Code>,
    #[serde(default)]
    school: Option<Code>,
    policy: u32,
    correlation: CorrelationId,
    facts: Value,
}

/// Takes the body of the next message in; a restricted event moves the position alone.
pub fn take(fold: &mut Fold, body: &[u8]) -> Result<(), BadMessage> {
    let bad = |reason: &dyn std::fmt::Display| BadMessage { reason: reason.to_string() };
    if let Ok(Restricted { position }) = serde_json::from_slice(body) {
        fold.pass(position);
        return Ok(());
    }
    let event: Event = serde_json::from_slice(body).map_err(|error| bad(&error))?;
    let facts = stored(&event).map_err(|error| bad(&error))?.unwrap_or_default();
    let recorded = Recorded {
        position: event.position,
        stream: event.stream,
        version: event.version,
        previous: event.previous,
        kind: &event.kind,
        schema: event.schema,
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        source_recorded_at: event.source_recorded_at,
        // Who acted is not public, and no measure asks.
        actor: Actor { person: event.organisation, role: event.role, organisation: event.organisation },
        on_behalf_of: None,
        source: event.source,
        scope: Scope { provider: event.provider, catchment: event.catchment, school: event.school },
        policy: event.policy,
        correlation: event.correlation,
        causation: None,
        tag: None,
        salt: [0; 16],
        facts: &facts,
        parts: Vec::new(),
    };
    fold.take(&recorded).map(drop).map_err(|error| bad(&error.reason))
}

macro_rules! read_as {
    ($event:expr, $($name:literal => $type:ty),* $(,)?) => {
        match $event.kind.as_str() {
            $($name => Some(CaseEvent::from(<$type>::deserialize(&$event.facts)?).facts()),)*
            _ => None,
        }
    };
}

/// Returns the facts as the log stores them, of the events that a measure reads.
fn stored(event: &Event) -> Result<Option<Vec<u8>>, serde_json::Error> {
    let of_provider = |read: ProviderEvent| match event.stream {
        StreamId::Provider(provider) => Some(read.draft(provider, event.occurred_at).facts),
        _ => None,
    };
    let facts = &event.facts;
    Ok(match event.kind.as_str() {
        POLICY_SET => Some(PolicySet::deserialize(facts)?.draft(event.occurred_at).facts),
        name if MeasureEvent::KINDS.contains(&name) => {
            Some(MeasureEvent::deserialize(facts)?.draft(event.recorded_at).facts)
        }
        "key_action_progress_recorded" => of_provider(KeyActionProgressRecorded::deserialize(facts)?.into()),
        "provider_risk_updated" => of_provider(ProviderRiskUpdated::deserialize(facts)?.into()),
        "initiative_recorded" => of_provider(InitiativeRecorded::deserialize(facts)?.into()),
        "cohort_activity_held" => of_provider(CohortActivityHeld::deserialize(facts)?.into()),
        "quarterly_report_submitted" => of_provider(QuarterlyReportSubmitted::deserialize(facts)?.into()),
        "invoice_submitted" => of_provider(InvoiceSubmitted::deserialize(facts)?.into()),
        _ => of_case(event)?,
    })
}

fn of_case(event: &Event) -> Result<Option<Vec<u8>>, serde_json::Error> {
    Ok(read_as!(event,
        "support_request_submitted" => SupportRequestSubmitted,
        "non_enrolment_notified" => NonEnrolmentNotified,
        "unenrolled_student_reported" => UnenrolledStudentReported,
        "case_migrated" => CaseMigrated,
        "ministry_check_completed" => MinistryCheckCompleted,
        "case_kind_changed" => CaseKindChanged,
        "allocated_to_provider" => AllocatedToProvider,
        "assigned_to_case_manager" => AssignedToCaseManager,
        "case_reviewed" => CaseReviewed,
        "school_meeting_held" => SchoolMeetingHeld,
        "caregiver_meeting_held" => CaregiverMeetingHeld,
        "student_engaged" => StudentEngaged,
        "caregiver_engaged" => CaregiverEngaged,
        "contact_details_recorded" => ContactDetailsRecorded,
        "contact_details_marked_out_of_date" => ContactDetailsMarkedOutOfDate,
        "contact_attempted" => ContactAttempted,
        "student_plan_recorded" => StudentPlanRecorded,
        "not_located_flag_set" => NotLocatedFlagSet,
        "not_located_flag_cleared" => NotLocatedFlagCleared,
        "reallocated_to_cit" => ReallocatedToCit,
        "reallocation_declined_by_cit" => ReallocationDeclinedByCit,
        "enrolment_status_changed" => EnrolmentStatusChanged,
        "pathway_outcome_recorded" => PathwayOutcomeRecorded,
        "exemption_granted" => ExemptionGranted,
        "exemption_revoked" => ExemptionRevoked,
        "case_closed" => CaseClosed,
        "case_reopened" => CaseReopened,
        "case_paused" => CasePaused,
        "case_resumed" => CaseResumed,
        "waitlisted" => Waitlisted,
        "removed_from_waitlist" => RemovedFromWaitlist,
        "cases_merged" => CasesMerged,
        "case_unmerged" => CaseUnmerged,
    ))
}

#[cfg(test)]
mod tests {
    use caseledger_events::public::{Place, message};
    use caseledger_events::testing::{cases, sample_events};
    use proptest::prelude::*;

    use super::*;
    use crate::measures::fact::READ;
    use crate::measures::lists;
    use crate::measures::{Question, Run};
    use crate::testing::{Tape, Term};

    fn body(event: &Recorded<'_>) -> Vec<u8> {
        let place = Place { source: "urn:caseledger:test:0", before: [0; 32], hash: [0; 32] };
        message(event, &place).unwrap().body
    }

    #[test]
    fn every_event_that_a_measure_reads_is_read_of_the_broadcast_too() {
        let mut read = 0;
        for event in sample_events().iter().filter(|event| READ.contains(&event.kind())) {
            let told = Event { facts: event.facts_json(), ..blank(event.kind()) };
            assert_eq!(stored(&told).unwrap(), Some(event.facts()), "{}", event.kind());
            read += 1;
        }
        assert!(read >= READ.len(), "{read} of {}", READ.len());
    }

    fn blank(kind: &str) -> Event {
        let text = format!(
            r#"{{"position": 1, "stream": "case/00000000-0000-4000-8000-000000000000", "version": 1, "previous": 0, "type": "{kind}",
            "schema": 1, "occurred_at": "2026-04-24", "recorded_at": "2026-04-24T00:00:00Z", "role": "case_manager",
            "organisation": "ASP-1", "source": "person", "policy": 1, "facts": {{}},
            "correlation": "00000000-0000-4000-8000-000000000000"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_no_public_event_is_refused_and_never_passed_over() {
        let mut fold = Fold::new();
        take(&mut fold, br#"{"position": 7}"#).unwrap();
        assert_eq!(fold.position(), Position(7));
        for body in [r#"{"position": 8, "type": "case_closed"}"#, "{}", "[]", "", r#"{"position": "eight"}"#] {
            let error = take(&mut fold, body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("cannot be read as a public event"), "{body}: {error}");
        }
        assert_eq!(fold.position(), Position(7));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(cases(4)))]

        /// The broadcast carries all that a verdict rests on: not one differs.
        #[test]
        fn verdicts_follow_from_public_facts_alone(seed in any::<u64>()) {
            let mut tape = Tape::new();
            Term::new(seed, 12).play(&mut tape, 1_500);
            let (mut from_log, mut from_broadcast) = (Fold::new(), Fold::new());
            for event in tape.events() {
                from_log.take(&event).unwrap();
                take(&mut from_broadcast, &body(&event)).unwrap();
            }
            prop_assert_eq!(from_log.position(), from_broadcast.position());
            for list in lists::all() {
                let run = |fold| Run::new(fold, Question { list, as_at: Some(from_log.as_at()) }).unwrap();
                let (log, broadcast) = (run(&from_log), run(&from_broadcast));
                prop_assert_eq!(log.units, broadcast.units);
                prop_assert_eq!(log.verdicts, broadcast.verdicts);
            }
        }
    }
}

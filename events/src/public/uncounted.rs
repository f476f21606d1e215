//! What counts restricted events along with others, left out where they are not shown: a gap in the numbers of requests
//! would say that a detailed check was asked for, a gap in the versions of a case that something is hidden.

use serde_json::Value;

use crate::event::{CaseEvent, FileNumber, RequestNumber, TaskNumber};

/// The facts of a case's events that number or count what restricted events are among.
const COUNTED: [&str; 4] = ["request", "task", "file", "answered_checks"];

/// The members of an event that say which events of the stream, or of the request, stand before it.
const PLACED: [&str; 3] = ["version", "previous", "causation"];

/// Returns an event of a case without the numbers that restricted events count in: they are 0, which no event has.
pub fn uncounted(event: &CaseEvent) -> CaseEvent {
    let mut event = event.clone();
    match &mut event {
        CaseEvent::InformationRequestOpened(e) => e.request = RequestNumber(0),
        CaseEvent::InformationRequestWithdrawn(e) => e.request = RequestNumber(0),
        CaseEvent::TaskAdded(e) => e.task = TaskNumber(0),
        CaseEvent::TaskCompleted(e) => e.task = TaskNumber(0),
        CaseEvent::FileUploaded(e) => e.file = FileNumber(0),
        CaseEvent::FileSharingChanged(e) => e.file = FileNumber(0),
        CaseEvent::NotLocatedFlagSet(e) => e.answered_checks = 0,
        _ => {}
    }
    event
}

/// Leaves the same numbers out of the facts of a case's event, as JSON.
pub fn leave_numbers_out(facts: &mut Value) {
    without(facts, &COUNTED);
}

/// Leaves them out of a whole event as JSON, and its place among the events of its case.
pub(super) fn leave_places_out(event: &mut Value) {
    let is_case = event["stream"].as_str().is_some_and(|stream| stream.starts_with("case/"));
    if is_case {
        without(event, &PLACED);
        leave_numbers_out(&mut event["facts"]);
    }
}

fn without(value: &mut Value, names: &[&str]) {
    if let Some(members) = value.as_object_mut() {
        names.iter().for_each(|name| drop(members.remove(*name)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public::tells_of_restricted;
    use crate::testing::sample_events;

    #[test]
    fn no_event_that_is_shown_keeps_a_number_that_restricted_ones_count_in() {
        let (restricted, shown): (Vec<_>, Vec<_>) = sample_events().into_iter().partition(tells_of_restricted);
        let has = |events: &[CaseEvent], name: &str| events.iter().any(|event| event.facts_json().get(name).is_some());
        for name in ["request", "task", "file"] {
            assert!(has(&restricted, name) || has(&shown, name), "{name} numbers nothing any more");
        }
        for event in &shown {
            let mut facts = uncounted(event).facts_json();
            leave_numbers_out(&mut facts);
            for name in COUNTED {
                assert!(facts.get(name).is_none(), "{} keeps {name}: {facts}", event.kind());
            }
        }
    }

    #[test]
    fn the_place_of_an_event_among_those_of_its_case_is_left_out_and_nothing_of_other_streams() {
        let whole = |stream: &str| {
            serde_json::json!({
                "position": 9, "stream": stream, "version": 4, "previous": 6, "causation": 8, "type": "task_added",
                "facts": {"task": 3, "kind": "contact"},
            })
        };
        let mut event = whole("case/00000000-0000-4000-8000-000000000000");
        leave_places_out(&mut event);
        assert_eq!(
            event,
            serde_json::json!({
                "position": 9, "stream": event["stream"], "type": "task_added", "facts": {"kind": "contact"},
            })
        );
        let mut other = whole("provider/ASP-01");
        leave_places_out(&mut other);
        assert_eq!(other, whole("provider/ASP-01"));
    }
}

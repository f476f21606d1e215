//! The list of what the founding documents leave open, where each is set, and what reads it.

use serde_json::Value;

use super::Policy;

/// A row of the list.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Its id, such as `Q1`.
    pub id: &'static str,
    /// What is open.
    pub asks: &'static str,
    /// The settings, as dotted keys of the policy.
    pub keys: &'static [&'static str],
    /// The event types whose decision reads them; none where measures, calendars or the table of access do.
    pub decides: &'static [&'static str],
}

const fn ask(
    id: &'static str,
    asks: &'static str,
    keys: &'static [&'static str],
    decides: &'static [&'static str],
) -> Question {
    Question { id, asks, keys, decides }
}

const CLOSURES: &[&str] = &["support_request_submitted", "recent_closure_linked"];

/// Every question, Q1 to Q39.
#[rustfmt::skip]
pub const QUESTIONS: &[Question] = &[
    ask("Q1", "at least fifteen days, or more than fifteen", &["absence.threshold_half_days", "absence.reaches"], &["support_request_submitted"]),
    ask("Q2", "what a day of absence is", &["absence.threshold_half_days"], &["support_request_submitted"]),
    ask("Q3", "a request shortly after a closure", &["duplicates.recent_closure_months", "duplicates.after_closure"], CLOSURES),
    ask("Q4", "a second referral while a case is active", &["duplicates.second_referral"], &["support_request_submitted", "non_enrolment_notified", "unenrolled_student_reported"]),
    ask("Q5", "whether an open request keeps the case manager", &["moves.request_pins_case_manager"], &["assigned_to_case_manager"]),
    ask("Q6", "what starts the clocks of M10–M13", &["measures.clock_start"], &[]),
    ask("Q7", "what a business day is", &["measures.calendar_profile"], &[]),
    ask("Q8", "where quarters begin and end", &["measures.quarters"], &[]),
    ask("Q9", "from which referral M4 counts", &["measures.migrated_referral"], &[]),
    ask("Q10", "whether M6 and M7 are of migrated cases", &["measures.meetings_of_migrated_alone"], &[]),
    ask("Q11", "which modes make a meeting", &["measures.meeting_modes"], &[]),
    ask("Q12", "a meeting before the migration", &["measures.meeting_before_migration"], &[]),
    ask("Q13", "the deadline of a second assessment", &["measures.reassessed"], &[]),
    ask("Q14", "what a risk update is", &["measures.risk_of", "tables.risk_levels"], &["risk_updated"]),
    ask("Q15", "when contact details must be held", &["measures.details_held"], &[]),
    ask("Q16", "who must be engaged", &["measures.engaged"], &[]),
    ask("Q17", "which actions a school is told of", &["notices.to_schools"], &["notification_sent"]),
    ask("Q18", "which referrals a quarter judges", &["measures.cohort"], &[]),
    ask("Q19", "who owns the result of a case that moved", &["measures.moved"], &[]),
    ask("Q20", "whether pausing stops clocks", &["measures.pausing_stops_clocks"], &[]),
    ask("Q21", "closing before the due date", &["measures.closed_early"], &[]),
    ask("Q22", "cases of in-school providers", &["measures.in_school"], &[]),
    ask("Q23", "whether the first day counts", &["measures.start_day_counts"], &[]),
    ask("Q24", "what a week is", &["measures.weeks"], &[]),
    ask("Q25", "from when enrolment counts", &["measures.enrolled_from"], &[]),
    ask("Q26", "five days for the form", &["enrolment.form_due_days", "enrolment.days"], &["non_enrolment_notified"]),
    ask("Q27", "twenty days to the task", &["enrolment.task_after_days", "enrolment.days"], &["non_enrolment_notified"]),
    ask("Q28", "what a former school keeps", &["sharing.former_school_sees_new"], &[]),
    ask("Q29", "what the last school sees", &["sharing.last_school_sees_shared"], &[]),
    ask("Q30", "taking sharing back", &["sharing.may_unshare"], &["comment_sharing_changed", "file_sharing_changed"]),
    ask("Q31", "withdrawing what a school sent", &["sharing.school_may_withdraw"], &[]),
    ask("Q32", "what else an open request holds, and for how long", &["moves.request_pins_in_school", "moves.request_overdue_days"], &["information_request_opened", "isp_reallocated_to_catchment_provider"]),
    ask("Q33", "what follows from an answer", &["moves.read_answer_days"], &["information_request_answered"]),
    ask("Q34", "how far back termly attendance reaches", &["measures.termly_window"], &[]),
    ask("Q35", "how large the service is", &["service.cases_a_year"], &[]),
    ask("Q36", "which numbers are shown to whom", &["sharing.nsn_to_providers"], &[]),
    ask("Q37", "whether CIT may refuse", &["moves.cit_may_decline"], &["reallocation_declined_by_cit"]),
    ask("Q38", "the lookup tables and the least efforts", &["location.attempts_min", "location.answered_checks_min", "tables.closure_reasons", "tables.meeting_modes", "tables.risk_levels", "tables.return_codes", "tables.attendance_codes", "tables.contact_roles", "tables.barriers", "tables.needs"], &["not_located_flag_set", "case_closed", "school_meeting_held", "caregiver_meeting_held", "risk_updated", "information_request_answered", "student_plan_recorded", "provider_agreement_recorded", "unmet_need_identified"]),
    ask("Q39", "who is in M9–M13", &["measures.migrated_in_referred"], &[]),
];

/// Returns what a policy says of every question that the decision of an event type reads; of all where none is named.
pub fn explain(policy: &Policy, kind: Option<&str>) -> Vec<(&'static Question, &'static str, Value)> {
    let all = serde_json::to_value(policy).unwrap_or_default();
    let read = |question: &&Question| kind.is_none_or(|kind| question.decides.contains(&kind));
    let mut rows = Vec::new();
    for question in QUESTIONS.iter().filter(read) {
        for key in question.keys {
            rows.push((question, *key, value(&all, key)));
        }
    }
    rows
}

fn value(all: &Value, key: &str) -> Value {
    let pointer = format!("/{}", key.replace('.', "/"));
    all.pointer(&pointer).cloned().unwrap_or_default()
}

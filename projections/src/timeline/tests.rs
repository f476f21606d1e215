use caseledger_events::event::*;
use caseledger_events::testing::*;

use super::*;
use crate::testing::{CANARY, Tape, every_event, personal_parts, written};

/// The sentence of every sample, in the order of the samples.
const SENTENCES: &[(&str, &str)] = &[
    ("support_request_submitted", "School SCH-1 asked for support: absent 34 of 90 half-days in the term."),
    (
        "non_enrolment_notified",
        "The student was notified as enrolled nowhere: last at school SCH-1 on 2 February 2026, withdrawn for continuous absence.",
    ),
    ("ministry_check_completed", "The Ministry checked the notification and refers it to a provider."),
    ("case_kind_changed", "The case is now one of non-enrolment; it was one of chronic absence."),
    ("dual_active_detected", "A second active case of the student was found: 09090909-0909-0909-0909-090909090909."),
    (
        "allocated_to_provider",
        "The case was allocated to provider ASP-1 by the catchment of the school, catchment C-1.",
    ),
    ("assigned_to_case_manager", "Case manager M-1 took the case."),
    ("case_reviewed", "L-1 reviewed the case."),
    ("primary_contact_changed", "The school's primary contact is now S-3; it was S-1."),
    ("enrolment_status_changed", "ENROL reports the student enrolled at school SCH-2 as RE from 2 March 2026."),
    ("case_closed", "The case was closed: the student attends regularly again."),
    ("case_reopened", "The case was reopened: the student stopped attending again."),
    ("school_meeting_held", "The provider met the referring school SCH-1 in person."),
    ("caregiver_meeting_held", "The provider met the caregivers at home, with the student."),
    ("student_engaged", "The provider engaged the student by telephone."),
    ("caregiver_engaged", "The provider engaged a caregiver by text message."),
    ("contact_attempted", "An attempt to reach a caregiver by telephone did not become contact: nobody was reached."),
    (
        "contact_details_recorded",
        "Contact details were recorded, given by the family and right on 20 February 2026; the address is confirmed; it lies in catchment C-1.",
    ),
    ("contact_details_marked_out_of_date", "The contact details held were found to be out of date."),
    ("student_plan_recorded", "A student plan with 2 goals was recorded, to be reviewed on 1 April 2026."),
    ("comment_added", "Comment 1 was added, not shared with schools."),
    ("comment_sharing_changed", "Comment 1 was shared with schools."),
    ("information_request_opened", "Immigration NZ was asked (request 1)."),
    (
        "information_request_answered",
        "Immigration NZ answered request 1: the student is not shown to be out of the country.",
    ),
    ("information_request_withdrawn", "Request 1 to Immigration NZ was withdrawn: no longer needed."),
    ("overseas_evidence_received", "Evidence that the student is overseas was received: a travel document."),
    ("detailed_immigration_check_requested", "CIT was asked for a detailed immigration check (request 2)."),
    ("not_located_flag_set", "The student could not be located after 3 attempts at contact and 1 answered check."),
    ("not_located_flag_cleared", "The student was located."),
    (
        "provider_agreement_recorded",
        "Provider ASP-2 agreed by telephone on 3 March 2026 that provider ASP-2 takes the case.",
    ),
    ("reallocated_to_cit", "Provider ASP-1 passed the case to CIT: a new address outside the catchment is confirmed."),
    ("reallocated_by_cit", "CIT passed the case of provider ASP-1 on to provider ASP-2, catchment C-2."),
    ("reallocation_declined_by_cit", "CIT sent the case back to provider ASP-1 (reason INCOMPLETE)."),
    (
        "isp_reallocated_to_catchment_provider",
        "In-school provider ISP-1 passed the case to provider ASP-1 of catchment C-1.",
    ),
    ("unenrolled_student_reported", "A school reported a student outside any school, near school SCH-1."),
    (
        "case_migrated",
        "The case was carried over from the predecessor system (ASA-4711): one of chronic absence of school SCH-1, first referred on 20 October 2025.",
    ),
    (
        "recent_closure_linked",
        "The student's case 09090909-0909-0909-0909-090909090909 was closed on 30 January 2026, not long before.",
    ),
    ("risk_updated", "The risk is now HIGH; it was LOW."),
    ("file_uploaded", "Somebody added file 1, an attendance plan, not shared with schools."),
    ("file_sharing_changed", "File 1 was shared with schools."),
    ("task_added", "Task 1 was added: reach somebody, due on 6 March 2026, for M-2."),
    ("task_completed", "Task 1 was done."),
    ("calendar_event_added", "An entry was added for 6 March 2026: a meeting."),
    ("case_paused", "Work on the case rests: an event in the family, until 9 March 2026."),
    ("case_resumed", "Work on the case goes on."),
    ("waitlisted", "The case waits for capacity, and is expected to be begun on 9 March 2026."),
    ("removed_from_waitlist", "The case waits for capacity no longer."),
    ("pathway_outcome_recorded", "The student is in alternative education from 1 March 2026."),
    ("home_education_application_noted", "The family applied to educate at home on 1 March 2026."),
    ("exemption_granted", "An exemption for home education was granted, valid from 1 March 2026."),
    ("exemption_declined", "An exemption for home education was declined."),
    ("exemption_revoked", "The exemption for home education was revoked from 1 April 2026."),
    ("unmet_need_identified", "An unmet basic need was identified: TRANSPORT."),
    ("unmet_need_funded", "The fund spent $120.00 on TRANSPORT."),
    ("oranga_tamariki_referral_made", "Oranga Tamariki was asked under section 19."),
    ("report_of_concern_made", "A risk of harm was reported to Oranga Tamariki, and the police were told."),
    (
        "prosecution_notified",
        "The Attendance Prosecutions Unit was notified; tried before: letters, visits to the home.",
    ),
    ("prosecution_outcome_recorded", "The Attendance Prosecutions Unit answered: it does not take the case on."),
    ("cases_merged", "Case 09090909-0909-0909-0909-090909090909 went into this one."),
    ("case_merged_into", "The case went into case 09090909-0909-0909-0909-090909090909."),
    (
        "case_unmerged",
        "The merge of case 07070707-0707-0707-0707-070707070707 into case 09090909-0909-0909-0909-090909090909 was taken back.",
    ),
    ("dual_active_dismissed", "Case 09090909-0909-0909-0909-090909090909 is of another student."),
    ("notification_sent", "A notice went to the school's primary contact: a plan was recorded."),
    ("proposed_move_declined", "Provider ASP-2 declined to take the case (reason NO-CAPACITY)."),
    ("statement_of_correction_attached", "Statement of correction 1 of a caregiver was attached, about comment 1."),
    ("privacy_notice_given", "Privacy notice PN-2026-1 was given to a caregiver by letter."),
];

#[test]
fn every_event_type_has_a_sentence() {
    let said: Vec<(&str, String)> = every_event().iter().map(|event| (event.kind(), sentence(event))).collect();
    for ((kind, said), (expected_kind, expected)) in said.iter().zip(SENTENCES) {
        assert_eq!((*kind, said.as_str()), (*expected_kind, *expected));
    }
    assert_eq!(said.len(), SENTENCES.len());
}

#[test]
fn a_sentence_tells_what_is_particular() {
    let mut urgent = SupportRequestSubmitted { urgent: true, unmet_need: true, attached: true, ..request() };
    urgent.absent_half_days = 12;
    urgent.earlier_because = Some(EarlierReason::PatternOfAbsence);
    let answered = |whereabouts, known_code| InformationRequestAnswered {
        detailed: true,
        known_code,
        ..inz_answered(2, whereabouts)
    };
    let unasked = NotLocatedFlagSet { answered_checks: 0, no_check_because: Some(code("NO_DATA")), attempts: 1 };
    for (event, expected) in [
        (
            CaseEvent::from(urgent),
            "School SCH-1 asked for support: absent 12 of 90 half-days in the term, before the threshold because of a pattern of absences, urgent, with an unmet basic need; attached to this case.",
        ),
        (
            asked_automatically(1).into(),
            "Immigration NZ was asked (request 1), because the leave reason is gone overseas.",
        ),
        (
            answered(Whereabouts::Out, true).into(),
            "Immigration NZ answered request 2, a detailed check: the student is out of the country.",
        ),
        (
            answered(Whereabouts::Unknown, false).into(),
            "Immigration NZ answered request 2, a detailed check with a code that is not known yet; a person must look at it.",
        ),
        (
            unasked.into(),
            "The student could not be located after 1 attempt at contact and no answered check (reason NO_DATA).",
        ),
        (enrolled(None, "2026-03-02").into(), "ENROL reports the student enrolled nowhere (RE) from 2 March 2026."),
        (
            CommentAdded { comment: CommentNumber(3), by_school: true, shared_with_schools: true }.into(),
            "The school added comment 3.",
        ),
        (
            CommentSharingChanged { comment: CommentNumber(3), shared_with_schools: false }.into(),
            "Comment 3 is no longer shared with schools.",
        ),
        (
            StudentPlanRecorded { revision: 2, goals: 1, barriers: vec![], review_on: None }.into(),
            "The student plan was revised (revision 2, 1 goal).",
        ),
    ] {
        assert_eq!(sentence(&event), expected);
    }
}

#[test]
fn nothing_personal_gets_into_an_entry() {
    let mut tape = Tape::new();
    for event in every_event() {
        tape.case(CASE, written(on("2026-03-01", event), manager(), personal_parts()));
    }
    for event in tape.events() {
        let row = StoredEntry::of(&event).read(day("2026-03-01")).unwrap();
        let said = serde_json::to_string(&row).unwrap();
        assert!(!said.contains(CANARY), "{said}");
    }
}

#[test]
fn an_entry_reads_back_from_its_stored_form() {
    let mut tape = Tape::new();
    tape.case(CASE, on("2026-03-01", request()));
    tape.case(CASE, late("2026-03-01T09:00:00+13:00", "2026-03-02", attempt()));
    for event in tape.events() {
        let stored = rmp_serde::to_vec(&StoredEntry::of(&event)).unwrap();
        assert_eq!(rmp_serde::from_slice::<StoredEntry<'_>>(&stored).unwrap(), StoredEntry::of(&event));
    }
}

#[test]
fn restricted_events_are_marked_as_such() {
    let mut tape = Tape::new();
    for event in every_event() {
        tape.case(CASE, on("2026-03-01", event));
    }
    let restricted: Vec<String> = tape
        .events()
        .map(|event| StoredEntry::of(&event).read(day("2026-03-01")).unwrap())
        .filter(|row| row.restricted)
        .map(|row| row.kind)
        .collect();
    let expected: Vec<&str> =
        EVENT_TYPES.iter().filter(|row| row.broadcast == Broadcast::Restricted).map(|row| row.name).collect();
    assert_eq!(restricted.len(), expected.len());
    assert!(restricted.iter().all(|kind| expected.contains(&kind.as_str())), "{restricted:?}");
}

/// Late recording is real (§1.1): it is taken, and told as such.
#[test]
fn what_is_recorded_late_or_happened_before_its_case_says_so() {
    let mut tape = Tape::new();
    tape.case(CASE, on("2026-03-01", request()));
    tape.case(CASE, late("2026-03-01T23:30:00+13:00", "2026-03-01", attempt()));
    tape.case(CASE, late("2026-03-01T23:30:00+13:00", "2026-03-02", attempt()));
    tape.case(CASE, late("2026-02-27", "2026-03-13", attempt()));
    let told: Vec<_> = tape
        .events()
        .map(|event| StoredEntry::of(&event).read(day("2026-03-01")).unwrap())
        .map(|row| (row.days_late, row.before_case))
        .collect();
    assert_eq!(told, [(0, false), (0, false), (1, false), (14, true)]);
}

#[test]
fn an_event_type_this_build_does_not_know_is_an_error() {
    let mut tape = Tape::new();
    tape.case(CASE, on("2026-03-01", attempt()));
    let event = tape.events().next().unwrap();
    let entry = StoredEntry { kind: "attendance_predicted", ..StoredEntry::of(&event) };
    assert!(entry.read(day("2026-03-01")).unwrap_err().to_string().contains("attendance_predicted"));
    let newer = StoredEntry { schema: 9, ..StoredEntry::of(&event) };
    assert!(newer.read(day("2026-03-01")).unwrap_err().to_string().contains("newer build"));
}

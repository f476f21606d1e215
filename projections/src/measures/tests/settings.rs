//! Every setting that policy leaves to the measures changes the verdict it is about, and is named by a row here.

use caseledger_events::case::Times;
use caseledger_events::dates::OccurredAt;
use caseledger_events::policy::{Policy, PolicySet};
use caseledger_events::testing::{day, lead, noon};

use super::world::{case_id, fold_tape, lines};
use crate::measures::explain::{Explained, explain};
use crate::measures::{Fold, lists, settings};
use crate::testing::{Tape, Written};

/// A ledger whose policy, in force from the beginning of 2026, says `fixed`; then one case.
fn told(fixed: &str, text: &str) -> Fold {
    let mut tape = Tape::new();
    let now = noon(day("2026-01-01"));
    let measures = settings::overlay(&Default::default(), &toml::from_str(fixed).unwrap()).unwrap();
    let policy = Policy { measures, ..Policy::default() };
    let set = PolicySet { version: 2, effective_on: day("2026-01-01"), policy };
    let times = Times { occurred_at: OccurredAt::Instant(now), recorded_at: now };
    tape.draft(&set.draft(OccurredAt::Instant(now)), times, lead(), Vec::new());
    let mut lines = lines(1, 1, text);
    lines.sort_by_key(|line| line.past.times.recorded_at);
    for line in lines {
        tape.case(case_id(line.case), Written { past: line.past, actor: lead(), parts: Vec::new() });
    }
    fold_tape(&tape)
}

fn verdict(fixed: &str, text: &str, measure: &str) -> Option<Explained> {
    let list = lists::newest("2026-Q2").unwrap();
    explain(&told(fixed, text), list, case_id(1), Some(measure), Some(noon(day("2026-08-01")))).unwrap().pop()
}

/// Submitted on 20 April, allocated on the 24th, assigned on the 29th; met by video on 5 May, a day late for M10.
const REFERRED: &str = "
    2026-04-20 request
    2026-04-24 allocated ASP-1 C-1
    2026-04-25 details
    2026-04-29 assigned
    2026-05-05 school_met referring video
    2026-05-07 student_engaged phone
    2026-05-19 details_out_of_date
";

const MIGRATED: &str = "
    2026-01-05 migrated non_enrolment 2025-12-01
    2026-01-05 allocated ASP-1 C-1
    2025-12-10 @2026-01-10 school_met other in_person
    2026-03-20 enrolled 2026-03-20
    2026-05-01 plan
";

#[test]
fn each_setting_changes_what_it_is_about() {
    let paused = format!("{REFERRED}\n2026-04-27 paused\n2026-04-30 resumed\n");
    let passed_on = format!("{REFERRED}\n2026-06-20 allocated ASP-2 C-2\n");
    let nen = "2026-04-20 notice\n2026-04-24 allocated ASP-1 C-1\n2026-04-25 details\n2026-07-10 enrolled 2026-07-01\n";
    let in_error = "2026-04-20 request\n2026-04-24 allocated ASP-1 C-1\n2026-04-27 closed referred_in_error\n";
    let in_school = "2026-04-20 request\n2026-04-24 allocated ISP-1 C-1 in_school\n";
    let in_march = "2026-03-20 request\n2026-03-26 allocated ASP-1 C-1\n";
    let late_migrated = "2026-04-20 migrated chronic_absence 2025-12-01\n2026-04-24 allocated ASP-1 C-1\n";
    let later = "2026-06-20 request\n2026-06-30 allocated ASP-1 C-1\n";
    for (id, text, measure, fixed, by_default, by_setting) in [
        ("Q6", REFERRED, "M10", "clock_start = 'assigned'", "not_met 2026-05-04", "met 2026-05-06"),
        ("Q6", REFERRED, "M10", "clock_start = 'submitted'", "not_met 2026-05-04", "not_met 2026-04-28"),
        ("Q8", in_march, "M10", "quarters = 'calendar'", "none", "not_met 2026-04-02"),
        ("Q9", MIGRATED, "M4", "migrated_referral = 'own_date'", "met 2026-04-17", "not_met 2026-03-16"),
        ("Q10", REFERRED, "M6", "meetings_of_migrated_alone = false", "none", "met 2026-07-03"),
        ("Q11", REFERRED, "M11", "meeting_modes = ['in_person']", "met 2026-05-11", "not_met 2026-05-11"),
        ("Q12", MIGRATED, "M6", "meeting_before_migration = false", "met 2026-03-31", "not_met 2026-03-31"),
        ("Q13", MIGRATED, "M8", "reassessed = 'original'", "met 2026-07-03", "not_met 2026-03-31"),
        ("Q16", REFERRED, "M12", "engaged = 'either'", "not_met 2026-05-11", "met 2026-05-11"),
        ("Q18", later, "M11", "cohort = 'allocated'", "none", "not_met 2026-07-15"),
        ("Q19", &passed_on, "M10", "moved = 'receiver'", "not_met 2026-05-04", "excluded 2026-05-04"),
        ("Q20", &paused, "M10", "pausing_stops_clocks = true", "not_met 2026-05-04", "met 2026-05-06"),
        ("Q21", in_error, "M10", "closed_early = 'counted'", "excluded 2026-05-04", "not_met 2026-05-04"),
        ("Q22", in_school, "M10", "in_school = 'included'", "excluded 2026-05-04", "not_met 2026-05-04"),
        ("Q23", REFERRED, "M10", "start_day_counts = true", "not_met 2026-05-04", "not_met 2026-05-01"),
        ("Q24", nen, "M9", "weeks = 'school_weeks'", "met_late_recorded 2026-07-03", "none"),
        ("Q25", nen, "M9", "enrolled_from = 'recorded'", "met_late_recorded 2026-07-03", "not_met 2026-07-03"),
        ("Q39", late_migrated, "M10", "migrated_in_referred = true", "none", "not_met 2026-05-04"),
    ] {
        let first = |explained: Option<Explained>| {
            explained.map_or("none".to_owned(), |one| {
                format!("{} {}", one.verdict, one.due.map(|due| due.to_string()).unwrap_or_default())
            })
        };
        // Of a case that was passed on, the sender's verdict is asked for.
        let sender = |fixed: &str| {
            let list = lists::newest("2026-Q2").unwrap();
            let as_at = Some(noon(day("2026-08-01")));
            let all = explain(&told(fixed, text), list, case_id(1), Some(measure), as_at).unwrap();
            all.into_iter().next()
        };
        assert_ne!(by_default, by_setting, "{id} changes something");
        assert_eq!(first(sender("")), by_default, "{id} {measure} by default");
        assert_eq!(first(sender(fixed)), by_setting, "{id} {measure} by {fixed}");
    }
}

#[test]
fn q7_the_profile_moves_january_by_eight_days() {
    let text = "2026-01-05 request\n2026-01-05 allocated ASP-1 C-1\n";
    let list = lists::newest("2026-Q2").unwrap();
    for (fixed, due) in [("", "2026-01-12"), ("calendar_profile = 'oia'", "2026-01-22")] {
        let fold = told(fixed, text);
        let frame = crate::measures::run::Frame::new(&fold, list).unwrap();
        let judge = frame.judge(day("2026-08-01")).unwrap();
        assert_eq!(judge.clocks.account(day("2026-01-05"), day(due)).unwrap().counted.len(), 5, "{fixed}");
        assert_eq!(frame.policy, 2);
    }
}

#[test]
fn q15_details_at_the_deadline_alone() {
    let text = format!("{REFERRED}\n2026-05-08 details_out_of_date\n");
    let by_default = verdict("", &text, "M12").unwrap();
    let at_deadline = verdict("details_held = 'at_deadline'", &text, "M12").unwrap();
    assert_eq!((by_default.verdict, at_deadline.verdict), ("not_met", "excluded"));
    assert_eq!(at_deadline.reason.as_deref(), Some("no_contact_details"));
}

#[test]
fn q19_the_receiver_is_shown_the_first_allocations_clock_beside_its_own() {
    let text = format!("{REFERRED}\n2026-05-06 allocated ASP-2 C-2\n2026-05-08 school_met referring video\n");
    let receiver = verdict("", &text, "M10").unwrap();
    assert_eq!((receiver.verdict, receiver.provider.as_str()), ("met", "ASP-2"));
    let words = receiver.words.join(" ");
    assert!(words.contains("By the clock of the first allocation it would be: not met by 2026-05-04 (Q19)"), "{words}");
}

#[test]
fn q23_chatham_is_judged_by_its_own_clock_only_where_the_list_says_so() {
    // 11:30 UTC on 4 May is 23:30 in Auckland and 00:15 on 5 May on the Chatham Islands.
    let text = "2026-04-24 request\n2026-04-24 allocated ASP-1 C-84\n2026-05-04T11:30:00Z school_met referring video\n";
    let fold = told("", text);
    let mainland = lists::newest("2026-Q2").unwrap();
    let mut chatham = mainland.clone();
    chatham.chatham_catchments = vec!["C-84".to_owned()];
    for (list, verdict) in [(mainland, "met"), (&chatham, "not_met")] {
        let explained = explain(&fold, list, case_id(1), Some("M10"), Some(noon(day("2026-08-01")))).unwrap();
        assert_eq!(explained[0].verdict, verdict);
    }
}

//! What else a service does: risk, needs and the fund, files and tasks, pauses, exemptions, safety and prosecution; the
//! third intake route with its duplicates, migrated cases, wait-lists, a referral soon after a closure.

use serde_json::{Value, json};

use super::absence::{referral_parts, refers, settles_in, works_on};
use crate::simulate::script::{CIT, DESK, Deed, Script};
use crate::simulate::step::Expect;
use crate::simulate::words;

/// The migration from the predecessor system.
const MIGRATION: &str = "MIGRATION/migration/MOE";

fn by_worker(script: &Script, action: &'static str, facts: Value) -> Deed {
    Deed::new(script.worker(), action, facts)
}

/// E12, E15, E34, E38, E39, R35: a case on which much is done.
pub fn much_is_done(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    script.days(1, 3);
    script.does(by_worker(script, "update-risk", json!({"level": "MEDIUM"})));
    script.does(by_worker(script, "update-risk", json!({"level": "GRAVE"})).refused("Q38", "not-in-table"));
    needs_and_the_fund(script);
    files_and_tasks(script);
    script.days(1, 2);
    let notice = json!({"to": "caregiver", "channel": "letter", "notice": "PN-2026-1"});
    script.does(by_worker(script, "give-privacy-notice", notice));
    let correction = json!({"about": "facts", "asked_by": "student"});
    let words = words::note("I was ill in May, not truant.");
    script.does(by_worker(script, "attach-statement-of-correction", correction).personal(words));
    script.days(2, 5);
    let until = script.ahead();
    script.does(by_worker(script, "pause", json!({"reason": "family_event", "until": until})));
    script.days(2, 6);
    script.does(by_worker(script, "resume", json!({})));
    works_on(script, 2);
    let pathway = json!({"outcome": "alternative_education", "from": script.day});
    script.does(by_worker(script, "record-pathway", pathway));
    script.closes("alternative_education");
    let notice = json!({"to": "primary_contact", "about": "case_closed"});
    script.does(by_worker(script, "record-notification", notice));
    let other = json!({"to": "primary_contact", "about": "other"});
    script.does(by_worker(script, "record-notification", other).refused("Q17", "not-a-key-action"));
}

fn needs_and_the_fund(script: &mut Script) {
    let funded = |support: bool, other: bool| json!({"need": "TRANSPORT", "amount_cents": 8_500, "school_support_exhausted": support, "other_funding": other});
    script.does(by_worker(script, "fund-need", funded(true, false)).refused("R35", "need-not-identified"));
    script.does(by_worker(script, "identify-need", json!({"need": "TRANSPORT"})));
    script.does(by_worker(script, "fund-need", funded(false, false)).refused("R35", "school-support-first"));
    script.does(by_worker(script, "fund-need", funded(true, true)).refused("R35", "other-funding-first"));
    script.days(0, 2);
    script.does(by_worker(script, "fund-need", funded(true, false)));
}

fn files_and_tasks(script: &mut Script) {
    let file = |name: &str| json!({"file": {"name": name}});
    let hash = |digit: &str| digit.repeat(64);
    let facts = json!({"kind": "attendance_plan", "bytes": 48_211, "sha256": hash("a")});
    script.does(by_worker(script, "upload-file", facts).personal(file("Mahere.pdf")));
    let owner = script.lead();
    script.does(Deed::new(owner.clone(), "change-file-sharing", json!({"file": 1, "share_with_schools": true})));
    let facts = json!({"kind": "report", "bytes": 9_001, "sha256": hash("b")});
    script.does(Deed::new(script.school_lead(), "upload-file", facts).personal(file("Report.docx")));
    let shares = |file: u16| json!({"file": file, "share_with_schools": false});
    script.does(Deed::new(owner.clone(), "change-file-sharing", shares(2)).refused("V2", "schools-own-file"));
    script.does(Deed::new(owner, "change-file-sharing", shares(9)).refused("E15", "unknown-file"));
    script.days(1, 2);
    let due = script.ahead();
    script.does(by_worker(script, "add-task", json!({"kind": "meeting", "due_on": due})));
    let before = script.stage.term.first;
    script.does(by_worker(script, "add-task", json!({"kind": "plan", "due_on": before})).refused("E39", "in-the-past"));
    script.does(by_worker(script, "add-calendar-event", json!({"kind": "meeting", "starts_at": due})));
    script.days(1, 2);
    script.does(by_worker(script, "complete-task", json!({"task": 1})));
    script.does(by_worker(script, "complete-task", json!({"task": 1})).refused("E39", "no-such-open-task"));
}

/// E29, R30–R34: the family applies, is declined, applies again, and the exemption is granted and revoked.
pub fn an_exemption(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    script.days(1, 4);
    let home = || json!({"exemption": "home_education"});
    let from = |script: &Script| json!({"exemption": "home_education", "from": script.day});
    script.does(by_worker(script, "note-home-education-application", json!({"applied_on": script.day})));
    script.days(4, 8);
    script.does(by_worker(script, "decline-exemption", home()));
    script.days(1, 4);
    script.does(by_worker(script, "revoke-exemption", from(script)).refused("R34", "no-such-exemption"));
    script.does(by_worker(script, "grant-exemption", from(script)));
    script.days(1, 4);
    script.does(Deed::new(CIT, "revoke-exemption", from(script)));
    works_on(script, 1);
}

/// R36, R37: safety comes first, and prosecution last.
pub fn the_last_resort(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 2);
    let told = |text: &str| json!({"concern": {"text": text}});
    script.does(by_worker(script, "refer-to-oranga-tamariki", json!({})).personal(told("Alone at home, twice.")));
    script.days(1, 3);
    let harm = json!({"police_told": true});
    script.does(by_worker(script, "report-concern", harm).personal(told("A bruise; the police were told.")));
    script.days(2, 6);
    let words = || json!({"prosecution": {"text": "Nine letters, four meetings, no change."}});
    let outcome = || json!({"outcome": "not_taken_on"});
    let none_yet = by_worker(script, "record-prosecution-outcome", outcome()).personal(words());
    script.does(none_yet.refused("R36", "no-prosecution"));
    let notify = |exhausted: bool| json!({"supports_exhausted": exhausted, "evidence": ["letters", "meetings"]});
    let early = by_worker(script, "notify-prosecution", notify(false)).personal(words());
    script.does(early.refused("R36", "supports-first"));
    script.days(1, 4);
    script.does(by_worker(script, "notify-prosecution", notify(true)).personal(words()));
    script.days(4, 9);
    script.does(by_worker(script, "record-prosecution-outcome", outcome()).personal(words()));
    works_on(script, 1);
}

/// R8, E37: a surge; the case waits, for as short as can be.
pub fn waits_for_capacity(script: &mut Script) {
    refers(script, false, false);
    script.days(0, 2);
    let lead = script.lead();
    let surge = || words::note("Forty referrals in three days after the flood.");
    let expected = json!({"expected_on": script.ahead()});
    script.does(by_worker(script, "pause", json!({"reason": "health"})).refused("E38", "not-at-work"));
    script.does(Deed::new(lead.clone(), "waitlist", expected.clone()).personal(surge()));
    if script.dice.chance(50) {
        script.days(1, 3);
        script.does(Deed::new(lead.clone(), "remove-from-waitlist", json!({})));
    }
    settles_in(script);
    script.does(Deed::new(lead, "waitlist", expected).personal(surge()).refused("R8", "at-work-already"));
    works_on(script, 1);
}

/// Q3, R29, T5: the student is referred again within three months: a new case, linked to the closed one.
pub fn referred_again_soon(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    script.closes("returned_to_attendance");
    script.days(2, 6);
    let open = script.term().open_half_days(script.day);
    let facts = json!({
        "school": script.school.code(), "open_half_days": open, "absent_half_days": open / 2, "engagement": "engaged",
        "school_steps_taken": true, "earlier_because": "history_at_this_school",
    });
    let parts = referral_parts(script);
    script.opens("second", Deed::new(script.school_lead(), "submit-support-request", facts).personal(parts));
    script.turn_to("second");
    script.manager = None;
    settles_in(script);
}

/// K3, E40: a case of the predecessor system is reviewed and worked on (M5–M8).
pub fn carried_over(script: &mut Script) {
    let facts = json!({
        "kind": "chronic_absence", "former": script.student.former, "school": script.school.code(),
        "referred_on": "2025-10-20",
    });
    let parts = json!({"student": script.student.identity()});
    let carried = || Deed::new(MIGRATION, "migrate-case", facts.clone()).personal(parts.clone());
    script.opens("case", carried());
    script.minutes(1, 5);
    // Without a number it is known again by the id it had (K5).
    let twice = if script.student.nsn.is_some() { "migrated-twice" } else { "carried-over-already" };
    script.opens("again", carried().refused("K3", twice));
    settles_in(script);
    works_on(script, 2);
}

/// K5, R27, R28: two people report one student; the cases are marked, looked at, merged, and taken apart again.
pub fn reported_twice(script: &mut Script) {
    let facts = json!({"school": script.school.code(), "told_by_public": true});
    let again = json!({"school": script.school.code(), "separate_because": "NOT_SURE_WHO"});
    let parts = |script: &Script| json!({"student": script.student.identity()});
    let personal = parts(script);
    script.opens("case", Deed::new(script.lead(), "report-unenrolled-student", facts).personal(personal));
    script.enrolled = false;
    script.minutes(10, 90);
    let personal = parts(script);
    script.opens("second", Deed::new(script.school_lead(), "report-unenrolled-student", again).personal(personal));
    script.days(1, 3);
    script.does(Deed::new(CIT, "complete-ministry-check", json!({"enrolled": false, "outcome": "refer"})));
    script.days(0, 2);
    let (other, itself) = (json!({"other": "case:second"}), json!({"other": "case:case"}));
    script.does(Deed::new(script.lead(), "report-dual-active", itself).refused("R28", "same-case"));
    script.does(Deed::new(script.lead(), "report-dual-active", other.clone()));
    script.does(Deed::new(script.lead(), "report-dual-active", other.clone()).expect(Expect::Nothing));
    script.days(0, 2);
    script.does(Deed::new(DESK, "dismiss-dual-active", other.clone()));
    script.does(Deed::new(DESK, "dismiss-dual-active", other).refused("R27", "not-suspected"));
    script.days(0, 2);
    let said = || words::note("The same student after all: same birth date, same aunt.");
    let merged = || json!({"merged": "case:second"});
    script.does(Deed::new(DESK, "unmerge", merged()).personal(said()).refused("R28", "not-merged"));
    script.does(Deed::new(DESK, "merge", merged()).personal(said()));
    script.minutes(10, 60);
    script.turn_to("second");
    let check = json!({"enrolled": false, "outcome": "refer"});
    script.does(Deed::new(CIT, "complete-ministry-check", check).refused("R28", "case-is-merged"));
    script.turn_to("case");
    script.days(1, 3);
    if script.dice.chance(50) {
        script.does(Deed::new(DESK, "unmerge", merged()).personal(said()));
        script.does(Deed::new(DESK, "merge", merged()).personal(said()));
    }
    settles_in(script);
    works_on(script, 1);
}

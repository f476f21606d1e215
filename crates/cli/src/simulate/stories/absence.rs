//! Chronic absence: a school refers, a provider works the case (K1, R1–R9, R27, Q4).

use serde_json::{Value, json};

use super::slips;
use crate::simulate::places::School;
use crate::simulate::script::{CIT, DESK, Deed, ENROL, Script};
use crate::simulate::step::Expect;
use crate::simulate::{term, words};

/// What a referral says of the absence: a count that reaches the threshold, or a reason why it is earlier (R3).
fn absence(script: &mut Script, early: bool) -> Value {
    let open = script.term().open_half_days(script.day);
    let engagement = script.dice.weighted(&[(25, "plan_signed"), (40, "engaged"), (25, "partly"), (10, "not_engaged")]);
    let mut facts = json!({
        "school": script.school.code(), "open_half_days": open, "engagement": engagement, "school_steps_taken": true,
    });
    if early || open < 32 {
        facts["absent_half_days"] = json!(script.dice.below(u64::from(open.min(29)) + 1));
        let reasons = [
            (50, "history_at_this_school"),
            (25, "history_at_earlier_school"),
            (20, "pattern_of_absence"),
            (5, "other"),
        ];
        facts["earlier_because"] = json!(script.dice.weighted(&reasons));
    } else {
        facts["absent_half_days"] = json!(script.dice.between(30, u64::from(open)));
    }
    for (flag, percent) in [("urgent", 8), ("unmet_need", 12)] {
        if script.dice.chance(percent) {
            facts[flag] = json!(true);
        }
    }
    facts
}

/// What is personal in a referral.
pub fn referral_parts(script: &mut Script) -> Value {
    let mut parts = script.note(&words::REFERRAL);
    parts["student"] = script.student.identity();
    if script.dice.chance(80) {
        let place = script.school.catchment().name;
        parts["contacts"] = script.student.contacts(&mut script.dice, place);
    }
    if script.dice.chance(10) {
        parts["health"] = json!({"text": "Asthma; a plan is at the school office."});
    }
    parts
}

/// A school's request, with the slips schools make before they get it right.
pub fn refers(script: &mut Script, early: bool, to_in_school_provider: bool) {
    let mut facts = absence(script, early);
    let parts = referral_parts(script);
    slips::before_a_referral(script, &facts, &parts);
    if to_in_school_provider {
        facts["to_in_school_provider"] = json!(true);
        script.is_with(&script.school.in_school_code());
    }
    if script.dice.chance(40) {
        // The one who refers and the one to talk to are two people (A3).
        facts["primary_contact"] = json!(format!("{}-D", script.school.code()));
        script.contact_named = true;
    }
    let mut deed = Deed::new(script.school_lead(), "submit-support-request", facts).personal(parts);
    if script.dice.chance(15) {
        deed = deed.happened(term::working_days_before(script.day, 1));
    }
    script.since = script.day;
    script.opens("case", deed);
}

/// The first two weeks at a provider: assigned, reviewed, the school met, the family reached (R7, M10–M13).
pub fn settles_in(script: &mut Script) {
    // Providers start within a week or two; most do so on the first days.
    let (low, high) = script.dice.weighted(&[(70, (0, 2)), (25, (3, 6)), (5, (7, 12))]);
    script.days(low, high);
    slips::at_the_desk(script);
    script.is_assigned();
    if script.dice.chance(60) {
        script.minutes(5, 60);
        script.is_reviewed();
    }
    script.days(1, 4);
    script.meets_school();
    if script.dice.chance(30) {
        script.minutes(5, 120);
        slips::on_somebody_elses_case(script);
    }
    for _ in 0..script.dice.below(3) {
        script.days(0, 2);
        script.tries_in_vain();
    }
    script.days(1, 4);
    let catchment = script.catchment;
    let confirmed = script.dice.chance(50);
    script.learns_contacts(confirmed, catchment);
    script.minutes(10, 90);
    script.engages_caregiver();
    script.days(0, 3);
    script.meets_caregivers();
    script.days(0, 3);
    script.engages_student();
    script.days(1, 5);
    script.records_plan();
}

/// A case that takes longer than so many rounds of work is looked at by other people.
const ROUNDS_MAX: u64 = 60;

/// Some weeks of work, comment by comment.
pub fn works_on(script: &mut Script, rounds: u64) {
    for _ in 0..(rounds * script.stage.length).min(ROUNDS_MAX) {
        script.days(2, 6);
        match script.dice.below(10) {
            0..=3 => script.engages_student(),
            4..=5 => script.engages_caregiver(),
            6 => script.meets_school(),
            7 => script.records_plan(),
            8 => script.tries_in_vain(),
            _ => script.is_reviewed(),
        }
        if script.dice.chance(60) {
            script.minutes(5, 60);
            script.comments();
        }
        if script.dice.chance(15) {
            script.minutes(5, 60);
            a_school_comments(script);
        }
        if script.dice.chance(12) {
            script.minutes(5, 60);
            slips::in_a_comment(script);
        }
        if script.dice.chance(5) {
            script.minutes(10, 60);
            script.is_assigned();
        }
    }
}

/// The school comments where the student is enrolled there; another one knows of no case (V1, V2, Q29).
fn a_school_comments(script: &mut Script) {
    if script.enrolled {
        let who = if script.contact_named { script.school_contact() } else { script.school_lead() };
        script.comments_as(who, false);
        return;
    }
    let note = script.note(&words::COMMENT);
    let deed = Deed::new("S9999-A/attendance_lead/S9999", "add-comment", json!({})).personal(note);
    script.does(deed.unknown());
}

/// Refers, works, and the student attends again.
pub fn back_to_school(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    let rounds = script.dice.between(2, 6);
    works_on(script, rounds);
    script.days(2, 6);
    slips::before_closing(script);
    script.closes("returned_to_attendance");
    slips::after_closing(script);
}

/// The term ends before the case does.
pub fn still_at_work(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 25);
}

/// R3: fewer days than the threshold, but a history.
pub fn with_a_history(script: &mut Script) {
    refers(script, true, false);
    settles_in(script);
    let rounds = script.dice.between(1, 4);
    works_on(script, rounds);
    script.days(3, 8);
    let reason = script.dice.weighted(&[(60, "returned_to_attendance"), (25, "referred_in_error"), (15, "other")]);
    script.closes(reason);
}

/// The family moves within the catchment: the register reports another school, sometimes weeks late (T4, Q28).
pub fn changes_school(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 2);
    script.days(2, 8);
    let new = School { number: script.school.number % 2 + 1, ..script.school };
    let late = script.dice.weighted(&[(50, 0), (30, 3), (20, 15)]);
    let report = script.enrolment_changes(Some(new.code()), late);
    // The register's overnight feed sends the same row again.
    if script.dice.chance(40) {
        script.days(1, 1);
        script.does(Deed::new(ENROL, "change-enrolment", report).expect(Expect::Nothing));
    }
    script.days(1, 2);
    // The school of before keeps its request, and the case no longer (V1, Q28).
    let note = script.note(&words::COMMENT);
    let old = Deed::new(script.school_lead(), "add-comment", json!({})).personal(note);
    script.does(old.refused("A7", "not-this-role"));
    script.school = new;
    script.minutes(10, 90);
    script.does(Deed::new(
        script.school_lead(),
        "change-primary-contact",
        json!({"contact": format!("{}-D", new.code())}),
    ));
    script.contact_named = true;
    works_on(script, 3);
    script.days(2, 8);
    script.closes("returned_to_attendance");
}

/// A second school refers the same student, who has an active case: it is attached (R27, Q4, T2).
pub fn referred_twice(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    script.days(3, 10);
    let facts = absence(script, false);
    let parts = referral_parts(script);
    script.opens("case", Deed::new(script.school_lead(), "submit-support-request", facts).personal(parts));
    script.contact_named = false;
    works_on(script, 4);
    script.closes("returned_to_attendance");
}

/// An enrolled student is withdrawn for continuous absence: the notification is attached to the case at work (Q4).
pub fn becomes_non_enrolled(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 2);
    script.days(10, 20);
    let last_day = term::school_days_before(script.day, 20);
    let facts = json!({
        "last_school": script.school.code(), "last_day_attended": last_day, "withdrawn_on": script.day,
        "leave_reason": "continuous_absence",
    });
    let parts = json!({"student": script.student.identity()});
    script.opens("case", Deed::new(script.school_lead(), "notify-non-enrolment", facts).personal(parts));
    script.enrolled = false;
    script.days(1, 5);
    let check = json!({"in_new_zealand": true, "enrolled": false, "outcome": "refer"});
    script.does(Deed::new(CIT, "complete-ministry-check", check.clone()));
    script.minutes(5, 30);
    script.does(Deed::new(CIT, "complete-ministry-check", check).refused("E4", "no-check-pending"));
    let contact = json!({"contact": format!("{}-D", script.school.code())});
    script
        .does(Deed::new(script.worker(), "change-primary-contact", contact).refused("A3", "no-primary-contact-on-nen"));
    works_on(script, 2);
    let school = School { number: script.school.number % 2 + 1, ..script.school };
    script.enrolment_changes(Some(school.code()), 0);
    script.days(1, 3);
    script.closes("enrolled");
}

/// R26, T1: a feed cannot open a closed case again, a person can, with a reason.
pub fn opened_again(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 2);
    script.closes("returned_to_attendance");
    script.days(2, 8);
    let reason = json!({"reason": "absent_again"});
    let note = || words::note("Two weeks at school, then nothing; the whānau asks for the same case manager.");
    let feed = Deed::new(ENROL, "reopen", reason.clone()).personal(note());
    script.does(feed.refused("R26", "only-people-reopen"));
    script.days(0, 2);
    let who = if script.dice.chance(80) { script.lead() } else { DESK.to_owned() };
    script.does(Deed::new(who, "reopen", reason.clone()).personal(note()));
    script.minutes(5, 30);
    script.does(Deed::new(script.lead(), "reopen", reason).personal(note()).refused("R26", "not-closed"));
    works_on(script, 3);
    script.closes("returned_to_attendance");
}

/// R30–R34: a home-education exemption is granted, and the case closes.
pub fn taught_at_home(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    script.days(15, 22);
    script.comments();
    script.days(1, 5);
    let reason = script.dice.weighted(&[(70, "home_education"), (15, "fifteen_exemption"), (15, "turned_sixteen")]);
    script.closes(reason);
}

/// Q4: a separate case beside the active one, opened with a reason; the second cannot be reopened beside the first.
pub fn two_on_purpose(script: &mut Script) {
    refers(script, false, false);
    script.days(1, 4);
    let mut facts = absence(script, false);
    facts["separate_because"] = json!("COURT_ORDER");
    let parts = referral_parts(script);
    script.opens("second", Deed::new(script.school_lead(), "submit-support-request", facts).personal(parts));
    script.turn_to("second");
    script.days(2, 6);
    script.closes("referred_in_error");
    script.days(1, 3);
    let note = words::note("Closed too early.");
    let again = Deed::new(script.lead(), "reopen", json!({"reason": "closed_in_error"})).personal(note);
    script.does(again.refused("R27", "student-has-active-case"));
    script.turn_to("case");
    settles_in(script);
    works_on(script, 3);
}

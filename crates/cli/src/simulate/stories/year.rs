//! What only a whole year shows: students who come back, families who move with the seasons, a register that is months
//! behind, work that is written up long after it was done, and two schools that refer one student (T4, R27, R29, Q3).

use serde_json::json;

use super::absence::{refers, settles_in, works_on};
use crate::simulate::places::School;
use crate::simulate::script::{Deed, ENROL, Script};
use crate::simulate::step::Expect;
use crate::simulate::{term, words};

/// The next school of the catchment.
fn next_school(script: &Script) -> School {
    School { number: script.school.number % 2 + 1, ..script.school }
}

/// The register says that the student is at another school now, and that school names whom to ask.
fn arrives_at(script: &mut Script, school: School, days_late: u64) {
    script.enrolment_changes(Some(school.code()), days_late);
    script.school = school;
    script.minutes(10, 90);
    let contact = json!({"contact": format!("{}-D", school.code())});
    script.does(Deed::new(script.school_lead(), "change-primary-contact", contact));
    script.contact_named = true;
}

/// Back at school, and absent again in a later term: a new case, linked where the closure is recent (R29, Q3).
pub fn comes_back(script: &mut Script) {
    refers(script, true, false);
    settles_in(script);
    works_on(script, 1);
    script.days(2, 6);
    script.closes("returned_to_attendance");
    script.days(30, 90);
    if script.is_over() {
        return;
    }
    script.manager = None;
    script.contact_named = false;
    script.contacts_held = false;
    script.comments = 0;
    script.turn_to("second");
    refers_again(script, "second");
    settles_in(script);
    works_on(script, 1);
    script.days(2, 6);
    script.closes("returned_to_attendance");
}

/// The school refers the student once more, because it has happened before (R3).
fn refers_again(script: &mut Script, case: &str) {
    let open = script.term().open_half_days(script.day);
    let facts = json!({
        "school": script.school.code(), "open_half_days": open, "absent_half_days": open / 2, "engagement": "partly",
        "school_steps_taken": true, "earlier_because": "history_at_this_school",
    });
    let mut parts = script.note(&words::REFERRAL);
    parts["student"] = script.student.identity();
    script.since = script.day;
    script.opens(case, Deed::new(script.school_lead(), "submit-support-request", facts).personal(parts));
}

/// A family that follows the work: from school to school, the register days or weeks behind each time (T4, Q28).
pub fn moves_with_the_seasons(script: &mut Script) {
    refers(script, true, false);
    settles_in(script);
    for _ in 0..3 {
        works_on(script, 1);
        script.days(5, 25);
        let school = next_school(script);
        let late = script.dice.weighted(&[(30, 0), (30, 5), (25, 12), (15, 30)]);
        arrives_at(script, school, late);
        if script.dice.chance(50) {
            script.days(1, 4);
            let catchment = script.catchment;
            script.finds_contacts_out_of_date();
            script.minutes(5, 60);
            script.learns_contacts(true, catchment);
        }
    }
    works_on(script, 1);
    script.closes("returned_to_attendance");
}

/// The student is enrolled elsewhere while the register knows nothing of it; it says so months later, twice (T4, R40).
pub fn register_months_behind(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 1);
    script.days(3, 9);
    script.closes("returned_to_attendance");
    script.days(25, 60);
    let school = next_school(script);
    let report = script.enrolment_changes(Some(school.code()), 40);
    script.days(1, 1);
    script.does(Deed::new(ENROL, "change-enrolment", report).expect(Expect::Nothing));
}

/// A case manager leaves, and weeks of visits are found in a notebook: recorded late, and marked as such.
pub fn written_up_later(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 1);
    script.days(20, 35);
    script.is_assigned();
    for days in [18, 15, 11, 8, 4, 2] {
        script.minutes(3, 12);
        let on = term::working_days_before(script.day, days).max(script.since);
        let (action, mode) = script.dice.weighted(&[
            (4, ("engage-student", "home_visit")),
            (4, ("engage-caregiver", "phone")),
            (2, ("hold-caregiver-meeting", "in_person")),
            (1, ("hold-school-meeting", "in_person")),
        ]);
        script.does(Deed::new(script.worker(), action, json!({"mode": mode})).happened(on));
    }
    works_on(script, 2);
    script.closes("returned_to_attendance");
}

/// The family moved; both schools refer, and the second referral is attached to the case at work (R27, Q4, T2).
pub fn referred_by_two_schools(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    works_on(script, 1);
    script.days(3, 10);
    let school = next_school(script);
    arrives_at(script, school, 3);
    script.days(3, 15);
    refers_again(script, "case");
    script.contact_named = false;
    works_on(script, 2);
    script.closes("returned_to_attendance");
}

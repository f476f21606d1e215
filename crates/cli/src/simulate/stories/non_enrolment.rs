//! Non-enrolment: the register or a school notifies, the Ministry checks, a provider works the case (K2, R10–R14, E4).

use serde_json::{Value, json};

use super::absence::{referral_parts, settles_in, works_on};
use super::slips;
use crate::simulate::places::School;
use crate::simulate::script::{CIT, Deed, ENROL, INZ, Script};
use crate::simulate::term;

/// A notification, by the register or by the last school.
pub fn notifies(script: &mut Script, leave_reason: &str) {
    let absent = if leave_reason == "continuous_absence" { 20 } else { script.dice.between(2, 12) };
    let withdrawn_on = term::working_days_before(script.day, script.dice.between(0, 3));
    let mut facts = json!({
        "last_school": script.school.code(), "leave_reason": leave_reason, "withdrawn_on": withdrawn_on,
        "last_day_attended": term::school_days_before(withdrawn_on, absent),
    });
    if script.dice.chance(70) {
        facts["task_received_on"] = json!(withdrawn_on);
    }
    let parts = referral_parts(script);
    slips::before_a_notification(script, &facts, &parts);
    let who = if script.dice.chance(60) { ENROL.to_owned() } else { script.school_lead() };
    script.since = script.day;
    script.enrolled = false;
    script.opens("case", Deed::new(who, "notify-non-enrolment", facts).personal(parts));
    if script.dice.chance(20) {
        script.minutes(10, 200);
        too_early(script);
    }
}

/// Before the check is complete the case is with nobody.
fn too_early(script: &mut Script) {
    let deed = match script.dice.chance(50) {
        true => Deed::new(script.lead(), "review", json!({})).unknown(),
        false => Deed::new(CIT, "allocate", json!({"provider": script.provider})).refused("E4", "check-is-pending"),
    };
    script.does(deed);
}

/// What the Ministry finds.
pub fn check(in_new_zealand: Option<bool>, enrolled: bool, outcome: &str) -> Value {
    let mut facts = json!({"enrolled": enrolled, "outcome": outcome});
    if let Some(here) = in_new_zealand {
        facts["in_new_zealand"] = json!(here);
    }
    facts
}

/// The Ministry refers the case to the provider of the last school's catchment.
pub fn is_referred(script: &mut Script) {
    script.days(1, 6);
    let here = script.dice.weighted(&[(80, Some(true)), (20, None)]);
    script.does(Deed::new(CIT, "complete-ministry-check", check(here, false, "refer")));
    script.since = script.day;
}

fn some_reason(script: &mut Script) -> &'static str {
    script.dice.weighted(&[(60, "continuous_absence"), (25, "withdrawn_by_parent"), (15, "other")])
}

/// A notification that reaches a provider.
pub fn reaches_a_provider(script: &mut Script) {
    let reason = some_reason(script);
    notifies(script, reason);
    is_referred(script);
}

/// The student is found and enrolled, here or in alternative education (M9).
pub fn enrolled_again(script: &mut Script) {
    reaches_a_provider(script);
    settles_in(script);
    let rounds = script.dice.between(1, 5);
    works_on(script, rounds);
    script.days(2, 10);
    if script.dice.chance(80) {
        let number = script.dice.between(1, 2) as usize;
        let school = School { number, ..script.school };
        let late = script.dice.weighted(&[(60, 0), (30, 2), (10, 12)]);
        script.enrolment_changes(Some(school.code()), late);
        script.days(0, 4);
        script.closes("enrolled");
    } else {
        script.closes("alternative_education");
    }
    slips::after_closing(script);
}

/// The register was stale: the student is enrolled, and the notification ends here (E4, T4).
pub fn enrolled_all_along(script: &mut Script) {
    let reason = some_reason(script);
    notifies(script, reason);
    script.days(1, 4);
    let facts = check(Some(true), true, "do_not_refer_enrolled");
    script.does(Deed::new(CIT, "complete-ministry-check", facts));
    script.days(1, 3);
    let note = script.note(&["The family asks who has the case."]);
    script.does(Deed::new(CIT, "add-comment", json!({})).personal(note).refused("E4", "not-referred"));
}

/// Gone overseas: the automatic check says OUT, and the case never reaches a provider (R14, E4).
pub fn gone_overseas(script: &mut Script) {
    notifies(script, "gone_overseas");
    script.requests = 1;
    script.minutes(30, 200);
    let refer = check(None, false, "refer");
    script.does(Deed::new(CIT, "complete-ministry-check", refer).refused("R14", "automatic-check-open"));
    script.days(1, 5);
    script.inz_answers("OUT");
    script.days(0, 2);
    let facts = check(Some(false), false, "do_not_refer_overseas");
    script.does(Deed::new(CIT, "complete-ministry-check", facts));
}

/// Said to be overseas, but Immigration NZ says otherwise: referred after the answer.
pub fn said_to_be_overseas(script: &mut Script) {
    notifies(script, "gone_overseas");
    script.requests = 1;
    script.days(1, 5);
    let code = script.dice.weighted(&[(70, "IN"), (20, "UNMATCHED"), (10, "NEWCLIENT")]);
    script.inz_answers(code);
    script.minutes(10, 60);
    let again = json!({"answer": {"code": code}});
    let deed = Deed::new(INZ, "answer-information-request", json!({"request": 1})).personal(again);
    // Nothing is asked of it any more: it knows of the case no longer.
    script.does(deed.unknown());
    is_referred(script);
    settles_in(script);
    works_on(script, 3);
}

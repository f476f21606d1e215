//! What people get wrong, and what the rules say to it: every refusal here is sent on purpose.

use serde_json::{Value, json};

use crate::simulate::places::CATCHMENTS;
use crate::simulate::script::{CIT, Deed, Script, lead_of};
use crate::simulate::step::Expect;
use crate::simulate::{term, words};

/// How many in a hundred referrals and notifications are sent wrong first.
const WRONG_FIRST: u64 = 22;

fn with(facts: &Value, field: &str, value: Value) -> Value {
    let mut facts = facts.clone();
    facts[field] = value;
    facts
}

fn bad_input(pointer: &str) -> Expect {
    Expect::BadInput { pointer: pointer.to_owned() }
}

/// A referral as a hurried school sends it first.
pub fn before_a_referral(script: &mut Script, facts: &Value, parts: &Value) {
    if !script.dice.chance(WRONG_FIRST) {
        return;
    }
    let school = script.school_lead();
    let send = |actor: &str, facts: Value| {
        Deed::new(actor.to_owned(), "submit-support-request", facts).personal(parts.clone())
    };
    let mut below = with(facts, "absent_half_days", json!(script.dice.below(12)));
    below["earlier_because"] = Value::Null;
    below["open_half_days"] = json!(24);
    let deed = match script.dice.below(9) {
        0 => send(&school, with(facts, "school_steps_taken", json!(false))).refused("R1", "school-steps-first"),
        1 => send(&school, below).refused("R3", "below-threshold"),
        2 => send(&school, with(facts, "absent_half_days", json!(999))).refused("Q2", "more-absent-than-open"),
        3 => send("S9999-A/attendance_lead/S9999", with(facts, "school", json!("S9999")))
            .refused("R41", "unknown-school"),
        4 if !script.map.holds_in_school(script.school) => {
            send(&school, with(facts, "to_in_school_provider", json!(true))).refused("R41", "no-in-school-provider")
        }
        5 => {
            let mut wrong = parts.clone();
            wrong["student"]["nsn"] = json!("12E4567");
            send(&school, facts.clone()).personal(wrong).expect(bad_input("/personal/student/nsn"))
        }
        6 => send(&school, with(facts, "engagement", json!("sometimes"))).expect(bad_input("/facts/engagement")),
        7 => send("S9999-A/attendance_lead/S9999", facts.clone()).refused("A7", "not-this-role"),
        _ => {
            let tomorrow = script.day.succ_opt().unwrap_or(script.day);
            send(&school, facts.clone()).happened(tomorrow).refused("Q23", "in-the-future")
        }
    };
    script.opens("case", deed);
    script.minutes(3, 40);
}

/// A notification as it is sent first, by a school that does not know the rules of the register.
pub fn before_a_notification(script: &mut Script, facts: &Value, parts: &Value) {
    if !script.dice.chance(WRONG_FIRST) {
        return;
    }
    let school = script.school_lead();
    let send = |facts: Value| Deed::new(school.clone(), "notify-non-enrolment", facts).personal(parts.clone());
    let deed = match script.dice.below(4) {
        0 => send(with(facts, "return_date_known", json!(true))).refused("R10", "stays-on-the-roll"),
        1 => {
            let earlier = term::working_days_before(script.day, 3);
            let mut wrong = with(facts, "withdrawn_on", json!(earlier));
            wrong["last_day_attended"] = json!(script.day);
            send(wrong).refused("R14", "last-day-after-withdrawal")
        }
        2 => send(with(facts, "leave_reason", json!("gone_oversees"))).expect(bad_input("/facts/leave_reason")),
        _ => send(with(facts, "last_day_attended", json!("2026-02-30"))).expect(bad_input("/facts/last_day_attended")),
    };
    script.opens("case", deed);
    script.minutes(3, 40);
}

/// The queue of new cases: who may assign, and who closes.
pub fn at_the_desk(script: &mut Script) {
    if !script.dice.chance(15) {
        return;
    }
    let manager = script.some_manager();
    let take = json!({"manager": manager});
    let deed = match script.dice.below(4) {
        0 => Deed::new(format!("{manager}/case_manager/{}", script.provider), "assign-case-manager", take).unknown(),
        1 => Deed::new(stranger(script), "assign-case-manager", take).unknown(),
        2 if !script.contacts_held => {
            Deed::new(script.lead(), "mark-contact-details-out-of-date", json!({})).refused("E10", "no-contact-details")
        }
        _ => Deed::new(CIT, "close", json!({"reason": "returned_to_attendance"})).refused("R22", "cit-does-not-close"),
    };
    script.does(deed);
    script.minutes(3, 30);
}

/// The workflow lead of a provider that never had the case.
fn stranger(script: &mut Script) -> String {
    loop {
        let elsewhere = CATCHMENTS[script.map.elsewhere(&mut script.dice, script.catchment)].provider;
        if script.had_it.iter().all(|provider| provider != elsewhere) {
            return lead_of(elsewhere);
        }
    }
}

/// Work on a case that somebody else has.
pub fn on_somebody_elses_case(script: &mut Script) {
    let stranger = stranger(script);
    let (action, facts) = match script.dice.below(3) {
        0 => ("review", json!({})),
        1 => ("engage-student", json!({"mode": "phone"})),
        _ => ("close", json!({"reason": "referred_in_error"})),
    };
    script.does(Deed::new(stranger, action, facts).unknown());
}

/// Comments and who may share them (V2, V4), and what a retry and a stale page come to.
pub fn in_a_comment(script: &mut Script) {
    let owner = script.worker();
    let share = |comment: u16, shared: bool| json!({"comment": comment, "share_with_schools": shared});
    match script.dice.below(6) {
        0 => {
            let deed = Deed::new(CIT, "add-comment", json!({"share_with_schools": true}));
            script.does(deed.personal(words::note("Shared by CIT.")).refused("V4", "not-the-case-owner"));
        }
        1 => {
            let deed = Deed::new(owner, "change-comment-sharing", share(999, true));
            script.does(deed.refused("E14", "unknown-comment"));
        }
        2 if script.enrolled => {
            let who = if script.contact_named { script.school_contact() } else { script.school_lead() };
            script.comments_as(who, false);
            let deed = Deed::new(owner, "change-comment-sharing", share(script.comments, true));
            script.does(deed.refused("V2", "schools-own-comment"));
        }
        3 => {
            script.comments_as(owner.clone(), false);
            let shared = share(script.comments, true);
            script.does(Deed::new(owner.clone(), "change-comment-sharing", shared.clone()));
            script.does(Deed::new(owner.clone(), "change-comment-sharing", shared).expect(Expect::Nothing));
            script.minutes(5, 60);
            script.does(Deed::new(owner, "change-comment-sharing", share(script.comments, false)));
        }
        4 => {
            // The connection broke before the answer: the same command once more, then another under the old key.
            let send = |facts| Deed::new(owner.clone(), "engage-student", facts);
            let number = script.does(send(json!({"mode": "text"})));
            script.does(send(json!({"mode": "text"})).key_of(number).expect(Expect::Repeated));
            script.does(send(json!({"mode": "phone"})).key_of(number).expect(Expect::Conflict));
        }
        _ => {
            let deed = Deed::new(owner, "add-comment", json!({})).personal(words::note("Seen on an old page."));
            script.does(deed.saw(1).expect(Expect::Stale));
        }
    }
}

/// Closing for a reason that does not hold.
pub fn before_closing(script: &mut Script) {
    if !script.dice.chance(20) {
        return;
    }
    let deed = match script.dice.chance(50) {
        true => {
            Deed::new(script.worker(), "close", json!({"reason": "enrolled"})).refused("E30", "reason-does-not-fit")
        }
        false => {
            Deed::new(script.worker(), "close", json!({"reason": "out_of_country"})).refused("R22", "not-confirmed-out")
        }
    };
    script.does(deed);
    script.minutes(3, 30);
}

/// R40: what a closed case still takes, and what not.
pub fn after_closing(script: &mut Script) {
    if !script.dice.chance(30) {
        return;
    }
    let closed_on = script.day;
    script.days(1, 5);
    let engaged = || json!({"mode": "phone"});
    script.does(Deed::new(script.worker(), "engage-caregiver", engaged()).happened(closed_on));
    script.minutes(5, 30);
    script.does(Deed::new(script.worker(), "engage-caregiver", engaged()).refused("R40", "case-is-closed"));
}

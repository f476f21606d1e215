//! Cases that move between providers: through CIT on one of three grounds, or from in-school provision (R15–R21, E24).

use serde_json::json;

use super::absence::{refers, settles_in, works_on};
use super::non_enrolment::reaches_a_provider;
use crate::simulate::places::CATCHMENTS;
use crate::simulate::script::{CIT, Deed, Script, lead_of};

/// Picks the provider of another catchment.
fn other_provider(script: &mut Script) -> (usize, &'static str) {
    let there = script.map.elsewhere(&mut script.dice, script.catchment);
    (there, CATCHMENTS[there].provider)
}

/// CIT passes the case on, or sends it back first (E24, Q37).
fn cit_decides(script: &mut Script, to: &str, pass: impl Fn(&Script) -> Deed) {
    let sender = script.provider.clone();
    script.minutes(10, 60);
    if script.dice.chance(25) {
        let deed = Deed::new(script.lead(), "review", json!({}));
        script.does(deed.refused("A7", "not-with-a-provider"));
    }
    if script.dice.chance(20) {
        script.does(Deed::new(CIT, "allocate", json!({"provider": to})).refused("E24", "is-with-cit"));
        script.does(Deed::new(CIT, "reallocate-by-cit", json!({"to": sender})).refused("E24", "back-to-sender"));
    }
    if script.dice.chance(25) {
        script.days(1, 3);
        script.does(Deed::new(CIT, "decline-reallocation", json!({"reason": "MORE_DETAIL"})));
        script.is_with(&sender);
        script.days(1, 3);
        let deed = pass(script);
        script.does(deed);
    }
    script.days(1, 4);
    script.does(Deed::new(CIT, "reallocate-by-cit", json!({"to": to})));
    script.is_with(to);
    script.minutes(10, 60);
    script.does(Deed::new(CIT, "reallocate-by-cit", json!({"to": sender})).refused("E24", "not-with-cit"));
    if script.dice.chance(25) {
        // Who handed it over knows of it still, and why it is not theirs (Q19).
        let deed = Deed::new(lead_of(&sender), "review", json!({}));
        script.does(deed.refused("A7", "not-the-current-provider"));
    }
}

/// R21, T8: in-school provision works the case first, then passes it to the catchment's provider in one step.
pub fn in_school_first(script: &mut Script) {
    let school = script.map.in_school(&mut script.dice);
    script.school = school;
    script.catchment = school.catchment;
    refers(script, false, true);
    settles_in(script);
    works_on(script, 2);
    let pass = |script: &Script| Deed::new(script.worker(), "reallocate-to-catchment-provider", json!({}));
    if script.dice.chance(30) {
        script.asks("msd");
        script.minutes(10, 60);
        script.does(pass(script).refused("R20", "pinned-by-request"));
        script.days(2, 6);
        script.msd_answers();
    }
    script.days(2, 6);
    script.does(pass(script));
    script.is_with(school.catchment().provider);
    script.minutes(10, 60);
    script.does(pass(script).refused("R21", "not-in-school"));
    settles_in(script);
    works_on(script, 3);
    script.closes("returned_to_attendance");
}

/// R17: an enrolled student lives in another catchment; both providers agree, then the case goes to CIT.
pub fn lives_elsewhere(script: &mut Script) {
    refers(script, false, false);
    settles_in(script);
    let (there, to) = other_provider(script);
    script.days(1, 5);
    script.learns_contacts(true, there);
    script.minutes(10, 60);
    let send = |script: &Script, facts| Deed::new(script.worker(), "reallocate-to-cit", facts);
    let confirmed = send(script, json!({"basis": "confirmed_address", "target": to}));
    script.does(confirmed.refused("R17", "student-is-enrolled"));
    let ours = script.agreement(&script.provider, "in_system");
    let alone = send(script, json!({"basis": "enrolled_elsewhere", "target": to, "agreements": [ours]}));
    script.does(alone.refused("R17", "both-must-agree"));
    script.days(1, 4);
    // The other provider says yes in the system, the sender when it passes the case on.
    let theirs = script.agreement(to, "in_system");
    if script.dice.chance(30) {
        let facts = json!({"target": to, "agreement": theirs});
        script.does(Deed::new(script.lead(), "record-agreement", facts).refused("R16", "only-itself-in-system"));
    }
    // The holder names the other provider by its own agreement: from then on that one knows of the case.
    let ours = script.agreement(&script.provider, "in_system");
    let names =
        |script: &Script| Deed::new(script.worker(), "record-agreement", json!({"target": to, "agreement": ours}));
    let agrees = || Deed::new(lead_of(to), "record-agreement", json!({"target": to, "agreement": theirs}));
    script.does(names(script));
    script.does(agrees());
    script.minutes(30, 200);
    if script.dice.chance(30) {
        // They think again, and are talked round.
        script.does(Deed::new(lead_of(to), "decline-move", json!({"reason": "NO_CAPACITY"})));
        script.minutes(30, 200);
        script.does(names(script));
        script.does(agrees());
        script.minutes(10, 60);
    }
    let pass = |script: &Script| {
        let ours = script.agreement(&script.provider, "in_system");
        Deed::new(
            script.worker(),
            "reallocate-to-cit",
            json!({
                "basis": "enrolled_elsewhere", "target": to, "agreements": [ours],
            }),
        )
        .personal(json!({"agreement": {"text": "They have known the whānau since primary school."}}))
    };
    script.does(pass(script));
    cit_decides(script, to, pass);
    settles_in(script);
    works_on(script, 2);
    script.closes("returned_to_attendance");
}

/// R15: a non-enrolled student has a confirmed address in another catchment.
pub fn confirmed_address(script: &mut Script) {
    reaches_a_provider(script);
    settles_in(script);
    let (there, to) = other_provider(script);
    let pass = |script: &Script| Deed::new(script.worker(), "reallocate-to-cit", json!({"basis": "confirmed_address"}));
    script.days(1, 4);
    script.finds_contacts_out_of_date();
    script.days(1, 4);
    script.learns_contacts(false, there);
    script.minutes(10, 60);
    script.does(pass(script).refused("R15", "no-confirmed-address-outside"));
    if script.dice.chance(30) {
        let elsewhere = json!({"source": "other", "current_on": script.day, "catchment": "C99"});
        let contacts = script.student.contacts(&mut script.dice, "?");
        let deed =
            Deed::new(script.worker(), "record-contact-details", elsewhere).personal(json!({"contacts": contacts}));
        script.does(deed.refused("R41", "unknown-catchment"));
    }
    script.days(1, 4);
    script.learns_contacts(true, there);
    script.minutes(10, 60);
    script.does(pass(script));
    cit_decides(script, to, pass);
    settles_in(script);
    works_on(script, 2);
}

/// R16: no confirmed address, but reasonable grounds and the other provider's agreement.
pub fn reasonable_grounds(script: &mut Script) {
    reaches_a_provider(script);
    script.days(0, 3);
    script.is_assigned();
    script.days(1, 4);
    script.tries_in_vain();
    let (_, to) = other_provider(script);
    let (third, _) = other_provider(script);
    let stranger = CATCHMENTS[if CATCHMENTS[third].provider == to { (third + 1) % 84 } else { third }].provider;
    let send = |script: &Script, facts| Deed::new(script.worker(), "reallocate-to-cit", facts);
    let basis = "reasonable_grounds";
    script.days(1, 3);
    let (mine, theirs) = (script.provider.clone(), script.agreement(to, "phone"));
    let deed = match script.dice.below(7) {
        0 => send(script, json!({"basis": basis, "grounds": "RELATIVES_THERE"})).refused("R16", "target-missing"),
        1 => send(script, json!({"basis": basis, "target": to, "agreements": [theirs]})).refused("R16", "no-grounds"),
        2 => send(script, json!({"basis": basis, "target": mine, "grounds": "SEEN_THERE"}))
            .refused("R16", "already-there"),
        3 => send(script, json!({"basis": basis, "target": "ASP99", "grounds": "SEEN_THERE"}))
            .refused("R41", "unknown-provider"),
        4 if stranger != mine => {
            let other = script.agreement(stranger, "email");
            let facts = json!({"basis": basis, "target": to, "grounds": "SEEN_THERE", "agreements": [other]});
            send(script, facts).refused("R16", "not-a-party")
        }
        5 => {
            let facts = json!({"basis": "enrolled_elsewhere", "target": to, "agreements": [theirs]});
            send(script, facts).refused("R17", "student-is-not-enrolled")
        }
        _ => {
            send(script, json!({"basis": basis, "target": to, "grounds": "SEEN_THERE"})).refused("R16", "no-agreement")
        }
    };
    script.does(deed);
    script.days(1, 4);
    let pass = |script: &Script| {
        let theirs = script.agreement(to, "phone");
        let facts = json!({"basis": basis, "target": to, "grounds": "RELATIVES_THERE", "agreements": [theirs]});
        Deed::new(script.worker(), "reallocate-to-cit", facts).personal(
            json!({"agreement": {"agreed_by": "Their workflow lead", "text": "They will take it without an address."}}),
        )
    };
    script.does(pass(script));
    cit_decides(script, to, pass);
    settles_in(script);
    works_on(script, 2);
}

/// R41: CIT corrects an allocation.
pub fn wrong_provider(script: &mut Script) {
    reaches_a_provider(script);
    script.days(1, 3);
    let (there, to) = other_provider(script);
    let wrong = json!({"provider": to, "catchment": CATCHMENTS[script.catchment].code});
    if script.dice.chance(40) {
        script.does(Deed::new(CIT, "allocate", wrong).refused("R41", "does-not-serve"));
    }
    let right = json!({"provider": to, "catchment": CATCHMENTS[there].code});
    script.does(Deed::new(CIT, "allocate", right));
    script.is_with(to);
    settles_in(script);
    works_on(script, 3);
}

//! Looking for a student: Immigration NZ and MSD are asked, and what their answers allow (R18–R25).

use serde_json::{Value, json};

use super::absence::{settles_in, works_on};
use super::non_enrolment::reaches_a_provider;
use crate::simulate::places::CATCHMENTS;
use crate::simulate::script::{CIT, Deed, Script, lead_of};
use crate::simulate::step::Expect;
use crate::simulate::words;

fn none() -> Value {
    json!({})
}

/// The first days of a case whose family nobody reaches.
fn nobody_answers(script: &mut Script) {
    script.days(0, 3);
    script.is_assigned();
    script.days(1, 4);
    script.meets_school();
    script.days(1, 3);
    if script.dice.chance(30) {
        let deed = Deed::new(script.worker(), "set-not-located", none());
        script.does(deed.refused("R19", "no-answered-check"));
        script.minutes(10, 60);
        let because = json!({"no_check_because": "NO_BIRTH_DATE"});
        script.does(Deed::new(script.worker(), "set-not-located", because).refused("R19", "no-attempt"));
    }
    for _ in 0..script.dice.between(2, 4) {
        script.days(1, 3);
        script.tries_in_vain();
    }
}

/// A request under way: it pins the case, and is not made twice (R20, E17).
fn while_asking(script: &mut Script, agency: &str) {
    if !script.dice.chance(50) {
        return;
    }
    script.minutes(10, 120);
    let worker = script.worker();
    let elsewhere = script.map.elsewhere(&mut script.dice, script.catchment);
    let deed = match script.dice.below(7) {
        0 => Deed::new(worker, "open-information-request", json!({"agency": agency})).refused("E17", "already-asked"),
        1 => {
            let facts = json!({"basis": "reasonable_grounds", "target": CATCHMENTS[elsewhere].provider,
                "grounds": "RELATIVES_THERE"});
            Deed::new(worker, "reallocate-to-cit", facts).refused("R20", "pinned-by-request")
        }
        2 => Deed::new(CIT, "allocate", json!({"provider": CATCHMENTS[elsewhere].provider}))
            .refused("R20", "pinned-by-request"),
        3 => Deed::new(worker, "set-not-located", none()).refused("R19", "checks-still-open"),
        4 => Deed::new(worker, "close", json!({"reason": "out_of_country"})).refused("R22", "request-still-open"),
        5 => {
            let deed = Deed::new(CIT, "answer-information-request", json!({"request": script.requests}));
            deed.personal(json!({"answer": {"code": "IN"}})).refused("A7", "not-this-role")
        }
        _ => {
            let deed = Deed::new(
                script.lead(),
                "withdraw-information-request",
                json!({"request": 99, "reason": "not_needed"}),
            );
            deed.refused("E18", "no-such-open-request")
        }
    };
    script.does(deed);
    // Q5: the pin does not hold the case manager.
    if script.dice.chance(25) {
        script.days(1, 2);
        script.is_assigned();
    }
}

/// R18, R19: both agencies asked, nobody found: Not Located, and sometimes found after all.
pub fn hard_to_locate(script: &mut Script) {
    reaches_a_provider(script);
    nobody_answers(script);
    script.days(0, 2);
    script.asks("inz");
    while_asking(script, "inz");
    if script.dice.chance(15) {
        script.days(3, 8);
        let reason = script.dice.weighted(&[(50, "sent_in_error"), (50, "no_answer")]);
        let facts = json!({"request": script.requests, "reason": reason});
        script.does(Deed::new(script.worker(), "withdraw-information-request", facts));
        script.minutes(10, 60);
        script.asks("inz");
    }
    script.days(2, 9);
    let code = script.some_inz_code();
    script.inz_answers(code);
    script.days(0, 3);
    if code == "OUT" {
        script.closes("out_of_country");
        return;
    }
    script.asks("msd");
    while_asking(script, "msd");
    script.days(3, 12);
    script.msd_answers();
    script.days(1, 4);
    script.tries_in_vain();
    script.days(1, 5);
    script.does(Deed::new(script.worker(), "set-not-located", none()));
    script.days(0, 3);
    script.does(Deed::new(script.worker(), "set-not-located", none()).expect(Expect::Nothing));
    script.comments();
    if script.dice.chance(40) {
        script.days(4, 15);
        script.does(Deed::new(script.worker(), "clear-not-located", none()));
        script.minutes(5, 60);
        script.does(Deed::new(script.worker(), "clear-not-located", none()).expect(Expect::Nothing));
        settles_in(script);
        works_on(script, 2);
    }
}

/// R22: OUT, and the current provider closes.
pub fn out_of_the_country(script: &mut Script) {
    reaches_a_provider(script);
    nobody_answers(script);
    script.asks("inz");
    while_asking(script, "inz");
    script.days(1, 6);
    script.inz_answers("OUT");
    script.days(0, 2);
    let out = || json!({"reason": "out_of_country"});
    if script.dice.chance(40) {
        script.does(Deed::new(CIT, "close", out()).refused("R22", "cit-does-not-close"));
        script.minutes(10, 60);
    }
    let stranger = script.map.elsewhere(&mut script.dice, script.catchment);
    if script.dice.chance(20) {
        let lead = lead_of(CATCHMENTS[stranger].provider);
        script.does(Deed::new(lead, "close", out()).unknown());
        script.minutes(10, 60);
    }
    script.closes("out_of_country");
}

/// R23, R24: Immigration NZ says IN, the provider knows better, and a detailed check confirms it.
pub fn in_but_gone(script: &mut Script) {
    reaches_a_provider(script);
    nobody_answers(script);
    let detailed = |script: &Script| Deed::new(script.worker(), "request-detailed-check", json!({}));
    if script.dice.chance(40) {
        script.does(detailed(script).refused("R23", "nothing-to-doubt"));
    }
    script.asks("inz");
    script.days(1, 6);
    script.inz_answers("IN");
    script.days(0, 2);
    let out = || json!({"reason": "out_of_country"});
    script.does(Deed::new(script.worker(), "close", out()).refused("R22", "not-confirmed-out"));
    script.minutes(10, 90);
    script.does(detailed(script).refused("R23", "no-evidence"));
    script.days(2, 8);
    let travel = json!({"travel": {"date_left": script.since, "travelled_as": script.student.called(),
        "companions": ["Both parents"]}});
    let kinds = json!({"kinds": ["date_left", "name_travelled_under", "co_travellers"]});
    script.does(Deed::new(script.worker(), "record-overseas-evidence", kinds).personal(travel));
    script.minutes(10, 60);
    script.does(detailed(script).personal(words::note("Boarding passes are on the case.")));
    script.requests += 1;
    script.days(3, 10);
    let confirmed = script.dice.chance(75);
    let code = if confirmed { "OUT" } else { "IN" };
    let deed = Deed::new(CIT, "answer-information-request", json!({"request": script.requests}));
    script.does(deed.personal(json!({"answer": {"code": code}})));
    script.days(0, 3);
    match confirmed {
        true => script.closes("out_of_country"),
        false => works_on(script, 3),
    }
}

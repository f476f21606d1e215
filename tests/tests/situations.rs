//! The situations of `tests/situations/`, played through the public API of the real service.

use crate::simulation::{caseledger, lines, simulated};
use serde_json::Value;

/// Domain and seeds describe more; fewer than these would leave a founding document without a voice.
const SITUATIONS_MIN: usize = 15;

#[test]
fn every_situation_goes_as_its_file_tells() {
    let service = simulated();
    let (status, told) = lines(&caseledger(&service, &["simulate", "--situations", "--json"]));
    let (situations, summary) = told.split_at(told.len() - 1);
    let wrong: Vec<&Value> = situations.iter().flat_map(|one| one["surprises"].as_array().expect("a list")).collect();
    assert!(wrong.is_empty(), "{} answers were not as told:\n{wrong:#?}", wrong.len());
    assert!(status.success(), "{summary:?}");
    assert!(situations.len() >= SITUATIONS_MIN, "{} situations", situations.len());
}

#[test]
fn situations_are_played_again_on_a_ledger_that_knows_them() {
    let service = simulated();
    for round in 1..=2 {
        let (status, told) = lines(&caseledger(&service, &["simulate", "--situations", "--json"]));
        assert!(status.success(), "round {round}: {told:#?}");
    }
}

#[test]
fn an_unknown_situation_is_refused_with_the_names_of_those_there_are() {
    let service = simulated();
    let output = caseledger(&service, &["simulate", "--situations", "moved-to-mars"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("moved-to-australia"), "{text}");
}

#[test]
fn nothing_made_up_goes_into_a_ledger_on_real_time() {
    let service = caseledger_tests::Service::start();
    for arguments in [&["simulate", "--cases", "1"][..], &["simulate", "--situations"]] {
        let output = caseledger(&service, arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{text}");
        assert!(text.contains("real time"), "{text}");
    }
    assert_eq!(service.get("/healthz").0, 200);
}

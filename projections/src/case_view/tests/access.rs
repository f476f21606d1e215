//! The facts that the table of access names are facts of the row.

use caseledger_events::access::Level;

use crate::case_view::CaseRow;

#[test]
fn every_fact_a_level_names_is_one_of_the_row() {
    let schema = schemars::schema_for!(CaseRow).to_value();
    let facts = schema["properties"].as_object().unwrap();
    for level in [Level::School, Level::SharedItems, Level::Question] {
        for name in level.row_facts().unwrap() {
            assert!(facts.contains_key(*name), "{level:?}: {name}");
        }
    }
}

#[test]
fn schools_are_told_no_fact_that_tells_of_immigration_or_of_what_they_may_not_read() {
    for hidden in
        ["flags", "open_requests", "closed_because", "details", "confirmed_catchment", "last_activity", "counts"]
    {
        assert!(!Level::School.row_facts().unwrap().contains(&hidden), "{hidden}");
    }
}

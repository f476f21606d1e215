//! Facts of an opening that contradict each other: a slip of the pen, told where one of them stands.

use chrono::NaiveDate;

use super::Opening;
use crate::input::BadInput;

/// More half-days than any term has: terms have eleven weeks at most.
const OPEN_HALF_DAYS_MAX: u16 = 140;

impl Opening {
    /// Checks that what is sent can be true together, whatever the day.
    pub(super) fn agrees_with_itself(&self, birth_date: NaiveDate) -> Result<(), BadInput> {
        if let Opening::SupportRequest(request) = self
            && request.open_half_days > OPEN_HALF_DAYS_MAX
        {
            let what = format!("no term has more than {OPEN_HALF_DAYS_MAX} half-days");
            return Err(BadInput::new("/facts/open_half_days", what));
        }
        match self.earliest_day() {
            Some((field, day)) if day < birth_date => {
                Err(BadInput::new(field, "this lies before the student was born; check both days"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the earliest day it tells of, with its field.
    fn earliest_day(&self) -> Option<(&'static str, NaiveDate)> {
        match self {
            Opening::SupportRequest(_) => None,
            Opening::NonEnrolment(notice) => Some(("/facts/last_day_attended", notice.last_day_attended)),
            Opening::Report(report) => report.last_day_attended.map(|day| ("/facts/last_day_attended", day)),
            Opening::Migration(migration) => {
                let referred = ("/facts/referred_on", migration.referred_on);
                let last = migration.last_day_attended.map(|day| ("/facts/last_day_attended", day));
                last.into_iter().chain([referred]).min_by_key(|&(_, day)| day)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::testing::*;

    fn pointer(name: &str, facts: &Value, changes: Value) -> Option<String> {
        let (facts, personal) = (changed(facts.clone(), changes).to_string(), referral_parts().to_string());
        Opening::parse(name, &facts, &personal).expect("an opening of the table").err().map(|error| error.pointer)
    }

    /// The student of the samples was born on 9 July 2013.
    #[test]
    fn facts_that_contradict_each_other_are_told_by_their_field() {
        let (notice, report, migration) = ("notify-non-enrolment", "report-unenrolled-student", "migrate-case");
        for (name, facts, changes, expected) in [
            ("submit-support-request", request_facts(), json!({"open_half_days": 140}), None),
            ("submit-support-request", request_facts(), json!({"open_half_days": 141}), Some("/facts/open_half_days")),
            (notice, notice_facts(), json!({"last_day_attended": "2013-07-08"}), Some("/facts/last_day_attended")),
            (notice, notice_facts(), json!({"last_day_attended": "2013-07-09"}), None),
            (report, report_facts(), json!({"last_day_attended": "2005-02-02"}), Some("/facts/last_day_attended")),
            (report, report_facts(), json!({"last_day_attended": null}), None),
            (migration, migration_facts(), json!({"referred_on": "2010-02-02"}), Some("/facts/referred_on")),
            (
                migration,
                migration_facts(),
                json!({"last_day_attended": "2012-02-02"}),
                Some("/facts/last_day_attended"),
            ),
        ] {
            assert_eq!(pointer(name, &facts, changes.clone()).as_deref(), expected, "{name} {changes}");
        }
    }
}

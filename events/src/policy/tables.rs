//! The lookup tables (Q38), each row in force from a day to another.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{ClosureReason, Mode, Whereabouts};
use crate::ids::Code;
use crate::input::BadInput;
use crate::refusal::Refusal;

/// The most rows a table may have.
const ROWS_MAX: usize = 60;

/// A row of a table: a value, and the days it may be used on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Dated<T> {
    /// The value.
    pub value: T,
    /// The first day; open where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day; open where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl<T> Dated<T> {
    /// A row without limits.
    pub fn always(value: T) -> Dated<T> {
        Dated { value, from: None, until: None }
    }

    /// Returns whether the row may be used on a day.
    pub fn is_in_force(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

/// What a code of Immigration NZ means for the rules (§1.8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReturnCode {
    /// The code.
    pub code: Code,
    /// What it means.
    pub means: Whereabouts,
}

/// The tables. A closed list without rows takes every value of it; a table of codes without rows takes none, for a code
/// that nobody chose before may be prose, and what is recorded goes out on the broadcast.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Tables {
    /// Why a case may be closed.
    pub closure_reasons: Vec<Dated<ClosureReason>>,
    /// How people may meet.
    pub meeting_modes: Vec<Dated<Mode>>,
    /// How much may be at risk (E12).
    pub risk_levels: Vec<Dated<Code>>,
    /// The codes of Immigration NZ.
    pub return_codes: Vec<Dated<ReturnCode>>,
    /// The codes of attendance (D4); no rule reads them, those of a day are shown with the policy.
    pub attendance_codes: Vec<Dated<Code>>,
    /// The roles people agree to a move in (R16).
    pub contact_roles: Vec<Dated<Code>>,
    /// Barriers a plan may address (E11).
    pub barriers: Vec<Dated<Code>>,
    /// Basic needs (R35).
    pub needs: Vec<Dated<Code>>,
}

fn code(text: &str) -> Code {
    text.parse().expect("a constant that is a code")
}

fn codes(list: &[&str]) -> Vec<Dated<Code>> {
    list.iter().map(|text| Dated::always(code(text))).collect()
}

impl Default for Tables {
    fn default() -> Self {
        use Whereabouts::{NotOut, Out};
        let answers = [("OUT", Out), ("UNMATCHED", NotOut), ("IN", NotOut), ("UNLI", NotOut), ("NEWCLIENT", NotOut)];
        let answer = |(text, means): (&str, Whereabouts)| Dated::always(ReturnCode { code: code(text), means });
        Tables {
            closure_reasons: ClosureReason::ALL.map(Dated::always).to_vec(),
            meeting_modes: Mode::ALL.map(Dated::always).to_vec(),
            risk_levels: codes(&["HIGH", "MEDIUM", "LOW", "NONE"]),
            return_codes: answers.into_iter().map(answer).collect(),
            attendance_codes: codes(&["A", "G", "J", "M", "Q", "X"]),
            contact_roles: codes(&["WORKFLOW-LEAD", "CASE-MANAGER"]),
            // No list of barriers is known: an unmet basic need is one (R35), and the school itself may be one (P8).
            barriers: codes(&["SCHOOL", "TRANSPORT", "UNIFORM", "FOOD", "STATIONERY", "DEVICE", "HEALTH", "OTHER"]),
            needs: codes(&["TRANSPORT", "UNIFORM", "FOOD", "STATIONERY", "DEVICE", "HEALTH", "OTHER"]),
        }
    }
}

/// Returns whether a closed list takes a value on a day; one without rows takes every one.
pub(crate) fn takes<T: PartialEq>(list: &[Dated<T>], value: &T, day: NaiveDate) -> bool {
    list.is_empty() || has(list, value, day)
}

/// Returns whether a table has a row in force for a value on a day.
fn has<T: PartialEq>(table: &[Dated<T>], value: &T, day: NaiveDate) -> bool {
    table.iter().any(|row| row.value == *value && row.is_in_force(day))
}

/// Refuses a code that is in no row of its table in force on a day; of one without rows it says which setting to fill in.
pub(crate) fn in_table(table: &[Dated<Code>], name: &'static str, code: Code, day: NaiveDate) -> Result<(), Refusal> {
    match (table.is_empty(), has(table, &code, day)) {
        (_, true) => Ok(()),
        (true, _) => Err(Refusal::TableIsEmpty { table: name }),
        (false, _) => Err(Refusal::NotInTable { table: name }),
    }
}

impl Tables {
    /// Returns what a code of Immigration NZ means on a day; `None` for one nobody knows.
    pub fn whereabouts(&self, code: Code, day: NaiveDate) -> Option<Whereabouts> {
        let known = self.return_codes.iter().find(|row| row.value.code == code && row.is_in_force(day));
        known.map(|row| row.value.means)
    }

    /// Checks lengths, and that no row ends before it begins.
    pub(super) fn check(&self) -> Result<(), BadInput> {
        rows("closure_reasons", &self.closure_reasons)?;
        rows("meeting_modes", &self.meeting_modes)?;
        rows("risk_levels", &self.risk_levels)?;
        rows("return_codes", &self.return_codes)?;
        rows("attendance_codes", &self.attendance_codes)?;
        rows("contact_roles", &self.contact_roles)?;
        rows("barriers", &self.barriers)?;
        rows("needs", &self.needs)
    }
}

fn rows<T>(name: &str, table: &[Dated<T>]) -> Result<(), BadInput> {
    if table.len() > ROWS_MAX {
        return Err(BadInput::new(format!("/policy/tables/{name}"), format!("at most {ROWS_MAX} rows are taken")));
    }
    match table.iter().position(|row| row.from.zip(row.until).is_some_and(|(from, until)| until < from)) {
        Some(i) => Err(BadInput::new(format!("/policy/tables/{name}/{i}/until"), "the row ends before it begins")),
        None => Ok(()),
    }
}

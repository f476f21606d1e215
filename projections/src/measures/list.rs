//! A list of measures: what one quarter is assessed by, read from a file and checked.

use chrono::NaiveDate;
use serde::Deserialize;
use toml::Spanned;

use caseledger_calendar::error::line_of;
use caseledger_events::envelope::Source;
use caseledger_events::event::{CaseKind, ClosureReason, Mode, SchoolRole};

mod check;

/// The form of the files this program reads.
pub const FORMAT: u32 = 1;

/// What one quarter is assessed by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// The form of the file.
    pub format: u32,
    /// The quarter, such as `2026-Q2`.
    pub quarter: Spanned<String>,
    /// Counts the versions of the list of one quarter from 1; a published one is never edited.
    pub version: u32,
    /// What it is, in words.
    pub title: String,
    /// Where it comes from.
    pub source: Vec<String>,
    /// What is not known of it, in words.
    #[serde(default)]
    pub note: Option<String>,
    /// The version of the calendar it counts by.
    pub calendar: Spanned<u32>,
    /// The catchments that live by the clock of the Chatham Islands (Q23).
    #[serde(default)]
    pub chatham_catchments: Vec<String>,
    /// The sources whose own recorded time counts as the time of recording.
    #[serde(default)]
    pub source_recorded: Vec<Source>,
    /// The quarter whose passes stay passes where a measure says so.
    #[serde(default)]
    pub reassesses: Option<String>,
    /// The settings of policy (Q6–Q25, Q39) that this list fixes for itself.
    #[serde(default)]
    pub settings: Option<Spanned<toml::Table>>,
    /// The measures, in order.
    pub measure: Vec<Spanned<Measure>>,
}

/// One measure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its id, such as `M10`.
    pub id: String,
    /// What it asks for, in words.
    pub title: String,
    /// Where it comes from and which ambiguities touch it.
    pub source: Vec<String>,
    /// What is written for it, where it is a narrative of the provider.
    #[serde(default)]
    pub narrative: Option<Narrative>,
    /// The percentage that passes it.
    #[serde(default)]
    pub threshold: Option<Spanned<u32>>,
    /// Which referrals it is about.
    #[serde(default)]
    pub of: Population,
    /// From when until when.
    #[serde(default)]
    pub clock: Option<Spanned<Clock>>,
    /// What achieves it.
    #[serde(default)]
    pub achieved: Option<Spanned<Achieved>>,
    /// Which of the two times is asked for.
    #[serde(default)]
    pub recorded: Recorded,
    /// The closing reasons that leave out a case closed before the due date and not achieved by then (Q21).
    #[serde(default)]
    pub closing_excludes: Vec<ClosureReason>,
    /// Whether a valid exemption before the due date leaves the case out (Q21, M4).
    #[serde(default)]
    pub exemption_excludes: bool,
    /// Whether a student not located by the due date leaves the measure, unless it is achieved (Q20).
    #[serde(default)]
    pub not_located_excludes: bool,
    /// Whether it is judged by the end of the quarter too (Q13).
    #[serde(default)]
    pub also_by_quarter_end: bool,
    /// Whether a pass of the quarter that is reassessed stays.
    #[serde(default)]
    pub sticky: bool,
    /// Whether the result is preliminary: it cannot be failed.
    #[serde(default)]
    pub preliminary: bool,
    /// Whether a student counts once, whatever number of referrals (Q39, M9).
    #[serde(default)]
    pub once_a_student: bool,
}

/// What a provider writes for a quarter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Narrative {
    /// Progress on the key actions of the service delivery plan.
    ServiceDeliveryPlan,
    /// The risk update (Q14).
    RiskUpdate,
    /// Initiatives and innovations on barriers.
    Initiatives,
}

/// Which referrals a measure is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Whether migrated cases are.
    #[serde(default)]
    pub migrated: Migrated,
    /// One kind of referral alone.
    #[serde(default)]
    pub kind: Option<CaseKind>,
    /// Only those with contact details held within the clock (Q15).
    #[serde(default)]
    pub details_held: bool,
}

/// What a measure has to do with migrated cases (K3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Migrated {
    /// They are in it like any other.
    #[default]
    Any,
    /// Only they are.
    Only,
    /// Only they are, unless policy says otherwise (Q10).
    OnlyByQ10,
    /// They are not, unless policy says otherwise (Q39).
    NotByQ39,
}

/// From when until when.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// What starts it; absent where only a date ends it.
    #[serde(default)]
    pub start: Option<Start>,
    /// The referral date the list itself names (Q9).
    #[serde(default)]
    pub referred_on: Option<NaiveDate>,
    /// So many business days after the start.
    #[serde(default)]
    pub business_days: Option<u32>,
    /// So many weeks after the start.
    #[serde(default)]
    pub weeks: Option<u32>,
    /// By this date, or at the latest by it.
    #[serde(default)]
    pub by: Option<NaiveDate>,
}

/// What starts a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The allocation to the provider was recorded.
    Allocation,
    /// What policy says (Q6).
    ByQ6,
    /// The first referral of a migrated case, as policy says (Q9).
    ReferralByQ9,
}

/// What achieves a measure.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Achieved {
    /// All of these.
    #[serde(default)]
    pub all: Vec<Test>,
    /// Any of these.
    #[serde(default)]
    pub any: Vec<Test>,
}

/// The closed vocabulary of predicates; what each asks of the facts is in [`super::evidence`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The case was reviewed.
    Reviewed,
    /// The case was given to a case manager.
    Assigned,
    /// A school was met: for a migrated case any, else the referring (CA) or the most recently attended one (NEN).
    SchoolMet,
    /// Caregivers were met.
    CaregiverMet,
    /// A student plan was recorded.
    PlanRecorded,
    /// The enrolment register says the student is enrolled (Q25).
    Enrolled,
    /// The student was recorded as on the pathway *enrolled*.
    PathwayEnrolled,
    /// The student is in alternative education.
    AlternativeEducation,
    /// The student has a valid exemption.
    Exempt,
    /// Student and caregivers were engaged, as policy says (Q16).
    Engaged,
}

/// Which of the two times a measure asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// When it happened; late recording is shown and counts all the same.
    #[default]
    Shown,
    /// Both times by the deadline.
    BothTimes,
    /// The time of recording alone.
    Alone,
}

/// A list that cannot be used, with the line that shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct BadList {
    /// Which file.
    pub file: String,
    /// The line, from 1; 0 where the list as a whole is wrong.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl List {
    /// Reads a list and checks it against its calendar.
    pub fn parse(file: &str, text: &str) -> Result<List, BadList> {
        let read: Result<List, toml::de::Error> = toml::from_str(text);
        let list = read.map_err(|error| {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            BadList { file: file.to_owned(), line, reason: error.message().to_owned() }
        })?;
        let wrong =
            |(offset, reason): (usize, String)| BadList { file: file.to_owned(), line: line_of(text, offset), reason };
        check::check(&list).map_err(wrong)?;
        Ok(list)
    }

    /// Returns the quarter's name.
    pub fn quarter(&self) -> &str {
        self.quarter.get_ref()
    }

    /// Returns the measures, in order.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        self.measure.iter().map(Spanned::get_ref)
    }

    /// Finds a measure by its id.
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures().find(|measure| measure.id.eq_ignore_ascii_case(id))
    }
}

impl Measure {
    /// Returns the percentage that passes it; nothing for a narrative.
    pub fn threshold(&self) -> Option<u32> {
        self.threshold.as_ref().map(|threshold| *threshold.get_ref())
    }

    /// Returns whether something done in time and recorded after counts all the same.
    pub fn late_recording_counts(&self) -> bool {
        self.recorded == Recorded::Shown
    }

    /// Returns whether a date alone ends its clock, the same for every case.
    pub fn has_fixed_deadline(&self) -> bool {
        self.clock.as_ref().is_some_and(|clock| clock.get_ref().by.is_some())
    }
}

/// Returns how a mode is written in data.
pub fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::InPerson => "in_person",
        Mode::Video => "video",
        Mode::Phone => "phone",
        Mode::Text => "text",
        Mode::Email => "email",
        Mode::HomeVisit => "home_visit",
    }
}

/// Returns the school that has to be met for a referral of this kind.
pub fn school_role(kind: CaseKind) -> SchoolRole {
    match kind {
        CaseKind::ChronicAbsence => SchoolRole::Referring,
        CaseKind::NonEnrolment => SchoolRole::MostRecentlyAttended,
    }
}

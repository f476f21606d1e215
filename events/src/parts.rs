//! The kinds of personal part: pinned names, one field group each (design §3).
//!
//! Stored bytes are kept for decades: a field is added with `#[serde(default)]`, never renamed, and one that is not
//! known is tolerated there. Where clients send it, it is refused (`input`).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::input::BadInput;
use crate::personal::{Group, Part, PartKind, Personal, reading};

macro_rules! part_kinds {
    ($($name:ident = $stored:literal in $group:ident;)*) => {
        $(impl PartKind for $name {
            const NAME: &'static str = $stored;
            const GROUP: Group = Group::$group;
        })*

        /// Every kind of part as (stored name, field group).
        pub const PART_KINDS: &[(&str, Group)] = &[$(($stored, Group::$group),)*];
    };
}

part_kinds! {
    Student = "student" in Identity;
    Contacts = "contacts" in Contact;
    Note = "note" in Narrative;
    PlanText = "plan" in Narrative;
    HealthNote = "health" in Health;
    AgencyAnswer = "answer" in Immigration;
    TravelEvidence = "travel" in Immigration;
    AgreementNote = "agreement" in Narrative;
    FileName = "file" in Narrative;
    Concern = "concern" in Restricted;
    Prosecution = "prosecution" in Restricted;
}

/// Who the student is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Student {
    /// The National Student Number, where it is known; never leaves sealed fields and the blind index.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub nsn: Option<Personal<String>>,
    /// Family name as on the legal record.
    #[serde(deserialize_with = "reading::line")]
    pub family_name: Personal<String>,
    /// Given names as on the legal record.
    #[serde(deserialize_with = "reading::line")]
    pub given_names: Personal<String>,
    /// The name the student goes by.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub preferred_name: Option<Personal<String>>,
    /// Date of birth.
    pub birth_date: Personal<NaiveDate>,
}

/// Where the student lives and who looks after them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Contacts {
    /// The address, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "reading::lines")]
    pub address: Vec<Personal<String>>,
    /// Telephone numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "reading::lines")]
    pub phones: Vec<Personal<String>>,
    /// Email addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "reading::lines")]
    pub emails: Vec<Personal<String>>,
    /// The caregivers.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "reading::entries")]
    pub caregivers: Vec<Caregiver>,
}

/// One caregiver.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Caregiver {
    /// The name.
    #[serde(deserialize_with = "reading::line")]
    pub name: Personal<String>,
    /// What they are to the student.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub relation: Option<Personal<String>>,
    /// How to reach them.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub phone: Option<Personal<String>>,
}

/// What somebody wrote: a comment, a reason, a note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Note {
    /// The text.
    pub text: Personal<String>,
}

/// The words of a student plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct PlanText {
    /// The goals, one each.
    #[serde(deserialize_with = "reading::lines")]
    pub goals: Vec<Personal<String>>,
    /// The actions agreed, one each.
    #[serde(deserialize_with = "reading::lines")]
    pub actions: Vec<Personal<String>>,
}

/// What is known of the student's health.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct HealthNote {
    /// The text.
    pub text: Personal<String>,
}

/// An agency's answer as it came: the code verbatim, also one nobody knows (§1.8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgencyAnswer {
    /// The code as answered.
    #[serde(deserialize_with = "reading::verbatim")]
    pub code: Personal<String>,
    /// What else was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Personal<String>>,
}

/// Evidence of travel (R24).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TravelEvidence {
    /// Details of the travel document.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub document: Option<Personal<String>>,
    /// The date the student left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_left: Option<Personal<NaiveDate>>,
    /// The name travelled under.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub travelled_as: Option<Personal<String>>,
    /// The passport number.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub passport: Option<Personal<String>>,
    /// The people travelling along.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "reading::lines")]
    pub companions: Vec<Personal<String>>,
}

/// The comment that R16 and R17 ask for: composed from the facts, free text beside.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AgreementNote {
    /// The name of the person who agreed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "reading::maybe_line")]
    pub agreed_by: Option<Personal<String>>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Personal<String>>,
}

/// What a file is called (E15).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct FileName {
    /// The name.
    #[serde(deserialize_with = "reading::line")]
    pub name: Personal<String>,
}

/// What Oranga Tamariki was told (E35).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Concern {
    /// The text.
    pub text: Personal<String>,
}

/// What the Attendance Prosecutions Unit was told, or answered (E36).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Prosecution {
    /// The text.
    pub text: Personal<String>,
}

/// The `personal` object of an action: which parts it takes.
pub trait PersonalParts: for<'de> Deserialize<'de> + JsonSchema {
    /// Returns the parts to be stored with the action's first event.
    fn into_parts(self) -> Vec<Part>;
}

/// Declares the `personal` object of an action: its required and optional parts.
macro_rules! personal_parts {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(; $($optional:ident: $kind:ty),*)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(#[doc = "Required."] pub $field: $type,)*
            $($(#[doc = "Optional."] #[serde(default, skip_serializing_if = "Option::is_none")] pub $optional: Option<$kind>,)*)?
        }

        impl PersonalParts for $name {
            #[allow(unused_mut, reason = "some actions take no part")]
            fn into_parts(self) -> Vec<Part> {
                let mut parts = vec![$(self.$field.to_part()),*];
                $($(parts.extend(self.$optional.as_ref().map(PartKind::to_part));)*)?
                parts
            }
        }
    )*};
}

impl MaybeNote {
    /// Asks for a note where the facts alone do not tell: the reason is *other*.
    pub fn needed_if(&self, other: bool) -> Result<(), BadInput> {
        if other && self.note.is_none() {
            return Err(BadInput::new("/personal/note", "a note is needed when the reason is `other`"));
        }
        Ok(())
    }
}

impl FileParts {
    /// Refuses a name that leads to another folder when the file is saved under it.
    pub fn named(&self) -> Result<(), BadInput> {
        let name = self.file.name.reveal();
        match name.contains(['/', '\\']) || name.chars().all(|c| c == '.') {
            true => Err(BadInput::new("/personal/file/name", "a file's own name is expected, without a folder")),
            false => Ok(()),
        }
    }
}

personal_parts! {
    /// Who is referred, where they live, and what the school or register says.
    ReferralParts { student: Student; contacts: Contacts, note: Note, health: HealthNote }
    /// A note where one is wanted.
    MaybeNote { ; note: Note }
    /// A text that the action is about.
    NoteNeeded { note: Note }
    /// Contact details.
    ContactParts { contacts: Contacts; note: Note }
    /// The words of a plan.
    PlanParts { plan: PlanText; health: HealthNote, note: Note }
    /// An agency's answer.
    AnswerParts { answer: AgencyAnswer; note: Note }
    /// Evidence of travel.
    TravelParts { travel: TravelEvidence; note: Note }
    /// Nothing: the record asks for no words (R30).
    Nothing { }
    /// What a file is called.
    FileParts { file: FileName; note: Note }
    /// What Oranga Tamariki was told.
    ConcernParts { concern: Concern }
    /// What the Attendance Prosecutions Unit was told, or answered.
    ProsecutionParts { prosecution: Prosecution }
    /// Who agreed, in words.
    AgreementParts { ; agreement: AgreementNote, note: Note }
}

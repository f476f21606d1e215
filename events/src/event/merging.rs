//! Two cases that are one (R28), or were taken for it (R27).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, StudentId};

/// E32, R28: another case went into this one; both histories stay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CasesMerged {
    /// The case that goes on.
    pub survivor: CaseId,
    /// The case that went into it.
    pub merged: CaseId,
    /// That two students' ids are of one student, where the cases had two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_student: Option<SameStudent>,
}

/// E32, R28: this case went into another one, which goes on; no closure, and its history stays.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseMergedInto {
    /// The case that goes on.
    pub survivor: CaseId,
    /// That two students' ids are of one student, where the cases had two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_student: Option<SameStudent>,
}

/// Two ids of one student.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SameStudent {
    /// The id that goes on.
    pub kept: StudentId,
    /// The id that stands for the same student.
    pub other: StudentId,
}

/// E32: a merge was taken back; told in the streams of both cases.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CaseUnmerged {
    /// The case that went on.
    pub survivor: CaseId,
    /// The case that is one of its own again.
    pub merged: CaseId,
}

/// R27: somebody looked at two cases that seemed to be of one student, and found two students.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct DualActiveDismissed {
    /// The other case.
    pub other: CaseId,
}

//! Files of a case: what is known of them. The bytes lie outside the ledger, the name is personal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::Sha256;

/// A file of one case, counted from 1 in the order of recording.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FileNumber(pub u16);

/// E15: what a file is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// An individual attendance plan (R5).
    AttendancePlan,
    /// A letter or an email.
    Correspondence,
    /// A report or an assessment.
    Report,
    /// Evidence that the student is overseas (R24).
    OverseasEvidence,
    /// Anything else.
    Other,
}

/// E15: a file was put on the case.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FileUploaded {
    /// Which file of the case it is.
    pub file: FileNumber,
    /// What it is.
    pub kind: FileKind,
    /// How many bytes it has.
    pub bytes: u64,
    /// The SHA-256 of its bytes: shows whether what is held elsewhere is what was recorded here.
    pub sha256: Sha256,
    /// Whether a school put it there: then that school sees it at once (V2, V3).
    pub by_school: bool,
    /// Whether schools may see it; by default not (V4).
    pub shared_with_schools: bool,
}

/// E15: the case owner shared a file, or took the sharing back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FileSharingChanged {
    /// Which file of the case.
    pub file: FileNumber,
    /// Whether schools may see it from now on.
    pub shared_with_schools: bool,
}

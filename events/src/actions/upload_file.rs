//! E15: a file is put on the case, by provider or school (V2, V3, V4).

use schemars::JsonSchema;
use serde::Deserialize;

use super::sharing;
use crate::action::{Action, At, Who};
use crate::case::Case;
use crate::event::{CaseEvent, FileKind, FileNumber, FileUploaded};
use crate::ids::Sha256;
use crate::input::BadInput;
use crate::parts::FileParts;
use crate::refusal::Refusal;

/// The most bytes a file may have: 100 MiB.
const BYTES_MAX: u64 = 100 << 20;

/// Puts a file on the case: what it is and its SHA-256; its name is personal, and its bytes are kept elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadFile {
    /// What it is; evidence that the student is overseas is recorded by `record-overseas-evidence` (V7).
    pub kind: FileKind,
    /// How many bytes it has.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Whether schools may see it; by default not.
    #[serde(default)]
    pub share_with_schools: bool,
}

impl Action for UploadFile {
    const NAME: &'static str = "upload-file";
    const SUMMARY: &'static str = "Puts a file on the case, by default not shared with schools.";
    const RULES: &'static str = "E15, V2, V3, V4, V7";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::CaseSchool, Who::Cit];
    type Personal = FileParts;

    fn complete(self, personal: &FileParts) -> Result<Self, BadInput> {
        personal.named()?;
        if self.kind == FileKind::OverseasEvidence {
            // V7, R23: what a file is goes out as a public fact, and this must not.
            let what = "evidence that the student is overseas is not put on the case as a file (V7): schools and others \
                        read what a file is; record it with `record-overseas-evidence` (E20)";
            return Err(BadInput::new("/facts/kind", what));
        }
        if (1..=BYTES_MAX).contains(&self.bytes) {
            return Ok(self);
        }
        Err(BadInput::new("/facts/bytes", format!("a file has 1 to {BYTES_MAX} bytes")))
    }

    fn may(&self, case: &Case, at: &At<'_>) -> Result<(), Refusal> {
        sharing::shared_at_once(self.share_with_schools, case, at)
    }

    fn decide(&self, case: &Case, at: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let by_school = sharing::by_school(case, at)?;
        let next = u16::try_from(case.files.len() + 1).map_err(|_| Refusal::TooMany { limit: u16::MAX })?;
        Ok(vec![
            FileUploaded {
                file: FileNumber(next),
                kind: self.kind,
                bytes: self.bytes,
                sha256: self.sha256,
                by_school,
                shared_with_schools: self.share_with_schools || by_school,
            }
            .into(),
        ])
    }
}

//! E43: somebody was told what is held about the student, by whom and what for (IPP 3A, R40).

use schemars::JsonSchema;
use serde::Deserialize;

use crate::action::{Action, At, OnClosed, Who};
use crate::case::Case;
use crate::event::{CaseEvent, NoticeChannel, NoticeReceiver, PrivacyNoticeGiven};
use crate::ids::Code;
use crate::parts::MaybeNote;
use crate::refusal::Refusal;

/// Records that a privacy notice was given: what comes from schools first is told to those it is about.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivePrivacyNotice {
    /// Who was told.
    pub to: NoticeReceiver,
    /// How.
    pub channel: NoticeChannel,
    /// Which text, by the code of its version.
    pub notice: Code,
}

impl Action for GivePrivacyNotice {
    const NAME: &'static str = "give-privacy-notice";
    const SUMMARY: &'static str = "Records that student or caregivers were told what is held about them.";
    const RULES: &'static str = "E43, R40, IPP 3A";
    const WHO: &'static [Who] = &[Who::CurrentProvider, Who::CaseSchool, Who::Cit];
    const ON_CLOSED: OnClosed = OnClosed::Accepted;
    type Personal = MaybeNote;

    fn decide(&self, _: &Case, _: &At<'_>) -> Result<Vec<CaseEvent>, Refusal> {
        let GivePrivacyNotice { to, channel, notice } = *self;
        Ok(vec![PrivacyNoticeGiven { to, channel, notice }.into()])
    }
}

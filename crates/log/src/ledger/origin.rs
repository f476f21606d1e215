//! Where a command comes from, apart from the command itself.

use caseledger_events::dates::Timestamp;
use caseledger_events::envelope::{Actor, Source};
use caseledger_events::ids::{Code, CorrelationId, StreamId, Tag};
use caseledger_events::machine::Machine;
use caseledger_events::personal::Part;

use crate::ledger::work::Work;

/// What goes from a submission into the envelopes of its events.
pub(crate) struct Origin {
    pub stream: Option<StreamId>,
    /// The tag with the fingerprint of the body.
    pub tag: Option<(Tag, [u8; 32])>,
    pub actor: Actor,
    pub on_behalf_of: Option<Code>,
    pub source: Source,
    pub source_recorded_at: Option<Timestamp>,
    pub correlation: CorrelationId,
    pub parts: Vec<Part>,
}

impl Origin {
    pub fn of<M: Machine>(work: Work<M>) -> Origin {
        let submission = work.submission;
        Origin {
            stream: submission.stream,
            tag: submission.tag.map(|tag| (tag, work.fingerprint)),
            actor: submission.actor,
            on_behalf_of: submission.on_behalf_of,
            source: submission.source,
            source_recorded_at: submission.source_recorded_at,
            correlation: submission.correlation,
            parts: submission.parts,
        }
    }

    /// An operator's act on the ledger itself.
    pub fn ledger(actor: Actor, correlation: CorrelationId) -> Origin {
        Origin {
            stream: None,
            tag: None,
            actor,
            on_behalf_of: None,
            source: Source::Person,
            source_recorded_at: None,
            correlation,
            parts: Vec::new(),
        }
    }
}

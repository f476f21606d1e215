//! What the ledger does by itself: no request from outside can say that it comes from here.

use caseledger_events::envelope::Source;
use caseledger_events::ids::CorrelationId;
use caseledger_events::machine::Submission;
use caseledger_events::system::ledger_actor;
use caseledger_events::world::Command;

/// Makes a command the ledger's own act.
pub fn by_the_ledger(command: Command) -> Submission<Command> {
    Submission {
        command,
        stream: None,
        expected: None,
        also_expected: Vec::new(),
        tag: None,
        body_hash: [0; 32],
        actor: ledger_actor(),
        on_behalf_of: None,
        source: Source::Ledger,
        source_recorded_at: None,
        correlation: CorrelationId(uuid::Uuid::new_v4().into_bytes()),
        parts: Vec::new(),
        sealed: None,
    }
}

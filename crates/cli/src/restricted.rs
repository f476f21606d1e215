//! Restricted facts in what a command of this machine reads from the journal: immigration answers, prosecution, Oranga
//! Tamariki, disposals. They are left out, unless somebody whose row of the table shows them asks for them, on record.

use std::path::Path;

use caseledger_events::ids::Code;
use caseledger_http::{FRAMES, NDJSON};

use crate::asking::AskingArgs;
use crate::exit::Failure;
use crate::road::Road;
use crate::settings::SettingsArgs;

/// Options of the commands that read recorded events.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct RestrictedArgs {
    /// Restricted events with their facts: for those whom `caseledger access show` names, on record in the access ledger
    #[arg(long)]
    pub restricted: bool,

    /// What for, by code: a file number, an inquiry; stands in the access ledger
    #[arg(long, value_name = "CODE")]
    purpose: Option<Code>,

    /// Who asks.
    #[command(flatten)]
    pub asking: AskingArgs,

    /// The settings of the service.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

impl RestrictedArgs {
    /// Puts on record that somebody takes frames out as stored, which hold the facts of restricted events; refused to
    /// those who may not.
    pub fn take_frames(&self, data: &Path) -> Result<(), Failure> {
        self.ask(data, FRAMES)
    }

    /// Puts on record that somebody reads restricted events, where they are asked for; refused to those who may not.
    pub fn read(&self, data: &Path) -> Result<(), Failure> {
        if self.restricted { self.ask(data, NDJSON) } else { Ok(()) }
    }

    /// Asks the service, which decides, and writes it down: nothing is read there.
    fn ask(&self, data: &Path, form: &'static str) -> Result<(), Failure> {
        let settings = self.settings.resolve(data)?;
        let purpose = self.purpose.map(|purpose| format!("&purpose={purpose}")).unwrap_or_default();
        let path = format!("/v1/events?limit=0&restricted=true{purpose}");
        Road::walk(data, &settings, self.asking.read()?, async |road| {
            road.get_as(&path, form).await?.accepted()?;
            Ok(())
        })
    }
}

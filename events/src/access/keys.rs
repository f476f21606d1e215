//! Keys a read model indexes cases by, so that each person's list is found without asking every case.
//!
//! A key says a little more than it should rather than less: a case found by key is still asked ([`Filter::admits`]).

use super::{Filter, Standing};
use crate::case::Owner;
use crate::event::Agency;
use crate::ids::Code;

impl Filter {
    /// Returns the keys that every case of the filter has one of; `None` where it holds all cases.
    pub fn keys(&self) -> Option<Vec<String>> {
        Some(match self {
            Filter::All => return None,
            Filter::Nothing => vec![],
            Filter::Provider { provider } => vec![key("provider", *provider)],
            Filter::Manager { person, .. } => vec![key("manager", *person)],
            Filter::HandedOver { provider } => vec![key("handed-over", *provider)],
            Filter::ProposedTo { provider } => vec![key("proposed", *provider)],
            Filter::Enrolled { school, .. } | Filter::Contact { school, .. } => vec![key("enrolled", *school)],
            Filter::RequestedBy { school, .. } => vec![key("requested", *school)],
            Filter::SharedWithLast { school, .. } => vec![key("shared", *school)],
            Filter::Catchments(catchments) => catchments.iter().map(|&catchment| key("catchment", catchment)).collect(),
            Filter::Prosecution => vec!["prosecution".to_owned()],
            Filter::WithMinistry => vec!["with-ministry".to_owned()],
            Filter::AskedOf(agency) => vec![asked(*agency, true)],
            Filter::WithdrawnFrom(agency) => vec![asked(*agency, false)],
        })
    }
}

impl Standing {
    /// Returns the keys to index the case by, each once.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        keys.extend(self.provider().map(|provider| key("provider", provider)));
        keys.extend(self.manager.map(|manager| key("manager", manager)));
        keys.extend(self.catchment.map(|catchment| key("catchment", catchment)));
        keys.extend(self.hand_overs.iter().map(|hand_over| key("handed-over", hand_over.provider)));
        keys.extend(self.requests.iter().map(|request| key("requested", request.school)));
        if self.is_active {
            keys.extend(
                self.enrolments.iter().filter_map(|enrolment| enrolment.school).map(|school| key("enrolled", school)),
            );
            keys.extend(self.proposals.iter().map(|proposal| key("proposed", proposal.target)));
            keys.extend(
                self.shared.iter().filter(|shared| !shared.is_enrolled).map(|shared| key("shared", shared.school)),
            );
            let detailed = self.inquiries.iter().any(|asked| asked.detailed && asked.open);
            if detailed || self.check_pending || !matches!(self.owner, Owner::Provider(_)) {
                keys.push("with-ministry".to_owned());
            }
        }
        keys.extend(self.prosecution.then(|| "prosecution".to_owned()));
        keys.extend(self.inquiries.iter().map(|inquiry| asked(inquiry.agency, inquiry.open)));
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn key(what: &str, code: Code) -> String {
    format!("{what}:{code}")
}

fn asked(agency: Agency, open: bool) -> String {
    let whom = match agency {
        Agency::Inz => "inz",
        Agency::Msd => "msd",
    };
    let what = if open { "asked" } else { "withdrawn" };
    format!("{what}:{whom}")
}

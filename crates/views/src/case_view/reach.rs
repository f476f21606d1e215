//! Which cases a list holds, as SQL asks it: by the keys of access ([`Filter::keys`]).

use caseledger_events::access::{Filter, Level, Scope, Standing};
use caseledger_events::event::Agency;
use caseledger_events::ids::Code;
use rusqlite::types::Value;

use crate::query::{CaseQuery, Flag};

/// The condition that every case fulfils.
pub(super) const ANY: &str = "1";

/// What the cases of a list have in their keys.
pub(super) struct Reach {
    /// One of these; `None` where the list holds all cases.
    pub one_of: Option<Vec<String>>,
    /// Who holds them, where the list holds all of a provider's: a column says so as well as the key.
    pub holder: Option<Code>,
    /// Also this.
    pub also: Option<String>,
    /// Not this.
    pub not: Option<String>,
    /// Whether the keys say all there is to ask; otherwise each case found is asked as well.
    pub exact: bool,
}

impl Reach {
    /// Returns what the keys say of a filter.
    pub fn of(filter: &Filter) -> Reach {
        let holder = |provider| Filter::Provider { provider }.keys().and_then(|mut keys| keys.pop());
        let (also, not, exact) = match filter {
            Filter::Manager { provider, .. } => (holder(*provider), None, true),
            // Who holds a case sees it as its holder.
            Filter::HandedOver { provider } | Filter::ProposedTo { provider } => (None, holder(*provider), true),
            Filter::RequestedBy { person: Some(_), .. }
            | Filter::Enrolled { .. }
            | Filter::Contact { .. }
            | Filter::SharedWithLast { .. } => (None, None, false),
            Filter::Nothing
            | Filter::All
            | Filter::Provider { .. }
            | Filter::RequestedBy { person: None, .. }
            | Filter::Catchments(_)
            | Filter::Prosecution
            | Filter::WithMinistry
            | Filter::AskedOf(Agency::Inz | Agency::Msd)
            | Filter::WithdrawnFrom(Agency::Inz | Agency::Msd) => (None, None, true),
        };
        let holder = match filter {
            Filter::Provider { provider } => Some(*provider),
            _ => None,
        };
        Reach { one_of: filter.keys(), holder, also, not, exact }
    }

    /// Returns whether the list holds all cases.
    pub fn is_all(&self) -> bool {
        self.one_of.is_none() && self.also.is_none() && self.not.is_none()
    }

    /// Returns the condition on a case, with its values; with or without the keys of which it has one, its holder free to
    /// be what cases are found by or not.
    pub fn condition(&self, with_keys: bool, by_holder: bool) -> (String, Vec<Value>) {
        let mut terms = Vec::new();
        let mut values = Vec::new();
        if let Some(holder) = self.holder.filter(|_| with_keys) {
            // `IS`, because a case that nobody holds must not be lost where this is negated.
            terms.push(if by_holder { "case_key.provider IS ?" } else { "+case_key.provider IS ?" }.to_owned());
            values.push(Value::from(holder.to_string()));
        } else if let Some(keys) = self.one_of.as_ref().filter(|_| with_keys) {
            let places = vec!["?"; keys.len()].join(", ");
            terms.push(format!("case_key.ref IN (SELECT ref FROM access_key WHERE key IN ({places}))"));
            values.extend(keys.iter().map(|key| Value::from(key.clone())));
        }
        let has = "EXISTS (SELECT 1 FROM access_key AS k WHERE k.key = ? AND k.ref = case_key.ref)";
        for (key, term) in [(&self.also, has.to_owned()), (&self.not, format!("NOT {has}"))] {
            if let Some(key) = key {
                terms.push(term);
                values.push(Value::from(key.clone()));
            }
        }
        (if terms.is_empty() { ANY.to_owned() } else { terms.join(" AND ") }, values)
    }
}

/// Returns the first of some lists that a case belongs in: the one that shows most of it.
pub(super) fn first<'a>(scopes: &'a [Scope], case: &Standing) -> Option<(usize, &'a Scope)> {
    scopes.iter().enumerate().find(|(_, scope)| scope.admits(case))
}

/// Returns whether a list shows what a query filters by: nobody learns by a filter what they are not shown.
pub(super) fn shows_filters(level: Level, query: &CaseQuery) -> bool {
    let CaseQuery { provider, school, enrolled_at, on, manager, status, kind, catchment, flag, .. } = query;
    let opened = query.opened_from.is_some() || query.opened_to.is_some();
    let CaseQuery { student, .. } = query;
    let other_places = school.is_some() || catchment.is_some() || on.is_some();
    let work = provider.is_some() || manager.is_some() || status.is_some() || enrolled_at.is_some();
    let else_ = flag.is_some() || opened || student.is_some();
    match level {
        Level::Full => true,
        Level::FactsOnly | Level::Prosecution => *flag != Some(Flag::OutOfCountryUnconfirmed),
        // What it was at the hand-over is not what the columns hold.
        Level::AsAtHandOver => !other_places && !work && kind.is_none() && flag.is_none(),
        Level::School => !other_places && !else_,
        Level::Preview => school.is_none() && on.is_none() && !work && !else_,
        Level::OwnRequest | Level::SharedItems | Level::Question => !other_places && !work && !else_,
        Level::Receipt => false,
    }
}

/// Returns whether the flag a query asks for may be up for a detailed check alone, which the list does not show.
pub(super) fn looks_behind(level: Level, query: &CaseQuery) -> bool {
    query.flag == Some(Flag::InfoRequestOpen) && !level.shows_restricted()
}

/// Returns whether a list tells when something last happened on a case.
pub(super) fn shows_activity(level: Level) -> bool {
    matches!(level, Level::Full | Level::FactsOnly | Level::Prosecution)
}

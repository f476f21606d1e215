//! Who asks, once a live grant has been found.

use crate::envelope::{Actor, Role};
use crate::ids::Code;

/// Who asks: made by [`super::Grants::admit`] alone, so that a role without a live grant asks nothing (E47).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Principal {
    actor: Actor,
    catchments: Vec<Code>,
    is_mfa: bool,
}

impl Principal {
    /// Makes one; `catchments` are those of the region the grant names.
    pub(super) fn new(actor: Actor, catchments: Vec<Code>, is_mfa: bool) -> Principal {
        Principal { actor, catchments, is_mfa }
    }

    /// Returns person, role and organisation, as events name them.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Returns our opaque id of the person.
    pub fn person(&self) -> Code {
        self.actor.person
    }

    /// Returns the role.
    pub fn role(&self) -> Role {
        self.actor.role
    }

    /// Returns the school, provider or agency.
    pub fn organisation(&self) -> Code {
        self.actor.organisation
    }

    /// Returns the catchments of the region, for a regional office.
    pub fn catchments(&self) -> &[Code] {
        &self.catchments
    }

    /// Returns whether more than one factor proved the person.
    pub fn is_mfa(&self) -> bool {
        self.is_mfa
    }
}

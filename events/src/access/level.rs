//! How much of a case somebody sees: which facts, and which groups of personal fields.

use crate::personal::Group;

/// Which facts of a case are shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Level {
    /// Every fact.
    Full,
    /// Every fact, but restricted events as position and hash alone (design §3).
    FactsOnly,
    /// The same, with what restricted events tell of a prosecution (E36).
    Prosecution,
    /// What a school is told of a student it has: key actions (Q17), its own acts, comments it may read.
    School,
    /// The comments shared with it, and which case they are on (Q29).
    SharedItems,
    /// What the school itself sent, and the state of its request while the student is not another school's.
    OwnRequest,
    /// Case number, kind, age band, catchment and reason of a proposed move (R16, R17); no name, no address.
    Preview,
    /// What an agency was asked, and about whom.
    Question,
    /// Everything up to the hand-over, read-only.
    AsAtHandOver,
    /// Nothing but the receipt of what was recorded.
    Receipt,
}

impl Level {
    /// Returns its name, as the table shows it.
    pub fn name(self) -> &'static str {
        match self {
            Level::Full => "every fact",
            Level::FactsOnly => "facts, restricted ones left out",
            Level::Prosecution => "facts, of restricted ones those of prosecution",
            Level::School => "key actions, own acts, readable comments",
            Level::SharedItems => "shared comments alone",
            Level::OwnRequest => "own request and its state",
            Level::Preview => "number, kind, age band, catchment, reason",
            Level::Question => "the question and about whom",
            Level::AsAtHandOver => "every fact up to hand-over",
            Level::Receipt => "a receipt alone",
        }
    }
}

/// How much of a field group is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Sight {
    /// Nothing.
    No,
    /// What the asker's own organisation wrote, or what was addressed to it.
    Own,
    /// That, and comments shared with it.
    Shared,
    /// All of it.
    Yes,
}

impl Sight {
    /// Returns the word the table shows.
    pub fn name(self) -> &'static str {
        match self {
            Sight::No => "–",
            Sight::Own => "own",
            Sight::Shared => "own, shared",
            Sight::Yes => "yes",
        }
    }
}

/// The columns: how much of each field group is shown (domain §2.5).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sees {
    /// Names, NSN, birth date.
    pub identity: Sight,
    /// Addresses, telephone numbers, caregivers.
    pub contact: Sight,
    /// Health.
    pub health: Sight,
    /// What Immigration NZ answered, and travel documents.
    pub immigration: Sight,
    /// Comments, reasons and notes.
    pub narrative: Sight,
    /// Prosecution, Oranga Tamariki, care status.
    pub restricted: Sight,
}

impl Sees {
    /// No personal field.
    pub const NOTHING: Sees = Sees {
        identity: Sight::No,
        contact: Sight::No,
        health: Sight::No,
        immigration: Sight::No,
        narrative: Sight::No,
        restricted: Sight::No,
    };

    /// Every personal field.
    pub const ALL: Sees = Sees {
        identity: Sight::Yes,
        contact: Sight::Yes,
        health: Sight::Yes,
        immigration: Sight::Yes,
        narrative: Sight::Yes,
        restricted: Sight::Yes,
    };

    /// Who the student is.
    pub const IDENTITY: Sees = Sees { identity: Sight::Yes, ..Sees::NOTHING };

    /// What an organisation wrote itself, of what a referral holds.
    pub const OWN: Sees =
        Sees { identity: Sight::Own, contact: Sight::Own, health: Sight::Own, narrative: Sight::Own, ..Sees::NOTHING };

    /// Returns how much of a group is shown.
    pub fn of(&self, group: Group) -> Sight {
        match group {
            Group::Identity => self.identity,
            Group::Contact => self.contact,
            Group::Health => self.health,
            Group::Immigration => self.immigration,
            Group::Narrative => self.narrative,
            Group::Restricted => self.restricted,
        }
    }

    /// Returns the groups of which at least something is shown; the access ledger records them.
    pub fn groups(&self) -> impl Iterator<Item = Group> {
        let shown = *self;
        Sees::GROUPS.into_iter().filter(move |&group| shown.of(group) != Sight::No)
    }

    /// Every group, in the order of the table.
    pub const GROUPS: [Group; 6] =
        [Group::Identity, Group::Contact, Group::Health, Group::Immigration, Group::Narrative, Group::Restricted];
}

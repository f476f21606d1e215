//! What somebody can ask to do.

use std::fmt;

/// What an operation is about, and so which of the three askings decides it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About {
    /// One case: `authorise`.
    Case,
    /// A list of cases, or events of them: `scope`.
    List,
    /// The ledger as a whole: `pass`.
    Ledger,
}

macro_rules! operations {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $about:ident;)*) => {
        /// What somebody asks to do; actions on a case keep their own tables of who records them (`Action::WHO`).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Operation {
            $($(#[doc = $doc])* $name,)*
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Operation] = &[$(Operation::$name,)*];

            /// Returns its name, as the table shows it.
            pub fn name(self) -> &'static str {
                match self { $(Operation::$name => $text,)* }
            }

            /// Returns what it is about.
            pub fn about(self) -> About {
                match self { $(Operation::$name => About::$about,)* }
            }

            /// Returns what it is, for people.
            pub fn says(self) -> &'static str {
                match self { $(Operation::$name => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

operations! {
    /// Asks anything at all, in a role and for an organisation that a live grant names (E47).
    SignIn = "sign in", Ledger;
    /// Opens a case as it stands.
    OpenCase = "open", Case;
    /// Reads what happened to a case, and asks for it as it was.
    Timeline = "timeline", Case;
    /// Records an action on a case; the action says which of those who may ask records it.
    Act = "act", Case;
    /// Takes everything about one student out in one bundle (IPP 6).
    SubjectExport = "subject export", Case;
    /// Opens a case beyond the usual rows, with a reason, on record, and noticed.
    BreakGlass = "break glass", Case;
    /// Lists cases.
    List = "list", List;
    /// Finds cases by a student's name.
    Search = "search", List;
    /// Follows events live.
    Feed = "feed", List;
    /// Opens a new case: a support request, a notification.
    Refer = "refer", Ledger;
    /// Reads recorded events of all cases.
    RawEvents = "raw events", Ledger;
    /// Reads stored frames; what is personal in them is sealed.
    Frames = "frames", Ledger;
    /// Takes facts of all cases out in bulk.
    Export = "export", Ledger;
    /// Records schools, catchments, providers and regions.
    Reference = "reference data", Ledger;
    /// Grants and revokes roles, within the table of granting.
    GrantRoles = "grant roles", Ledger;
    /// Takes a single access token back.
    RevokeTokens = "revoke tokens", Ledger;
    /// Asks why somebody sees a case or does not.
    ExplainAccess = "explain access", Ledger;
    /// Reads who viewed what.
    AccessLedger = "access ledger", Ledger;
    /// Publishes a quarter's measure run.
    PublishRuns = "publish runs", Ledger;
    /// Places and lifts legal holds.
    Hold = "hold", Ledger;
    /// Proposes or approves a disposal: two people.
    Dispose = "dispose", Ledger;
    /// Replaces keys and the key-encryption key.
    ManageKeys = "keys", Ledger;
    /// Rebuilds, switches, backs up, restores, verifies, confirms the clock.
    Operate = "operate", Ledger;
    /// Delivers what a feed reports beside cases: attendance, migrated cases.
    Deliver = "deliver", Ledger;
}

impl Operation {
    /// Returns whether the token must say that more than one factor proved the person.
    pub fn needs_mfa(self) -> bool {
        use Operation::*;
        matches!(self, BreakGlass | SubjectExport | AccessLedger | Hold | Dispose | ManageKeys)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

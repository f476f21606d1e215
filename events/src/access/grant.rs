//! What somebody may see of one case, and do with it.

use chrono::NaiveDate;

use super::decided::rows_for;
use super::reach::agency_of;
use super::shown::{reason_for_schools, shows};
use super::table::rows_of;
use super::{About, Decided, Denied, Level, Operation, Principal, Row, Sight, Standing};
use crate::event::{Agency, CaseEvent, ClosureReason, CommentNumber, FileNumber};
use crate::ids::{CaseId, Code, Position};
use crate::personal::Group;

/// That somebody may do something with one case; made by [`authorise`] and [`break_glass`] alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    decided: Decided,
    case: CaseId,
    until: Option<Position>,
    follows: bool,
    comments: Vec<CommentNumber>,
    files: Vec<FileNumber>,
    glass: Option<GlassReason>,
}

/// Why somebody opens a case beyond the usual rows; what more there is to say is written beside it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GlassReason {
    /// A child may be in danger.
    SafetyOfAChild,
    /// Who usually works the case cannot be reached.
    NobodyElseThere,
    /// A court, an inquiry or the person themselves asks by law.
    LawfulRequest,
    /// A complaint or an audit needs the words, not only the facts.
    ComplaintOrAudit,
}

/// Whose a personal field is, which decides whether *own* and *shared* show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Written {
    /// The organisation that wrote it.
    pub by: Code,
    /// Where its event stands.
    pub at: Position,
    /// The comment it is the text of.
    pub comment: Option<CommentNumber>,
    /// The agency it was addressed to, or came from.
    pub agency: Option<Agency>,
}

/// Decides what somebody may see of a case and do with it.
///
/// Where no row of the role reaches the case, the answer is that of [`super::no_such_case`].
pub fn authorise(asker: &Principal, operation: Operation, case: &Standing, today: NaiveDate) -> Result<Grant, Denied> {
    let not_this_way = operation == Operation::BreakGlass || operation.about() != About::Case;
    if not_this_way {
        return Err(Denied::NotThisRole { role: asker.role(), operation });
    }
    decide(asker, operation, case, today)
}

/// Opens a case beyond the usual rows: for reading, with a reason that is on record.
pub fn break_glass(
    asker: &Principal,
    because: GlassReason,
    case: &Standing,
    today: NaiveDate,
) -> Result<Grant, Denied> {
    let grant = decide(asker, Operation::BreakGlass, case, today)?;
    Ok(Grant { glass: Some(because), ..grant })
}

/// Decides an operation on a case by the rows that name it, breaking glass included.
pub(super) fn decide(
    asker: &Principal,
    operation: Operation,
    case: &Standing,
    today: NaiveDate,
) -> Result<Grant, Denied> {
    let reaches = |row: &&'static Row| row.reach.of(asker, today).admits(case).is_ok();
    match rows_for(asker, operation)?.into_iter().find(reaches) {
        Some(row) => Ok(Grant::new(Decided { asker: asker.actor(), operation, row, on: today }, case)),
        // Who knows of the case by another row is told that it is not for them; others are told nothing.
        None if rows_of(asker.role()).any(|row| row.shows_existence() && reaches(&row)) => {
            Err(Denied::NotThisRole { role: asker.role(), operation })
        }
        None => Err(Denied::Secret),
    }
}

impl Grant {
    /// Only for a case that the row reaches.
    pub(super) fn new(decided: Decided, case: &Standing) -> Grant {
        let Decided { asker, row, on, .. } = decided;
        let own = asker.organisation;
        let until = (row.level == Level::AsAtHandOver).then(|| case.handed_over(own)).flatten();
        let comments = match row.level {
            Level::School => case.shared.iter().map(|shared| shared.comment).collect(),
            Level::SharedItems => case.shared_with_last(on).collect(),
            _ => Vec::new(),
        };
        let files = if row.level == Level::School { case.shared_files.clone() } else { Vec::new() };
        // Q28: what becomes of its request concerns a school until another school has the student.
        let follows = case.enrolled_at(on).is_none_or(|school| school == own);
        Grant { decided, case: case.case, until, follows, comments, files, glass: None }
    }

    /// Returns who may do what by which row.
    pub fn decided(&self) -> Decided {
        self.decided
    }

    /// Returns the case it is for.
    pub fn case(&self) -> CaseId {
        self.case
    }

    /// Returns which facts are shown.
    pub fn level(&self) -> Level {
        self.decided.row.level
    }

    /// Returns the last event that is shown, for the case as it stood at hand-over.
    pub fn until(&self) -> Option<Position> {
        self.until
    }

    /// Returns whether what becomes of its request is still a school's to know (Q28).
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Returns why the case was opened beyond the usual rows, where it was.
    pub fn glass(&self) -> Option<GlassReason> {
        self.glass
    }

    /// Returns how much of a field group is shown.
    pub fn sees(&self, group: Group) -> Sight {
        self.decided.row.sees.of(group)
    }

    /// Returns whether a personal field is shown.
    pub fn shows_field(&self, group: Group, written: &Written) -> bool {
        if self.until.is_some_and(|last| written.at > last) {
            return false;
        }
        match self.sees(group) {
            Sight::No => false,
            Sight::Own => self.is_own(written),
            Sight::Shared => self.is_own(written) || self.is_shared(written),
            Sight::Yes => true,
        }
    }

    /// Returns whether the NSN among the fields of identity is shown: it has users of its own (domain §2.5).
    pub fn shows_nsn(&self, written: &Written) -> bool {
        self.decided.asker.role.may_use_nsn() && self.shows_field(Group::Identity, written)
    }

    /// Returns whether an event is shown, and with it its facts.
    pub fn shows_event(&self, event: &CaseEvent, written: &Written) -> bool {
        if self.until.is_some_and(|last| written.at > last) {
            return false;
        }
        let may_read = match event {
            CaseEvent::FileUploaded(e) => self.is_own(written) || self.is_shared_file(e.file),
            _ => self.shows_field(Group::Narrative, written),
        };
        shows(self.level(), event, written.by, self.decided.asker.organisation, may_read, self.follows)
    }

    /// Returns why the case was closed, as far as it is shown.
    pub fn closed_because(&self, reason: ClosureReason) -> Option<ClosureReason> {
        match self.level() {
            Level::Full | Level::FactsOnly | Level::Prosecution | Level::AsAtHandOver => Some(reason),
            Level::School => reason_for_schools(reason),
            Level::OwnRequest => reason_for_schools(reason).filter(|_| self.follows),
            Level::SharedItems | Level::Preview | Level::Question | Level::Receipt => None,
        }
    }

    fn is_own(&self, written: &Written) -> bool {
        let asker = self.decided.asker;
        let to_it = agency_of(asker.role).is_some_and(|agency| written.agency == Some(agency));
        written.by == asker.organisation || to_it
    }

    fn is_shared_file(&self, file: FileNumber) -> bool {
        matches!(self.sees(Group::Narrative), Sight::Shared | Sight::Yes) && self.files.contains(&file)
    }

    fn is_shared(&self, written: &Written) -> bool {
        written.comment.is_some_and(|comment| self.comments.contains(&comment))
    }
}

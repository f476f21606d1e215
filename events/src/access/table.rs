//! The table: which role reaches which cases, how much of them it sees, what it may do, and what says so.
//!
//! What is not in it is denied. Of several rows of a role that reach a case the first that names the operation decides,
//! so the row that shows more stands first. ISP staff hold the provider roles. Ids are those of the domain's list; IPP
//! and NZISM are the law and the manual it cites.

use std::fmt::Write;

use super::Operation::*;
use super::{GRANTING, Level, Operation, Reach, Sees, Sight};
use crate::envelope::Role;
use crate::envelope::Role::*;
use crate::personal::Group;

/// One row of the table.
#[derive(PartialEq, Eq, Debug)]
pub struct Row {
    /// The role.
    pub role: Role,
    /// Which cases it reaches.
    pub reach: Reach,
    /// Which facts it sees of them.
    pub level: Level,
    /// Which personal fields.
    pub sees: Sees,
    /// What it may do with them.
    pub may: &'static [Operation],
    /// The ids of what says so.
    pub because: &'static str,
}

const fn row(
    role: Role,
    reach: Reach,
    level: Level,
    sees: Sees,
    may: &'static [Operation],
    because: &'static str,
) -> Row {
    Row { role, reach, level, sees, may, because }
}

/// What a school sees of a student it has: what it sent itself, and comments it may read.
const SCHOOL: Sees = Sees { identity: Sight::Yes, narrative: Sight::Shared, ..Sees::OWN };

/// What a school's office sees; its limits are not known, so they are drawn narrowly: nothing of the provider's.
const OFFICE: Sees = Sees { identity: Sight::Yes, ..Sees::OWN };

/// Comments shared with a school that has the student no longer, and who they are about.
const SHARED: Sees = Sees { narrative: Sight::Shared, ..Sees::IDENTITY };

/// What CIT needs to pass a case on or have it checked in detail.
const MOVING: Sees = Sees { health: Sight::No, restricted: Sight::No, ..Sees::ALL };

/// What the Service Desk needs to find a case and tell two students apart (R28).
const DESK: Sees = Sees { contact: Sight::Yes, ..Sees::IDENTITY };

/// What an agency needs to answer: who is meant, what it is asked, what it answered.
const QUESTION: Sees = Sees { immigration: Sight::Own, narrative: Sight::Own, ..Sees::IDENTITY };

/// What the Prosecutions Unit needs: who is meant, where they are, what it was sent.
const PROSECUTION: Sees = Sees { contact: Sight::Yes, restricted: Sight::Yes, ..Sees::IDENTITY };

const NOTHING: Sees = Sees::NOTHING;
const ALL: Sees = Sees::ALL;

/// The table.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // Schools: by current enrolment, and what they asked for themselves.
    row(AttendanceLead, Reach::Enrolled, Level::School, SCHOOL, &[OpenCase, Timeline, Act, List, Search], "V1, V2, V4, Q17, Q28"),
    row(AttendanceLead, Reach::OwnRequest, Level::OwnRequest, Sees::OWN, &[OpenCase, List], "V2, V5, Q28"),
    row(AttendanceLead, Reach::LastSchool, Level::SharedItems, SHARED, &[OpenCase, List], "Q29"),
    row(AttendanceLead, Reach::Ledger, Level::Receipt, NOTHING, &[Refer], "E1, E2"),
    row(PrimaryContact, Reach::NamedContact, Level::School, SCHOOL, &[OpenCase, Timeline, Act, List, Search], "A3, V1, V2, V4"),
    row(PrimaryContact, Reach::OwnRequestInPerson, Level::OwnRequest, Sees::OWN, &[OpenCase, List], "A3, V2, V5, Q28"),
    row(PrimaryContact, Reach::Ledger, Level::Receipt, NOTHING, &[Refer], "E1, E2"),
    row(OfficeSupport, Reach::Enrolled, Level::School, OFFICE, &[OpenCase, Timeline, Act, List, Search], "V1, V2, V6"),
    row(OfficeSupport, Reach::OwnRequest, Level::OwnRequest, Sees::OWN, &[OpenCase, List], "V2, V5, Q28"),
    row(OfficeSupport, Reach::Ledger, Level::Receipt, NOTHING, &[Refer], "E1, E2"),
    // Providers, ASP and ISP alike: by who holds the case.
    row(WorkflowLead, Reach::OwnProvider, Level::Full, ALL, &[OpenCase, Timeline, Act, List, Search, Feed], "A5, A6, P3"),
    row(WorkflowLead, Reach::FormerProvider, Level::AsAtHandOver, ALL, &[OpenCase, Timeline, List], "Q19"),
    row(WorkflowLead, Reach::ProposedTo, Level::Preview, NOTHING, &[OpenCase, Act, List], "R16, R17"),
    row(CaseManager, Reach::Assigned, Level::Full, ALL, &[OpenCase, Timeline, Act, List, Search], "A7, P3"),
    row(CaseManager, Reach::OwnProvider, Level::Full, ALL, &[BreakGlass], "A7"),
    // The Ministry.
    row(Cit, Reach::WithMinistry, Level::Full, MOVING, &[OpenCase, Timeline, Act, List, Search], "A8, E4, R15, R23"),
    row(Cit, Reach::All, Level::FactsOnly, NOTHING, &[OpenCase, Timeline, Act, List], "A8, R41"),
    row(Cit, Reach::All, Level::Full, ALL, &[BreakGlass], "A8"),
    row(Cit, Reach::Ledger, Level::Receipt, NOTHING, &[Reference], "R41"),
    row(RelationshipManager, Reach::All, Level::FactsOnly, NOTHING, &[OpenCase, Timeline, List], "A9, B2"),
    row(RelationshipManager, Reach::Ledger, Level::FactsOnly, NOTHING, &[Export], "A9, B2"),
    row(ServiceDesk, Reach::All, Level::FactsOnly, DESK, &[OpenCase, Timeline, Act, List, Search], "A10, R26, R28"),
    row(ServiceDesk, Reach::Ledger, Level::Receipt, NOTHING, &[GrantRoles, ExplainAccess], "A10, W5, E47"),
    // Those who look after the whole ledger: facts, not the words.
    row(Auditor, Reach::All, Level::Full, NOTHING, &[OpenCase, Timeline, List, Feed], "A22"),
    row(Auditor, Reach::All, Level::Full, ALL, &[BreakGlass], "A22"),
    row(Auditor, Reach::Ledger, Level::Full, NOTHING, &[RawEvents, Frames, Export, ExplainAccess, AccessLedger], "A22, E42, NZISM 16.6"),
    row(Operator, Reach::All, Level::FactsOnly, NOTHING, &[Feed], "A22"),
    row(Operator, Reach::Ledger, Level::FactsOnly, NOTHING, &[RawEvents, Frames, Reference, GrantRoles, RevokeTokens, ExplainAccess, ManageKeys, Operate], "A22, E47"),
    row(ReportingJob, Reach::All, Level::FactsOnly, NOTHING, &[Feed, List], "A22, W1, W2"),
    row(ReportingJob, Reach::Ledger, Level::FactsOnly, NOTHING, &[RawEvents, Export], "A22, W1, W2"),
    // Feeds: they tell, and ask nothing but what was asked of them.
    row(Enrol, Reach::All, Level::Receipt, NOTHING, &[Act], "A15, E27"),
    row(Enrol, Reach::Ledger, Level::Receipt, NOTHING, &[Refer], "A15, E2"),
    row(Inz, Reach::AskedOf, Level::Question, QUESTION, &[OpenCase, Act, List], "A13, E17, E18"),
    row(Inz, Reach::WithdrawnFrom, Level::Receipt, NOTHING, &[Act], "A13, R40"),
    row(Msd, Reach::AskedOf, Level::Question, QUESTION, &[OpenCase, Act, List], "A14, E17, E18"),
    row(Msd, Reach::WithdrawnFrom, Level::Receipt, NOTHING, &[Act], "A14, R40"),
    row(Attendance, Reach::Ledger, Level::Receipt, NOTHING, &[Deliver], "D2"),
    row(Migration, Reach::Ledger, Level::Receipt, NOTHING, &[Deliver], "K3, E40"),
    // Those who manage people, the service and its duties.
    row(DelegatedAuthoriser, Reach::Ledger, Level::Receipt, NOTHING, &[GrantRoles], "A4, E47"),
    row(NationalServiceDelivery, Reach::All, Level::FactsOnly, NOTHING, &[OpenCase, Timeline, List], "A21"),
    row(NationalServiceDelivery, Reach::All, Level::Full, ALL, &[SubjectExport, BreakGlass], "A21, IPP 6"),
    row(NationalServiceDelivery, Reach::Ledger, Level::FactsOnly, NOTHING, &[Export, GrantRoles, ExplainAccess, AccessLedger, PublishRuns, Hold, Dispose], "A21, E42, E43, E44, E47"),
    row(RegionalOffice, Reach::Region, Level::FactsOnly, Sees::IDENTITY, &[OpenCase, Timeline, List, Search], "A12, R32"),
    row(ProsecutionsUnit, Reach::Notified, Level::Prosecution, PROSECUTION, &[OpenCase, Timeline, Act, List], "A17, E36, R36"),
];

/// Returns the rows of a role, in the order of the table.
pub(super) fn rows_of(role: Role) -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(move |row| row.role == role)
}

impl Row {
    /// Returns whether somebody whom the row reaches may know that the case exists.
    pub fn shows_existence(&self) -> bool {
        self.level != Level::Receipt && self.may.contains(&OpenCase)
    }

    /// Returns what is answered for a case beyond the row: 404 where its existence is secret, 403 where the role knows
    /// of all cases or of none; there is nothing beyond all cases.
    pub fn else_answered(&self) -> &'static str {
        let knows_of_all = || rows_of(self.role).any(|row| row.reach == Reach::All && row.shows_existence());
        match self.reach {
            Reach::All => "–",
            Reach::Nothing | Reach::Ledger => "403",
            _ if knows_of_all() => "403",
            _ => "404",
        }
    }

    /// Returns the cells of the row, under [`Row::HEADINGS`].
    pub fn cells(&self) -> [String; 12] {
        let may: Vec<&str> = self.may.iter().map(|operation| operation.name()).collect();
        let group = |group: Group| self.sees.of(group).name().to_owned();
        let has_facts = !matches!(self.reach, Reach::Nothing);
        let facts = if has_facts { self.level.name() } else { "–" };
        let may = if may.is_empty() { "–".to_owned() } else { may.join(", ") };
        [
            self.role.name().to_owned(),
            self.reach.says().to_owned(),
            facts.to_owned(),
            group(Group::Identity),
            group(Group::Contact),
            group(Group::Health),
            group(Group::Immigration),
            group(Group::Narrative),
            group(Group::Restricted),
            may,
            self.else_answered().to_owned(),
            self.because.to_owned(),
        ]
    }

    /// The headings of the table.
    pub const HEADINGS: [&'static str; 12] = [
        "Role",
        "Cases",
        "Facts",
        "Identity",
        "Contact",
        "Health",
        "Immigration",
        "Narrative",
        "Restricted",
        "May",
        "Others",
        "Because",
    ];
}

/// Returns `docs/access.md`: the tables of access and of granting, and what the words in them mean.
pub fn page() -> String {
    let mut page = String::from(include_str!("page_head.md"));
    line(&mut page, Row::HEADINGS.map(str::to_owned));
    line(&mut page, Row::HEADINGS.map(|_| "---".to_owned()));
    TABLE.iter().for_each(|row| line(&mut page, row.cells()));
    page.push_str("\n## Operations\n\n| Operation | About | What it is | More than one factor |\n|---|---|---|---|\n");
    for operation in Operation::ALL {
        let about = format!("{:?}", operation.about()).to_lowercase();
        let mfa = if operation.needs_mfa() { "needed" } else { "–" };
        line(&mut page, [operation.name().to_owned(), about, operation.says().to_owned(), mfa.to_owned()]);
    }
    page.push_str("\n## Who grants what\n\n| Role | Grants and revokes | Where | Because |\n|---|---|---|---|\n");
    for granting in GRANTING {
        let roles: Vec<&str> = granting.roles.iter().map(|role| role.name()).collect();
        let place = if granting.own_organisation { "its own organisation" } else { "any organisation that fits" };
        line(
            &mut page,
            [granting.by.name().to_owned(), roles.join(", "), place.to_owned(), granting.because.to_owned()],
        );
    }
    page.push_str(include_str!("page_foot.md"));
    page
}

fn line<const N: usize>(page: &mut String, cells: [String; N]) {
    writeln!(page, "| {} |", cells.join(" | ")).expect("writing to a string cannot fail");
}

//! What the table must answer, written down a second time in another form: letters for what somebody reaches of a
//! case, and for each letter what may be done with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::NaiveDate;

use super::told::*;
use crate::access::*;
use crate::case::Owner;
use crate::envelope::Role;
use crate::event::*;
use crate::reference::Reference;
use crate::testing::*;

/// What each role may do with what it reaches; letters as in [`level`]. A line without a letter is about the ledger.
const MAY: &str = "
attendance_lead S: open timeline act list search
attendance_lead R: open list
attendance_lead I: open list
attendance_lead: refer
primary_contact S: open timeline act list search
primary_contact R: open list
primary_contact: refer
office_support S: open timeline act list search
office_support R: open list
office_support: refer
workflow_lead F: open timeline act list search feed
workflow_lead H: open timeline list
workflow_lead P: open act list
case_manager F: open timeline act list search
case_manager G: break-glass
cit F: open timeline act list search
cit f: open timeline act list
cit G: break-glass
cit: reference-data
relationship_manager f: open timeline list
relationship_manager: export
service_desk f: open timeline act list search
service_desk: grant-roles explain-access
auditor F: open timeline list feed
auditor G: break-glass
auditor: raw-events frames export explain-access access-ledger
operator f: feed
operator: raw-events frames reference-data grant-roles revoke-tokens explain-access keys operate
reporting_job f: list feed
reporting_job: raw-events export
enrol r: act
enrol: refer
inz Q: open act list
inz r: act
msd Q: open act list
msd r: act
attendance: deliver
migration: deliver
delegated_authoriser: grant-roles
national_service_delivery f: open timeline list
national_service_delivery G: subject-export break-glass
national_service_delivery: export grant-roles explain-access access-ledger publish-runs hold dispose
regional_office f: open timeline list search
prosecutions_unit p: open timeline act list
";

const WITH_MORE_THAN_ONE_FACTOR: &str = "break-glass subject-export access-ledger hold dispose keys";

/// What an answer is, as a letter: 404 is a dot, 403 a cross, a missing factor a question mark.
fn level(answer: Result<Level, Denied>, operation: Operation) -> char {
    match answer {
        Ok(_) if matches!(operation, Operation::BreakGlass | Operation::SubjectExport) => 'G',
        Ok(Level::Full) => 'F',
        Ok(Level::FactsOnly) => 'f',
        Ok(Level::Prosecution) => 'p',
        Ok(Level::School) => 'S',
        Ok(Level::SharedItems) => 'I',
        Ok(Level::OwnRequest) => 'R',
        Ok(Level::Preview) => 'P',
        Ok(Level::Question) => 'Q',
        Ok(Level::AsAtHandOver) => 'H',
        Ok(Level::Receipt) => 'r',
        Err(Denied::Secret) => '.',
        Err(Denied::NotThisRole { .. }) => 'x',
        Err(Denied::NeedsMfa { .. }) => '?',
    }
}

type Read = BTreeMap<(Role, Option<char>), BTreeSet<Operation>>;

/// The table above, read once: by role and letter, what may be done.
static READ: LazyLock<Read> = LazyLock::new(|| {
    let read = |line: &'static str| {
        let (whose, may) = line.split_once(": ").unwrap();
        let (role, letter) = whose.split_once(' ').unwrap_or((whose, ""));
        let role = Role::ALL.into_iter().find(|of| of.name() == role).unwrap();
        ((role, letter.chars().next()), words(may))
    };
    MAY.trim().lines().map(read).collect()
});

static WITH_MFA: LazyLock<BTreeSet<Operation>> = LazyLock::new(|| words(WITH_MORE_THAN_ONE_FACTOR));

fn words(text: &str) -> BTreeSet<Operation> {
    let find = |word: &str| Operation::ALL.iter().find(|operation| operation.name().replace(' ', "-") == word);
    text.split(' ').map(|word| *find(word).unwrap_or_else(|| panic!("{word}"))).collect()
}

fn may(role: Role, letter: Option<char>, operation: Operation) -> bool {
    READ.get(&(role, letter)).is_some_and(|may| may.contains(&operation))
}

/// What is expected of an operation on a case of which somebody reaches these letters.
fn expected(asker: &Principal, operation: Operation, reached: &str) -> char {
    let role = asker.role();
    let of_role = READ.range((role, Some('A'))..=(role, Some('z')));
    if !of_role.into_iter().any(|(_, may)| may.contains(&operation)) {
        return 'x';
    }
    if !asker.is_mfa() && WITH_MFA.contains(&operation) {
        return '?';
    }
    match reached.chars().find(|&letter| may(role, Some(letter), operation)) {
        Some(letter) => letter,
        None if reached.chars().any(|letter| letter != 'r' && may(role, Some(letter), Operation::OpenCase)) => 'x',
        None => '.',
    }
}

/// What somebody reaches of a case, read off its plain data.
pub fn reached(asker: &Principal, case: &Standing, on: NaiveDate) -> String {
    let (me, us) = (asker.person(), asker.organisation());
    let begun = || case.enrolments.iter().filter(|enrolment| enrolment.from <= on);
    let enrolled = begun().next_back().and_then(|enrolment| enrolment.school);
    let ours = case.is_active && enrolled == Some(us);
    let asked =
        |person: bool| case.requests.iter().any(|r| r.school == us && (!person || r.by == me || r.contact == Some(me)));
    let holds = matches!(case.owner, Owner::Provider(holder) if holder == us);
    let mut letters = String::new();
    let mut add = |holds: bool, letter: char| letters.extend(holds.then_some(letter));
    match asker.role() {
        Role::AttendanceLead => {
            add(ours, 'S');
            add(asked(false), 'R');
            let last = begun().rev().find_map(|enrolment| enrolment.school).unwrap_or(case.school);
            let shared = case.shared.iter().any(|shared| !shared.is_enrolled && shared.school == us);
            add(case.is_active && enrolled.is_none() && last == us && shared, 'I');
        }
        Role::PrimaryContact => {
            let named = case.contact.is_some_and(|contact| {
                let since = begun().filter(|enrolment| enrolment.from > contact.since);
                let same = contact.school == enrolled && since.map(|e| e.school).all(|school| school == contact.school);
                contact.person == me && same
            });
            add(ours && named, 'S');
            add(asked(true), 'R');
        }
        Role::OfficeSupport => {
            add(ours, 'S');
            add(asked(false), 'R');
        }
        Role::WorkflowLead => {
            add(holds, 'F');
            add(!holds && case.hand_overs.iter().any(|before| before.provider == us), 'H');
            add(!holds && case.is_active && case.proposals.iter().any(|proposal| proposal.target == us), 'P');
        }
        Role::CaseManager => {
            add(holds && case.manager == Some(me), 'F');
            add(holds, 'G');
        }
        Role::Cit => {
            let detailed = case.inquiries.iter().any(|asked| asked.open && asked.detailed);
            let elsewhere = !matches!(case.owner, Owner::Provider(_));
            add(case.is_active && (elsewhere || case.check_pending || detailed), 'F');
            add(true, 'f');
            add(true, 'G');
        }
        Role::Inz | Role::Msd => {
            let agency = if asker.role() == Role::Inz { Agency::Inz } else { Agency::Msd };
            let has = |open: bool| case.inquiries.iter().any(|asked| asked.agency == agency && asked.open == open);
            add(has(true), 'Q');
            add(has(false), 'r');
        }
        Role::RegionalOffice => add(case.catchment.is_some_and(|at| asker.catchments().contains(&at)), 'f'),
        Role::Auditor => letters.push_str("FG"),
        Role::NationalServiceDelivery => letters.push_str("fG"),
        Role::RelationshipManager | Role::ServiceDesk | Role::Operator | Role::ReportingJob => letters.push('f'),
        Role::Enrol => letters.push('r'),
        Role::ProsecutionsUnit => add(case.prosecution, 'p'),
        Role::DelegatedAuthoriser | Role::Attendance | Role::Migration => {}
    }
    letters
}

/// Compares every operation of one asker on one case with what is expected.
pub fn compare(asker: &Principal, case: &Standing, on: NaiveDate) {
    let reached = reached(asker, case, on);
    for &operation in Operation::ALL {
        let what = || format!("{operation} by {} on {on} of {case:#?}", asker.role());
        match operation.about() {
            About::Case => {
                let answer = match operation {
                    Operation::BreakGlass => break_glass(asker, GlassReason::ComplaintOrAudit, case, on),
                    _ => authorise(asker, operation, case, on),
                };
                let answer = level(answer.map(|grant| grant.level()), operation);
                assert_eq!(answer, expected(asker, operation, &reached), "{}", what());
            }
            About::List => {
                let lists = scopes(asker, operation, on).unwrap_or_default();
                for list in &lists {
                    let letter = level(Ok(list.decided().level()), operation);
                    assert_eq!(list.admits(case), reached.contains(letter), "{letter} of {}", what());
                }
                let listed = lists.iter().any(|list| list.admits(case));
                let letter = expected(asker, operation, &reached);
                assert_eq!(listed, !matches!(letter, '.' | 'x' | '?'), "{}", what());
                assert!(authorise(asker, operation, case, on).is_err(), "{}", what());
            }
            About::Ledger => {
                let named = may(asker.role(), None, operation);
                let wanting = !asker.is_mfa() && WITH_MFA.contains(&operation);
                assert_eq!(pass(asker, operation, on).is_ok(), named && !wanting, "{}", what());
                assert!(authorise(asker, operation, case, on).is_err(), "{}", what());
            }
        }
    }
}

/// The kinds of case that people meet, as `SCH-1`, `ASP-1` and the office of `C-1` do.
pub fn kinds() -> Vec<(&'static str, Vec<Told>)> {
    let own = || at_work(ca_case());
    let elsewhere = || -> Vec<Told> {
        let request = SupportRequestSubmitted { school: code("SCH-2"), primary_contact: code("S-2"), ..request() };
        let given = AllocatedToProvider {
            provider: code("ASP-2"),
            catchment: Some(code("C-2")),
            ..allocation(AllocationBasis::SchoolCatchment)
        };
        vec![Told(other_school(), on(OPENED, request)), on(OPENED, given.clone()).into()]
    };
    let and = |mut history: Vec<Told>, more: Vec<Past>| {
        history.extend(more.into_iter().map(Told::from));
        history
    };
    let to_asp_2 = AllocatedToProvider {
        provider: code("ASP-2"),
        catchment: Some(code("C-2")),
        ..allocation(AllocationBasis::Cit)
    };
    let withdrawn = InformationRequestWithdrawn {
        request: RequestNumber(1),
        agency: Agency::Msd,
        reason: WithdrawalReason::NotNeeded,
        detailed: false,
    };
    let agreed = ProviderAgreementRecorded { target: code("ASP-1"), agreement: agreement("ASP-2", "2026-03-02") };
    let others = AssignedToCaseManager { manager: code("M-9"), before: None };
    let contact = PrimaryContactChanged { before: None, contact: code("S-7") };
    vec![
        ("own", told(own())),
        ("unassigned", told(ca_case())),
        (
            "of others",
            then(own(), [on("2026-03-02", others)]).into_iter().chain([on("2026-03-02", contact).into()]).collect(),
        ),
        ("elsewhere", elsewhere()),
        ("moved", then(own(), [on("2026-03-02", enrolled(Some("SCH-2"), "2026-03-02"))])),
        ("to move", then(own(), [on("2026-03-02", enrolled(Some("SCH-2"), "2026-07-01"))])),
        ("moved here", and(elsewhere(), vec![on("2026-03-02", enrolled(Some("SCH-1"), "2026-03-02"))])),
        ("corrected", then(own(), [on("2026-03-02", to_asp_2)])),
        ("proposed", and(elsewhere(), vec![on("2026-03-02", agreed)])),
        ("with CIT", then(own(), [on("2026-03-02", passed_to_cit())])),
        ("closed", told(closed(own(), "2026-04-01"))),
        ("notified", told(notified())),
        ("by school", notified().into_iter().map(|past| Told(school(), past)).collect()),
        ("NEN", told(nen_case())),
        ("NEN shared", then(nen_case(), [on("2026-03-02", comment(1, true))])),
        ("INZ asked", and(elsewhere(), vec![on("2026-03-02", asked(1, Agency::Inz))])),
        ("MSD undone", and(elsewhere(), vec![on("2026-03-02", asked(1, Agency::Msd)), on("2026-03-03", withdrawn)])),
        (
            "detailed",
            and(elsewhere(), vec![on("2026-03-02", DetailedImmigrationCheckRequested { request: RequestNumber(1) })]),
        ),
        (
            "prosecuted",
            and(elsewhere(), vec![on("2026-03-02", ProsecutionNotified { evidence: vec![SupportEvidence::Letters] })]),
        ),
    ]
}

/// What is answered when these open each kind of case: attendance lead, primary contact and office support of `SCH-1`;
/// workflow lead and case manager of `ASP-1`; CIT; the regional office of `C-1`; Immigration NZ; MSD; the Prosecutions Unit.
const OPENED_BY: &str = "
own        S S S F F f f . . .
unassigned S S S F . f f . . .
of others  S R S F . f f . . .
elsewhere  . . . . . f . . . .
moved      R R R F F f f . . .
to move    S S S F F f f . . .
moved here S . S . . f . . . .
corrected  S S S H . f . . . .
proposed   . . . P . f . . . .
with CIT   S S S H . F f . . .
closed     R R R F F f f . . .
notified   . . . . . F . . . .
by school  R R R . . F . . . .
NEN        . . . F . f f . . .
NEN shared I . . F . f f . . .
INZ asked  . . . . . f . Q . .
MSD undone . . . . . f . . . .
detailed   . . . . . F . Q . .
prosecuted . . . . . f . . . p
";

#[test]
fn who_opens_which_kind_of_case_and_sees_how_much() {
    let everybody = everybody();
    let asker = |role: Role| everybody.iter().find(|asker| asker.role() == role).unwrap();
    let answer = |role: Role, case: &Standing| {
        let answer = authorise(asker(role), Operation::OpenCase, case, day(TODAY));
        level(answer.map(|grant| grant.level()), Operation::OpenCase)
    };
    let varying = [
        Role::AttendanceLead,
        Role::PrimaryContact,
        Role::OfficeSupport,
        Role::WorkflowLead,
        Role::CaseManager,
        Role::Cit,
        Role::RegionalOffice,
        Role::Inz,
        Role::Msd,
        Role::ProsecutionsUnit,
    ];
    let mut found = String::from("\n");
    for (name, history) in kinds() {
        let case = standing(&history);
        let letters: Vec<String> = varying.iter().map(|&role| answer(role, &case).to_string()).collect();
        found += &format!("{name:<10} {}\n", letters.join(" "));
        for role in Role::ALL.into_iter().filter(|role| !varying.contains(role)) {
            let always = match role {
                Role::Auditor => 'F',
                Role::RelationshipManager | Role::ServiceDesk | Role::NationalServiceDelivery => 'f',
                _ => 'x',
            };
            assert_eq!(answer(role, &case), always, "{role} {name}");
        }
    }
    assert_eq!(found, OPENED_BY);
}

#[test]
fn every_role_every_operation_every_kind_of_case() {
    for (_, history) in kinds() {
        let case = standing(&history);
        for asker in everybody() {
            compare(&asker, &case, day(TODAY));
            let single = Grants::default().admit(asker.actor(), false, noon(day(TODAY)), &Reference::default());
            compare(&single.unwrap(), &case, day(TODAY));
        }
    }
}

#[test]
fn a_case_that_is_not_there_is_answered_like_one_that_is_secret() {
    for asker in everybody() {
        for &operation in Operation::ALL {
            let absent = no_such_case(&asker, operation);
            for (name, history) in kinds() {
                let answer = decided(&asker, operation, &standing(&history));
                if answer == Err(Denied::Secret) {
                    assert_eq!(absent, Denied::Secret, "{operation} by {} on {name}", asker.role());
                }
            }
        }
    }
}

fn decided(asker: &Principal, operation: Operation, case: &Standing) -> Result<Level, Denied> {
    let answer = match operation {
        Operation::BreakGlass => break_glass(asker, GlassReason::SafetyOfAChild, case, day(TODAY)),
        _ => authorise(asker, operation, case, day(TODAY)),
    };
    answer.map(|grant| grant.level())
}

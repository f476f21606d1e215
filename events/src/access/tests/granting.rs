//! E47: roles granted and revoked by events, who may grant what, and what a ledger with grants asks of everybody.

use crate::access::*;
use crate::dates::{OccurredAt, Timestamp};
use crate::envelope::{Actor, Role, Source};
use crate::event::CaseEvent;
use crate::machine::{Context, Declined, Draft, Machine};
use crate::reference::Entry;
use crate::refusal::Refusal;
use crate::system::ledger_actor;
use crate::testing::*;
use crate::world::{Command, World};

fn context(actor: Actor, source: Source, now: &str) -> Context {
    let now = match time(now) {
        OccurredAt::Day(day) => noon(day),
        OccurredAt::Instant(time) => time,
    };
    Context { actor, on_behalf_of: None, source, now, new_case: NEW_CASE, sealed: None }
}

#[test]
fn where_the_last_operators_time_has_run_out_the_ledger_grants_another() {
    let mut ledger = Ledger::new();
    let second = person(Role::Operator, "O-2", "MOE");
    ledger.grants(operator(), second, "2026-01-06");
    let short = AccessAct::Grant(GrantRole { until: Some(day("2026-01-31")), ..role(operator()) });
    ledger.does(second, short, "2026-01-07").unwrap();
    let short = AccessAct::Grant(GrantRole { until: Some(day("2026-01-31")), ..role(second) });
    ledger.does(operator(), short, "2026-01-07").unwrap();
    let third = Command::Access(first_operator(code("O-3"), code("MOE")));
    let in_time = context(ledger_actor(), Source::Ledger, "2026-01-31");
    assert_eq!(ledger.0.world.decide(&third, &in_time), Err(Declined::Refused(Refusal::OperatorFirst)));
    let late = context(ledger_actor(), Source::Ledger, "2026-02-01");
    ledger.0.carry_out(&third, &late).unwrap();
    assert!(ledger.may_act(person(Role::Operator, "O-3", "MOE"), "2026-02-01"));
}

/// A ledger with its first operator.
struct Ledger(Stage);

fn operator() -> Actor {
    person(Role::Operator, "O-1", "MOE")
}

impl Ledger {
    fn new() -> Ledger {
        let mut ledger = Ledger(Stage::new());
        let region = Entry::Region { catchment: code("C-1"), region: code("R-1"), from: day("2020-01-01") };
        ledger.0.record(&region.draft(time("2020-01-01")), noon(day("2020-01-01")));
        let first = Command::Access(first_operator(code("O-1"), code("MOE")));
        ledger.0.carry_out(&first, &context(ledger_actor(), Source::Ledger, "2026-01-05")).unwrap();
        ledger
    }

    fn does(&mut self, actor: Actor, act: AccessAct, now: &str) -> Result<Vec<Draft>, Refusal> {
        match self.0.carry_out(&Command::Access(act), &context(actor, Source::Person, now)) {
            Ok(drafts) => Ok(drafts),
            Err(Declined::Refused(refusal)) => Err(refusal),
            Err(Declined::Cold(stream)) => panic!("{stream} is held"),
        }
    }

    #[track_caller]
    fn grants(&mut self, by: Actor, to: Actor, now: &str) {
        assert_eq!(self.does(by, grant(to), now).map(|drafts| drafts.len()), Ok(1));
    }

    /// With one of each of those who grant: the operator, national service delivery, the desk, two authorisers.
    fn staffed() -> Ledger {
        let mut ledger = Ledger::new();
        ledger.grants(operator(), national(), "2026-01-05");
        ledger.grants(operator(), service_desk(), "2026-01-05");
        ledger.grants(service_desk(), authoriser("SCH-1"), "2026-01-06");
        ledger.grants(service_desk(), authoriser("ASP-1"), "2026-01-06");
        ledger
    }

    fn held(&self) -> &Grants {
        self.0.world.grants()
    }

    fn may_act(&self, actor: Actor, at: &str) -> bool {
        self.held().may_act(actor, context(actor, Source::Person, at).now)
    }
}

fn national() -> Actor {
    person(Role::NationalServiceDelivery, "N-1", "MOE")
}

fn authoriser(organisation: &str) -> Actor {
    person(Role::DelegatedAuthoriser, "D-7", organisation)
}

fn role(actor: Actor) -> GrantRole {
    let Actor { person, role, organisation } = actor;
    let region = (role == Role::RegionalOffice).then(|| code("R-1"));
    GrantRole { person, role, organisation, region, from: None, until: None }
}

fn grant(actor: Actor) -> AccessAct {
    AccessAct::Grant(role(actor))
}

fn revoke(actor: Actor) -> AccessAct {
    let Actor { person, role, organisation } = actor;
    AccessAct::Revoke(RevokeRole { person, role, organisation, reason: RevokeReason::LeftOrganisation })
}

/// Somebody else in a role, in an organisation that it fits.
fn other(role: Role) -> Actor {
    let organisation = match role {
        role if role.is_school() => "SCH-1",
        role if role.is_provider() => "ASP-1",
        Role::DelegatedAuthoriser => "SCH-2",
        _ => "MOE",
    };
    person(role, "Z-9", organisation)
}

#[test]
fn the_first_operator_is_granted_by_the_ledger_and_by_nobody_else() {
    let mut empty = Ledger(Stage::new());
    let first = first_operator(code("O-1"), code("MOE"));
    assert_eq!(empty.does(operator(), first, "2026-01-05"), Err(Refusal::OperatorFirst));
    assert_eq!(empty.does(ledger_actor(), first, "2026-01-05"), Err(Refusal::OperatorFirst), "through the API");
    let by_the_ledger = context(ledger_actor(), Source::Ledger, "2026-01-05");
    let lead = Command::Access(grant(lead()));
    assert_eq!(empty.0.world.decide(&lead, &by_the_ledger), Err(Declined::Refused(Refusal::OperatorFirst)));
    let mut ledger = Ledger::new();
    assert!(ledger.may_act(operator(), "2026-01-05"));
    let again = Command::Access(first_operator(code("O-2"), code("MOE")));
    let refused = Declined::Refused(Refusal::OperatorFirst);
    assert_eq!(
        ledger.0.carry_out(&again, &by_the_ledger),
        Err(refused),
        "once there is one, the ledger grants no more"
    );
}

#[test]
fn enforcement_begins_with_the_first_grant() {
    let act = |case| Command::Act { case, action: sample_action("review"), occurred_at: None };
    let without = given(at_work(ca_case())).when(sample_action("review")).stage;
    let now = context(lead(), Source::Person, "2026-06-01");
    assert!(without.world.decide(&act(CASE), &now).is_ok());
    let mut ledger = Ledger::new();
    for past in at_work(ca_case()) {
        ledger.0.remember(CASE, &past);
    }
    let refused = Refusal::NoGrant { role: "workflow_lead", organisation: code("ASP-1") };
    assert_eq!(ledger.0.world.decide(&act(CASE), &now), Err(Declined::Refused(refused.clone())));
    assert_eq!(refused.rule(), "E47");
    ledger.grants(operator(), service_desk(), "2026-01-05");
    ledger.grants(service_desk(), lead(), "2026-01-06");
    assert!(ledger.0.world.decide(&act(CASE), &now).is_ok());
    let colleague = Context { actor: person(Role::WorkflowLead, "L-9", "ASP-1"), ..now.clone() };
    assert!(ledger.0.world.decide(&act(CASE), &colleague).is_err());
    let other_role = Context { actor: person(Role::CaseManager, "L-1", "ASP-1"), ..now };
    assert!(ledger.0.world.decide(&act(CASE), &other_role).is_err(), "a grant is of one role");
}

#[test]
fn feeds_need_a_grant_like_people() {
    let mut ledger = Ledger::new();
    let told = Command::Open { opening: notice_sent(serde_json::json!({})), student: STUDENT, occurred_at: None };
    let now = context(enrol(), Source::Enrol, "2026-06-01");
    assert!(ledger.0.world.decide(&told, &now).is_err());
    ledger.grants(operator(), enrol(), "2026-01-06");
    assert!(ledger.0.world.decide(&told, &now).is_ok());
}

/// Who grants what, written down a second time: the role that grants, and to which roles.
const GRANTED_BY: &str = "
delegated_authoriser: attendance_lead primary_contact office_support
service_desk: attendance_lead primary_contact office_support workflow_lead case_manager delegated_authoriser
national_service_delivery: cit relationship_manager service_desk delegated_authoriser regional_office prosecutions_unit
operator: service_desk auditor operator reporting_job enrol inz msd national_service_delivery attendance migration
";

#[test]
fn a4_who_grants_and_revokes_which_role() {
    let mut found = String::from("\n");
    for by in [authoriser("SCH-1"), service_desk(), national(), operator()] {
        let granted = |to: &Role| Ledger::staffed().does(by, grant(other(*to)), "2026-02-01").is_ok();
        let roles: Vec<&str> = Role::ALL.into_iter().filter(granted).map(Role::name).collect();
        found += &format!("{}: {}\n", by.role, roles.join(" "));
    }
    assert_eq!(found, GRANTED_BY);
    for role in Role::ALL.into_iter().filter(|role| !GRANTING.iter().any(|row| row.by == *role)) {
        let mut ledger = Ledger::staffed();
        let by = Actor { person: code("Y-1"), ..other(role) };
        let given = AccessEvent::RoleGranted(RoleGranted {
            person: by.person,
            role: by.role,
            organisation: by.organisation,
            region: None,
            from: day("2026-01-01"),
            until: None,
        });
        ledger.0.record(&given.draft(time("2026-01-06")), noon(day("2026-01-06")));
        for to in Role::ALL {
            let answer = ledger.does(by, grant(other(to)), "2026-02-01");
            assert_eq!(answer, Err(Refusal::MayNotGrant { role: to.name() }), "{role} to {to}");
            let answer = ledger.does(by, revoke(other(to)), "2026-02-01");
            assert_eq!(answer, Err(Refusal::MayNotGrant { role: to.name() }), "{role} from {to}");
        }
    }
}

#[test]
fn a4_a_delegated_authoriser_grants_in_the_own_organisation_alone() {
    let mut ledger = Ledger::staffed();
    let elsewhere = Refusal::NotOwnOrganisation { organisation: code("SCH-2") };
    assert_eq!(ledger.does(authoriser("SCH-1"), grant(other_school()), "2026-02-01"), Err(elsewhere.clone()));
    assert_eq!(ledger.does(authoriser("SCH-1"), revoke(other_school()), "2026-02-01"), Err(elsewhere));
    let misfit = Refusal::OrganisationDoesNotFit { organisation: code("SCH-1"), role: "case_manager" };
    let manager_of_a_school = person(Role::CaseManager, "M-1", "SCH-1");
    assert_eq!(ledger.does(authoriser("SCH-1"), grant(manager_of_a_school), "2026-02-01"), Err(misfit));
    ledger.grants(authoriser("ASP-1"), manager(), "2026-02-01");
    ledger.grants(authoriser("SCH-1"), school(), "2026-02-01");
}

#[test]
fn roles_fit_their_organisations() {
    let mut ledger = Ledger::staffed();
    for (role, organisation) in [
        (Role::AttendanceLead, "ASP-1"),
        (Role::AttendanceLead, "SCH-99"),
        (Role::WorkflowLead, "SCH-2"),
        (Role::DelegatedAuthoriser, "MOE"),
    ] {
        let refused = Refusal::OrganisationDoesNotFit { organisation: code(organisation), role: role.name() };
        assert_eq!(ledger.does(service_desk(), grant(person(role, "Z-9", organisation)), "2026-02-01"), Err(refused));
    }
    let in_a_school = person(Role::Cit, "Z-9", "SCH-1");
    let refused = Refusal::OrganisationDoesNotFit { organisation: code("SCH-1"), role: "cit" };
    assert_eq!(ledger.does(national(), grant(in_a_school), "2026-02-01"), Err(refused));
    ledger.grants(service_desk(), in_school_lead(), "2026-02-01");
}

#[test]
fn a12_a_regional_office_has_a_region_that_is_known_and_nobody_else_has_one() {
    let mut ledger = Ledger::staffed();
    let office = other(Role::RegionalOffice);
    let without = AccessAct::Grant(GrantRole { region: None, ..role(office) });
    assert_eq!(ledger.does(national(), without, "2026-02-01"), Err(Refusal::RegionNeeded));
    let unknown = AccessAct::Grant(GrantRole { region: Some(code("R-9")), ..role(office) });
    assert_eq!(ledger.does(national(), unknown, "2026-02-01"), Err(Refusal::UnknownRegion { region: code("R-9") }));
    let cit_of_a_region = AccessAct::Grant(GrantRole { region: Some(code("R-1")), ..role(cit()) });
    assert_eq!(ledger.does(national(), cit_of_a_region, "2026-02-01"), Err(Refusal::NoRegionHere));
    ledger.grants(national(), office, "2026-02-01");
    let admitted = ledger.held().admit(office, false, noon(day("2026-02-01")), ledger.0.world.reference()).unwrap();
    assert_eq!(admitted.catchments(), [code("C-1")]);
}

#[test]
fn nobody_grants_to_themselves_or_revokes_their_own() {
    let mut ledger = Ledger::staffed();
    let more = person(Role::Auditor, "O-1", "MOE");
    assert_eq!(ledger.does(operator(), grant(more), "2026-02-01"), Err(Refusal::NotToOneself));
    assert_eq!(ledger.does(operator(), revoke(operator()), "2026-02-01"), Err(Refusal::NotToOneself));
}

#[test]
fn the_last_operator_stays() {
    let mut ledger = Ledger::staffed();
    let second = person(Role::Operator, "O-2", "MOE");
    ledger.grants(operator(), second, "2026-02-01");
    assert!(ledger.does(second, revoke(operator()), "2026-02-02").is_ok());
    let third = person(Role::Operator, "O-3", "MOE");
    ledger.grants(second, third, "2026-02-03");
    let until = AccessAct::Grant(GrantRole { until: Some(day("2026-02-10")), ..role(third) });
    assert_eq!(ledger.does(second, until, "2026-02-03").map(|drafts| drafts.len()), Ok(1));
    assert_eq!(ledger.does(third, revoke(second), "2026-02-04").map(|drafts| drafts.len()), Ok(1));
    ledger.grants(third, second, "2026-02-05");
    // The third's grant has run out: the second is the last again, and the third acts no more.
    assert!(ledger.does(third, revoke(second), "2026-02-11").is_err());
}

#[test]
fn a_grant_holds_from_its_first_day_to_its_last_and_not_before_it_was_recorded() {
    let mut ledger = Ledger::staffed();
    let dated = AccessAct::Grant(GrantRole {
        from: Some(day("2026-02-10")),
        until: Some(day("2026-03-31")),
        ..role(manager())
    });
    ledger.does(authoriser("ASP-1"), dated, "2026-02-01").unwrap();
    for (at, live) in [
        ("2026-02-01", false),
        ("2026-02-09T23:59:59+13:00", false),
        ("2026-02-10T00:00:00+13:00", true),
        ("2026-03-31T23:59:59+13:00", true),
        ("2026-04-01T00:00:00+13:00", false),
    ] {
        assert_eq!(ledger.may_act(manager(), at), live, "{at}");
    }
    // Back-dated: it says from January, and was recorded in May.
    let back_dated = AccessAct::Grant(GrantRole { from: Some(day("2026-01-10")), ..role(lead()) });
    ledger.does(authoriser("ASP-1"), back_dated, "2026-05-01").unwrap();
    assert!(!ledger.may_act(lead(), "2026-04-30"), "nobody acted by it then");
    assert!(ledger.may_act(lead(), "2026-05-01"));
}

#[test]
fn the_last_day_lies_neither_before_the_first_nor_in_the_past() {
    let mut ledger = Ledger::staffed();
    for (from, until) in [("2026-03-01", "2026-02-27"), ("2026-01-10", "2026-01-31")] {
        let act = AccessAct::Grant(GrantRole { from: Some(day(from)), until: Some(day(until)), ..role(manager()) });
        let refused = Refusal::EndsBeforeItBegins { until: day(until) };
        assert_eq!(ledger.does(authoriser("ASP-1"), act, "2026-02-01"), Err(refused));
    }
}

#[test]
fn who_could_act_as_what_is_told_of_any_past_moment() {
    let mut ledger = Ledger::staffed();
    ledger.grants(authoriser("ASP-1"), manager(), "2026-02-01");
    ledger.does(authoriser("ASP-1"), revoke(manager()), "2026-03-01").unwrap();
    ledger.grants(authoriser("ASP-1"), manager(), "2026-04-01");
    for (at, live) in [("2026-01-31", false), ("2026-02-15", true), ("2026-03-15", false), ("2026-04-15", true)] {
        let moment = noon(day(at));
        let acting: Vec<Key> = ledger.held().acting_at(moment).map(|(key, _)| key).collect();
        assert_eq!(acting.contains(&manager().into()), live, "{at}");
        assert_eq!(ledger.held().live(manager(), moment).is_some(), live, "{at}");
    }
    let history = ledger.held().history(manager().into());
    assert_eq!(history.len(), 2);
    assert_eq!(history[0].ended.unwrap().because, Some(RevokeReason::LeftOrganisation));
    assert_eq!(ledger.held().all().count(), 7);
}

#[test]
fn the_same_again_is_nothing_to_do_and_other_dates_take_its_place() {
    let mut ledger = Ledger::staffed();
    ledger.grants(authoriser("ASP-1"), manager(), "2026-02-01");
    assert_eq!(ledger.does(authoriser("ASP-1"), grant(manager()), "2026-02-20"), Ok(vec![]));
    let shorter = AccessAct::Grant(GrantRole { until: Some(day("2026-02-25")), ..role(manager()) });
    assert_eq!(ledger.does(authoriser("ASP-1"), shorter, "2026-02-21").map(|drafts| drafts.len()), Ok(1));
    assert!(ledger.may_act(manager(), "2026-02-25") && !ledger.may_act(manager(), "2026-02-26"));
    assert_eq!(ledger.held().history(manager().into())[0].ended.unwrap().because, None);
    assert_eq!(ledger.does(authoriser("ASP-1"), revoke(manager()), "2026-03-05"), Ok(vec![]), "it has run out");
    let never = person(Role::CaseManager, "M-77", "ASP-1");
    assert_eq!(ledger.does(authoriser("ASP-1"), revoke(never), "2026-03-05"), Err(Refusal::NoSuchGrant));
}

#[test]
fn a_token_without_a_live_grant_is_not_admitted() {
    let ledger = Ledger::staffed();
    let (reference, now) = (ledger.0.world.reference(), noon(day("2026-02-01")));
    let refused = NoLiveGrant { role: Role::CaseManager, organisation: code("ASP-1") };
    assert_eq!(ledger.held().admit(manager(), true, now, reference), Err(refused));
    assert!(ledger.held().admit(service_desk(), false, now, reference).is_ok());
    let before = ledger.held().admit(service_desk(), false, Timestamp(0), reference);
    assert!(before.is_err(), "not before it was recorded");
}

#[test]
fn grants_survive_a_restart_and_go_out_with_position_and_hash_alone() {
    let mut ledger = Ledger::staffed();
    ledger.does(service_desk(), revoke(authoriser("SCH-1")), "2026-02-01").unwrap();
    let mut world = World::default();
    for shard in 0..=255 {
        let mut bytes = Vec::new();
        ledger.0.world.save(shard, &mut bytes);
        world.load(shard, &bytes).unwrap();
    }
    assert_eq!(world.grants(), ledger.held());
    assert!(AccessEvent::KINDS.iter().all(|kind| crate::public::is_restricted(kind)));
    assert!(ledger.0.frames.iter().all(|frame| {
        let event = crate::codec::decode(frame).unwrap();
        CaseEvent::read(event.kind, event.schema, event.facts).unwrap().is_some()
            || crate::readable::facts(&event).is_ok()
    }));
}

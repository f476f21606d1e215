//! The service levels: what the file holds is what the fold says, and everybody is told of what is theirs alone.

use std::collections::BTreeMap;

use crate::support::*;
use caseledger_events::access::Operation;
use caseledger_events::envelope::Role;
use caseledger_events::event::*;
use caseledger_events::ids::{CaseId, StreamId};
use caseledger_events::testing::*;
use caseledger_log::Store;
use caseledger_projections::moment::Moment;
use caseledger_projections::service_levels::{READ, ServiceRow, Step, Stint};
use caseledger_projections::testing::Tape;
use caseledger_views::{ServiceBy, ServiceLevels, ServicePage, ServiceQuery, StepFigures, ViewState, Views};

fn folded(tape: &Tape) -> BTreeMap<CaseId, ServiceRow> {
    let mut rows = BTreeMap::new();
    for (event, read) in tape.case_events() {
        let StreamId::Case(case) = event.stream else { continue };
        if READ.contains(&event.kind) {
            let row = ServiceRow::evolve(rows.remove(&case), case, Moment::of(&event), &read);
            rows.extend(row.map(|row| (case, row)));
        }
    }
    rows
}

fn started(tape: &Tape) -> (Place, Store, Views) {
    let place = Place::new();
    let store = place.create(tape);
    let views = place.start(&store);
    followed(&views, "service_levels");
    (place, store, views)
}

fn auditor() -> Vec<caseledger_events::access::Scope> {
    scopes_of(person(Role::Auditor, "A-1", "MOE"), Operation::List)
}

fn everything(query: ServiceQuery) -> ServiceQuery {
    ServiceQuery { from: Some(day("2020-01-01")), to: Some(day("2030-01-01")), migrated: true, ..query }
}

fn page(views: &Views, query: ServiceQuery) -> ServicePage {
    views.service_levels().levels(&auditor(), &query).unwrap()
}

fn step(page: &ServicePage, step: Step) -> &StepFigures {
    page.total.steps.iter().find(|figures| figures.step == step).unwrap()
}

#[test]
fn figures_are_what_the_fold_says_by_every_row_and_together() {
    let tape = term(4, 2_000);
    let (_place, _store, views) = started(&tape);
    let rows = folded(&tape);
    let stints: Vec<(&ServiceRow, &Stint)> =
        rows.values().flat_map(|row| row.stints.iter().map(move |stint| (row, stint))).collect();
    for by in [ServiceBy::Provider, ServiceBy::Week, ServiceBy::Catchment, ServiceBy::Manager, ServiceBy::Kind] {
        let page = page(&views, everything(ServiceQuery { by, ..Default::default() }));
        assert_eq!(page.total.referrals, stints.len() as u64);
        assert_eq!(page.rows.iter().map(|row| row.referrals).sum::<u64>(), page.total.referrals, "{by:?}");
        let open = stints.iter().filter(|(_, stint)| stint.left.is_none()).count();
        assert_eq!((page.total.open, page.total.ended_in_period), (open as u64, (stints.len() - open) as u64));
        for one in Step::ALL {
            let done = stints.iter().filter(|(_, stint)| one.done(stint).is_some()).count();
            assert_eq!(step(&page, one).done, done as u64, "{one:?}");
            let limits = &step(&page, one).limits;
            assert!(limits.iter().all(|limit| limit.in_time + limit.late == done as u64), "{limits:?}");
        }
    }
    let provider = stints[0].1.provider.unwrap_or(code("ASP-1"));
    let own = page(&views, everything(ServiceQuery { provider: Some(provider), ..Default::default() }));
    let theirs = stints.iter().filter(|(_, stint)| stint.provider == Some(provider)).count();
    assert_eq!(own.total.referrals, theirs as u64);
}

#[test]
fn lines_are_drawn_where_documents_draw_them() {
    let met = SchoolMeetingHeld { school: code("SCH-1"), school_role: SchoolRole::Referring, mode: Mode::InPerson };
    let mut tape = Tape::new();
    // Allocated on Monday the 2nd of March 2026: five business days end on the 9th, ten on the 16th.
    for (n, met_on) in [(1, Some("2026-03-09")), (2, Some("2026-03-10")), (3, Some("2026-03-17")), (4, None)] {
        let case = CaseId([n; 16]);
        let number = caseledger_events::number::CaseNumber(u32::from(n));
        tape.case(case, on("2026-03-02", SupportRequestSubmitted { number, ..request() }));
        tape.case(case, on("2026-03-02", allocation(AllocationBasis::SchoolCatchment)));
        if let Some(met_on) = met_on {
            tape.case(case, on(met_on, met.clone()));
        }
    }
    tape.case(CaseId([1; 16]), on("2026-03-20", attempt()));
    let (_place, _store, views) = started(&tape);
    let page = page(&views, ServiceQuery::default());
    assert_eq!((page.on, page.total.referrals, page.total.open), (day("2026-03-20"), 4, 4));
    let met = step(&page, Step::SchoolMet);
    assert_eq!((met.done, met.waiting, met.median_days, met.p90_days), (3, 1, Some(6), Some(11)));
    let limits: Vec<_> = met.limits.iter().map(|l| (l.rule, l.days, l.in_time, l.late, l.overdue)).collect();
    assert_eq!(limits, [("M10", 5, 1, 2, 1), ("M11", 10, 2, 1, 1)]);
    // Nobody's details are held, so nobody is asked to engage them (M12, M13).
    assert_eq!(step(&page, Step::Engaged).waiting, 0);
}

#[test]
fn everybody_is_told_of_what_is_theirs() {
    let tape = term(9, 1_500);
    let (_place, _store, views) = started(&tape);
    let rows = folded(&tape);
    let all = everything(ServiceQuery::default());
    let figures = |role, who: &str, organisation: &str| {
        let scopes = scopes_of(person(role, who, organisation), Operation::List);
        ServiceLevels::reaches(&scopes).then(|| views.service_levels().levels(&scopes, &all).unwrap())
    };
    let stints = |holds: &dyn Fn(&Stint) -> bool| {
        rows.values().flat_map(|row| &row.stints).filter(|stint| holds(stint)).count() as u64
    };
    let stint = rows.values().flat_map(|row| &row.stints).find(|stint| stint.manager.is_some()).unwrap();
    let (provider, manager) = (stint.provider.unwrap(), stint.manager.unwrap());
    let lead = figures(Role::WorkflowLead, "L-1", provider.as_str()).unwrap();
    assert_eq!(lead.total.referrals, stints(&|stint| stint.provider == Some(provider)));
    assert!(lead.rows.iter().all(|row| row.of.as_deref() == Some(provider.as_str())));
    let own = figures(Role::CaseManager, manager.as_str(), provider.as_str()).unwrap();
    assert_eq!(own.total.referrals, stints(&|s| s.provider == Some(provider) && s.manager == Some(manager)));
    let ministry = figures(Role::RelationshipManager, "R-1", "MOE").unwrap();
    assert_eq!(ministry.total.referrals, stints(&|_| true));
    assert_eq!(figures(Role::AttendanceLead, "S-1", "SCH-1"), None, "a school sees no provider's service");
    assert_eq!(figures(Role::Inz, "I-1", "INZ"), None);
}

#[test]
fn a_period_holds_what_came_in_it() {
    let tape = term(4, 1_200);
    let (_place, _store, views) = started(&tape);
    let rows = folded(&tape);
    let came = rows.values().map(|row| row.stints[0].came_on).max().unwrap();
    let query = ServiceQuery { from: Some(came), to: Some(came), ..Default::default() };
    let expected = rows.values().filter(|row| row.stints[0].came_on == came).count();
    assert_eq!(page(&views, query).total.referrals, expected as u64);
    let none = ServiceQuery { from: Some(day("2031-01-01")), to: Some(day("2030-01-01")), ..Default::default() };
    assert_eq!(page(&views, none).total.referrals, 0);
}

#[test]
fn an_event_the_service_levels_cannot_take_stops_them_and_no_other_view() {
    let mut tape = term(2, 60);
    let mut last = caseledger_events::codec::decode(&tape.frames()[59]).unwrap();
    last.kind = "attendance_predicted";
    let mut frame = Vec::new();
    caseledger_events::codec::encode(&last, &mut frame);
    tape = tape.first(59);
    tape.raw([frame.as_slice()]);
    let place = Place::new();
    let views = place.start(&place.create(&tape));
    for view in ["service_levels", "audit_trail", "case_view"] {
        let status = until_of(&views, view, |status| matches!(status.state, ViewState::Stalled { .. }));
        let ViewState::Stalled { at, reason } = status.state else { unreachable!() };
        assert_eq!((at.0, status.position.0), (60, 59), "{view}");
        assert!(reason.contains("attendance_predicted"), "{reason}");
    }
}

//! Random steps: an act of some kind, by somebody who usually may, on a student or case that usually exists.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::action::{ACTIONS, ActionInfo, Who};
use crate::envelope::Actor;
use crate::ids::{CaseId, StudentId};
use crate::testing::*;
use crate::world::{Command, World};

/// One step, as numbers that are read when it is taken.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which action, or an opening.
    pub what: usize,
    /// Which of its variants.
    pub variant: usize,
    /// Who acts; mostly one who may.
    pub who: usize,
    /// Which student or case.
    pub whom: usize,
    /// Minutes since the step before.
    pub minutes: i64,
    /// Whether it is told late, of the day before.
    pub late: bool,
}

pub fn steps(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0..ACTIONS.len() + 4,
        any::<usize>(),
        any::<usize>(),
        any::<usize>(),
        1..20_000_i64,
        prop::bool::weighted(0.1),
    );
    let step =
        step.prop_map(|(what, variant, who, whom, minutes, late)| Step { what, variant, who, whom, minutes, late });
    prop::collection::vec(step, 1..longest)
}

/// Takes numbers off a number, so that one draw decides several things.
struct Draw(usize);

impl Draw {
    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        let chosen = choices[self.0 % choices.len()].clone();
        self.0 /= choices.len();
        chosen
    }
}

/// Returns the command of a step and who asks it.
pub fn command(step: &Step, world: &World, cases: &[CaseId], today: chrono::NaiveDate) -> (Command, Actor) {
    let yesterday = today.pred_opt().unwrap();
    let occurred_at = step.late.then_some(crate::dates::OccurredAt::Day(yesterday));
    let mut draw = Draw(step.variant);
    let Some(info) = ACTIONS.get(step.what).filter(|_| !cases.is_empty()) else {
        let student = StudentId([(step.whom % 3) as u8; 16]);
        let (opening, actor) = opening(&mut draw, yesterday);
        return (Command::Open { opening, student, occurred_at }, actor);
    };
    let case = chosen(step.whom, world, cases);
    let asked = world.case(case).and_then(|case| case.open_requests.last()).map_or(1, |open| open.number.0);
    let other = cases[step.whom % cases.len()];
    let (facts, personal) = variant(info.name, &mut draw, yesterday, asked, other);
    let action = action_sent(info.name, &facts, &personal);
    (Command::Act { case, action, occurred_at }, actor(step.who, info, world, case))
}

/// Mostly a case that is active; now and then one that has ended.
fn chosen(whom: usize, world: &World, cases: &[CaseId]) -> CaseId {
    let is_active = |id: &&CaseId| world.case(**id).is_some_and(|case| case.status.is_active());
    let active: Vec<CaseId> = cases.iter().filter(is_active).copied().collect();
    let from = if active.is_empty() || whom.is_multiple_of(8) { cases } else { &active };
    from[whom / 8 % from.len()]
}

fn opening(draw: &mut Draw, yesterday: chrono::NaiveDate) -> (crate::opening::Opening, Actor) {
    let separate = draw.of(&[Value::Null, Value::Null, Value::Null, Value::Null, json!("ON-PURPOSE")]);
    let school = draw.of(&["SCH-1", "SCH-2", "SCH-3"]);
    let staff = person(crate::envelope::Role::AttendanceLead, "S-1", school);
    if draw.of(&[false, false, false, true]) {
        let former = format!("ASA-{}-{school}", yesterday.format("%d"));
        return draw.of(&[
            (
                report_sent(json!({"school": school, "last_day_attended": yesterday,
            "separate_because": separate})),
                staff,
            ),
            (migration_sent(json!({"school": school, "former": former})), migration()),
        ]);
    }
    if draw.of(&[true, false]) {
        let in_school = draw.of(&[false, false, true]);
        let half_days = draw.of(&[34, 34, 29]);
        let changes = json!({"school": school, "to_in_school_provider": in_school, "absent_half_days": half_days,
            "separate_because": separate});
        return (requested(changes), staff);
    }
    let reason = draw.of(&["gone_overseas", "continuous_absence", "other"]);
    let changes = json!({"last_school": school, "leave_reason": reason, "last_day_attended": yesterday,
        "withdrawn_on": null, "separate_because": separate});
    (notice_sent(changes), draw.of(&[staff, enrol()]))
}

fn actor(who: usize, info: &ActionInfo, world: &World, case: CaseId) -> Actor {
    let everybody = [
        school(),
        other_school(),
        lead(),
        manager(),
        other_lead(),
        in_school_lead(),
        cit(),
        service_desk(),
        enrol(),
        inz(),
        msd(),
    ];
    let (likely, who) = (!who.is_multiple_of(8), who / 8);
    if !likely {
        return everybody[who % everybody.len()];
    }
    let state = world.case(case);
    let holder = state.and_then(|case| case.provider()).unwrap_or(code("ASP-1"));
    let lead_of = |provider: crate::ids::Code| person(crate::envelope::Role::WorkflowLead, "L-1", provider.as_str());
    match info.who[who % info.who.len()] {
        Who::CurrentProvider | Who::CurrentWorkflowLead => lead_of(holder),
        Who::AnyProvider => lead_of([holder, code("ASP-2"), code("ASP-3")][who % 3]),
        Who::CaseSchool => {
            let school = state.map_or(code("SCH-1"), |case| case.school);
            person(crate::envelope::Role::AttendanceLead, "S-1", school.as_str())
        }
        Who::Cit => cit(),
        Who::Enrol => enrol(),
        Who::Agency => [inz(), msd()][who % 2],
        Who::ServiceDesk => service_desk(),
        Who::Prosecutions => prosecutions(),
    }
}

/// Returns facts and personal parts of an action; the sample, where nothing in it is worth varying.
fn variant(name: &str, draw: &mut Draw, yesterday: chrono::NaiveDate, asked: u16, other: CaseId) -> (Value, Value) {
    let (facts, personal) = sample(name);
    let provider = draw.of(&["ASP-1", "ASP-2", "ISP-1", "ASP-3"]);
    let request = draw.of(&[asked, asked, asked, 1, 2]);
    let changes = match name {
        "complete-ministry-check" => json!({"outcome": draw.of(&["refer", "refer", "do_not_refer_enrolled"])}),
        "allocate" => json!({"provider": provider, "catchment": draw.of(&[Value::Null, json!("C-3")])}),
        "assign-case-manager" => json!({"manager": draw.of(&["M-1", "M-2"])}),
        "reallocate-by-cit" => json!({"to": provider, "catchment": draw.of(&[Value::Null, json!("C-3")])}),
        "record-contact-details" => json!({"current_on": yesterday, "confirmed": draw.of(&[true, true, false]),
            "catchment": draw.of(&[Value::Null, json!("C-1"), json!("C-2")])}),
        "change-comment-sharing" => json!({"comment": request, "share_with_schools": draw.of(&[true, false])}),
        "change-enrolment" => json!({"school": draw.of(&[Value::Null, json!("SCH-1"), json!("SCH-2")]),
            "effective_on": draw.of(&[yesterday, yesterday - chrono::Days::new(20), yesterday + chrono::Days::new(20)])}),
        "open-information-request" => json!({"agency": draw.of(&["inz", "msd"])}),
        "answer-information-request" => {
            let code = draw.of(&["OUT", "IN", "UNMATCHED", "SOMETHING"]);
            return (json!({ "request": request }), json!({"answer": {"code": code}}));
        }
        "withdraw-information-request" => json!({ "request": request }),
        "set-not-located" => json!({"no_check_because": draw.of(&[Value::Null, json!("NO-CONSENT")])}),
        "record-agreement" => {
            let agreement = json!({"provider": draw.of(&[provider, "ASP-1"]), "agreed_by": "WORKFLOW-LEAD", "agreed_on": yesterday,
                "channel": draw.of(&["phone", "in_system"])});
            json!({"target": provider, "agreement": agreement})
        }
        "reallocate-to-cit" => {
            let basis = draw.of(&["confirmed_address", "reasonable_grounds", "enrolled_elsewhere"]);
            let agreed = |provider| json!({"provider": provider, "agreed_by": "WORKFLOW-LEAD", "agreed_on": yesterday, "channel": "phone"});
            let agreements =
                draw.of(&[json!([]), json!([agreed(provider)]), json!([agreed(provider), agreed("ASP-1")])]);
            json!({"basis": basis, "target": provider, "grounds": "SEEN-THERE", "agreements": agreements})
        }
        "change-file-sharing" => json!({"file": draw.of(&[1, 2]), "share_with_schools": draw.of(&[true, false])}),
        "complete-task" => json!({"task": draw.of(&[1, 2, 3])}),
        "update-risk" => json!({"level": draw.of(&["HIGH", "LOW"])}),
        "merge" => json!({"merged": other, "same_student_confirmed": draw.of(&[true, false])}),
        "unmerge" => json!({"merged": other}),
        "report-dual-active" | "dismiss-dual-active" => json!({"other": other}),
        "close" => json!({"reason": draw.of(&["returned_to_attendance", "out_of_country", "deceased", "enrolled"])}),
        _ => Value::Null,
    };
    (changed(facts, changes), personal)
}

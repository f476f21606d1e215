//! What access knows of a case is what the rules know, whatever people and feeds do.

use proptest::prelude::*;

use super::steps::{command, steps};
use crate::access::Standing;
use crate::case::Status;
use crate::codec::decode;
use crate::event::Agency;
use crate::ids::{CaseId, StreamId};
use crate::machine::Context;
use crate::testing::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(60), ..ProptestConfig::default() })]

    #[test]
    fn the_standing_of_a_case_agrees_with_its_state(steps in steps(80)) {
        let mut stage = Stage::new();
        let mut now = noon(day("2026-02-16"));
        let mut cases: Vec<CaseId> = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            now.0 += step.minutes * 60_000_000;
            let (command, actor) = command(step, &stage.world, &cases, now.auckland());
            let new_case = CaseId([i as u8; 16]);
            let source = source_of(actor.role);
            let context = Context { actor, on_behalf_of: None, source, now, new_case, sealed: None };
            let _ = stage.carry_out(&command, &context);
            if stage.world.case(new_case).is_some() && !cases.contains(&new_case) {
                cases.push(new_case);
            }
        }
        for id in cases {
            let events: Vec<_> = stage.frames.iter().map(|frame| decode(frame).unwrap()).collect();
            let of_case: Vec<_> = events.into_iter().filter(|event| event.stream == StreamId::Case(id)).collect();
            let standing = Standing::fold(&of_case).unwrap().unwrap();
            let case = stage.world.case(id).unwrap();
            prop_assert_eq!(standing.is_active, case.status.is_active());
            prop_assert_eq!((standing.number, standing.kind), (case.number, case.kind));
            prop_assert_eq!((standing.owner, standing.manager), (case.owner, case.manager));
            prop_assert_eq!((standing.catchment, standing.school), (case.catchment, case.school));
            prop_assert_eq!(&standing.enrolments, &case.enrolments);
            prop_assert_eq!(standing.check_pending, case.check_pending);
            for days in [0, 30, 400] {
                let day = now.auckland() + chrono::Days::new(days);
                prop_assert_eq!(standing.enrolled_at(day), case.enrolled_at(day));
                prop_assert_eq!(standing.primary_contact(day), case.primary_contact(day));
            }
            for agency in [Agency::Inz, Agency::Msd] {
                prop_assert_eq!(standing.is_asking(agency), case.is_asking(agency));
            }
            let shared = case.comments.iter().filter(|comment| !comment.by_school && comment.shared).count();
            let sharable = case.comments.iter().filter(|comment| !comment.by_school).count();
            prop_assert_eq!(standing.shared_of_all(), (shared, sharable));
            prop_assert!(case.status != Status::Closed || !standing.is_active);
        }
    }
}

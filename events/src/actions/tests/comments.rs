//! E13, E14: comments, private until the case owner shares them (V2, V4).

use crate::actions::{AddComment, ChangeCommentSharing};
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

const PRIVATE: AddComment = AddComment { share_with_schools: false };
const SHARED: AddComment = AddComment { share_with_schools: true };

fn added(comment: u16, by_school: bool, shared_with_schools: bool) -> CommentAdded {
    CommentAdded { comment: CommentNumber(comment), by_school, shared_with_schools }
}

#[test]
fn v4_a_comment_is_not_shared_unless_that_is_said() {
    given(at_work(ca_case())).by(manager()).when(PRIVATE).then([added(1, false, false)]);
    given(at_work(ca_case()))
        .when_sent("add-comment", serde_json::json!({}), serde_json::json!({"note": {"text": "Called."}}))
        .then([added(1, false, false)]);
}

#[test]
fn v4_the_case_owner_shares_and_nobody_else() {
    for (actor, may) in [(lead(), true), (manager(), true), (cit(), false)] {
        let outcome = given(at_work(ca_case())).by(actor).when(SHARED);
        if may {
            outcome.then([added(1, false, true)]);
        } else {
            outcome.then_refused(Refusal::NotTheCaseOwner);
        }
    }
}

#[test]
fn v2_what_a_school_wrote_is_visible_to_it_at_once() {
    for comment in [PRIVATE, SHARED] {
        given(ca_case()).by(school()).when(comment).then([added(1, true, true)]);
    }
}

#[test]
fn comments_are_numbered_in_the_order_of_recording() {
    given(ca_case())
        .and([on("2026-02-20", added(1, false, false)), on("2026-02-21", added(2, true, true))])
        .when(PRIVATE)
        .then([added(3, false, false)]);
}

#[test]
fn v1_a_school_comments_on_active_cases_and_the_provider_also_late() {
    let closed_case = || closed(at_work(ca_case()), "2026-04-01");
    given(closed_case()).by(manager()).occurred("2026-03-20").when(PRIVATE).then([added(1, false, false)]);
    given(closed_case()).by(school()).occurred("2026-03-20").when(PRIVATE).then_refused(Refusal::CaseIsClosed {
        closed_on: day("2026-04-01"),
        reason: ClosureReason::ReturnedToAttendance,
    });
}

#[test]
fn q30_sharing_is_taken_back_and_given_again() {
    let share = |share_with_schools| ChangeCommentSharing { comment: CommentNumber(1), share_with_schools };
    let changed = |shared_with_schools| CommentSharingChanged { comment: CommentNumber(1), shared_with_schools };
    given(at_work(ca_case()))
        .and([on("2026-02-20", added(1, false, false))])
        .by(manager())
        .when(share(true))
        .then([changed(true)]);
    given(at_work(ca_case()))
        .and([on("2026-02-20", added(1, false, true))])
        .by(manager())
        .when(share(false))
        .then([changed(false)])
        .then_case(|case| !case.comment(CommentNumber(1)).unwrap().shared);
    given(at_work(ca_case()))
        .and([on("2026-02-20", added(1, false, true))])
        .by(manager())
        .when(share(true))
        .then_nothing();
}

#[test]
fn v4_sharing_is_decided_by_the_owner_on_comments_that_exist_and_are_the_providers() {
    let share = |comment| ChangeCommentSharing { comment: CommentNumber(comment), share_with_schools: true };
    let history = || {
        at_work(ca_case())
            .into_iter()
            .chain([on("2026-02-20", added(1, false, false)), on("2026-02-21", added(2, true, true))])
    };
    given(history()).by(colleague()).when(share(1)).then_refused(not_assigned());
    for unknown in [0, 3, u16::MAX] {
        given(history()).by(manager()).when(share(unknown)).then_refused(Refusal::UnknownComment);
    }
    given(history()).by(manager()).when(share(2)).then_refused(Refusal::SchoolsOwnComment);
}

#[test]
fn r40_sharing_changes_on_a_closed_case_too() {
    given(closed(
        at_work(ca_case()).into_iter().chain([on("2026-02-20", added(1, false, true))]).collect(),
        "2026-04-01",
    ))
    .by(manager())
    .when(ChangeCommentSharing { comment: CommentNumber(1), share_with_schools: false })
    .then([CommentSharingChanged { comment: CommentNumber(1), shared_with_schools: false }]);
}

#[test]
fn a_case_takes_as_many_comments_as_can_be_numbered() {
    let many = (1..=u16::MAX).map(|n| on("2026-02-20", added(n, false, false)));
    given(ca_case()).and(many).when(PRIVATE).then_refused(Refusal::TooMany { limit: u16::MAX });
}

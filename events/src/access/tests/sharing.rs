//! Who could see a comment, and when: V2, V4, V5, Q28, Q30, Q31.

use super::told::*;
use crate::access::*;
use crate::envelope::{Actor, Role};
use crate::event::*;
use crate::personal::Group;
use crate::testing::*;

/// Who could see a comment of a history up to a day, as `who from until`.
fn seen(history: &[Told], number: u16, until: &str) -> Vec<String> {
    could_see(history, Item::Comment(CommentNumber(number)), until)
}

/// Who could see an item of a history up to a day, as `who from until`.
fn could_see(history: &[Told], item: Item, until: &str) -> Vec<String> {
    let frames = frames(history);
    let spans = who_could_see(&decoded(&frames), item, noon(day(until))).unwrap();
    let told = |span: Span| {
        let until = span.until.map_or("now".to_owned(), |at| at.auckland().to_string());
        let who = match span.viewer {
            Viewer::Author(code) => format!("author {code}"),
            Viewer::School(code) | Viewer::Provider(code) => code.to_string(),
            Viewer::Cit => "CIT".to_owned(),
        };
        format!("{who} {} {until}", span.from.auckland())
    };
    spans.into_iter().map(told).collect()
}

#[test]
fn v4_a_providers_comment_is_private_until_the_case_owner_shares_it_q30_and_again_when_taken_back() {
    let history = then(
        at_work(ca_case()),
        [on("2026-03-02", comment(1, false)), on("2026-03-05", sharing(1, true)), on("2026-03-09", sharing(1, false))],
    );
    for (events, shared) in [(4, false), (5, true), (6, false)] {
        let grant = open(school(), &standing(&history[..events]), TODAY).unwrap();
        assert_eq!(grant.shows_field(Group::Narrative, &text_of(1, "ASP-1")), shared, "after {events} events");
    }
    assert_eq!(seen(&history, 1, TODAY), ["ASP-1 2026-03-02 now", "SCH-1 2026-03-05 2026-03-09"]);
}

#[test]
fn v2_what_a_school_wrote_is_seen_by_it_and_the_provider_at_once() {
    let mut history = told(at_work(ca_case()));
    history.push(school_comment(1, school(), "2026-03-02"));
    assert_eq!(seen(&history, 1, TODAY), ["author SCH-1 2026-03-02 now", "ASP-1 2026-03-02 now"]);
    let provider = open(lead(), &standing(&history), TODAY).unwrap();
    assert!(provider.shows_field(Group::Narrative, &text_of(1, "SCH-1")));
}

#[test]
fn v5_the_owner_sees_how_many_comments_are_shared_of_those_that_could_be() {
    let mut history = then(
        at_work(ca_case()),
        [
            on("2026-03-02", comment(1, true)),
            on("2026-03-02", comment(2, false)),
            on("2026-03-02", comment(3, false)),
            on("2026-03-03", sharing(3, true)),
            on("2026-03-04", sharing(1, false)),
        ],
    );
    history.push(school_comment(4, school(), "2026-03-05"));
    assert_eq!(standing(&history).shared_of_all(), (1, 3));
}

#[test]
fn q28_past_shares_stay_told_when_enrolment_moves_on_the_day_the_register_names() {
    let history = then(
        at_work(ca_case()),
        [
            on("2026-03-02", comment(1, true)),
            on("2026-03-10", enrolled(Some("SCH-2"), "2026-03-20")),
            on("2026-04-01", CaseClosed { reason: ClosureReason::ReturnedToAttendance }),
        ],
    );
    let expected = ["SCH-1 2026-03-02 2026-03-20", "ASP-1 2026-03-02 now", "SCH-2 2026-03-20 2026-04-01"];
    assert_eq!(seen(&history, 1, TODAY), expected);
    // Told before that day, the future has not happened.
    assert_eq!(seen(&history, 1, "2026-03-15"), ["SCH-1 2026-03-02 now", "ASP-1 2026-03-02 now"]);
}

#[test]
fn q28_a_late_report_changes_nothing_of_who_could_see_it_before() {
    let history = then(
        at_work(ca_case()),
        [on("2026-03-02", comment(1, true)), late("2026-03-05", "2026-04-01", enrolled(Some("SCH-2"), "2026-03-05"))],
    );
    let expected = ["SCH-1 2026-03-02 2026-04-01", "ASP-1 2026-03-02 now", "SCH-2 2026-04-01 now"];
    assert_eq!(seen(&history, 1, TODAY), expected);
}

#[test]
fn a_provider_that_handed_over_keeps_the_comments_of_before_and_sees_none_after() {
    let to_asp_2 = AllocatedToProvider { provider: code("ASP-2"), ..allocation(AllocationBasis::Cit) };
    let history = then(
        at_work(ca_case()),
        [on("2026-03-02", comment(1, false)), on("2026-03-10", to_asp_2), on("2026-03-11", comment(2, false))],
    );
    assert_eq!(seen(&history, 1, TODAY), ["ASP-1 2026-03-02 now", "ASP-2 2026-03-10 now"]);
    assert_eq!(seen(&history, 2, TODAY), ["ASP-2 2026-03-11 now"]);
}

#[test]
fn q29_the_last_school_is_told_from_the_sharing_until_the_student_enrols_elsewhere() {
    let history =
        then(nen_case(), [on("2026-03-02", comment(1, true)), on("2026-03-10", enrolled(Some("SCH-2"), "2026-03-10"))]);
    let expected = ["SCH-1 2026-03-02 2026-03-10", "ASP-1 2026-03-02 now", "SCH-2 2026-03-10 now"];
    assert_eq!(seen(&history, 1, TODAY), expected);
}

#[test]
fn q31_nothing_takes_a_comment_away_from_those_it_was_shown_to_by_role() {
    // A correction is another comment: the first one stays as it was.
    let history = then(at_work(ca_case()), [on("2026-03-02", comment(1, true)), on("2026-03-03", comment(2, true))]);
    let grant = open(school(), &standing(&history), TODAY).unwrap();
    assert!([1, 2].iter().all(|&number| grant.shows_field(Group::Narrative, &text_of(number, "ASP-1"))));
}

#[test]
fn v4_who_could_see_a_file_follows_its_sharing_the_enrolment_and_who_holds_the_case() {
    let share = |shared| FileSharingChanged { file: FileNumber(1), shared_with_schools: shared };
    let to_asp_2 = AllocatedToProvider { provider: code("ASP-2"), ..allocation(AllocationBasis::Cit) };
    let history = then(
        at_work(ca_case()),
        [
            on("2026-03-02", file_uploaded(1)),
            on("2026-03-05", share(true)),
            on("2026-03-10", enrolled(Some("SCH-2"), "2026-03-20")),
            on("2026-03-25", share(false)),
            on("2026-04-01", to_asp_2),
        ],
    );
    let file = Item::File(FileNumber(1));
    let expected =
        ["ASP-1 2026-03-02 now", "SCH-1 2026-03-05 2026-03-20", "SCH-2 2026-03-20 2026-03-25", "ASP-2 2026-04-01 now"];
    assert_eq!(could_see(&history, file, TODAY), expected);
    assert_eq!(could_see(&history, file, "2026-03-15"), ["ASP-1 2026-03-02 now", "SCH-1 2026-03-05 now"]);
    assert!(could_see(&history, Item::File(FileNumber(2)), TODAY).is_empty(), "there is no such file");
}

#[test]
fn v2_v7_a_schools_own_file_is_its_own_and_evidence_of_travel_no_schools() {
    let own = FileUploaded { by_school: true, shared_with_schools: true, ..file_uploaded(1) };
    let mut history = told(at_work(ca_case()));
    history.push(Told(school(), on("2026-03-02", own)));
    history.push(on("2026-03-10", enrolled(Some("SCH-2"), "2026-03-10")).into());
    // It sent the request of the case: what it put there with it stays its own.
    let file = Item::File(FileNumber(1));
    assert_eq!(could_see(&history, file, TODAY), ["author SCH-1 2026-03-02 now", "ASP-1 2026-03-02 now"]);
    let evidence = FileUploaded { kind: FileKind::OverseasEvidence, shared_with_schools: true, ..file_uploaded(1) };
    let history = then(at_work(ca_case()), [on("2026-03-02", evidence)]);
    assert_eq!(could_see(&history, file, TODAY), ["ASP-1 2026-03-02 now"]);
}

#[test]
fn who_is_shown_a_file_at_a_moment_is_whom_the_case_would_have_shown_it_to() {
    let share = |shared| FileSharingChanged { file: FileNumber(1), shared_with_schools: shared };
    let history = then(at_work(ca_case()), [on("2026-03-02", file_uploaded(1)), on("2026-03-05", share(true))]);
    let frames = frames(&history);
    let shown_on = |on: &str| {
        let then = ItemThen::fold(&decoded(&frames), Item::File(FileNumber(1)), noon(day(on))).unwrap();
        let then = then.expect("the file is there");
        everybody().into_iter().filter(|asker| then.is_shown_to(asker)).map(|asker| asker.role()).collect::<Vec<_>>()
    };
    assert_eq!(shown_on("2026-03-03"), [Role::WorkflowLead, Role::CaseManager]);
    assert_eq!(
        shown_on("2026-03-06"),
        [Role::AttendanceLead, Role::PrimaryContact, Role::WorkflowLead, Role::CaseManager]
    );
}

/// Whether a school is shown a file that was put on the case by somebody of an organisation.
fn shows_file(case: &Standing, asker: Actor, file: &FileUploaded, by: &str) -> bool {
    let grant = open(asker, case, TODAY).unwrap();
    grant.shows_event(&file.clone().into(), &written(by, 4))
}

#[test]
fn v2_a_schools_file_is_shown_to_that_school_and_the_provider_and_to_no_later_school() {
    let file = FileUploaded { by_school: true, shared_with_schools: true, ..file_uploaded(1) };
    let mut history = told(at_work(ca_case()));
    history.push(Told(school(), on("2026-03-02", file.clone())));
    let before = standing(&history);
    assert!(shows_file(&before, school(), &file, "SCH-1") && shows_file(&before, lead(), &file, "SCH-1"));
    history.push(on("2026-03-10", enrolled(Some("SCH-2"), "2026-03-10")).into());
    let after = standing(&history);
    let later = person(Role::AttendanceLead, "S-2", "SCH-2");
    assert!(!shows_file(&after, later, &file, "SCH-1"), "nobody shared it");
    assert!(shows_file(&after, lead(), &file, "SCH-1"));
}

#[test]
fn v4_a_school_is_shown_a_file_and_its_kind_while_it_is_shared_q30_and_no_word_of_it_before_and_after() {
    let share = |shared| FileSharingChanged { file: FileNumber(1), shared_with_schools: shared };
    for uploaded_shared in [false, true] {
        let file = FileUploaded { shared_with_schools: uploaded_shared, ..file_uploaded(1) };
        let changes = [on("2026-03-03", share(!uploaded_shared)), on("2026-03-04", share(uploaded_shared))];
        let history = then(at_work(ca_case()), [on("2026-03-02", file.clone())].into_iter().chain(changes));
        for (changes, shared) in [(0, uploaded_shared), (1, !uploaded_shared), (2, uploaded_shared)] {
            let case = standing(&history[..4 + changes]);
            assert_eq!(shows_file(&case, school(), &file, "ASP-1"), shared, "{uploaded_shared}, {changes} changes");
            let office = person(Role::OfficeSupport, "S-3", "SCH-1");
            assert!(!shows_file(&case, office, &file, "ASP-1"), "V6: nothing of the provider's");
            let grant = open(school(), &case, TODAY).unwrap();
            for shared in [true, false] {
                assert!(!grant.shows_event(&share(shared).into(), &written("ASP-1", 5)), "the file alone tells of it");
            }
        }
    }
}

#[test]
fn v7_evidence_that_the_student_is_overseas_reaches_no_school_and_no_facts_alone_as_a_file_either() {
    let kind = FileKind::OverseasEvidence;
    let file = FileUploaded { kind, shared_with_schools: true, ..file_uploaded(1) };
    let history = then(at_work(ca_case()), [on("2026-03-02", file.clone())]);
    let case = standing(&history);
    assert!(!shows_file(&case, school(), &file, "ASP-1"));
    assert!(!shows_file(&case, person(Role::RelationshipManager, "B-1", "MOE"), &file, "ASP-1"));
    assert!(shows_file(&case, lead(), &file, "ASP-1"));
}

#[test]
fn who_is_named_as_a_reader_of_a_comment_is_shown_it_by_row_and_column_at_that_moment() {
    let share = [on("2026-03-02", comment(1, false)), on("2026-03-05", sharing(1, true))];
    let frames = frames(&then(at_work(ca_case()), share));
    let history = decoded(&frames);
    let shown = |asker: Actor, on_day: &str| {
        let then = ItemThen::fold(&history, Item::Comment(CommentNumber(1)), noon(day(on_day))).unwrap();
        then.is_some_and(|comment| comment.is_shown_to(&asking(asker)))
    };
    let of = |role, who| person(role, who, "SCH-1");
    for (asker, before, while_shared) in [
        (lead(), true, true),
        (manager(), true, true),
        (colleague(), false, false),
        (school(), false, true),
        (of(Role::PrimaryContact, "S-1"), false, true),
        (of(Role::PrimaryContact, "S-8"), false, false),
        (of(Role::OfficeSupport, "S-3"), false, false),
        (person(Role::AttendanceLead, "S-2", "SCH-2"), false, false),
        (cit(), false, false),
        (person(Role::Auditor, "X-1", "MOE"), false, false),
    ] {
        assert!(!shown(asker, "2026-03-01"), "{asker:?} before it was written");
        assert_eq!((shown(asker, "2026-03-03"), shown(asker, "2026-03-06")), (before, while_shared), "{asker:?}");
    }
}

//! Risk, needs and the fund, files, tasks, pauses, wait-lists, notices (E12, E15, E34, E37–E39, E41; R8, R35).

use serde_json::json;

use crate::action::CaseAction;
use crate::actions::*;
use crate::case::Status;
use crate::event::*;
use crate::refusal::Refusal;
use crate::testing::*;

fn today() -> chrono::NaiveDate {
    day("2026-06-01")
}

#[test]
fn e12_risk_is_a_level_of_the_table_and_the_same_again_is_nothing() {
    let high = || UpdateRisk { level: code("HIGH") };
    given(ca_case()).when(high()).then([RiskUpdated { level: code("HIGH"), before: None }]);
    let held = RiskUpdated { level: code("HIGH"), before: None };
    given(ca_case()).and([on("2026-03-01", held.clone())]).when(high()).then_nothing();
    given(ca_case())
        .and([on("2026-03-01", held)])
        .when(UpdateRisk { level: code("LOW") })
        .then([RiskUpdated { level: code("LOW"), before: Some(code("HIGH")) }]);
    given(ca_case())
        .when(UpdateRisk { level: code("GRAVE") })
        .then_refused(Refusal::NotInTable { table: "risk_levels" });
}

fn fund(changes: serde_json::Value) -> (&'static str, serde_json::Value, serde_json::Value) {
    let (facts, personal) = sample("fund-need");
    ("fund-need", changed(facts, changes), personal)
}

#[test]
fn r35_the_fund_is_for_chronic_absence_the_last_help_and_the_catchments_provider() {
    let need = || on("2026-03-01", UnmetNeedIdentified { need: code("TRANSPORT") });
    let (name, facts, personal) = fund(json!({}));
    let funded = UnmetNeedFunded { need: code("TRANSPORT"), amount_cents: 12_000 };
    given(ca_case()).and([need()]).when_sent(name, facts.clone(), personal.clone()).then([funded]);
    given(ca_case())
        .when_sent(name, facts.clone(), personal.clone())
        .then_refused(Refusal::NeedNotIdentified { need: code("TRANSPORT") });
    given(nen_case())
        .and([need()])
        .when_sent(name, facts.clone(), personal.clone())
        .then_refused(Refusal::FundIsForChronicAbsence);
    given(in_school_case())
        .and([need()])
        .by(in_school_lead())
        .when_sent(name, facts, personal)
        .then_refused(Refusal::FundIsOfTheCatchmentProvider);
    for (changes, refusal) in [
        (json!({"school_support_exhausted": false}), Refusal::SchoolSupportFirst),
        (json!({"other_funding": true}), Refusal::OtherFundingFirst),
    ] {
        let (name, facts, personal) = fund(changes);
        given(ca_case()).and([need()]).when_sent(name, facts, personal).then_refused(refusal);
    }
}

#[test]
fn e34_a_need_is_one_of_the_table_and_told_once() {
    let need = |text: &str| IdentifyNeed { need: code(text) };
    given(ca_case()).when(need("FOOD")).then([UnmetNeedIdentified { need: code("FOOD") }]);
    given(ca_case())
        .and([on("2026-03-01", UnmetNeedIdentified { need: code("FOOD") })])
        .when(need("FOOD"))
        .then_nothing();
    given(ca_case()).when(need("YACHT")).then_refused(Refusal::NotInTable { table: "needs" });
}

fn upload(shared: bool) -> UploadFile {
    let FileUploaded { kind, bytes, sha256, .. } = file_uploaded(1);
    UploadFile { kind, bytes, sha256, share_with_schools: shared }
}

#[test]
fn e15_both_sides_put_files_on_the_case_the_providers_private_at_first() {
    let by_school = FileUploaded { by_school: true, shared_with_schools: true, ..file_uploaded(1) };
    given(at_work(ca_case())).by(manager()).when(upload(false)).then([file_uploaded(1)]);
    given(at_work(ca_case())).by(school()).when(upload(false)).then([by_school]);
    given(at_work(ca_case())).by(cit()).when(upload(true)).then_refused(Refusal::NotTheCaseOwner);
    given(at_work(ca_case())).by(colleague()).when(upload(true)).then_refused(not_assigned());
    let second = FileUploaded { shared_with_schools: true, ..file_uploaded(2) };
    given(at_work(ca_case())).and([on("2026-03-01", file_uploaded(1))]).when(upload(true)).then([second]);
}

#[test]
fn v7_evidence_that_the_student_is_overseas_is_not_put_on_the_case_as_a_file() {
    for shared in [false, true] {
        let (facts, personal) = sample("upload-file");
        let facts = changed(facts, json!({"kind": "overseas_evidence", "share_with_schools": shared})).to_string();
        let refused = CaseAction::parse("upload-file", &facts, &personal.to_string()).unwrap().err().unwrap();
        assert_eq!(refused.pointer, "/facts/kind");
        assert!(refused.what.contains("record-overseas-evidence"), "{}", refused.what);
    }
}

#[test]
fn e15_the_name_of_a_file_leads_to_no_other_folder() {
    let (facts, _) = sample("upload-file");
    for (name, taken) in [
        ("Mahere o Hēmi.pdf", true),
        ("../../../etc/passwd", false),
        (r"C:\plan.pdf", false),
        ("..", false),
        (".plan", true),
    ] {
        let personal = json!({"file": {"name": name}}).to_string();
        let refused = CaseAction::parse("upload-file", &facts.to_string(), &personal).unwrap().err();
        assert_eq!(refused.map(|bad| bad.pointer), (!taken).then(|| "/personal/file/name".to_owned()), "{name}");
    }
}

#[test]
fn v4_a_file_is_shared_by_the_case_owner_and_a_schools_own_stands() {
    let share = |share| ChangeFileSharing { file: FileNumber(1), share_with_schools: share };
    let shared = FileSharingChanged { file: FileNumber(1), shared_with_schools: true };
    let with = |file: FileUploaded| given(at_work(ca_case())).and([on("2026-03-01", file)]);
    with(file_uploaded(1)).by(manager()).when(share(true)).then([shared]);
    with(file_uploaded(1)).by(colleague()).when(share(true)).then_refused(not_assigned());
    with(file_uploaded(1)).when(share(false)).then_nothing();
    with(FileUploaded { by_school: true, ..file_uploaded(1) }).when(share(false)).then_refused(Refusal::SchoolsOwnFile);
    given(ca_case()).when(share(true)).then_refused(Refusal::UnknownFile);
}

#[test]
fn v1_a_school_adds_no_file_to_a_closed_case() {
    given(closed(at_work(ca_case()), "2026-04-01"))
        .by(school())
        .occurred("2026-03-20")
        .when(upload(false))
        .then_refused(Refusal::CaseIsClosed {
            closed_on: day("2026-04-01"),
            reason: ClosureReason::ReturnedToAttendance,
        });
}

#[test]
fn e39_a_task_has_a_number_and_a_day_ahead_and_ends_once() {
    let add = |due: &str| AddTask { kind: TaskKind::Contact, due_on: day(due), assigned_to: None };
    given(ca_case()).when(add("2026-07-01")).then([task(1)]);
    given(ca_case()).when(add("2026-06-01")).then([TaskAdded { due_on: today(), ..task(1) }]);
    let refused = Refusal::InThePast { field: "/facts/due_on", today: today() };
    given(ca_case()).when(add("2026-05-31")).then_refused(refused);
    let done = CompleteTask { task: TaskNumber(1), done: true };
    let ended = TaskCompleted { task: TaskNumber(1), done: true, reads_answer: false };
    given(ca_case()).and([on("2026-03-01", task(1))]).when(done.clone()).then([ended.clone()]);
    given(ca_case())
        .and([on("2026-03-01", task(1)), on("2026-03-02", ended)])
        .when(done.clone())
        .then_refused(Refusal::NoSuchOpenTask);
    given(ca_case()).when(done).then_refused(Refusal::NoSuchOpenTask);
}

#[test]
fn q33_the_end_of_a_task_says_whether_it_was_to_read_an_answer() {
    let read = TaskAdded { kind: TaskKind::ReadAnswer, ..task(1) };
    let ended = TaskCompleted { task: TaskNumber(1), done: true, reads_answer: true };
    given(ca_case())
        .and([on("2026-03-01", read)])
        .when(CompleteTask { task: TaskNumber(1), done: true })
        .then([ended])
        .then_case(|case| case.answers_to_read.is_empty());
}

#[test]
fn e39_a_calendar_entry_lies_ahead_by_the_auckland_day() {
    for (starts_at, fine) in [
        ("2026-06-01", true),
        ("2026-06-01T00:30:00+12:00", true),
        ("2026-05-31T23:59:00+12:00", false),
        ("2026-05-31", false),
    ] {
        let entry = AddCalendarEvent { kind: TaskKind::Meeting, starts_at: time(starts_at) };
        assert_eq!(given(ca_case()).when(entry).result.is_ok(), fine, "{starts_at}");
    }
}

#[test]
fn e38_work_rests_and_goes_on_and_only_work_that_goes_on_can_rest() {
    let pause = || PauseCase { reason: PauseReason::FamilyEvent, until: None };
    given(at_work(ca_case())).when(pause()).then([paused()]).then_case(|case| case.status == Status::Paused);
    let rests = || at_work(ca_case()).into_iter().chain([on("2026-03-01", paused())]);
    given(rests()).when(pause()).then_nothing();
    given(rests()).when(ResumeCase {}).then([CaseResumed {}]).then_case(|case| case.status == Status::Active);
    given(at_work(ca_case())).when(ResumeCase {}).then_nothing();
    given(ca_case()).when(pause()).then_refused(Refusal::NotAtWork);
    given(ca_case()).when(ResumeCase {}).then_refused(Refusal::NotAtWork);
    given(at_work(ca_case()))
        .when(PauseCase { reason: PauseReason::Health, until: Some(day("2026-05-31")) })
        .then_refused(Refusal::InThePast { field: "/facts/until", today: today() });
}

#[test]
fn e38_a_paused_case_takes_work_another_manager_and_its_closing() {
    let rests = || at_work(ca_case()).into_iter().chain([on("2026-03-01", paused())]);
    given(rests()).when(sample_action("engage-student")).then([StudentEngaged { mode: Mode::Phone }]);
    given(rests())
        .when(AssignCaseManager { manager: code("M-2") })
        .then([AssignedToCaseManager { manager: code("M-2"), before: Some(code("M-1")) }])
        .then_case(|case| case.status == Status::Paused);
    given(rests()).when(sample_action("close")).then_case(|case| case.status == Status::Closed);
}

#[test]
fn r8_a_case_waits_before_work_begins_and_no_longer_once_it_is_assigned() {
    let wait = || Waitlist { expected_on: day("2026-06-08") };
    let waiting = || crate::event::Waitlisted { expected_on: day("2026-06-08") };
    given(ca_case()).when(wait()).then([waiting()]).then_case(|case| case.waitlisted);
    given(at_work(ca_case())).when(wait()).then_refused(Refusal::AtWorkAlready);
    given(ca_case())
        .when(Waitlist { expected_on: day("2026-05-31") })
        .then_refused(Refusal::InThePast { field: "/facts/expected_on", today: today() });
    let listed = || ca_case().into_iter().chain([on("2026-03-01", waiting())]);
    given(listed()).when(wait()).then_nothing();
    given(listed()).when(RemoveFromWaitlist {}).then([RemovedFromWaitlist {}]);
    given(ca_case()).when(RemoveFromWaitlist {}).then_nothing();
    given(listed())
        .when(AssignCaseManager { manager: code("M-2") })
        .then([
            CaseEvent::from(AssignedToCaseManager { manager: code("M-2"), before: None }),
            RemovedFromWaitlist {}.into(),
        ])
        .then_case(|case| !case.waitlisted && case.status == Status::Active);
}

#[test]
fn q17_a_school_is_sent_notices_of_key_actions_alone() {
    for (to, about, fine) in [
        (NoticeTo::PrimaryContact, KeyAction::PlanRecorded, true),
        (NoticeTo::Submitter, KeyAction::RequestReceived, true),
        (NoticeTo::PrimaryContact, KeyAction::ReferredAgain, false),
        (NoticeTo::Submitter, KeyAction::Other, false),
        (NoticeTo::WorkflowLead, KeyAction::ReferredAgain, true),
        (NoticeTo::CaseManager, KeyAction::Other, true),
    ] {
        let outcome = given(ca_case()).when(RecordNotification { to, about, cause: None });
        match fine {
            true => drop(outcome.then([NotificationSent { to, about, cause: None }])),
            false => drop(outcome.then_refused(Refusal::NotAKeyAction)),
        }
    }
}

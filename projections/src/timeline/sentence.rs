//! One sentence an event, made of its facts: codes, counts, dates, the words of closed values. Nothing that people
//! wrote, and nobody's name, can get in, because the facts hold neither.

use caseledger_events::event::*;

use super::words::{self, count, day};

/// Says what happened in one sentence.
pub fn sentence(event: &CaseEvent) -> String {
    match event {
        CaseEvent::SupportRequestSubmitted(e) => support_request(e),
        CaseEvent::NonEnrolmentNotified(e) => non_enrolment(e),
        CaseEvent::MinistryCheckCompleted(e) => ministry_check(e).to_owned(),
        CaseEvent::CaseKindChanged(e) => {
            format!("The case is now one of {}; it was one of {}.", words::kind(e.to), words::kind(e.from))
        }
        CaseEvent::DualActiveDetected(e) => dual_active(e),
        CaseEvent::AllocatedToProvider(e) => {
            let catchment = e.catchment.map(|code| format!(", catchment {code}")).unwrap_or_default();
            format!("The case was allocated to provider {} {}{catchment}.", e.provider, words::basis(e.basis))
        }
        CaseEvent::AssignedToCaseManager(e) => match e.before {
            Some(before) => format!("Case manager {} took the case over from {before}.", e.manager),
            None => format!("Case manager {} took the case.", e.manager),
        },
        CaseEvent::CaseReviewed(e) => format!("{} reviewed the case.", e.reviewer),
        CaseEvent::SchoolMeetingHeld(e) => {
            format!("The provider met {} {} {}.", words::role(e.school_role), e.school, words::mode(e.mode))
        }
        CaseEvent::CaregiverMeetingHeld(e) => {
            let student = if e.student_present { ", with the student" } else { "" };
            format!("The provider met the caregivers {}{student}.", words::mode(e.mode))
        }
        CaseEvent::StudentEngaged(e) => format!("The provider engaged the student {}.", words::mode(e.mode)),
        CaseEvent::CaregiverEngaged(e) => format!("The provider engaged a caregiver {}.", words::mode(e.mode)),
        CaseEvent::ContactAttempted(e) => format!(
            "An attempt to reach {} {} did not become contact: {}.",
            words::with(e.with),
            words::mode(e.mode),
            words::outcome(e.outcome)
        ),
        CaseEvent::ContactDetailsRecorded(e) => contact_details(e),
        CaseEvent::ContactDetailsMarkedOutOfDate(_) => {
            "The contact details held were found to be out of date.".to_owned()
        }
        CaseEvent::StudentPlanRecorded(e) => plan(e),
        CaseEvent::CommentAdded(e) => comment(e),
        CaseEvent::CommentSharingChanged(e) if e.shared_with_schools => {
            format!("Comment {} was shared with schools.", e.comment.0)
        }
        CaseEvent::CommentSharingChanged(e) => format!("Comment {} is no longer shared with schools.", e.comment.0),
        CaseEvent::PrimaryContactChanged(e) => match e.before {
            Some(before) => format!("The school's primary contact is now {}; it was {before}.", e.contact),
            None => format!("The school's primary contact is now {}.", e.contact),
        },
        CaseEvent::InformationRequestOpened(e) => {
            let why = if e.automatic { ", because the leave reason is gone overseas" } else { "" };
            let which = if e.request.0 == 0 { String::new() } else { format!(" (request {})", e.request.0) };
            format!("{} was asked{which}{why}.", words::agency(e.agency))
        }
        CaseEvent::InformationRequestAnswered(e) => answer(e),
        CaseEvent::InformationRequestWithdrawn(e) => format!(
            "Request{} to {} was withdrawn: {}.",
            numbered(e.request.0),
            words::agency(e.agency),
            words::withdrawal(e.reason)
        ),
        CaseEvent::OverseasEvidenceReceived(e) => {
            let kinds: Vec<&str> = e.kinds.iter().map(|&kind| words::evidence(kind)).collect();
            format!("Evidence that the student is overseas was received: {}.", kinds.join(", "))
        }
        CaseEvent::DetailedImmigrationCheckRequested(e) => {
            format!("CIT was asked for a detailed immigration check (request {}).", e.request.0)
        }
        CaseEvent::NotLocatedFlagSet(e) => not_located(e),
        CaseEvent::NotLocatedFlagCleared(_) => "The student was located.".to_owned(),
        CaseEvent::ProviderAgreementRecorded(e) => format!(
            "Provider {} agreed {} on {} that provider {} takes the case.",
            e.agreement.provider,
            words::channel(e.agreement.channel),
            day(e.agreement.agreed_on),
            e.target
        ),
        CaseEvent::ReallocatedToCit(e) => {
            let target = e.target.map(|code| format!(" for provider {code}")).unwrap_or_default();
            format!("Provider {} passed the case to CIT{target}: {}.", e.from, words::movement(e.basis))
        }
        CaseEvent::ReallocatedByCit(e) => {
            let catchment = e.catchment.map(|code| format!(", catchment {code}")).unwrap_or_default();
            format!("CIT passed the case of provider {} on to provider {}{catchment}.", e.from, e.to)
        }
        CaseEvent::ReallocationDeclinedByCit(e) => {
            format!("CIT sent the case back to provider {} (reason {}).", e.back_to, e.reason)
        }
        CaseEvent::IspReallocatedToCatchmentProvider(e) => {
            format!("In-school provider {} passed the case to provider {} of catchment {}.", e.from, e.to, e.catchment)
        }
        CaseEvent::EnrolmentStatusChanged(e) => match e.school {
            Some(school) => format!(
                "ENROL reports the student enrolled at school {school} as {} from {}.",
                e.student_type,
                day(e.effective_on)
            ),
            None => {
                format!("ENROL reports the student enrolled nowhere ({}) from {}.", e.student_type, day(e.effective_on))
            }
        },
        CaseEvent::CaseClosed(e) => format!("The case was closed: {}.", words::closure(e.reason)),
        CaseEvent::CaseReopened(e) => format!("The case was reopened: {}.", words::reopening(e.reason)),
        CaseEvent::UnenrolledStudentReported(e) => reported(e),
        CaseEvent::CaseMigrated(e) => format!(
            "The case was carried over from the predecessor system ({}): one of {} of school {}, first referred on {}.",
            e.former,
            words::kind(e.kind),
            e.school,
            day(e.referred_on)
        ),
        CaseEvent::RecentClosureLinked(e) => {
            format!("The student's case {} was closed on {}, not long before.", e.earlier, day(e.closed_on))
        }
        CaseEvent::RiskUpdated(e) => match e.before {
            Some(before) => format!("The risk is now {}; it was {before}.", e.level),
            None => format!("The risk is {}.", e.level),
        },
        CaseEvent::FileUploaded(e) => file(e),
        CaseEvent::FileSharingChanged(e) if e.shared_with_schools => {
            format!("File{} was shared with schools.", numbered(e.file.0))
        }
        CaseEvent::FileSharingChanged(e) => format!("File{} is no longer shared with schools.", numbered(e.file.0)),
        CaseEvent::TaskAdded(e) => {
            let whom = e.assigned_to.map(|code| format!(", for {code}")).unwrap_or_default();
            let (task, kind) = (numbered(e.task.0), words::task(e.kind));
            format!("Task{task} was added: {kind}, due on {}{whom}.", day(e.due_on))
        }
        CaseEvent::TaskCompleted(e) if e.done => format!("Task{} was done.", numbered(e.task.0)),
        CaseEvent::TaskCompleted(e) => format!("Task{} is not needed any more.", numbered(e.task.0)),
        CaseEvent::CalendarEventAdded(e) => {
            format!("An entry was added for {}: {}.", day(e.starts_at.auckland()), words::task(e.kind))
        }
        CaseEvent::CasePaused(e) => {
            let until = e.until.map(|until| format!(", until {}", day(until))).unwrap_or_default();
            format!("Work on the case rests: {}{until}.", words::pause(e.reason))
        }
        CaseEvent::CaseResumed(_) => "Work on the case goes on.".to_owned(),
        CaseEvent::Waitlisted(e) => {
            format!("The case waits for capacity, and is expected to be begun on {}.", day(e.expected_on))
        }
        CaseEvent::RemovedFromWaitlist(_) => "The case waits for capacity no longer.".to_owned(),
        CaseEvent::PathwayOutcomeRecorded(e) => {
            format!("The student is {} from {}.", words::pathway(e.outcome), day(e.from))
        }
        CaseEvent::HomeEducationApplicationNoted(e) => match e.applied_on {
            Some(on) => format!("The family applied to educate at home on {}.", day(on)),
            None => "The family has applied to educate at home.".to_owned(),
        },
        CaseEvent::ExemptionGranted(e) => {
            format!("An exemption {} was granted, valid from {}.", words::exemption(e.exemption), day(e.from))
        }
        CaseEvent::ExemptionDeclined(e) => format!("An exemption {} was declined.", words::exemption(e.exemption)),
        CaseEvent::ExemptionRevoked(e) => {
            format!("The exemption {} was revoked from {}.", words::exemption(e.exemption), day(e.from))
        }
        CaseEvent::UnmetNeedIdentified(e) => format!("An unmet basic need was identified: {}.", e.need),
        CaseEvent::UnmetNeedFunded(e) => {
            format!("The fund spent ${}.{:02} on {}.", e.amount_cents / 100, e.amount_cents % 100, e.need)
        }
        CaseEvent::OrangaTamarikiReferralMade(_) => "Oranga Tamariki was asked under section 19.".to_owned(),
        CaseEvent::ReportOfConcernMade(e) => {
            let police = if e.police_told { ", and the police were told" } else { "" };
            format!("A risk of harm was reported to Oranga Tamariki{police}.")
        }
        CaseEvent::ProsecutionNotified(e) => {
            let evidence: Vec<&str> = e.evidence.iter().map(|&kind| words::support(kind)).collect();
            format!("The Attendance Prosecutions Unit was notified; tried before: {}.", evidence.join(", "))
        }
        CaseEvent::ProsecutionOutcomeRecorded(e) => {
            format!("The Attendance Prosecutions Unit answered: {}.", words::prosecution(e.outcome))
        }
        CaseEvent::CasesMerged(e) => format!("Case {} went into this one.", e.merged),
        CaseEvent::CaseMergedInto(e) => format!("The case went into case {}.", e.survivor),
        CaseEvent::CaseUnmerged(e) => {
            format!("The merge of case {} into case {} was taken back.", e.merged, e.survivor)
        }
        CaseEvent::DualActiveDismissed(e) => format!("Case {} is of another student.", e.other),
        CaseEvent::NotificationSent(e) => {
            format!("A notice went to {}: {}.", words::notice_to(e.to), words::key_action(e.about))
        }
        CaseEvent::ProposedMoveDeclined(e) => {
            format!("Provider {} declined to take the case (reason {}).", e.provider, e.reason)
        }
        CaseEvent::StatementOfCorrectionAttached(e) => statement(e),
        CaseEvent::PrivacyNoticeGiven(e) => format!(
            "Privacy notice {} was given to {} {}.",
            e.notice,
            words::told(e.to),
            words::notice_channel(e.channel)
        ),
    }
}

fn statement(e: &StatementOfCorrectionAttached) -> String {
    let about = match e.comment {
        Some(comment) => format!("comment {}", comment.0),
        None => words::correction_of(e.about).to_owned(),
    };
    format!(
        "Statement of correction {} of {} was attached, about {about}.",
        e.statement.0,
        words::correction_by(e.asked_by)
    )
}

fn reported(e: &UnenrolledStudentReported) -> String {
    let near = if e.attended { "last at" } else { "near" };
    let since = e.last_day_attended.map(|on| format!(" on {}", day(on))).unwrap_or_default();
    let attached = if e.attached { "; attached to this case" } else { "" };
    format!(
        "{} reported a student outside any school, {near} school {}{since}{attached}.",
        words::reporter(e.reporter),
        e.school
    )
}

/// Which one it is, where that is told.
fn numbered(number: u16) -> String {
    if number == 0 { String::new() } else { format!(" {number}") }
}

fn file(e: &FileUploaded) -> String {
    let by = if e.by_school { "The school" } else { "Somebody" };
    let shared = match (e.by_school, e.shared_with_schools) {
        (true, _) => "",
        (false, true) => ", shared with schools",
        (false, false) => ", not shared with schools",
    };
    format!("{by} added file{}, {}{shared}.", numbered(e.file.0), words::file(e.kind))
}

fn support_request(e: &SupportRequestSubmitted) -> String {
    let mut text = format!(
        "School {} asked for support: absent {} of {} in the term",
        e.school,
        e.absent_half_days,
        count(e.open_half_days, "half-day", "half-days")
    );
    if let Some(reason) = e.earlier_because {
        text += &format!(", before the threshold because of {}", words::earlier(reason));
    }
    if e.urgent {
        text += ", urgent";
    }
    if e.unmet_need {
        text += ", with an unmet basic need";
    }
    if e.attached {
        text += "; attached to this case";
    }
    text + "."
}

fn non_enrolment(e: &NonEnrolmentNotified) -> String {
    let attached = if e.attached { "; attached to this case" } else { "" };
    format!(
        "The student was notified as enrolled nowhere: last at school {} on {}, {}{attached}.",
        e.last_school,
        day(e.last_day_attended),
        words::leaving(e.leave_reason)
    )
}

fn ministry_check(e: &MinistryCheckCompleted) -> &'static str {
    match e.outcome {
        CheckOutcome::Refer => "The Ministry checked the notification and refers it to a provider.",
        CheckOutcome::DoNotReferEnrolled => {
            "The Ministry checked the notification and does not refer it: the student is enrolled."
        }
        CheckOutcome::DoNotReferOverseas => {
            "The Ministry checked the notification and does not refer it: the student has left the country."
        }
        CheckOutcome::DoNotReferOther => {
            "The Ministry checked the notification and does not refer it, for a reason told in the narrative."
        }
    }
}

fn dual_active(e: &DualActiveDetected) -> String {
    match e.on_purpose {
        Some(reason) => {
            format!("The case was opened on purpose beside active case {} of the student (reason {reason}).", e.other)
        }
        None => format!("A second active case of the student was found: {}.", e.other),
    }
}

fn contact_details(e: &ContactDetailsRecorded) -> String {
    let mut text = format!(
        "Contact details were recorded, given by {} and right on {}",
        words::source(e.source),
        day(e.current_on)
    );
    if e.confirmed {
        text += "; the address is confirmed";
    }
    if let Some(catchment) = e.catchment {
        text += &format!("; it lies in catchment {catchment}");
    }
    text + "."
}

fn plan(e: &StudentPlanRecorded) -> String {
    let goals = count(e.goals, "goal", "goals");
    let review = e.review_on.map(|on| format!(", to be reviewed on {}", day(on))).unwrap_or_default();
    match e.revision {
        1 => format!("A student plan with {goals} was recorded{review}."),
        revision => format!("The student plan was revised (revision {revision}, {goals}){review}."),
    }
}

fn comment(e: &CommentAdded) -> String {
    let number = e.comment.0;
    match (e.by_school, e.shared_with_schools) {
        (true, _) => format!("The school added comment {number}."),
        (false, true) => format!("Comment {number} was added and shared with schools."),
        (false, false) => format!("Comment {number} was added, not shared with schools."),
    }
}

fn answer(e: &InformationRequestAnswered) -> String {
    let detailed = if e.detailed { ", a detailed check" } else { "" };
    let what = match (e.agency, e.whereabouts) {
        (_, Whereabouts::Out) => ": the student is out of the country",
        (_, Whereabouts::NotOut) => ": the student is not shown to be out of the country",
        (_, Whereabouts::Unknown) if !e.known_code => " with a code that is not known yet; a person must look at it",
        (_, Whereabouts::Unknown) => "",
    };
    format!("{} answered request {}{detailed}{what}.", words::agency(e.agency), e.request.0)
}

fn not_located(e: &NotLocatedFlagSet) -> String {
    let attempts = count(e.attempts, "attempt at contact", "attempts at contact");
    let checks = match e.no_check_because {
        Some(reason) => format!("no answered check (reason {reason})"),
        None if e.answered_checks == 0 => "what was asked of agencies".to_owned(),
        None => count(e.answered_checks, "answered check", "answered checks"),
    };
    format!("The student could not be located after {attempts} and {checks}.")
}

//! What people do on a case, in the words of a story; each verb is a step or two, mostly accepted.

use serde_json::{Value, json};

use super::places::CATCHMENTS;
use super::script::{Deed, Script};
use super::words;

/// How people meet and talk, with weights: visits and telephone most of all (Q11).
const MODES: [(u64, &str); 6] =
    [(30, "in_person"), (22, "home_visit"), (28, "phone"), (8, "video"), (8, "text"), (4, "email")];

/// Immigration NZ's answers in the proportions of the simulation, with one that nobody knows (§1.8).
const INZ_CODES: [(u64, &str); 6] =
    [(16, "OUT"), (22, "UNMATCHED"), (42, "IN"), (4, "UNLI"), (14, "NEWCLIENT"), (2, "PENDING-REVIEW")];

impl Script {
    /// The workflow lead gives the case to a case manager.
    pub fn is_assigned(&mut self) {
        let manager = self.some_manager();
        self.does(Deed::new(self.lead(), "assign-case-manager", json!({"manager": manager})));
        self.manager = Some(manager);
    }

    /// The provider reviews the case (M5).
    pub fn is_reviewed(&mut self) {
        self.records_later(Deed::new(self.lead(), "review", json!({})));
    }

    /// The provider meets the school (M10, M11, K10).
    pub fn meets_school(&mut self) {
        let mode = self.dice.weighted(&[(70, "in_person"), (20, "video"), (10, "phone")]);
        self.records_later(Deed::new(self.worker(), "hold-school-meeting", json!({"mode": mode})));
    }

    /// The provider meets the caregivers (M7).
    pub fn meets_caregivers(&mut self) {
        let mode = self.dice.weighted(&[(45, "home_visit"), (40, "in_person"), (15, "video")]);
        let facts = json!({"mode": mode, "student_present": self.dice.chance(45)});
        self.records_later(Deed::new(self.worker(), "hold-caregiver-meeting", facts));
    }

    /// Two-way contact with the student (M12, M13).
    pub fn engages_student(&mut self) {
        let facts = json!({"mode": self.dice.weighted(&MODES)});
        self.records_later(Deed::new(self.worker(), "engage-student", facts));
    }

    /// Two-way contact with a caregiver.
    pub fn engages_caregiver(&mut self) {
        let facts = json!({"mode": self.dice.weighted(&MODES)});
        self.records_later(Deed::new(self.worker(), "engage-caregiver", facts));
    }

    /// An attempt that reaches nobody (E46).
    pub fn tries_in_vain(&mut self) {
        let with = self.dice.weighted(&[(35, "student"), (55, "caregiver"), (5, "school"), (5, "other")]);
        let outcome = self.dice.weighted(&[(70, "not_reached"), (20, "wrong_details"), (10, "refused")]);
        let facts = json!({"with": with, "mode": self.dice.weighted(&MODES), "outcome": outcome});
        self.records_later(Deed::new(self.worker(), "attempt-contact", facts));
    }

    /// Somebody records where the family lives.
    pub fn learns_contacts(&mut self, confirmed: bool, catchment: usize) {
        let place = CATCHMENTS[catchment];
        let source = self.dice.weighted(&[(50, "family"), (30, "school"), (10, "agency"), (10, "other")]);
        let facts = json!({"source": source, "current_on": self.day, "confirmed": confirmed, "catchment": place.code});
        let contacts = self.student.contacts(&mut self.dice, place.name);
        let deed = Deed::new(self.worker(), "record-contact-details", facts).personal(json!({"contacts": contacts}));
        self.does(deed);
        self.contacts_held = true;
    }

    /// What was held reaches nobody any more.
    pub fn finds_contacts_out_of_date(&mut self) {
        self.does(Deed::new(self.worker(), "mark-contact-details-out-of-date", json!({})));
    }

    /// The student plan, or a revision of it (M8).
    pub fn records_plan(&mut self) {
        let pick = |script: &mut Script, list: &[&'static str], most: u64| {
            let (from, n) = (script.dice.below(list.len() as u64), script.dice.between(1, most));
            (0..n).map(|i| list[((from + i) % list.len() as u64) as usize]).collect::<Vec<_>>()
        };
        let barriers = pick(self, &words::BARRIERS, 2);
        let review_on = super::term::working_days_after(self.day, self.dice.between(10, 20));
        let plan = json!({"goals": pick(self, &words::GOALS, 3), "actions": pick(self, &words::ACTIONS, 3)});
        let facts = json!({"barriers": barriers, "review_on": review_on});
        self.records_later(Deed::new(self.worker(), "record-plan", facts).personal(json!({"plan": plan})));
    }

    /// Somebody writes a comment.
    pub fn comments_as(&mut self, actor: String, shared: bool) {
        let facts = if shared { json!({"share_with_schools": true}) } else { json!({}) };
        let note = self.note(&words::COMMENT);
        self.does(Deed::new(actor, "add-comment", facts).personal(note));
        self.comments += 1;
    }

    /// The case manager writes a comment; now and then shares it at once (V4).
    pub fn comments(&mut self) {
        let shared = self.dice.chance(35);
        self.comments_as(self.worker(), shared);
    }

    /// An agency is asked (E17).
    pub fn asks(&mut self, agency: &str) {
        self.does(Deed::new(self.worker(), "open-information-request", json!({"agency": agency})));
        self.requests += 1;
    }

    /// Immigration NZ answers the latest request with this code.
    pub fn inz_answers(&mut self, code: &str) {
        let answer = json!({"answer": {"code": code}});
        let deed = Deed::new(super::script::INZ, "answer-information-request", json!({"request": self.requests}));
        self.does(deed.personal(answer));
    }

    /// Picks what Immigration NZ will answer.
    pub fn some_inz_code(&mut self) -> &'static str {
        self.dice.weighted(&INZ_CODES)
    }

    /// MSD answers the latest request; nobody knows a list of its codes.
    pub fn msd_answers(&mut self) {
        let detail = words::say(&mut self.dice, &["No record under this name.", "A different address is held."], "");
        let answer = json!({"answer": {"code": "SEE-DETAIL", "detail": detail}});
        let deed = Deed::new(super::script::MSD, "answer-information-request", json!({"request": self.requests}));
        self.does(deed.personal(answer));
    }

    /// The register reports an enrolment, or that there is none, so many working days after it took effect; returns
    /// the report.
    pub fn enrolment_changes(&mut self, school: Option<String>, days_late: u64) -> Value {
        // An enrolment older than the referral would be history, and change nothing about today.
        let earliest = self.day.min(super::term::working_days_after(self.since, 1));
        let effective_on = super::term::working_days_before(self.day, days_late).max(earliest);
        let student_type = if school.is_some() { "RE" } else { "NONE" };
        let mut facts = json!({"student_type": student_type, "effective_on": effective_on});
        if let Some(school) = school {
            facts["school"] = json!(school);
        }
        self.does(Deed::new(super::script::ENROL, "change-enrolment", facts.clone()));
        facts
    }

    /// The provider closes the case.
    pub fn closes(&mut self, reason: &str) {
        let mut deed = Deed::new(self.worker(), "close", json!({"reason": reason}));
        if reason == "other" {
            deed = deed.personal(words::note("Moved in with grandparents; the kura there has its own team."));
        }
        self.does(deed);
    }

    /// A provider agrees to a move: who, to whom, how.
    pub fn agreement(&self, provider: &str, channel: &str) -> Value {
        json!({"provider": provider, "agreed_by": "WORKFLOW-LEAD", "agreed_on": self.day, "channel": channel})
    }
}

//! Writes the steps of one story: its own dice, its own calendar, and what it knows of its case.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use super::dice::Dice;
use super::people::Student;
use super::places::{CATCHMENTS, Map, School};
use super::step::{self, Expect, Key, On, Step};
use super::term::{self, Term, Year};
use super::words;

/// The Ministry's team that checks, receives and passes on cases.
pub const CIT: &str = "CIT-1/cit/MOE";
/// The enrolment register's feed.
pub const ENROL: &str = "ENROL/enrol/ENROL";
/// Immigration NZ's feed.
pub const INZ: &str = "INZ/inz/INZ";
/// MSD's feed.
pub const MSD: &str = "MSD/msd/MSD";
/// The Education Service Desk.
pub const DESK: &str = "DESK-1/service_desk/MOE";

/// How many case managers a provider has.
const MANAGERS: u64 = 5;

/// Nobody records before a quarter past eight or after a quarter to five, in minutes of the day.
const OFFICE_HOURS: (u64, u64) = (8 * 60 + 15, 16 * 60 + 45);

/// Something somebody does, before it has its place in the story.
pub struct Deed {
    actor: String,
    action: &'static str,
    facts: Value,
    personal: Value,
    occurred_at: Option<String>,
    key: Key,
    saw: Option<u32>,
    expect: Expect,
}

impl Deed {
    /// Somebody does something with these facts, and it is accepted.
    pub fn new(actor: impl Into<String>, action: &'static str, facts: Value) -> Deed {
        Deed {
            actor: actor.into(),
            action,
            facts,
            personal: json!({}),
            occurred_at: None,
            key: Key::Own,
            saw: None,
            expect: Expect::Accepted,
        }
    }

    /// Says what is personal.
    pub fn personal(self, personal: Value) -> Deed {
        Deed { personal, ..self }
    }

    /// Says when it happened: a date, or an RFC 3339 time.
    pub fn happened(self, at: impl ToString) -> Deed {
        Deed { occurred_at: Some(at.to_string()), ..self }
    }

    /// Sends it under the key of an earlier step.
    pub fn key_of(self, number: u16) -> Deed {
        Deed { key: Key::Of(number), ..self }
    }

    /// Says which version the actor saw.
    pub fn saw(self, version: u32) -> Deed {
        Deed { saw: Some(version), ..self }
    }

    /// Says what should come of it.
    pub fn expect(self, expect: Expect) -> Deed {
        Deed { expect, ..self }
    }

    /// The actor may not know of the case, and is told that there is none.
    pub fn unknown(self) -> Deed {
        self.refused("404", "unknown-case")
    }

    /// A rule should say no.
    pub fn refused(self, rule: &str, code: &str) -> Deed {
        self.expect(Expect::refused(rule, code))
    }
}

/// When a story plays, and how long people are at work on its case.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The term it begins in, or the one before.
    pub term: Term,
    /// The year around it, where a whole one is played.
    pub year: Option<Year>,
    /// The last day on which anything is recorded.
    pub until: NaiveDate,
    /// How many times as long the work goes on as it does in a single term.
    pub length: u64,
}

/// A story in the making.
pub struct Script {
    /// The story's own chance.
    pub dice: Dice,
    /// When it plays.
    pub stage: Stage,
    /// The country.
    pub map: Map,
    /// Whom it is about.
    pub student: Student,
    /// The school that refers, or that was attended last.
    pub school: School,
    /// Index of the catchment the case is in.
    pub catchment: usize,
    /// The provider that has the case.
    pub provider: String,
    /// The providers that had it before: they know of it still (Q19).
    pub had_it: Vec<String>,
    /// Its case manager.
    pub manager: Option<String>,
    /// Whether the student is enrolled at the school: then it sees the case and may comment (V1, V2).
    pub enrolled: bool,
    /// Whether the school's contact person is the one named on the case: only then do they see it (A3).
    pub contact_named: bool,
    /// Whether contact details were recorded on the case.
    pub contacts_held: bool,
    /// How many information requests were made on the case.
    pub requests: u16,
    /// How many comments it has.
    pub comments: u16,
    /// The day the provider got it: work is not recorded as older than that.
    pub since: NaiveDate,
    /// The day the story has come to.
    pub day: NaiveDate,
    /// Its number in the plan.
    pub story: u32,
    minute: u64,
    case: String,
    steps: Vec<Step>,
}

impl Script {
    /// Begins a story on a day, at a school.
    pub fn new(
        story: u32,
        mut dice: Dice,
        stage: Stage,
        map: Map,
        student: Student,
        school: School,
        day: NaiveDate,
    ) -> Script {
        let day = term::working_day_from(day);
        let minute = dice.between(OFFICE_HOURS.0, OFFICE_HOURS.1);
        Script {
            dice,
            stage,
            map,
            student,
            school,
            catchment: school.catchment,
            provider: school.catchment().provider.to_owned(),
            had_it: Vec::new(),
            manager: None,
            enrolled: true,
            contact_named: false,
            contacts_held: false,
            requests: 0,
            comments: 0,
            since: day,
            day,
            minute,
            case: "case".to_owned(),
            story,
            steps: Vec::new(),
        }
    }

    /// Returns the story's steps; what lies after the end of term was not recorded in it.
    pub fn steps(self) -> Vec<Step> {
        self.steps
    }

    /// Lets working days pass.
    pub fn days(&mut self, low: u64, high: u64) {
        let n = self.dice.between(low, high);
        if n > 0 {
            self.day = term::working_days_after(self.day, n);
            self.minute = self.dice.between(OFFICE_HOURS.0, OFFICE_HOURS.1);
        } else {
            self.minutes(20, 90);
        }
    }

    /// Lets minutes pass; what would end after hours goes on in the next morning.
    pub fn minutes(&mut self, low: u64, high: u64) {
        self.minute += self.dice.between(low, high);
        if self.minute > OFFICE_HOURS.1 {
            self.day = term::working_days_after(self.day, 1);
            self.minute = self.dice.between(OFFICE_HOURS.0, OFFICE_HOURS.0 + 90);
        }
    }

    /// Returns whether the term is over.
    pub fn is_over(&self) -> bool {
        self.day > self.stage.until
    }

    /// Returns the term the story has come to; in holidays the one before.
    pub fn term(&self) -> Term {
        self.stage.year.map_or(self.stage.term, |year| Term::around(&year.terms, self.day))
    }

    /// Returns a day ahead by which something is to be done: the end of term, or some weeks from now.
    pub fn ahead(&self) -> NaiveDate {
        self.term().last.max(term::working_days_after(self.day, 15))
    }

    /// Returns the moment the story has come to.
    pub fn now(&self) -> DateTime<Utc> {
        term::at(self.day, self.minute as u32)
    }

    /// Opens a case, called `case` from then on in this story.
    pub fn opens(&mut self, case: &str, deed: Deed) {
        self.push(On::New(case.to_owned()), deed);
    }

    /// Turns to the case of this name; what follows is done to it.
    pub fn turn_to(&mut self, case: &str) {
        case.clone_into(&mut self.case);
    }

    /// Does something to the story's case; returns the step's number.
    pub fn does(&mut self, deed: Deed) -> u16 {
        self.push(On::Case(self.case.clone()), deed)
    }

    /// Does something that happened at some time before it is recorded: today, yesterday, or found in a notebook.
    pub fn records_later(&mut self, deed: Deed) -> u16 {
        let back = self.dice.weighted(&[(40, None), (25, Some((0, 0))), (25, Some((1, 3))), (10, Some((5, 15)))]);
        let deed = match back {
            None => deed,
            Some((0, _)) => {
                let earlier = self.minute.saturating_sub(self.dice.between(15, 180)).max(7 * 60);
                deed.happened(super::play::rfc3339(term::at(self.day, earlier as u32)))
            }
            Some((low, high)) => {
                let days = self.dice.between(low, high);
                deed.happened(term::working_days_before(self.day, days).max(self.since))
            }
        };
        self.does(deed)
    }

    fn push(&mut self, on: On, deed: Deed) -> u16 {
        let number = self.steps.len() as u16;
        if self.is_over() {
            return number;
        }
        let body = step::body(&on, deed.action, deed.occurred_at.as_deref(), &deed.facts, &deed.personal);
        self.steps.push(Step {
            story: self.story,
            number,
            at: self.now(),
            actor: deed.actor,
            on,
            action: deed.action.to_owned(),
            body,
            key: deed.key,
            saw: deed.saw,
            expect: deed.expect,
            records: None,
        });
        // Two steps of one moment would leave their order to chance.
        self.minute += 1;
        number
    }

    /// The provider's workflow lead.
    pub fn lead(&self) -> String {
        lead_of(&self.provider)
    }

    /// The case manager, or the workflow lead while there is none.
    pub fn worker(&self) -> String {
        match &self.manager {
            Some(manager) => format!("{manager}/case_manager/{}", self.provider),
            None => self.lead(),
        }
    }

    /// Picks one of the provider's case managers who has not got the case.
    pub fn some_manager(&mut self) -> String {
        let n = self.dice.below(MANAGERS);
        let name = |n: u64| format!("{}-M{}", self.provider, n % MANAGERS + 1);
        let picked = name(n);
        if self.manager.as_ref() == Some(&picked) { name(n + 1) } else { picked }
    }

    /// The school's attendance lead.
    pub fn school_lead(&self) -> String {
        format!("{0}-A/attendance_lead/{0}", self.school.code())
    }

    /// The school's primary contact, who may be another person than the one who refers (A3).
    pub fn school_contact(&self) -> String {
        format!("{0}-D/primary_contact/{0}", self.school.code())
    }

    /// The provider has the case from now on.
    pub fn is_with(&mut self, provider: &str) {
        self.had_it.push(self.provider.clone());
        provider.clone_into(&mut self.provider);
        if let Some(there) = CATCHMENTS.iter().position(|catchment| catchment.provider == provider) {
            self.catchment = there;
        }
        self.manager = None;
        self.since = self.day;
    }

    /// A note of somebody about the student.
    pub fn note(&mut self, sentences: &[&str]) -> Value {
        let name = self.student.called().to_owned();
        words::note(words::say(&mut self.dice, sentences, &name))
    }
}

/// A provider's workflow lead.
pub fn lead_of(provider: &str) -> String {
    format!("{provider}-L/workflow_lead/{provider}")
}

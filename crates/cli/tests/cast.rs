//! As each person of the demo: what they list, open, search, follow and take out is exactly what the printed table says. The
//! expectation is folded from the journal by the table that `caseledger access show` prints; the answers come over HTTP, each
//! from a token of that person.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::people::{Demo, bearer};
use crate::support::on;
use caseledger_events::access::*;
use caseledger_events::codec;
use caseledger_events::dates::{Timestamp, start_of_day};
use caseledger_events::event::CaseEvent;
use caseledger_events::ids::{CaseId, Code, Position, StreamId};
use caseledger_events::public;
use caseledger_events::reference::{Entry, Reference};
use caseledger_identity::cast::{Person, cast};
use caseledger_log::JournalReader;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};

/// Of all cases that many are opened by each person, beside the first of those that they list.
const OPENED: usize = 9;

/// Something that happened to a case.
struct Happened {
    at: Position,
    event: CaseEvent,
    written: Written,
}

/// What the journal says.
#[derive(Default)]
struct Told {
    grants: Grants,
    reference: Reference,
    standings: BTreeMap<CaseId, Standing>,
    histories: BTreeMap<CaseId, Vec<Happened>>,
    /// Every event: whose it is on the feed, and whether position and hash alone are told of it.
    feed: BTreeMap<u64, (Option<Code>, bool)>,
}

impl Told {
    fn fold(dir: &Path) -> Told {
        let journal = JournalReader::open(dir).unwrap();
        let mut told = Told::default();
        let mut scan = journal.scan(Position(1));
        while scan.position() <= journal.last()
            && let Some(group) = scan.next_group().unwrap()
        {
            group.chained().for_each(|(_, frame, _)| told.take(frame));
        }
        told
    }

    fn take(&mut self, frame: &[u8]) {
        let event = codec::decode(frame).unwrap();
        self.feed.insert(event.position.0, (public::concerns(&event), public::restricts(&event).unwrap()));
        if let Some(entry) = Entry::read(&event).unwrap() {
            self.reference.apply(entry);
        }
        self.grants.evolve(&event).unwrap();
        let StreamId::Case(case) = event.stream else { return };
        let read = CaseEvent::read(event.kind, event.schema, event.facts).unwrap().unwrap();
        let standing = Standing::evolve(self.standings.remove(&case), &event, &read).unwrap();
        self.standings.insert(case, standing);
        let (comment, agency) = match &read {
            CaseEvent::CommentAdded(e) => (Some(e.comment), None),
            CaseEvent::InformationRequestAnswered(e) => (None, Some(e.agency)),
            CaseEvent::InformationRequestOpened(e) => (None, Some(e.agency)),
            _ => (None, None),
        };
        let written = Written { by: event.actor.organisation, at: event.position, comment, agency };
        self.histories.entry(case).or_default().push(Happened { at: event.position, event: read, written });
    }

    /// The cases that lists of an operation hold, the denial where somebody has none.
    fn cases(&self, asker: &Principal, operation: Operation, on: NaiveDate) -> Result<BTreeSet<String>, Denied> {
        let scopes = scopes(asker, operation, on)?;
        let admitted = self.standings.values().filter(|case| scopes.iter().any(|scope| scope.admits(case)));
        Ok(admitted.map(|case| case.case.to_string()).collect())
    }
}

/// A person of the cast who asks the demo.
struct Asking<'a> {
    demo: &'a Demo,
    who: &'a Person,
    bearer: String,
    principal: Principal,
    told: &'a Told,
    on: NaiveDate,
}

fn status(denied: Denied) -> u16 {
    if denied.is_secret() { 404 } else { 403 }
}

fn send(demo: &Demo, who: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    static KEYS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let key = format!("cast-{}", KEYS.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let bearer = bearer(&demo.data(), who);
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("idempotency-key", key.as_str())];
    patiently(|| demo.client().send(method, path, &headers, body.to_string().as_bytes()).unwrap())
}

/// Asks again where a person has asked too often.
fn patiently(ask: impl Fn() -> caseledger_tests::Answer) -> (u16, Value) {
    loop {
        match ask() {
            answer if answer.status == 429 => std::thread::sleep(std::time::Duration::from_millis(200)),
            answer => return (answer.status, answer.json()),
        }
    }
}

impl Asking<'_> {
    fn get(&self, path: &str) -> (u16, Value) {
        let headers = [("authorization", self.bearer.as_str())];
        patiently(|| self.demo.client().send("GET", path, &headers, b"").unwrap())
    }

    /// Every page of the list.
    fn lists(&self) -> BTreeSet<String> {
        let (mut listed, mut path) = (BTreeSet::new(), "/v1/cases?limit=500".to_owned());
        let expected = self.told.cases(&self.principal, Operation::List, self.on);
        loop {
            let (answered, page) = self.get(&path);
            let expected = match &expected {
                Ok(expected) => expected,
                Err(denied) => {
                    assert_eq!(answered, status(*denied), "{}: {page}", self.who.person);
                    return listed;
                }
            };
            assert_eq!(answered, 200, "{}: {page}", self.who.person);
            listed
                .extend(page["items"].as_array().unwrap().iter().map(|item| item["case"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => path = format!("/v1/cases?limit=500&cursor={next}"),
                None => {
                    assert_eq!(&listed, expected, "{} lists", self.who.person);
                    return listed;
                }
            }
        }
    }

    /// The case and its timeline, as the row shows them; returns whether the case was shown.
    fn opens(&self, standing: &Standing) -> bool {
        let who = self.who.person;
        let case = standing.case;
        let (answered, document) = self.get(&format!("/v1/cases/{case}"));
        let opened = authorise(&self.principal, Operation::OpenCase, standing, self.on);
        match &opened {
            Ok(grant) if grant.level() != Level::Receipt => assert_eq!(answered, 200, "{who} {case}: {document}"),
            Ok(_) => assert_eq!(answered, 404, "{who} {case}: {document}"),
            Err(denied) => assert_eq!(answered, status(*denied), "{who} {case}: {document}"),
        }
        let (answered, page) = self.get(&format!("/v1/cases/{case}/timeline?limit=500"));
        match authorise(&self.principal, Operation::Timeline, standing, self.on) {
            Ok(grant) => {
                let history = self.told.histories[&case].iter();
                let shown = history.filter(|told| grant.shows_event(&told.event, &told.written));
                let expected: Vec<u64> = shown.map(|told| told.at.0).collect();
                let items = page["items"].as_array().unwrap_or_else(|| panic!("{who} {case}: {page}"));
                let told: Vec<u64> = items.iter().map(|item| item["position"].as_u64().unwrap()).collect();
                assert_eq!(told, expected, "{who} reads of {case}");
            }
            Err(denied) => assert_eq!(answered, status(denied), "{who} {case}: {page}"),
        }
        opened.is_ok()
    }

    /// Every case found is one of those a search may show, and one that is known by name is found where it may be.
    fn searches(&self, name: &str, case: &str) {
        let body = json!({"name": name, "limit": 100});
        let (answered, found) = send(self.demo, self.who.person, "POST", "/v1/cases/search", &body);
        match self.told.cases(&self.principal, Operation::Search, self.on) {
            Ok(expected) => {
                assert_eq!(answered, 200, "{}: {found}", self.who.person);
                let found =
                    found["items"].as_array().unwrap().iter().map(|item| item["case"].as_str().unwrap().to_owned());
                let found: BTreeSet<String> = found.collect();
                assert!(found.is_subset(&expected), "{} finds {found:?}", self.who.person);
                assert_eq!(found.contains(case), expected.contains(case), "{} finds {case}", self.who.person);
            }
            Err(denied) => assert_eq!(answered, status(denied), "{}: {found}", self.who.person),
        }
    }

    /// The feed from the first event to the last of theirs.
    fn follows(&self) {
        let who = self.who.person;
        let headers = [("authorization", self.bearer.as_str()), ("last-event-id", "0")];
        let mut feed = self.demo.client().open("/v1/feed", &headers).unwrap();
        let scope = match scope(&self.principal, Operation::Feed, None, self.on) {
            Ok(scope) => scope,
            Err(denied) => return assert_eq!(feed.status, status(denied), "{who}"),
        };
        assert_eq!(feed.status, 200, "{who}");
        let provider = if let Filter::Provider { provider } = scope.filter() { Some(*provider) } else { None };
        let theirs = self.told.feed.iter().filter(|(_, (whose, _))| provider.is_none() || *whose == provider);
        let expected: Vec<(u64, bool)> = theirs.map(|(at, (_, restricted))| (*at, *restricted)).collect();
        let last = expected.last().map_or(0, |(at, _)| *at);
        let (mut told, mut at, mut kind): (Vec<(u64, bool)>, u64, _) = (Vec::new(), 0, None);
        while told.last().map_or(0, |(at, _)| *at) < last {
            let line = feed.line().unwrap().unwrap_or_else(|| panic!("{who}'s feed ended at {at} of {last}"));
            if let Some(id) = line.strip_prefix("id: ") {
                at = id.trim().parse().unwrap();
            } else if let Some(name) = line.strip_prefix("event: ") {
                kind = Some(name.trim().to_owned());
            } else if line.trim().is_empty()
                && let Some(kind) = kind.take()
            {
                told.push((at, kind == public::RESTRICTED));
            }
        }
        assert_eq!(told, expected, "{who} follows");
    }

    /// Recorded events in bulk, and everything about one student.
    fn takes_out(&self, case: &str) {
        let who = self.who.person;
        let headers = [("authorization", self.bearer.as_str())];
        let answer = self.demo.client().send("GET", "/v1/events?from=1", &headers, b"").unwrap();
        match pass(&self.principal, Operation::RawEvents, self.on) {
            Ok(pass) => {
                let lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                assert!(lines.len() >= self.told.feed.len(), "{who}: {} events", lines.len());
                for (line, (_, restricted)) in lines.iter().zip(self.told.feed.values()) {
                    let is_cut = line["type"] == public::RESTRICTED && line.get("facts").is_none();
                    assert_eq!(is_cut, *restricted && !pass.decided().level().shows_restricted(), "{who}: {line}");
                }
            }
            Err(denied) => assert_eq!(answer.status, status(denied), "{who}"),
        }
        let standing = &self.told.standings[&case.parse::<CaseId>().unwrap()];
        let expected = match authorise(&self.principal, Operation::SubjectExport, standing, self.on) {
            Ok(_) => 200,
            Err(denied) => status(denied),
        };
        let (answered, bundle) = send(self.demo, who, "POST", "/v1/subjects/export", &json!({"case": case}));
        assert_eq!(answered, expected, "{who} takes out: {}", bundle["code"]);
        if answered == 200 {
            let cases = bundle["cases"].as_array().unwrap();
            assert!(cases.iter().any(|of| of["case"]["case"] == case), "{who}");
        }
    }
}

/// V1, V4, Q28: a case of its own, on which a comment is shared; the student moves, and the school loses it with that event.
fn a_school_loses_shared_comments_the_moment_enrolment_moves(demo: &Demo, on: NaiveDate) -> (String, String) {
    let name = "Whakaaturanga";
    let referral = json!({
        "action": "submit-support-request",
        "facts": {
            "school": "S1401", "absent_half_days": 40, "open_half_days": 60, "engagement": "partly",
            "school_steps_taken": true,
        },
        "personal": {"student": {"family_name": name, "given_names": "Aroha", "birth_date": "2014-05-06"}},
    });
    let (answered, opened) = send(demo, "S1401-A", "POST", "/v1/cases", &referral);
    assert_eq!(answered, 201, "{opened}");
    let case = opened["case"].as_str().unwrap().to_owned();
    let shared =
        json!({"facts": {"share_with_schools": true}, "personal": {"note": {"text": "canary-for-the-school"}}});
    let act = |who: &str, action: &str, body: &Value| {
        let (answered, done) = send(demo, who, "POST", &format!("/v1/cases/{case}/actions/{action}"), body);
        assert_eq!(answered, 200, "{action}: {done}");
        done["receipt"]["position"].as_u64().unwrap()
    };
    let sees = |who: &str, position: u64| {
        let path = format!("/v1/cases/{case}?min_position={position}");
        send(demo, who, "GET", &path, &json!({})).1.to_string().contains("canary-for-the-school")
    };
    let position = act("ASP14-L", "add-comment", &shared);
    assert!(sees("S1401-A", position) && !sees("S1402-A", position));
    let moved = json!({"facts": {"school": "S1402", "student_type": "RE", "effective_on": on}});
    let position = act("ENROL", "change-enrolment", &moved);
    assert!(!sees("S1401-A", position), "the school the student left reads it still");
    assert!(sees("S1402-A", position), "the school the student is at reads it");
    (case, name.to_owned())
}

#[test]
fn each_of_the_cast_gets_by_every_road_exactly_what_the_printed_table_says() {
    let demo = Demo::start("30");
    let printed = on(&demo.data(), "access show", &[]).ended(0).out;
    for row in TABLE {
        assert!(printed.contains(&format!("| {} |", row.cells().join(" | "))), "not printed: {row:?}");
    }
    let today: NaiveDate =
        send(&demo, "AUDIT-1", "GET", "/v1/policy", &json!({})).1["on"].as_str().unwrap().parse().unwrap();
    let (case, name) = a_school_loses_shared_comments_the_moment_enrolment_moves(&demo, today);
    let told = Told::fold(&demo.data());
    assert!(told.standings.len() > 30, "{}", told.standings.len());
    let now = Timestamp(start_of_day(today + Days::new(1)).0 - 1);
    let step = told.standings.len().div_ceil(OPENED);
    let (mut opened, mut listing) = (0, 0);
    for who in cast() {
        let principal = told.grants.admit(who.actor(), who.mfa, now, &told.reference).unwrap();
        let bearer = bearer(&demo.data(), who.person);
        let asking = Asking { demo: &demo, who, bearer, principal, told: &told, on: today };
        let listed = asking.lists();
        listing += usize::from(!listed.is_empty());
        let own = listed.iter().take(3).map(|case| &told.standings[&case.parse::<CaseId>().unwrap()]);
        for standing in
            told.standings.values().step_by(step).chain(own).chain([&told.standings[&case.parse().unwrap()]])
        {
            opened += u32::from(asking.opens(standing));
        }
        asking.searches(&name, &case);
        asking.follows();
        asking.takes_out(&case);
    }
    assert!(opened > 60 && listing > 10, "{opened} opened, {listing} have cases to list");
}

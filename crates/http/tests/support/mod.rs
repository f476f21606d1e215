//! A whole service in one process: real log, real views, no port.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use caseledger_bus::RelayView;
use caseledger_events::world::World;
use caseledger_http::{Admissions, AppState, CaseStudents, HttpSettings, Limits, Metrics, Parts, router};
use caseledger_identity::{DevIssuer, IdentitySettings, Verifier};
use caseledger_log::{AccessLog, AccessLogOptions, Ledger, LedgerOptions};
use caseledger_seal::{KekFile, Keys};
use caseledger_views::{ViewOptions, Views};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub const SCHOOL: &str = "P-SCH/attendance_lead/S-001";
pub const LEAD: &str = "P-LEAD/workflow_lead/ASP-01";
pub const MANAGER: &str = "P-CM/case_manager/ASP-01";
pub const OPERATOR: &str = "P-OPS/operator/MOE";
pub const AUDITOR: &str = "P-AUD/auditor/MOE";
pub const ENROL: &str = "ENROL/enrol/ENROL";
pub const CIT: &str = "P-CIT/cit/MOE";

pub struct Service {
    pub app: Router,
    pub ledger: Ledger<World>,
    pub access_log: Arc<AccessLog>,
    pub stopping: CancellationToken,
    views: Arc<Views>,
    dir: tempfile::TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Service {
    /// Starts with reference data for one school, two catchments and three providers.
    pub async fn start() -> Service {
        Service::start_with_reference(HttpSettings::default()).await
    }

    /// Starts with the same reference data and other settings.
    pub async fn start_with_reference(settings: HttpSettings) -> Service {
        let service = Service::start_with(settings);
        let entries = json!({"entries": [
            {"what": "school", "school": "S-001", "catchment": "C-01", "from": "2026-01-01"},
            {"what": "catchment", "catchment": "C-01", "provider": "ASP-01", "from": "2026-01-01"},
            {"what": "catchment", "catchment": "C-02", "provider": "ASP-02", "from": "2026-01-01"},
            {"what": "in_school", "school": "S-001", "provider": "ISP-01", "from": "2026-01-01"},
        ]});
        let answer = service.post("/v1/reference", OPERATOR, "reference", &entries).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        service
    }

    pub fn start_with(settings: HttpSettings) -> Service {
        Service::start_at(settings, None)
    }

    /// Starts one that takes the tokens of an issuer.
    pub fn start_signed(settings: HttpSettings, issuer: &DevIssuer) -> Service {
        let identity = IdentitySettings { development: true, issuers: vec![] };
        Service::start_at(settings, Some(Arc::new(Verifier::new(&identity, Some(issuer)).unwrap())))
    }

    /// Starts one that checks tokens in its own way, and takes the header.
    pub fn start_checking(tokens: Verifier) -> Service {
        Service::start_checking_with(HttpSettings::default(), tokens)
    }

    /// The same with other settings.
    pub fn start_checking_with(settings: HttpSettings, tokens: Verifier) -> Service {
        Service::start_at(settings, Some(Arc::new(tokens)))
    }

    fn start_at(settings: HttpSettings, tokens: Option<Arc<Verifier>>) -> Service {
        let dir = tempfile::tempdir().unwrap();
        let options = LedgerOptions { space_floor_bytes: 0, ballast_bytes: 0, ..LedgerOptions::default() };
        Ledger::<World>::create(&dir.path().join("log"), &options).unwrap();
        let (ledger, _) = Ledger::open(&dir.path().join("log"), options, World::default()).unwrap();
        let kek = KekFile::open(&dir.path().join("kek"), true).unwrap();
        let keys = Arc::new(Keys::open(&dir.path().join("keys"), ledger.identity().ledger, Box::new(kek)).unwrap());
        let options = ViewOptions::default();
        let views = Views::open(&dir.path().join("views"), ledger.reader(), keys.clone(), options).unwrap();
        let stopping = CancellationToken::new();
        let views = Arc::new(views);
        let options = AccessLogOptions { space_floor_bytes: 0, ..AccessLogOptions::default() };
        let access = dir.path().join("access");
        let (access_log, _) = AccessLog::open(&access, ledger.identity().ledger, &options).unwrap();
        let access_log = Arc::new(access_log);
        let state = AppState::new(Parts {
            ledger: ledger.clone(),
            views: views.clone(),
            keys,
            case_students: CaseStudents::default(),
            tokens,
            access_log: access_log.clone(),
            admissions: Admissions::default(),
            glass: Arc::default(),
            view_index: Arc::default(),
            limits: Limits::new(&settings),
            relay: RelayView::disabled(),
            settings,
            stopping: stopping.clone(),
            figures: Arc::default(),
            metrics: Metrics::default(),
        });
        Service { app: router(state), ledger, access_log, stopping, views, dir }
    }

    /// Returns the folder of everything it stores.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status, headers: parts.headers, json }
    }

    pub async fn post(&self, path: &str, actor: &str, key: &str, body: &Value) -> Answer {
        self.post_if(path, actor, key, body, None).await
    }

    pub async fn post_if(&self, path: &str, actor: &str, key: &str, body: &Value, if_match: Option<&str>) -> Answer {
        let mut request = Request::post(path)
            .header("content-type", "application/json")
            .header("ledger-actor", actor)
            .header("idempotency-key", key);
        if let Some(version) = if_match {
            request = request.header("if-match", version);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn get(&self, path: &str, actor: &str) -> Answer {
        self.send(Request::get(path).header("ledger-actor", actor).body(Body::empty()).unwrap()).await
    }

    /// Refers a student and returns the case.
    pub async fn refer(&self, key: &str) -> String {
        let answer = self.post("/v1/cases", SCHOOL, key, &referral()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.json);
        answer.json["case"].as_str().unwrap().to_owned()
    }
}

/// A live feed, with what came so far.
pub struct Feed {
    body: Body,
    pub text: String,
}

impl Feed {
    /// Follows as somebody whom a header names.
    pub async fn open(service: &Service, actor: &str, after: Option<u64>) -> Feed {
        Feed::try_open(service, "ledger-actor", actor, after).await.unwrap()
    }

    /// Follows as somebody whom a header or a token names; the status where that is refused.
    pub async fn try_open(service: &Service, header: &str, who: &str, after: Option<u64>) -> Result<Feed, StatusCode> {
        let mut request = Request::get("/v1/feed").header(header, who);
        if let Some(after) = after {
            request = request.header("last-event-id", after.to_string());
        }
        let response = service.app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        match response.status() {
            StatusCode::OK => Ok(Feed { body: response.into_body(), text: String::new() }),
            refused => Err(refused),
        }
    }

    /// Reads on until enough has come.
    pub async fn until(&mut self, is_enough: impl Fn(&str) -> bool) {
        while !is_enough(&self.text) {
            assert!(self.read().await, "the feed ended early: {}", self.text);
        }
    }

    /// Reads on until the feed ends.
    pub async fn read_to_end(&mut self) {
        while self.read().await {}
    }

    async fn read(&mut self) -> bool {
        let frame = tokio::time::timeout(Duration::from_secs(60), self.body.frame()).await;
        let Some(frame) = frame.unwrap_or_else(|_| panic!("nothing more came: {}", self.text)) else { return false };
        self.text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        true
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.views.shutdown();
        self.ledger.shutdown();
    }
}

/// A referral as a school sends it; the name is a canary that must turn up nowhere but in the case view.
pub fn referral() -> Value {
    json!({
        "action": "submit-support-request",
        "occurred_at": "2026-03-02",
        "facts": {
            "school": "S-001", "absent_half_days": 34, "open_half_days": 60,
            "engagement": "partly", "school_steps_taken": true,
        },
        "personal": {"student": {"family_name": "Kanarīpata", "given_names": "Hēmi Tāne", "birth_date": "2014-05-06"}},
    })
}

pub fn action(case: &str, name: &str) -> String {
    format!("/v1/cases/{case}/actions/{name}")
}

/// The answer is a problem document with this status and code.
#[track_caller]
pub fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.json["code"].as_str()), (status, Some(code)), "{}", answer.json);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    assert!(!answer.json["detail"].as_str().unwrap().is_empty());
    assert!(!answer.json.to_string().contains("Kanarīpata"), "a problem repeats what is personal: {}", answer.json);
}

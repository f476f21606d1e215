//! Where an issuer's keys come from, when they are read again, and what is done without them.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::support::{Draft, Pair, after, verifier, with, write_keys};
use caseledger_identity::TokenError::*;
use caseledger_identity::{IdentitySettings, KeyState, Verifier};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const LOGIN: &str = "https://login.example.nz";

fn settings(keys: &str) -> String {
    format!(
        "[[issuers]]\nissuer = \"{LOGIN}\"\naudience = \"caseledger\"\n{keys}\nalgorithms = [\"RS256\", \"ES256\"]\n"
    )
}

async fn of_file(path: &Path) -> Verifier {
    verifier(&settings(&format!("jwks_file = {path:?}"))).await
}

/// A good token signed by a key under a name.
fn token(kid: &str, pair: &Pair) -> String {
    Draft::new(LOGIN, "ES256", kid, pair).sign()
}

#[tokio::test]
async fn a_file_that_changes_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let (first, second) = (Pair::p256(), Pair::p256());
    write_keys(&path, &[first.jwk("first")]);
    let verifier = of_file(&path).await;
    let (early, late) = (token("first", &first), token("second", &second));
    assert!(verifier.verify(&early, after(0)).is_ok());
    assert_eq!(verifier.verify(&late, after(0)).err(), Some(KeyUnknown));
    write_keys(&path, &[first.jwk("first"), second.jwk("second")]);
    verifier.refresh_due(after(9)).await;
    assert_eq!(verifier.verify(&late, after(9)).err(), Some(KeyUnknown), "not due yet");
    verifier.refresh_due(after(10)).await;
    assert!(verifier.verify(&late, after(10)).is_ok());
}

#[tokio::test]
async fn a_key_that_is_withdrawn_takes_its_remembered_tokens_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let (first, second) = (Pair::p256(), Pair::p256());
    write_keys(&path, &[first.jwk("first"), second.jwk("second")]);
    let verifier = of_file(&path).await;
    let (early, late) = (token("first", &first), token("second", &second));
    assert!(verifier.verify(&early, after(0)).is_ok() && verifier.verify(&late, after(0)).is_ok());
    write_keys(&path, &[second.jwk("second")]);
    verifier.refresh_due(after(10)).await;
    assert_eq!(verifier.verify(&early, after(10)).err(), Some(KeyUnknown));
    assert!(verifier.verify(&late, after(10)).is_ok());
}

#[tokio::test]
async fn a_file_that_breaks_leaves_the_keys_of_before_for_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let pair = Pair::p256();
    write_keys(&path, &[pair.jwk("first")]);
    let verifier = of_file(&path).await;
    for (what, text) in
        [("empty", ""), ("no JSON", "keys"), ("no keys", "{\"keys\":[]}"), ("too large", &" ".repeat(300_000))]
    {
        fs::write(&path, text).unwrap();
        verifier.refresh_due(after(10)).await;
        let health = verifier.health(after(10)).issuers.remove(0);
        assert_eq!((health.state, health.keys, health.read_at), (KeyState::Stale, 1, Some(after(0))), "{what}");
        assert!(health.failure.is_some(), "{what}");
        assert!(verifier.verify(&token("first", &pair), after(10)).is_ok(), "{what}");
    }
    assert!(verifier.health(after(86_399)).is_ready());
    assert!(!verifier.health(after(86_400)).is_ready());
}

#[tokio::test]
async fn a_file_that_is_not_there_at_a_start_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let verifier = of_file(&path).await;
    let pair = Pair::p256();
    assert_eq!(verifier.verify(&token("first", &pair), after(0)).err(), Some(KeysUnavailable));
    let health = verifier.health(after(0));
    assert!(!health.is_ready());
    assert!(health.issuers[0].failure.as_deref().unwrap().contains("keys.json"), "{health:?}");
    write_keys(&path, &[pair.jwk("first")]);
    verifier.refresh_due(after(15)).await;
    assert!(verifier.verify(&token("first", &pair), after(15)).is_ok());
    assert_eq!(verifier.health(after(15)).issuers[0].state, KeyState::Fresh);
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_passed_over_and_spoils_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let (good, other, rsa) = (Pair::p256(), Pair::p256(), Pair::rsa());
    let table = [
        ("no name", json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})),
        ("symmetric", json!({"kty": "oct", "kid": "x", "k": "c2VjcmV0"})),
        ("for encryption", with(rsa.jwk("x"), "use", json!("enc"))),
        ("for signing alone", with(other.jwk("x"), "key_ops", json!(["sign"]))),
        ("published with its private half", with(other.jwk("x"), "d", json!("AA"))),
        ("for HMAC", with(rsa.jwk("x"), "alg", json!("HS256"))),
        ("for an algorithm of another kind", with(rsa.jwk("x"), "alg", json!("ES256"))),
        ("RSA of 1024 bits", with(rsa.jwk("x"), "n", json!(crate::support::base64([0xff; 128])))),
        ("RSA of 8192 bits", with(rsa.jwk("x"), "n", json!(crate::support::base64([0xff; 1024])))),
        ("RSA without a modulus", with(rsa.jwk("x"), "n", json!(null))),
        ("a curve nobody asked for", with(other.jwk("x"), "crv", json!("secp256k1"))),
        ("a point cut short", with(other.jwk("x"), "x", json!("AAAA"))),
        ("a point of padded base64", with(other.jwk("x"), "x", json!("AAAA=="))),
        ("of a kind nobody knows", json!({"kty": "AKP", "kid": "x", "pub": "AA"})),
        ("no object", json!("key")),
        ("a name that is a number", with(other.jwk("x"), "kid", json!(1))),
    ];
    for (what, key) in table {
        write_keys(&path, &[key, good.jwk("good")]);
        let verifier = of_file(&path).await;
        let health = verifier.health(after(0)).issuers.remove(0);
        assert_eq!((health.keys, health.skipped), (1, 1), "{what}");
        assert!(verifier.verify(&token("good", &good), after(0)).is_ok(), "{what}");
        assert_eq!(verifier.verify(&token("x", &other), after(0)).err(), Some(KeyUnknown), "{what}");
    }
}

#[tokio::test]
async fn two_keys_of_one_name_are_both_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let (first, second, good) = (Pair::p256(), Pair::p256(), Pair::p256());
    write_keys(&path, &[first.jwk("x"), good.jwk("good"), second.jwk("x")]);
    let verifier = of_file(&path).await;
    assert_eq!(verifier.verify(&token("x", &first), after(0)).err(), Some(KeyUnknown));
    assert_eq!(verifier.verify(&token("x", &second), after(0)).err(), Some(KeyUnknown));
    assert!(verifier.verify(&token("good", &good), after(0)).is_ok());
}

/// What the server of keys answers.
#[derive(Clone)]
enum Answer {
    Keys(String),
    Status(&'static str),
    Silence,
}

/// An https server on this machine with a certificate of its own.
struct KeyServer {
    address: std::net::SocketAddr,
    ca: std::path::PathBuf,
    answer: Arc<parking_lot::Mutex<Answer>>,
    asked: Arc<AtomicI64>,
    task: tokio::task::JoinHandle<()>,
}

impl KeyServer {
    async fn start(dir: &Path, answer: Answer) -> KeyServer {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let ca = dir.join("ca.pem");
        fs::write(&ca, made.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, asked) = (Arc::new(parking_lot::Mutex::new(answer)), Arc::new(AtomicI64::new(0)));
        let task = tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(tls)), answer.clone(), asked.clone()));
        KeyServer { address, ca, answer, asked, task }
    }

    fn settings(&self) -> String {
        settings(&format!("jwks_url = \"https://{}/keys?v=1\"\njwks_ca_file = {:?}", self.address, self.ca))
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    tls: TlsAcceptor,
    answer: Arc<parking_lot::Mutex<Answer>>,
    asked: Arc<AtomicI64>,
) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = tls.accept(stream).await else { continue };
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => request.push(byte),
                Err(_) => break,
            }
        }
        asked.fetch_add(1, Ordering::SeqCst);
        assert!(request.starts_with(b"GET /keys?v=1 HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&request));
        let (status, body) = match answer.lock().clone() {
            Answer::Keys(body) => ("200 OK", body),
            Answer::Status(status) => (status, String::new()),
            Answer::Silence => continue,
        };
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nlocation: https://127.0.0.1/\r\n\r\n", body.len());
        let _ = stream.write_all((head + &body).as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

#[tokio::test]
async fn keys_behind_an_address_are_read_over_tls_and_kept_ten_minutes() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::p256();
    let keys = json!({"keys": [pair.jwk("first")]}).to_string();
    let server = KeyServer::start(dir.path(), Answer::Keys(keys)).await;
    let verifier = verifier(&server.settings()).await;
    assert!(verifier.health(after(0)).is_ready(), "{:?}", verifier.health(after(0)));
    for _ in 0..100 {
        assert!(verifier.verify(&token("first", &pair), after(1)).is_ok());
    }
    for (second, asked) in [(1, 1), (599, 1), (600, 2), (601, 2)] {
        verifier.refresh_due(after(second)).await;
        assert_eq!(server.asked.load(Ordering::SeqCst), asked, "second {second}");
    }
}

#[tokio::test]
async fn unknown_keys_have_the_issuer_asked_once_a_minute_however_many_come() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::p256();
    let keys = json!({"keys": [pair.jwk("first")]}).to_string();
    let server = KeyServer::start(dir.path(), Answer::Keys(keys)).await;
    let verifier = verifier(&server.settings()).await;
    for second in 0..180 {
        for n in 0..5 {
            let token = token(&format!("{second}-{n}"), &pair);
            assert_eq!(verifier.verify(&token, after(second)).err(), Some(KeyUnknown));
        }
        verifier.refresh_due(after(second)).await;
    }
    assert_eq!(server.asked.load(Ordering::SeqCst), 3, "at the start, after one minute, after two");
}

#[tokio::test]
async fn an_issuer_that_answers_anything_else_leaves_the_keys_as_they_are_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::p256();
    let good = Answer::Keys(json!({"keys": [pair.jwk("first")]}).to_string());
    let server = KeyServer::start(dir.path(), good).await;
    let verifier = verifier(&server.settings()).await;
    let table = [
        (Answer::Status("500 Internal Server Error"), "500"),
        (Answer::Status("302 Found"), "302"),
        (Answer::Keys("{}".to_owned()), "JWKS"),
        (Answer::Keys("{\"keys\":[]}".to_owned()), "no key"),
        (Answer::Keys(" ".repeat(300_000)), "256 KiB"),
        (Answer::Silence, "127.0.0.1"),
    ];
    let mut second = 0;
    for (answer, named) in table {
        *server.answer.lock() = answer;
        second += 600;
        verifier.refresh_due(after(second)).await;
        let health = verifier.health(after(second)).issuers.remove(0);
        assert_eq!((health.state, health.keys), (KeyState::Stale, 1), "{named}");
        let failure = health.failure.unwrap();
        assert!(failure.contains(named), "{named}: {failure}");
        assert!(verifier.verify(&token("first", &pair), after(1)).is_ok());
    }
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_trusted_gives_no_keys() {
    let dir = tempfile::tempdir().unwrap();
    let pair = Pair::p256();
    let keys = json!({"keys": [pair.jwk("first")]}).to_string();
    let server = KeyServer::start(dir.path(), Answer::Keys(keys)).await;
    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    fs::write(&server.ca, other.cert.pem()).unwrap();
    let verifier = verifier(&server.settings()).await;
    assert_eq!(verifier.verify(&token("first", &pair), after(0)).err(), Some(KeysUnavailable));
    let failure = verifier.health(after(0)).issuers.remove(0).failure.unwrap();
    assert!(failure.contains("certificate"), "{failure}");
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn certificates_that_cannot_be_read_are_a_slip_of_the_settings() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    for (what, text) in [("absent", None), ("empty", Some("")), ("no PEM", Some("trust me"))] {
        if let Some(text) = text {
            fs::write(&ca, text).unwrap();
        }
        let text = settings(&format!("jwks_url = \"https://127.0.0.1/keys\"\njwks_ca_file = {ca:?}"));
        let settings: IdentitySettings = toml::from_str(&text).unwrap();
        let why = Verifier::new(&settings, None).err().map(|why| why.to_string());
        assert!(why.as_ref().is_some_and(|why| why.contains("jwks_ca_file")), "{what}: {why:?}");
    }
}

/// The task beside the service: a service that starts while its issuer is down takes tokens as soon as the keys come,
/// and a token signed by a key it does not know yet has them read again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_task_beside_the_service_reads_keys_when_they_come_and_when_an_unknown_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.json");
    let (first, second) = (Pair::p256(), Pair::p256());
    let settings: IdentitySettings = toml::from_str(&settings(&format!("jwks_file = {path:?}"))).unwrap();
    let verifier = Arc::new(Verifier::new(&settings, None).unwrap());
    let clock = Arc::new(AtomicI64::new(0));
    let task = tokio::spawn({
        let (verifier, clock) = (verifier.clone(), clock.clone());
        async move { verifier.keep_keys_fresh(|| after(clock.load(Ordering::SeqCst))).await }
    });
    let (early, late) = (token("first", &first), token("second", &second));
    assert_eq!(verifier.verify(&early, after(0)).err(), Some(KeysUnavailable));
    write_keys(&path, &[first.jwk("first")]);
    clock.store(15, Ordering::SeqCst);
    until(|| verifier.verify(&early, after(15)).is_ok()).await;
    write_keys(&path, &[first.jwk("first"), second.jwk("second")]);
    clock.store(75, Ordering::SeqCst);
    until(|| verifier.verify(&late, after(75)).is_ok()).await;
    task.abort();
}

/// Waits until something is so; only a service that never does it fails.
async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..6000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came to be");
}

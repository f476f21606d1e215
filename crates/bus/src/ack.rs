//! What the broker answers to a published event, and what follows from it.

use async_nats::{Message, StatusCode};
use serde::Deserialize;

/// What an answer to a published event says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Stored under this sequence.
    Stored(u64),
    /// Stored by somebody else or not yet; the stream must be asked where it stands.
    Resync(String),
    /// The broker cannot store now; the same message may be stored later.
    Later(String),
    /// The broker has more in hand than it takes.
    TooFast(String),
    /// The broker will never store this message.
    Never { code: u64, text: String },
}

/// The broker's error codes this crate knows, as its source names them.
mod code {
    pub const WRONG_LAST_SEQUENCE: u64 = 10071;
    pub const WRONG_LAST_SEQUENCE_UNNAMED: u64 = 10164;
    pub const DUPLICATE_IN_PROCESS: u64 = 10158;
    pub const TOO_MANY_REQUESTS: u64 = 10167;
    pub const EXPECTED_OTHER_STREAM: u64 = 10060;
    pub const MESSAGE_TOO_LARGE: u64 = 10054;
    pub const HEADERS_TOO_LARGE: u64 = 10097;
    pub const STREAM_SEALED: u64 = 10109;
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(default)]
    seq: u64,
    #[serde(default)]
    duplicate: bool,
    #[serde(borrow)]
    error: Option<Refusal<'a>>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    #[serde(default)]
    err_code: u64,
    #[serde(borrow, default)]
    description: std::borrow::Cow<'a, str>,
}

/// Reads an answer.
pub(crate) fn read(message: &Message) -> Answer {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Answer::Later("no stream takes the events: it is missing, or JetStream has no leader yet".to_owned());
    }
    read_payload(&message.payload)
}

fn read_payload(payload: &[u8]) -> Answer {
    match serde_json::from_slice(payload) {
        Ok(Reply { error: Some(refusal), .. }) => refused(refusal.err_code, refusal.description.into_owned()),
        // No message id is ever sent, so nothing of ours can be taken for a duplicate.
        Ok(Reply { duplicate: true, .. }) => Answer::Resync("the broker took an event for a duplicate".to_owned()),
        Ok(Reply { seq, .. }) if seq > 0 => Answer::Stored(seq),
        _ => Answer::Resync("the broker's answer to an event does not read as one".to_owned()),
    }
}

fn refused(code: u64, text: String) -> Answer {
    match code {
        code::WRONG_LAST_SEQUENCE | code::WRONG_LAST_SEQUENCE_UNNAMED | code::DUPLICATE_IN_PROCESS => {
            Answer::Resync(format!("{text} (code {code})"))
        }
        code::TOO_MANY_REQUESTS => Answer::TooFast(format!("{text} (code {code})")),
        code::EXPECTED_OTHER_STREAM | code::MESSAGE_TOO_LARGE | code::HEADERS_TOO_LARGE | code::STREAM_SEALED => {
            Answer::Never { code, text }
        }
        // Store full, store failed, too few resources, no quorum: it may pass, and the log keeps everything meanwhile.
        _ => Answer::Later(format!("{text} (code {code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: u64) -> Answer {
        let text = format!(
            r#"{{"error":{{"code":400,"err_code":{code},"description":"said \"so\""}},"stream":"LEDGER","seq":0}}"#
        );
        read_payload(text.as_bytes())
    }

    #[test]
    fn a_stored_event_is_acknowledged_with_its_sequence() {
        assert_eq!(read_payload(br#"{"stream":"LEDGER","seq":17}"#), Answer::Stored(17));
        assert_eq!(read_payload(br#"{"stream":"LEDGER","domain":"d","seq":18}"#), Answer::Stored(18));
    }

    #[test]
    fn each_error_code_has_its_consequence() {
        let text = |code| format!("said \"so\" (code {code})");
        for code in [10071, 10164, 10158] {
            assert_eq!(refusal(code), Answer::Resync(text(code)));
        }
        for code in [10077, 10047, 10023, 10028, 10002, 99999] {
            assert_eq!(refusal(code), Answer::Later(text(code)));
        }
        assert_eq!(refusal(10167), Answer::TooFast(text(10167)));
        for code in [10060, 10054, 10097, 10109] {
            assert_eq!(refusal(code), Answer::Never { code, text: "said \"so\"".into() });
        }
    }

    #[test]
    fn an_answer_that_is_none_leads_to_a_question_never_to_a_guess() {
        for payload in [&b""[..], b"+OK", b"{}", br#"{"seq":0}"#, br#"{"stream":"LEDGER","seq":3,"duplicate":true}"#] {
            assert!(matches!(read_payload(payload), Answer::Resync(_)), "{payload:?}");
        }
    }
}

//! Reads single fields of an envelope without decoding the rest.

use caseledger_events::ids::{Position, StreamId, Tag, Version};
use serde::Deserialize;

/// The idempotency tag of a stored event; `None` where it has none or the bytes are no event.
pub(crate) fn tag_of(frame: &[u8]) -> Option<Tag> {
    #[derive(Deserialize)]
    struct Tagged {
        #[serde(rename = "k", default)]
        tag: Option<Tag>,
    }
    rmp_serde::from_slice::<Tagged>(frame).ok()?.tag
}

/// What links an event to the one before it in its stream.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Link {
    #[serde(rename = "p")]
    pub position: Position,
    #[serde(rename = "s")]
    pub stream: StreamId,
    #[serde(rename = "v")]
    pub version: Version,
    #[serde(rename = "q")]
    pub previous: Position,
}

/// Reads the link of a stored event; `None` where the bytes are no event.
pub(crate) fn link_of(frame: &[u8]) -> Option<Link> {
    rmp_serde::from_slice(frame).ok()
}

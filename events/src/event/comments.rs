//! Comments and their sharing with schools (V2, V4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A comment of one case, counted from 1 in the order of recording.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct CommentNumber(pub u16);

/// E13: a comment; its text is narrative.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CommentAdded {
    /// Which comment of the case it is.
    pub comment: CommentNumber,
    /// Whether a school wrote it: then that school sees it at once (V2).
    pub by_school: bool,
    /// Whether schools may read it; by default not (V4).
    pub shared_with_schools: bool,
}

/// E14: the case owner shared a comment, or took the sharing back (Q30).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CommentSharingChanged {
    /// Which comment of the case.
    pub comment: CommentNumber,
    /// Whether schools may read it from now on.
    pub shared_with_schools: bool,
}

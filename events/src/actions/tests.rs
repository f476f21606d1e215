//! The rules as specifications, one file a topic.

mod allocation;
mod closing;
mod comments;
mod contact;
mod defects;
mod education;
mod enrolment;
mod immigration;
mod information;
mod merging;
mod ministry_check;
mod moving;
mod not_located;
mod on_closed;
mod precedence;
mod privacy;
mod reopening;
mod safety;
mod samples;
mod service;
mod under_policy;
mod who;

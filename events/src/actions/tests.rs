//! The rules as specifications, one file a topic.

mod allocation;
mod closing;
mod comments;
mod contact;
mod enrolment;
mod immigration;
mod information;
mod ministry_check;
mod moving;
mod not_located;
mod on_closed;
mod precedence;
mod reopening;
mod samples;
mod who;

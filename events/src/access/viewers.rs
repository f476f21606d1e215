//! Who could see a comment, and when: from the history of sharing, enrolment and holding (V5, Q28, Q30).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, Operation, Principal, Standing, Written, authorise};
use crate::codec::BadFrame;
use crate::dates::{Timestamp, start_of_day};
use crate::envelope::Recorded;
use crate::event::{CaseEvent, CommentNumber};
use crate::ids::{Code, Position};
use crate::personal::Group;

/// Who could see it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Viewer {
    /// The school that wrote it, while it has the student or a request of its own on the case.
    Author(Code),
    /// A school it was shared with.
    School(Code),
    /// The provider that held the case, or had handed it over with the comment on it.
    Provider(Code),
    /// The Ministry's team CIT, while the case waited for the Ministry or for CIT.
    Cit,
}

/// For how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// Who.
    pub viewer: Viewer,
    /// From when.
    pub from: Timestamp,
    /// Until when; `None` while it lasts.
    pub until: Option<Timestamp>,
}

/// A comment as its case stood at a moment: whom it was shown to then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommentThen {
    standing: Standing,
    text: Written,
    on: NaiveDate,
}

impl CommentThen {
    /// Folds a history up to a moment, oldest event first; `None` where there was no such comment yet.
    pub fn fold(
        history: &[Recorded<'_>],
        comment: CommentNumber,
        at: Timestamp,
    ) -> Result<Option<CommentThen>, BadFrame> {
        let (mut standing, mut text) = (None, None);
        for event in history.iter().take_while(|event| event.recorded_at <= at) {
            let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? else { continue };
            standing = Standing::evolve(standing, event, &read);
            if matches!(&read, CaseEvent::CommentAdded(e) if e.comment == comment) {
                let (by, at) = (event.actor.organisation, event.position);
                text = Some(Written { by, at, comment: Some(comment), agency: None });
            }
        }
        let on = at.auckland();
        Ok(standing.zip(text).map(|(standing, text)| CommentThen { standing, text, on }))
    }

    /// Returns whether the case, opened by somebody then, would have shown the text: by their row and its columns.
    pub fn is_shown_to(&self, asker: &Principal) -> bool {
        let opened = authorise(asker, Operation::OpenCase, &self.standing, self.on);
        opened.is_ok_and(|grant| grant.shows_field(Group::Narrative, &self.text))
    }
}

/// Tells who could see a comment, and when, up to a moment; the history is that of its case, oldest event first.
///
/// It replays what was known at each moment, so that a late report of the register changes nothing of the past, and a
/// future one changes things on its day.
pub fn who_could_see(
    history: &[Recorded<'_>],
    comment: CommentNumber,
    until: Timestamp,
) -> Result<Vec<Span>, BadFrame> {
    let mut replay = Replay::new(comment);
    for (i, event) in history.iter().enumerate().take_while(|(_, event)| event.recorded_at <= until) {
        if let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? {
            replay.take(event, &read);
        }
        let next = history.get(i + 1).map_or(until, |next| next.recorded_at.min(until));
        replay.pass_time(event.recorded_at, next);
    }
    Ok(replay.into_spans())
}

struct Replay {
    comment: CommentNumber,
    standing: Option<Standing>,
    written: Option<(Position, Option<Code>)>,
    open: BTreeMap<Viewer, Timestamp>,
    ended: Vec<Span>,
}

impl Replay {
    fn new(comment: CommentNumber) -> Replay {
        Replay { comment, standing: None, written: None, open: BTreeMap::new(), ended: Vec::new() }
    }

    fn take(&mut self, event: &Recorded<'_>, read: &CaseEvent) {
        self.standing = Standing::evolve(self.standing.take(), event, read);
        if let CaseEvent::CommentAdded(e) = read
            && e.comment == self.comment
        {
            self.written = Some((event.position, e.by_school.then_some(event.actor.organisation)));
        }
    }

    /// Looks at who sees it now, and again on each day before `next` on which an enrolment known now takes effect.
    fn pass_time(&mut self, now: Timestamp, next: Timestamp) {
        let Some(standing) = &self.standing else { return };
        let days = standing.enrolments.iter().map(|enrolment| start_of_day(enrolment.from));
        let switches: BTreeSet<Timestamp> = days.filter(|&at| now < at && at < next).chain([now]).collect();
        for at in switches {
            self.look(at);
        }
    }

    fn look(&mut self, at: Timestamp) {
        let viewers = self.viewers(at);
        let ended: Vec<Viewer> = self.open.keys().filter(|viewer| !viewers.contains(viewer)).copied().collect();
        for viewer in ended {
            let from = self.open.remove(&viewer).unwrap_or(at);
            // Events of one command share one time: what lasted no time was seen by nobody.
            if from < at {
                self.ended.push(Span { viewer, from, until: Some(at) });
            }
        }
        for viewer in viewers {
            self.open.entry(viewer).or_insert(at);
        }
    }

    fn viewers(&self, at: Timestamp) -> BTreeSet<Viewer> {
        let (Some(standing), Some((position, author))) = (&self.standing, self.written) else {
            return BTreeSet::new();
        };
        let mut viewers: BTreeSet<Viewer> = standing.provider().map(Viewer::Provider).into_iter().collect();
        let handed_over = standing.hand_overs.iter().filter(|hand_over| hand_over.at >= position);
        viewers.extend(handed_over.map(|hand_over| Viewer::Provider(hand_over.provider)));
        if Filter::WithMinistry.admits(standing).is_ok() {
            viewers.insert(Viewer::Cit);
        }
        let day = at.auckland();
        let still_reaches = |author: &Code| {
            standing.requested_by(*author, None) || (standing.is_active && standing.enrolled_at(day) == Some(*author))
        };
        viewers.extend(author.filter(still_reaches).map(Viewer::Author));
        let is_shared = standing.shared.iter().any(|shared| shared.comment == self.comment);
        if is_shared && standing.is_active {
            let last = standing.shared_with_last(day).any(|comment| comment == self.comment);
            let last = last.then(|| standing.last_school(day)).flatten();
            viewers.extend(standing.enrolled_at(day).or(last).map(Viewer::School));
        }
        viewers
    }

    fn into_spans(self) -> Vec<Span> {
        let open = self.open.into_iter().map(|(viewer, from)| Span { viewer, from, until: None });
        let mut spans: Vec<Span> = self.ended.into_iter().chain(open).collect();
        spans.sort_by_key(|span| (span.from, span.viewer));
        spans
    }
}

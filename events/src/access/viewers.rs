//! Who could see a comment or a file, and when: from the history of sharing, enrolment and holding (V5, Q28, Q30).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Filter, Operation, Principal, Sight, Standing, Written, authorise};
use crate::codec::BadFrame;
use crate::dates::{Timestamp, start_of_day};
use crate::envelope::Recorded;
use crate::event::{CaseEvent, CommentNumber, FileNumber};
use crate::ids::{Code, Position};
use crate::personal::Group;
use crate::public::tells_of_restricted;

/// What is shared with schools, or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// A comment of the case.
    Comment(CommentNumber),
    /// A file of the case.
    File(FileNumber),
}

impl Item {
    /// Returns whether an event put it on the case, and then whether a school did.
    fn put_by_school(self, read: &CaseEvent) -> Option<bool> {
        match (self, read) {
            (Item::Comment(item), CaseEvent::CommentAdded(e)) => (e.comment == item).then_some(e.by_school),
            (Item::File(item), CaseEvent::FileUploaded(e)) => (e.file == item).then_some(e.by_school),
            _ => None,
        }
    }
}

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

/// A comment or a file as its case stood at a moment: whom it was shown to then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemThen {
    standing: Standing,
    put: CaseEvent,
    written: Written,
    on: NaiveDate,
}

impl ItemThen {
    /// Folds a history up to a moment, oldest event first; `None` where there was no such item yet.
    pub fn fold(history: &[Recorded<'_>], item: Item, at: Timestamp) -> Result<Option<ItemThen>, BadFrame> {
        let (mut standing, mut put) = (None, None);
        for event in history.iter().take_while(|event| event.recorded_at <= at) {
            let Some(read) = CaseEvent::read(event.kind, event.schema, event.facts)? else { continue };
            standing = Standing::evolve(standing, event, &read);
            if item.put_by_school(&read).is_some() {
                let comment = if let Item::Comment(comment) = item { Some(comment) } else { None };
                let (by, at) = (event.actor.organisation, event.position);
                put = Some((read, Written { by, at, comment, agency: None }));
            }
        }
        let on = at.auckland();
        Ok(standing.zip(put).map(|(standing, (put, written))| ItemThen { standing, put, written, on }))
    }

    /// Returns whether the case, opened by somebody then, would have shown it: by their row and its columns.
    ///
    /// Of a file that is what it is; whoever is shown no word of any case is told that there is one, and not counted here.
    pub fn is_shown_to(&self, asker: &Principal) -> bool {
        let opened = authorise(asker, Operation::OpenCase, &self.standing, self.on);
        opened.is_ok_and(|grant| match self.put {
            CaseEvent::FileUploaded(_) => {
                grant.sees(Group::Narrative) != Sight::No && grant.shows_event(&self.put, &self.written)
            }
            _ => grant.shows_field(Group::Narrative, &self.written),
        })
    }
}

/// Tells who could see a comment or a file, and when, up to a moment; the history is that of its case, oldest event first.
///
/// It replays what was known at each moment, so that a late report of the register changes nothing of the past, and a
/// future one changes things on its day.
pub fn who_could_see(history: &[Recorded<'_>], item: Item, until: Timestamp) -> Result<Vec<Span>, BadFrame> {
    let mut replay = Replay::new(item);
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
    item: Item,
    standing: Option<Standing>,
    put: Option<Put>,
    open: BTreeMap<Viewer, Timestamp>,
    ended: Vec<Span>,
}

/// That it was put on the case.
#[derive(Clone, Copy)]
struct Put {
    at: Position,
    /// The school that did, where one did.
    school: Option<Code>,
    /// Whether it tells what no school is told (V7).
    restricted: bool,
}

impl Replay {
    fn new(item: Item) -> Replay {
        Replay { item, standing: None, put: None, open: BTreeMap::new(), ended: Vec::new() }
    }

    fn take(&mut self, event: &Recorded<'_>, read: &CaseEvent) {
        self.standing = Standing::evolve(self.standing.take(), event, read);
        if let Some(by_school) = self.item.put_by_school(read) {
            let school = by_school.then_some(event.actor.organisation);
            self.put = Some(Put { at: event.position, school, restricted: tells_of_restricted(read) });
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
        let (Some(standing), Some(put)) = (&self.standing, self.put) else {
            return BTreeSet::new();
        };
        let mut viewers: BTreeSet<Viewer> = standing.provider().map(Viewer::Provider).into_iter().collect();
        let handed_over = standing.hand_overs.iter().filter(|hand_over| hand_over.at >= put.at);
        viewers.extend(handed_over.map(|hand_over| Viewer::Provider(hand_over.provider)));
        if Filter::WithMinistry.admits(standing).is_ok() {
            viewers.insert(Viewer::Cit);
        }
        let day = at.auckland();
        let still_reaches = |author: &Code| {
            standing.requested_by(*author, None) || (standing.is_active && standing.enrolled_at(day) == Some(*author))
        };
        if put.restricted {
            return viewers;
        }
        viewers.extend(put.school.filter(still_reaches).map(Viewer::Author));
        viewers.extend(self.shared_with(standing, day).map(Viewer::School));
        viewers
    }

    /// Returns the school it is shared with on a day; to the last school of a student enrolled nowhere no file is shown.
    fn shared_with(&self, standing: &Standing, day: NaiveDate) -> Option<Code> {
        let (is_shared, last) = match self.item {
            Item::Comment(item) => {
                let with_last = standing.shared_with_last(day).any(|comment| comment == item);
                let last = with_last.then(|| standing.last_school(day)).flatten();
                (standing.shared.iter().any(|shared| shared.comment == item), last)
            }
            Item::File(item) => (standing.shared_files.contains(&item), None),
        };
        (is_shared && standing.is_active).then(|| standing.enrolled_at(day).or(last)).flatten()
    }

    fn into_spans(self) -> Vec<Span> {
        let open = self.open.into_iter().map(|(viewer, from)| Span { viewer, from, until: None });
        let mut spans: Vec<Span> = self.ended.into_iter().chain(open).collect();
        spans.sort_by_key(|span| (span.from, span.viewer));
        spans
    }
}

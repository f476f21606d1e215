//! The steps of a plan as time goes on: a story is told on the day it begins, so that of a whole year only the stories
//! under way are in memory.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::vec::IntoIter;

use chrono::{DateTime, NaiveDate, Utc};

use super::places::Map;
use super::plan::Wanted;
use super::step::Step;
use super::term;

/// Gives all steps of what is wanted, in the order of time, each at its own minute.
pub struct Stream {
    wanted: Wanted,
    map: Map,
    /// Stories that have not begun, the last first.
    to_come: Vec<(NaiveDate, u32)>,
    /// The stories under way, first the one whose next step comes first.
    under_way: BinaryHeap<UnderWay>,
}

/// A story that is not at its end.
struct UnderWay {
    /// When its next step is.
    at: DateTime<Utc>,
    story: u32,
    steps: Box<IntoIter<Step>>,
}

impl UnderWay {
    fn of(story: u32, steps: IntoIter<Step>) -> Option<UnderWay> {
        let at = steps.as_slice().first()?.at;
        Some(UnderWay { at, story, steps: Box::new(steps) })
    }
}

impl Ord for UnderWay {
    /// The heap gives the greatest first: that is the earliest here.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.story).cmp(&(self.at, self.story))
    }
}

impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for UnderWay {}

impl Stream {
    /// Begins.
    pub fn new(wanted: Wanted) -> Stream {
        let mut to_come: Vec<(NaiveDate, u32)> =
            (0..wanted.cases).map(|story| (wanted.cast(story).day, story)).collect();
        to_come.sort_unstable_by(|a, b| b.cmp(a));
        Stream { wanted, map: wanted.map(), to_come, under_way: BinaryHeap::new() }
    }

    /// Returns when the next step is.
    pub fn peek(&mut self) -> Option<DateTime<Utc>> {
        self.tell_those_that_begin();
        self.under_way.peek().map(|first| first.at)
    }

    /// Tells every story that begins before the next step of those under way.
    fn tell_those_that_begin(&mut self) {
        while let Some(&(day, story)) = self.to_come.last() {
            let begins = term::at(day, 0);
            if self.under_way.peek().is_some_and(|first| first.at < begins) {
                return;
            }
            self.to_come.pop();
            let steps = self.wanted.tell(self.map, story).into_iter();
            self.under_way.extend(UnderWay::of(story, steps));
        }
    }
}

impl Iterator for Stream {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.tell_those_that_begin();
        let mut first = self.under_way.peek_mut()?;
        let step = first.steps.next();
        match first.steps.as_slice().first() {
            Some(then) => first.at = then.at,
            None => drop(PeekMut::pop(first)),
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::Span;
    use super::*;

    #[test]
    fn a_stream_gives_every_step_of_every_story_once_in_the_order_of_time() {
        let wanted = Wanted { cases: 300, seed: 4, span: Span::Year(term::YEARS[0]) };
        let mut all: Vec<Step> = (0..300).flat_map(|story| wanted.tell(wanted.map(), story)).collect();
        all.sort_by_key(|step| (step.at, step.story, step.number));
        let streamed: Vec<Step> = Stream::new(wanted).collect();
        assert_eq!(streamed.len(), all.len());
        assert_eq!(streamed, all);
    }
}

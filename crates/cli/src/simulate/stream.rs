//! The steps of a plan as time goes on: a story is told on the day it begins, so that of a whole year only the stories
//! under way are in memory.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
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
    /// When the next step of each story under way is, the earliest first.
    next: BinaryHeap<Reverse<(DateTime<Utc>, u32)>>,
    under_way: HashMap<u32, IntoIter<Step>>,
}

impl Stream {
    /// Begins.
    pub fn new(wanted: Wanted) -> Stream {
        let mut to_come: Vec<(NaiveDate, u32)> =
            (0..wanted.cases).map(|story| (wanted.cast(story).day, story)).collect();
        to_come.sort_unstable_by(|a, b| b.cmp(a));
        Stream { wanted, map: wanted.map(), to_come, next: BinaryHeap::new(), under_way: HashMap::new() }
    }

    /// Returns when the next step is.
    pub fn peek(&mut self) -> Option<DateTime<Utc>> {
        self.tell_those_that_begin();
        self.next.peek().map(|Reverse((at, _))| *at)
    }

    /// Tells every story that begins before the next step of those under way.
    fn tell_those_that_begin(&mut self) {
        while let Some(&(day, story)) = self.to_come.last() {
            let begins = term::at(day, 0);
            if self.next.peek().is_some_and(|Reverse((at, _))| *at < begins) {
                return;
            }
            self.to_come.pop();
            let steps = self.wanted.tell(self.map, story).into_iter();
            self.goes_on(story, steps);
        }
    }

    fn goes_on(&mut self, story: u32, steps: IntoIter<Step>) {
        if let Some(step) = steps.as_slice().first() {
            self.next.push(Reverse((step.at, story)));
            self.under_way.insert(story, steps);
        }
    }
}

impl Iterator for Stream {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.tell_those_that_begin();
        let Reverse((_, story)) = self.next.pop()?;
        let mut steps = self.under_way.remove(&story)?;
        let step = steps.next();
        self.goes_on(story, steps);
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

//! Which events a replay asks for.

use std::str::FromStr;

use caseledger_events::dates::Timestamp;
use caseledger_events::ids::{CaseId, Code, CorrelationId, Position, StreamId, Version};
use caseledger_events::number::CaseNumber;
use clap::Args;
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::when::When;

/// Which events; everything when nothing is said.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Which events")]
pub struct FilterArgs {
    /// One case, by id or number (AS-0000017-4)
    #[arg(long, value_name = "CASE")]
    pub case: Option<CaseRef>,

    /// What one person did, or had done for them, by our opaque id
    #[arg(long, value_name = "CODE")]
    pub person: Option<Code>,

    /// One type of event, such as case_closed
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,

    /// All that one request caused
    #[arg(long, value_name = "UUID")]
    pub correlation: Option<CorrelationId>,

    /// Recorded on this day (New Zealand) or at this instant (RFC 3339), or later
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,

    /// Recorded on this day or at this instant, or earlier
    #[arg(long, value_name = "WHEN")]
    pub until: Option<When>,

    /// Start at this position
    #[arg(long, value_name = "POSITION", default_value_t = 1)]
    pub from: u64,

    /// Stop after this position
    #[arg(long, value_name = "POSITION", default_value_t = u64::MAX, hide_default_value = true)]
    pub to: u64,

    /// Stop after this many events
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
}

/// A case as people name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseRef {
    /// Its id.
    Id(CaseId),
    /// Its readable number.
    Number(CaseNumber),
}

impl std::fmt::Display for CaseRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CaseRef::Id(id) => id.fmt(f),
            CaseRef::Number(number) => number.fmt(f),
        }
    }
}

impl FromStr for CaseRef {
    type Err = String;
    fn from_str(text: &str) -> Result<CaseRef, String> {
        if text.get(..3).is_some_and(|prefix| prefix.eq_ignore_ascii_case("AS-")) {
            return text.parse().map(CaseRef::Number).map_err(|error: caseledger_events::ids::BadId| error.to_string());
        }
        let id = text.parse().map(CaseRef::Id);
        id.map_err(|_| "a case is named by its id (a UUID) or its number (AS-0000017-4)".to_owned())
    }
}

/// What the filter looks at; the same for a frame and for a line of an export.
pub struct Glance<'a> {
    /// Where it stands.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Version in the stream.
    pub version: Option<Version>,
    /// Its type.
    pub kind: &'a str,
    /// Who acted.
    pub person: Code,
    /// For whom.
    pub on_behalf_of: Option<Code>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The request it belongs to.
    pub correlation: CorrelationId,
}

/// What to do with an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is asked for.
    Take,
    /// It is not.
    Skip,
    /// Nothing after it is.
    End,
}

/// A filter at work: it learns the id of a case named by its number on the way.
pub struct Filter {
    args: FilterArgs,
    case: Option<CaseId>,
    taken: u64,
}

impl Filter {
    /// Makes the filter of these arguments.
    pub fn new(args: &FilterArgs) -> Filter {
        let case = match args.case {
            Some(CaseRef::Id(id)) => Some(id),
            _ => None,
        };
        Filter { args: args.clone(), case, taken: 0 }
    }

    /// Returns the first position worth reading.
    pub fn first(&self) -> Position {
        match self.args.case {
            // The number stands in the event that opened the case, wherever that is.
            Some(CaseRef::Number(_)) => Position(1),
            _ => Position(self.args.from.max(1)),
        }
    }

    /// Returns the last position worth reading.
    pub fn last(&self) -> Position {
        Position(self.args.to)
    }

    /// Judges one event; `facts` are read only where a case is sought by its number.
    pub fn judge(&mut self, event: &Glance<'_>, facts: impl FnOnce() -> Option<Value>) -> Verdict {
        if self.passed(event.position) == Verdict::End {
            return Verdict::End;
        }
        self.learn(event, facts);
        if !self.asks_for(event) {
            return Verdict::Skip;
        }
        self.taken += 1;
        Verdict::Take
    }

    /// Judges an event of which nothing but its place may be told: it is shown where nothing else than places and times is
    /// asked for, so that what is found tells nothing of it.
    pub fn judge_hidden(&mut self, event: &Glance<'_>) -> Verdict {
        if self.is_of_places() { self.judge(event, || None) } else { self.passed(event.position) }
    }

    /// Judges an event of which nothing but its place is known.
    pub fn judge_left_out(&mut self, position: Position) -> Verdict {
        let args = &self.args;
        let is_timeless = args.since.is_none() && args.until.is_none();
        let is_asked = self.is_of_places() && is_timeless && position.0 >= args.from;
        match self.passed(position) {
            Verdict::Skip if is_asked => {
                self.taken += 1;
                Verdict::Take
            }
            verdict => verdict,
        }
    }

    /// Skips an event, or ends with it.
    fn passed(&self, position: Position) -> Verdict {
        let is_over = position > self.last() || self.args.limit.is_some_and(|limit| self.taken >= limit);
        if is_over { Verdict::End } else { Verdict::Skip }
    }

    /// Returns whether nothing is asked of what an event says.
    fn is_of_places(&self) -> bool {
        let args = &self.args;
        args.case.is_none() && args.person.is_none() && args.kind.is_none() && args.correlation.is_none()
    }

    /// Says what is wrong when a case or a file gave nothing.
    pub fn check_found(&self) -> Result<(), Failure> {
        match self.args.case {
            Some(named) if self.taken == 0 && self.is_open_ended() => {
                let name = match named {
                    CaseRef::Id(id) => id.to_string(),
                    CaseRef::Number(number) => number.to_string(),
                };
                Err(Failure::new(Exit::NoData, format_args!("there is no case {name} here"))
                    .next("check the id, and that --data names the right ledger"))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether nothing but the case narrows the search, so that finding nothing means there is no such case.
    fn is_open_ended(&self) -> bool {
        let args = &self.args;
        args.person.is_none()
            && args.kind.is_none()
            && args.correlation.is_none()
            && args.since.is_none()
            && args.until.is_none()
            && args.from <= 1
            && args.to == u64::MAX
            && args.limit != Some(0)
    }

    fn learn(&mut self, event: &Glance<'_>, facts: impl FnOnce() -> Option<Value>) {
        let (Some(CaseRef::Number(number)), None, StreamId::Case(id)) = (self.args.case, self.case, event.stream)
        else {
            return;
        };
        // The number stands in the event that opened the case; an export may not say which one that is.
        if event.version.is_some_and(|version| version != Version(1)) {
            return;
        }
        let found = facts().is_some_and(|facts| facts["number"].as_str() == Some(&number.to_string()));
        if found {
            self.case = Some(id);
        }
    }

    fn asks_for(&self, event: &Glance<'_>) -> bool {
        let args = &self.args;
        let case = match (args.case, self.case) {
            (None, _) => true,
            (Some(_), Some(id)) => event.stream == StreamId::Case(id),
            (Some(_), None) => false,
        };
        case && event.position.0 >= args.from
            && args.person.is_none_or(|person| event.person == person || event.on_behalf_of == Some(person))
            && args.kind.as_ref().is_none_or(|kind| kind == event.kind)
            && args.correlation.is_none_or(|correlation| event.correlation == correlation)
            && args.since.is_none_or(|since| event.recorded_at >= since.begin())
            && args.until.is_none_or(|until| event.recorded_at < until.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(position: u64, case: u8, version: u32) -> Glance<'static> {
        Glance {
            position: Position(position),
            stream: StreamId::Case(CaseId([case; 16])),
            version: Some(Version(version)),
            kind: "comment_added",
            person: "P-1".parse().unwrap(),
            on_behalf_of: None,
            recorded_at: Timestamp(position as i64),
            correlation: CorrelationId([case; 16]),
        }
    }

    fn judged(args: FilterArgs) -> Vec<Verdict> {
        let mut filter = Filter::new(&args);
        let events = [event(1, 1, 1), event(2, 2, 1), event(3, 1, 2), event(4, 2, 2)];
        let numbers = [CaseNumber(1), CaseNumber(17)].map(|number| number.to_string());
        events
            .iter()
            .map(|event| {
                let StreamId::Case(id) = event.stream else { unreachable!() };
                filter.judge(event, || Some(json!({"number": numbers[usize::from(id.0[0]) - 1]})))
            })
            .collect()
    }

    fn args() -> FilterArgs {
        FilterArgs { from: 1, to: u64::MAX, ..FilterArgs::default() }
    }

    #[test]
    fn a_case_is_found_by_id_and_by_number() {
        use Verdict::{Skip, Take};
        let by_id = CaseRef::Id(CaseId([2; 16]));
        let number = CaseNumber(17).to_string();
        for named in [by_id, number.parse().unwrap()] {
            assert_eq!(judged(FilterArgs { case: Some(named), ..args() }), [Skip, Take, Skip, Take], "{named:?}");
        }
    }

    #[test]
    fn a_limit_and_a_last_position_end_the_search() {
        use Verdict::{End, Skip, Take};
        assert_eq!(judged(FilterArgs { limit: Some(1), ..args() }), [Take, End, End, End]);
        assert_eq!(judged(FilterArgs { from: 2, to: 3, ..args() }), [Skip, Take, Take, End]);
    }

    #[test]
    fn a_person_is_found_as_actor_and_as_the_one_acted_for() {
        let mut filter = Filter::new(&FilterArgs { person: Some("P-2".parse().unwrap()), ..args() });
        let for_other = Glance { on_behalf_of: Some("P-2".parse().unwrap()), ..event(1, 1, 1) };
        assert_eq!(filter.judge(&event(1, 1, 1), || None), Verdict::Skip);
        assert_eq!(filter.judge(&for_other, || None), Verdict::Take);
    }
}

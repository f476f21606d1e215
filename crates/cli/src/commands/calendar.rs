//! `caseledger calendar`.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use caseledger_calendar::count::Count;
use caseledger_calendar::holidays::Region;
use caseledger_calendar::terms::{self, School};
use caseledger_calendar::{Calendar, Days, NoSuchDay, UnknownName};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Count business days, school days and weeks, and show what they are counted by
///
/// The tables are part of this program; no ledger is needed. Every count names each day it skipped and why. A day that
/// is in no table is an error, never a wrong count.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    Add(AddArgs),
    Count(CountArgs),
    Show(ShowArgs),
}

/// Say where so many days after a day lead; the day itself is not counted
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "\
Examples:
  caseledger calendar add 2026-04-24 +10bd                        ten business days after 24 April
  caseledger calendar add 2026-01-05 +5bd --profile oia           the same question under another definition
  caseledger calendar add 2026-01-19 +5bd --region auckland       with Auckland's anniversary day
  caseledger calendar add 2026-04-02 +20sd                        twenty school days
  caseledger calendar add 2026-01-02 +15w                         fifteen weeks

Exit codes: 0 done · 2 a name or a number makes no sense · 4 a day is in no table"
)]
struct AddArgs {
    /// The day to start from
    #[arg(value_name = "DAY")]
    day: NaiveDate,

    /// How many: +10bd business days, +20sd school days, +15w weeks, +3d days
    #[arg(value_name = "COUNT")]
    by: Stretch,

    #[command(flatten)]
    by_what: ByWhat,
}

/// Say how many business days lie after one day, up to and including another
#[derive(clap::Args)]
#[command(verbatim_doc_comment, after_help = "Exit codes: 0 done · 2 a name makes no sense · 4 a day is in no table")]
struct CountArgs {
    /// The day to start from; it is not counted
    #[arg(value_name = "FROM")]
    from: NaiveDate,

    /// The last day; it is counted
    #[arg(value_name = "TO")]
    to: NaiveDate,

    #[command(flatten)]
    by_what: ByWhat,
}

/// Show versions, profiles, regions and quarters, or the holidays of a year
#[derive(clap::Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Exit codes: 0 done · 2 a name makes no sense · 4 the year is in no table"
)]
struct ShowArgs {
    /// The holidays, terms and quarters of a year
    #[arg(long, value_name = "YEAR")]
    year: Option<i32>,

    /// With the anniversary day of a region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// A version of the calendar; the newest when nothing is said
    #[arg(long, value_name = "VERSION")]
    calendar: Option<u32>,
}

#[derive(clap::Args)]
struct ByWhat {
    /// What counts as a business day; `calendar show` lists the definitions
    #[arg(long, value_name = "NAME", default_value = "nz_national")]
    profile: String,

    /// The region whose anniversary day is skipped
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// A school with days of its own, from the file of --schools
    #[arg(long, value_name = "CODE", requires = "schools")]
    school: Option<String>,

    /// A file of schools with their own days (docs/calendar.md)
    #[arg(long, value_name = "FILE")]
    schools: Option<PathBuf>,

    /// A version of the calendar; the newest when nothing is said
    #[arg(long, value_name = "VERSION")]
    calendar: Option<u32>,
}

/// A number of days of some kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stretch {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Unit {
    BusinessDays,
    SchoolDays,
    Weeks,
    Days,
}

impl FromStr for Stretch {
    type Err = String;
    fn from_str(text: &str) -> Result<Stretch, String> {
        let rest = text.strip_prefix('+').unwrap_or(text);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = match &rest[digits..] {
            "bd" => Some(Unit::BusinessDays),
            "sd" => Some(Unit::SchoolDays),
            "w" => Some(Unit::Weeks),
            "d" => Some(Unit::Days),
            _ => None,
        };
        // Ten thousand days are more than the calendar holds.
        let count = rest[..digits].parse().ok().filter(|count| *count <= 10_000);
        match (count, unit) {
            (Some(count), Some(unit)) => Ok(Stretch { count, unit }),
            _ => Err("a count is a number up to 10000 and bd, sd, w or d: +10bd".to_owned()),
        }
    }
}

/// Answers from the tables.
pub fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    match &args.what {
        What::Add(args) => add(args, output),
        What::Count(args) => between(args, output),
        What::Show(args) => show(args, output),
    }
}

fn add(args: &AddArgs, output: &mut Output) -> Result<Exit, Failure> {
    let Stretch { count, unit } = args.by;
    let weekly = match unit {
        Unit::Weeks => Some(u64::from(count) * 7),
        Unit::Days => Some(u64::from(count)),
        Unit::BusinessDays | Unit::SchoolDays => None,
    };
    let schools = args.by_what.schools()?;
    let profile = if unit == Unit::SchoolDays { "school_day" } else { &args.by_what.profile };
    let days = args.by_what.days(profile, &schools)?;
    if let Some(calendar_days) = weekly {
        days.calendar.holidays().hold(args.day).map_err(no_day)?;
        let end = args.day + chrono::Days::new(calendar_days);
        days.calendar.holidays().hold(end).map_err(no_day)?;
        if output.json {
            output.json_line(&json!({"start": args.day, "end": end, "days": calendar_days}));
        } else {
            output.line(format_args!("{end} {}", end.format("%A")));
            output.line(format_args!("{calendar_days} days after {} {}", args.day.format("%A"), args.day));
        }
        return Ok(Exit::Ok);
    }
    let counted = days.add(args.day, count).map_err(no_day)?;
    tell(&days, &counted, output);
    Ok(Exit::Ok)
}

fn between(args: &CountArgs, output: &mut Output) -> Result<Exit, Failure> {
    if args.to < args.from {
        return Err(Failure::new(Exit::Usage, "the last day lies before the first").next("name the earlier day first"));
    }
    let schools = args.by_what.schools()?;
    let days = args.by_what.days(&args.by_what.profile, &schools)?;
    let counted = days.between(args.from, args.to).map_err(no_day)?;
    tell(&days, &counted, output);
    Ok(Exit::Ok)
}

impl ByWhat {
    fn schools(&self) -> Result<Vec<School>, Failure> {
        let Some(path) = &self.schools else { return Ok(Vec::new()) };
        let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
        let read = terms::parse_schools(&path.display().to_string(), &text);
        read.map_err(|error| Failure::new(Exit::Usage, error).next("docs/calendar.md shows the form of the file"))
    }

    fn days<'a>(&self, profile: &str, schools: &'a [School]) -> Result<Days<'a>, Failure> {
        let calendar = calendar(self.calendar)?;
        let school = self.school.as_deref().map(|code| terms::school(schools, code)).transpose().map_err(unknown)?;
        calendar.days(profile, self.region.as_deref(), school).map_err(unknown)
    }
}

fn calendar(version: Option<u32>) -> Result<&'static Calendar, Failure> {
    version.map_or_else(|| Ok(Calendar::newest()), |version| Calendar::of_version(version).map_err(unknown))
}

fn unknown(error: UnknownName) -> Failure {
    Failure::new(Exit::Usage, error).next("`caseledger calendar show` lists them with what they mean")
}

fn no_day(error: NoSuchDay) -> Failure {
    Failure::new(Exit::NoData, error)
}

fn tell(days: &Days<'_>, count: &Count<'_>, output: &mut Output) {
    let Days { calendar, profile, region, school } = days;
    let skipped = count.skipped.iter();
    if output.json {
        let skipped: Vec<Value> = skipped.map(|s| json!({"day": s.day, "why": s.why.to_string()})).collect();
        output.json_line(&json!({
            "start": count.start, "end": count.end, "counted": count.counted, "skipped": skipped,
            "profile": profile.name, "region": region.map(|region| &region.code),
            "school": school.map(|school| &school.code), "calendar": calendar.version(),
        }));
        return;
    }
    output.line(output.style.bold(format_args!("{} {}", count.end, count.end.format("%A"))));
    let region = region.map(|region| format!(", {}", region.name)).unwrap_or_default();
    let school = school.map(|school| format!(", school {}", school.code)).unwrap_or_default();
    output.line(format_args!(
        "{} counted after {} {} ({}{region}{school}, calendar {})",
        count.counted.len(),
        count.start.format("%A"),
        count.start,
        profile.name,
        calendar.version(),
    ));
    for skipped in skipped {
        output.line(format_args!(
            "  skipped {} {:<9} {}",
            skipped.day,
            skipped.day.format("%A").to_string(),
            skipped.why
        ));
    }
}

fn show(args: &ShowArgs, output: &mut Output) -> Result<Exit, Failure> {
    let calendar = calendar(args.calendar)?;
    let region = args.region.as_deref().map(|code| calendar.holidays().region(code)).transpose().map_err(unknown)?;
    match args.year {
        Some(year) => show_year(calendar, year, region, output),
        None => {
            show_all(calendar, output);
            Ok(Exit::Ok)
        }
    }
}

fn show_year(calendar: &Calendar, year: i32, region: Option<&Region>, output: &mut Output) -> Result<Exit, Failure> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1);
    let first = first.ok_or_else(|| Failure::new(Exit::Usage, "that is no year of the calendar"))?;
    calendar.holidays().hold(first).map_err(no_day)?;
    let mut rows: Vec<(NaiveDate, String)> = calendar
        .holidays()
        .all_national()
        .filter(|(day, _)| day.year() == year)
        .map(|(day, name)| (day, name.to_owned()))
        .collect();
    for region in region.map_or(calendar.holidays().regions(), std::slice::from_ref) {
        let of_year = region.days.iter().filter(|day| day.year() == year);
        rows.extend(of_year.map(|day| (*day, format!("anniversary day of {}", region.name))));
    }
    let border = |(first, last): (NaiveDate, NaiveDate)| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}, by school"),
    };
    for term in calendar.terms().iter().filter(|term| term.year == year) {
        rows.push((term.starts.0, format!("term {} begins ({})", term.term, border(term.starts))));
        rows.push((term.ends.1, format!("term {} ends ({})", term.term, border(term.ends))));
    }
    rows.sort();
    if output.json {
        let days: Vec<Value> = rows.iter().map(|(day, what)| json!({"day": day, "what": what})).collect();
        output.json_line(&json!({"calendar": calendar.version(), "year": year, "days": days}));
    } else {
        for (day, what) in rows {
            output.line(format_args!("{day} {:<9} {what}", day.format("%A").to_string()));
        }
        if !calendar.terms().iter().any(|term| term.year == year) {
            output.line("the school terms of that year are not in the table");
        }
    }
    Ok(Exit::Ok)
}

fn show_all(calendar: &Calendar, output: &mut Output) {
    let holidays = calendar.holidays();
    if output.json {
        let profiles: Vec<Value> =
            calendar.profiles().iter().map(|p| json!({"name": p.name, "title": p.title})).collect();
        let regions: Vec<Value> = holidays.regions().iter().map(|r| json!({"code": r.code, "name": r.name})).collect();
        output.json_line(&json!({
            "calendar": calendar.version(), "fingerprint": calendar.fingerprint(), "first": holidays.first,
            "last": holidays.last, "sources": holidays.sources, "profiles": profiles, "regions": regions,
        }));
        return;
    }
    output.line(format_args!(
        "calendar {} ({}), {} to {}, from {}",
        calendar.version(),
        calendar.fingerprint(),
        holidays.first,
        holidays.last,
        holidays.sources.join(" and "),
    ));
    output.line(output.style.bold("\nProfiles (--profile)"));
    for profile in calendar.profiles() {
        output.line(format_args!("  {:<13} {} [{}]", profile.name, profile.title, profile.source));
    }
    output.line(output.style.bold("\nRegions (--region)"));
    for region in holidays.regions() {
        output.line(format_args!("  {:<19} {}: {}", region.code, region.name, region.rule));
    }
    output.line(output.style.bold("\nQuarters"));
    for table in calendar.quarter_tables() {
        output.line(format_args!("  {}: {} ({})", table.name, table.title, table.source));
        for quarter in table.quarters() {
            output.line(format_args!("    {quarter}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_number_and_a_kind_of_day() {
        for (text, count, unit) in [
            ("+10bd", 10, Unit::BusinessDays),
            ("20sd", 20, Unit::SchoolDays),
            ("+15w", 15, Unit::Weeks),
            ("+0d", 0, Unit::Days),
        ] {
            assert_eq!(text.parse(), Ok(Stretch { count, unit }), "{text}");
        }
        for text in ["", "+", "+bd", "10", "-3bd", "+3 bd", "+99999bd", "+3m"] {
            assert!(text.parse::<Stretch>().is_err(), "{text}");
        }
    }
}

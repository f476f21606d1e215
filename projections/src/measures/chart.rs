//! Each measure against its threshold as a drawing (SVG): a bar a measure, readable in black and white, with every
//! figure in words for whoever cannot see it, and a page that puts the table beside it.

use std::fmt::Write as _;

use super::list::{List, Measure};
use super::report::{Outcome, Row};
use super::table::{outcome_name, percent};

/// One bar: a measure and its figures.
pub struct Bar<'a> {
    /// The measure.
    pub measure: &'a Measure,
    /// Its figures.
    pub row: &'a Row,
}

const LEFT: u32 = 70;
const WIDE: u32 = 500;
const HIGH: u32 = 34;
const TOP: u32 = 64;

/// Draws the bars of one provider, or of all together, under a title.
pub fn svg(title: &str, bars: &[Bar<'_>]) -> String {
    let height = TOP + HIGH * u32::try_from(bars.len()).unwrap_or(0) + 30;
    let width = LEFT + WIDE + 230;
    let mut out = String::new();
    let mut add = |text: String| {
        out += &text;
        out.push('\n');
    };
    add(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title words" font-family="sans-serif" font-size="13">"#
    ));
    add(format!("<title id=\"title\">{}</title>", escape(title)));
    let words: Vec<String> = bars.iter().map(|bar| escape(&in_words(bar))).collect();
    add(format!("<desc id=\"words\">{}</desc>", words.join(" ")));
    // Achieved is solid, not achieved is hatched, the threshold a dashed line: none of it rests on colour.
    add(concat!(
        r##"<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">"##,
        r##"<rect width="6" height="6" fill="#fff"/><line x1="0" y1="0" x2="0" y2="6" stroke="#000" stroke-width="2"/>"##,
        r##"</pattern></defs>"##
    )
    .to_owned());
    add(format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>"));
    add(format!("<text x=\"16\" y=\"28\" font-size=\"17\" font-weight=\"bold\">{}</text>", escape(title)));
    for percent in [0, 25, 50, 75, 100] {
        let x = LEFT + WIDE * percent / 100;
        add(format!("<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\">{percent} %</text>", TOP - 10));
    }
    for (at, bar) in bars.iter().enumerate() {
        add(drawn(bar, TOP + HIGH * u32::try_from(at).unwrap_or(0)));
    }
    let legend = "solid: achieved, dashed line with a triangle: threshold, hatched: below it";
    add(format!("<text x=\"{LEFT}\" y=\"{}\" font-size=\"11\">{legend}</text>", height - 8));
    add("</svg>".to_owned());
    out
}

fn drawn(bar: &Bar<'_>, y: u32) -> String {
    let Bar { measure, row } = bar;
    let mut out = String::new();
    let middle = y + 18;
    write!(out, "<text x=\"16\" y=\"{middle}\" font-weight=\"bold\">{}</text>", escape(&measure.id)).expect("a text");
    write!(out, "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{WIDE}\" height=\"22\" fill=\"none\" stroke=\"#000\"/>")
        .expect("a text");
    if let Some(tenths) = row.tenths_of_percent() {
        let threshold = row.threshold.unwrap_or_default() * 10;
        let fill = if tenths >= threshold { "#000" } else { "url(#hatch)" };
        let wide = WIDE * tenths / 1000;
        write!(out, "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{wide}\" height=\"22\" fill=\"{fill}\" stroke=\"#000\"/>")
            .expect("a text");
    }
    if let Some(threshold) = row.threshold {
        let x = LEFT + WIDE * threshold / 100;
        // White under the dashes, so that the line shows on a solid bar too.
        for (stroke, more) in [("#fff", "stroke-width=\"4\""), ("#000", "stroke-width=\"2\" stroke-dasharray=\"4 3\"")]
        {
            let (from, to) = (y - 3, y + 25);
            write!(out, "<line x1=\"{x}\" y1=\"{from}\" x2=\"{x}\" y2=\"{to}\" stroke=\"{stroke}\" {more}/>")
                .expect("a text");
        }
        write!(out, "<path d=\"M{} {} L{} {} L{x} {} Z\"/>", x - 4, y - 8, x + 4, y - 8, y - 2).expect("a text");
    }
    let text = figures(row);
    write!(out, "<text x=\"{}\" y=\"{middle}\">{}</text>", LEFT + WIDE + 12, escape(&text)).expect("a text");
    out
}

fn figures(row: &Row) -> String {
    match percent(row) {
        Some(percent) => {
            let outcome = outcome_name(&row.outcome).replace('_', " ");
            format!("{percent} % ({} of {}), {outcome}", row.numerator(), row.decided())
        }
        None => outcome_name(&row.outcome).replace('_', " "),
    }
}

fn in_words(bar: &Bar<'_>) -> String {
    let threshold = bar.row.threshold.map(|percent| format!(", threshold {percent} %")).unwrap_or_default();
    format!("{}, {}: {}{threshold}.", bar.measure.id, bar.measure.title, figures(bar.row))
}

/// Puts the drawing and its table on a page.
pub fn page(title: &str, list: &List, went_by: &str, bars: &[Bar<'_>]) -> String {
    let mut rows = String::new();
    for Bar { measure, row } in bars {
        let missing = match &row.outcome {
            Outcome::NotAssessable { missing } => format!(", missing {missing}"),
            _ => String::new(),
        };
        let cells = [
            measure.id.clone(),
            measure.title.clone(),
            row.threshold.map(|percent| format!("{percent} %")).unwrap_or_default(),
            row.population.to_string(),
            row.achieved.to_string(),
            row.achieved_late_recorded.to_string(),
            row.not_achieved.to_string(),
            row.not_yet_due.to_string(),
            row.excluded.values().sum::<u32>().to_string(),
            percent(row).map(|percent| format!("{percent} %")).unwrap_or_default(),
            outcome_name(&row.outcome).replace('_', " ") + &missing,
        ];
        let cells: Vec<String> = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        writeln!(rows, "<tr>{}</tr>", cells.join("")).expect("a text");
    }
    let head = ["Measure", "What it asks", "Threshold", "Population", "Achieved", "Recorded late", "Not achieved"];
    let head = head.iter().chain(&["Not due yet", "Left out", "Percent", "Outcome"]);
    let head: Vec<String> = head.map(|cell| format!("<th scope=\"col\">{cell}</th>")).collect();
    format!(
        "<!doctype html>\n<html lang=\"en-NZ\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>body{{font-family:sans-serif;margin:2rem}}table{{border-collapse:collapse}}\
         th,td{{border:1px solid #000;padding:.3rem .5rem;text-align:left}}</style></head>\n\
         <body>\n<h1>{title}</h1>\n<p>{}. {went_by}</p>\n{}\n<table>\n<caption>The figures of the drawing</caption>\n\
         <thead><tr>{}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</body>\n</html>\n",
        escape(&list.title),
        svg(title, bars),
        head.join(""),
        title = escape(title),
        went_by = escape(went_by),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

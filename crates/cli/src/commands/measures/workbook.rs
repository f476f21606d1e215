//! The figures as an Excel workbook: one sheet a measure with its cases, a sheet of figures whose formulas count those
//! cases, and a sheet of notes that says what they were judged by.

use caseledger_projections::measures::report::{Row, together};
use caseledger_projections::measures::table::{CASES, case, outcome_name};
use caseledger_projections::measures::{Fold, Judgement, Measure, Run};
use rust_xlsxwriter::{Format, FormatBorder, Formula, Workbook, Worksheet, XlsxError};

/// The columns of the sheet of figures.
const COLUMNS: [&str; 10] = [
    "Measure",
    "What it asks",
    "Threshold %",
    "Population",
    "Achieved",
    "Not achieved",
    "Not due yet",
    "Not assessable",
    "Left out",
    "Percent achieved",
];

/// Columns of a measure's sheet that formulas look at.
const VERDICT: &str = "F";
const ACHIEVED: &str = "H";

/// What a workbook is made of.
pub struct Contents<'a> {
    /// The fold the run was made from.
    pub fold: &'a Fold,
    /// The run.
    pub run: &'a Run<'a>,
    /// The figures.
    pub rows: &'a [Row],
    /// What the run went by, a line each.
    pub notes: &'a [String],
}

/// Writes the workbook into bytes.
pub fn workbook(contents: &Contents<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The same figures give the same file: no time of making stands in it.
    let epoch = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 1, 1)?;
    book.set_properties(&rust_xlsxwriter::DocProperties::new().set_creation_datetime(&epoch));
    let head = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    figures(contents, &head, book.add_worksheet())?;
    for (measure, verdicts) in contents.run.measures() {
        if measure.narrative.is_none() {
            cases(contents, measure, verdicts, &head, book.add_worksheet())?;
        }
    }
    notes(contents, book.add_worksheet())?;
    book.save_to_buffer()
}

fn figures(contents: &Contents<'_>, head: &Format, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("Figures")?.set_freeze_panes(1, 0)?;
    sheet.write_row_with_format(0, 0, COLUMNS, head)?;
    sheet.set_column_width(1, 70)?.set_column_width(9, 16)?;
    let measures = contents.run.measures().filter(|(measure, _)| measure.narrative.is_none());
    for (line, (measure, verdicts)) in (1u32..).zip(measures) {
        let of_it: Vec<&Row> = contents.rows.iter().filter(|row| row.measure == measure.id).collect();
        let sum = together(measure, &of_it);
        sheet.write(line, 0, measure.id.as_str())?.write(line, 1, measure.title.as_str())?;
        sheet.write(line, 2, measure.threshold().unwrap_or_default())?;
        let last = verdicts.len().max(1) + 1;
        let of = |column: &str| format!("'{}'!{column}2:{column}{last}", measure.id);
        let count = |verdict: &str| format!("COUNTIF({},\"{verdict}\")", of(VERDICT));
        let known = |number: fn(&Row) -> u32| sum.as_ref().map_or(0, number);
        // Row numbers of a sheet begin with 1.
        let row = line + 1;
        let cells: [(u16, String, u32); 6] = [
            (3, format!("SUM(E{row}:H{row})"), known(|row| row.population)),
            (4, format!("COUNTIF({},TRUE)", of(ACHIEVED)), known(Row::numerator)),
            (5, format!("{}+{}-E{row}", count("met*"), count("not_met")), known(not_achieved)),
            (6, count("not_yet_due"), known(|row| row.not_yet_due)),
            (7, count("not_assessable"), known(|row| row.not_assessable.values().sum())),
            (8, count("excluded"), known(|row| row.excluded.values().sum())),
        ];
        for (column, formula, result) in cells {
            sheet.write(line, column, Formula::new(formula).set_result(result.to_string()))?;
        }
        // Truncated, as everywhere: nothing is rounded up into a pass.
        let tenths = sum.as_ref().and_then(Row::tenths_of_percent);
        let percent = tenths.map_or_else(String::new, |tenths| format!("{}.{}", tenths / 10, tenths % 10));
        let formula = format!("IF(E{row}+F{row}=0,\"\",TRUNC(E{row}*1000/(E{row}+F{row}))/10)");
        sheet.write(line, 9, Formula::new(formula).set_result(percent))?;
    }
    Ok(())
}

/// Decided and not achieved, what was recorded too late to count among them.
fn not_achieved(row: &Row) -> u32 {
    row.decided() - row.numerator()
}

fn cases(
    contents: &Contents<'_>,
    measure: &Measure,
    verdicts: &[(usize, Judgement)],
    head: &Format,
    sheet: &mut Worksheet,
) -> Result<(), XlsxError> {
    sheet.set_name(&measure.id)?.set_freeze_panes(1, 0)?;
    sheet.write_row_with_format(0, 0, CASES, head)?;
    for (line, (at, judgement)) in (1u32..).zip(verdicts) {
        let cells = case(contents.fold, contents.run, &measure.id, *at, judgement);
        for (column, cell) in (0u16..).zip(&cells) {
            match cell.as_str() {
                "true" | "false" => sheet.write_boolean(line, column, cell == "true")?,
                text => sheet.write_string(line, column, text)?,
            };
        }
    }
    Ok(())
}

fn notes(contents: &Contents<'_>, sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("Notes")?.set_column_width(0, 24)?.set_column_width(1, 100)?;
    let mut line = 0;
    let mut say = |name: &str, text: &str| {
        let written = sheet.write(line, 0, name).and_then(|sheet| sheet.write(line, 1, text)).map(|_| ());
        line += 1;
        written
    };
    for note in contents.notes {
        let (name, text) = note.split_once(": ").unwrap_or(("", note));
        say(name, text)?;
    }
    for (measure, _) in contents.run.measures() {
        say(&measure.id, &format!("{} [{}]", measure.title, measure.source.join(", ")))?;
    }
    for row in contents.rows {
        let catchment = row.catchment.map(|code| format!(", {code}")).unwrap_or_default();
        say(&row.measure, &format!("{}{catchment}: {}", row.provider, outcome_name(&row.outcome).replace('_', " ")))?;
    }
    Ok(())
}

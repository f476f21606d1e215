//! Figures as people read them: thousands apart, medians, one table.

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;

/// A table of what was measured.
pub struct Figures(Table);

impl Figures {
    /// Begins a table with its head.
    pub fn new(head: &[&str]) -> Figures {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY).set_header(head.iter().copied());
        Figures(table)
    }

    /// Adds a row.
    pub fn row(&mut self, cells: &[String]) {
        self.0.add_row(cells.iter().map(String::as_str));
    }

    /// Prints the table.
    pub fn print(&self) {
        println!("{}", self.0);
    }
}

/// Returns a number with its thousands apart.
pub fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Returns milliseconds with two places.
pub fn millis(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1e3)
}

/// Returns the p-th quantile (0 to 1); sorts the samples.
pub fn quantile(samples: &mut [f64], p: f64) -> f64 {
    if samples.is_empty() {
        return f64::NAN;
    }
    samples.sort_by(f64::total_cmp);
    samples[((samples.len() - 1) as f64 * p).round() as usize]
}

//! What may be personal, and how it is tidied where it comes in: composed macrons, no hidden characters, a limit.

use chrono::{Datelike, NaiveDate};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The most characters a text may have.
pub const TEXT_CHARS_MAX: usize = 20_000;

/// The most characters a line may have: a name, a telephone number, a line of an address.
pub const LINE_CHARS_MAX: usize = 200;

/// The years a date about a person may lie in.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

/// A type that may be personal.
pub trait Value: Sized {
    /// Returns the value as it will be stored, or what is wrong with it, without repeating it.
    fn tidy(self) -> Result<Self, String>;
}

impl Value for String {
    fn tidy(self) -> Result<Self, String> {
        text(self, TEXT_CHARS_MAX, |c| c == '\n' || c == '\t')
    }
}

impl Value for NaiveDate {
    fn tidy(self) -> Result<Self, String> {
        if YEARS.contains(&self.year()) { Ok(self) } else { Err("the year is not one of a person's life".to_owned()) }
    }
}

/// Tidies a line: no line breaks, no blanks around it.
pub(super) fn line(sent: String) -> Result<String, String> {
    text(sent.trim().to_owned(), LINE_CHARS_MAX, |_| false)
}

fn text(sent: String, chars_max: usize, may_control: impl Fn(char) -> bool) -> Result<String, String> {
    // Forms on the web send line breaks as two characters.
    let sent = if sent.contains('\r') { sent.replace("\r\n", "\n") } else { sent };
    if !sent.chars().any(can_be_seen) {
        return Err("it must not be empty".to_owned());
    }
    if sent.chars().any(|c| is_hidden(c) || (c.is_control() && !may_control(c))) {
        return Err("it holds a control character or another that cannot be seen".to_owned());
    }
    let composed = match is_nfc_quick(sent.chars()) {
        IsNormalized::Yes => sent,
        IsNormalized::No | IsNormalized::Maybe => sent.nfc().collect(),
    };
    if composed.chars().count() > chars_max {
        return Err(format!("it has more than {chars_max} characters"));
    }
    Ok(composed)
}

/// Characters that change how others are shown, stand between them unseen, or look like nothing: two texts would look
/// the same and not be. Joiners and variation selectors stay: some scripts are written with them.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{FEFF}')
        // Separators of lines and paragraphs, embeddings, overrides, isolates, invisible operators.
        || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}')
        // Fillers that are drawn as nothing.
        || matches!(c, '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}')
        // Tags, which can carry a whole text unseen, and what will never be a character.
        || matches!(c, '\u{E0000}'..='\u{E007F}' | '\u{FDD0}'..='\u{FDEF}')
        || matches!(u32::from(c) & 0xFFFF, 0xFFFE | 0xFFFF)
}

/// Returns whether a character shows something by itself: blanks, joiners and variation selectors do not.
fn can_be_seen(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macrons_are_kept_and_stored_composed() {
        assert_eq!(line("Ma\u{304}ori".into()).unwrap(), "M\u{101}ori");
        assert_eq!("Te Tāwharau o Ngāti Pūkenga".to_owned().tidy().unwrap(), "Te Tāwharau o Ngāti Pūkenga");
    }

    #[test]
    fn a_line_has_no_breaks_and_a_text_has() {
        assert_eq!(line("  Hēmi ".into()).unwrap(), "Hēmi");
        for broken in ["a\nb", "a\tb", "a\u{7}", "a\u{85}b", ""] {
            assert!(line(broken.into()).is_err(), "{broken:?}");
        }
        assert_eq!("a\r\nb\tc".to_owned().tidy().unwrap(), "a\nb\tc");
        for broken in ["a\u{0}", "a\u{1b}[31m", " \n ", "a\rb"] {
            assert!(broken.to_owned().tidy().is_err(), "{broken:?}");
        }
    }

    #[test]
    fn characters_that_cannot_be_seen_are_refused_but_joiners_stay() {
        for hidden in [
            "\u{202E}imeH",
            "He\u{200B}mi",
            "\u{FEFF}Hemi",
            "He\u{2066}mi\u{2069}",
            "\u{61C}Hemi",
            "He\u{2028}mi",
            "He\u{2062}mi",
            "He\u{206A}mi",
            "He\u{34F}mi",
            "Hemi\u{E0041}",
            "Hemi\u{FFFE}",
            "\u{3164}",
            "\u{2800}",
        ] {
            assert!(line(hidden.into()).is_err(), "{hidden:?}");
            assert!(hidden.to_owned().tidy().is_err(), "{hidden:?}");
        }
        for nothing in ["\u{200D}", "\u{200C} \u{200D}", "\u{FE0F}"] {
            assert!(nothing.to_owned().tidy().is_err(), "{nothing:?}");
        }
        assert!("Kei te pai ❤\u{FE0F}".to_owned().tidy().is_ok());
        assert!(line("नि\u{200D}शा".into()).is_ok());
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        assert!(line("ā".repeat(LINE_CHARS_MAX)).is_ok());
        assert!(line("ā".repeat(LINE_CHARS_MAX + 1)).is_err());
        assert!("ā".repeat(TEXT_CHARS_MAX).tidy().is_ok());
        assert!("ā".repeat(TEXT_CHARS_MAX + 1).tidy().is_err());
    }

    #[test]
    fn a_date_about_a_person_lies_in_a_lifetime() {
        for (day, fine) in [("1899-12-31", false), ("1900-01-01", true), ("2100-12-31", true), ("2101-01-01", false)] {
            assert_eq!(day.parse::<NaiveDate>().unwrap().tidy().is_ok(), fine, "{day}");
        }
    }
}

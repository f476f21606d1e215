//! Names folded for search: with and without macrons, double vowels, capital and small letters are one.
//!
//! *Māori*, *Maori* and *Maaori* are one name: some write long vowels with a macron, some by doubling them, many
//! keyboards do neither. The fold is for finding alone; a name is always shown as it was given.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Returns the words of a name, folded, in their order.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in name.nfkd().filter(|&c| !is_combining_mark(c)).flat_map(char::to_lowercase) {
        match unmarked(c) {
            Some(letters) => letters.chars().for_each(|c| push(&mut word, c)),
            None if c.is_alphanumeric() => push(&mut word, c),
            // An apostrophe inside a name is written or left out as people please.
            None if matches!(c, '\'' | '’' | '‘' | '`') => {}
            None => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// Appends a letter; of a run of one vowel the first is kept, so that doubled and single vowels are one.
fn push(word: &mut String, c: char) {
    if !(matches!(c, 'a' | 'e' | 'i' | 'o' | 'u') && word.ends_with(c)) {
        word.push(c);
    }
}

/// Returns what people type for a small letter whose mark is no combining one.
fn unmarked(c: char) -> Option<&'static str> {
    Some(match c {
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ı' => "i",
        'æ' => "ae",
        'œ' => "oe",
        'ß' => "ss",
        'þ' => "th",
        // U+02BB is a letter to Unicode and an apostrophe to people.
        'ʻ' | 'ʼ' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_vowel_is_one_however_it_is_written() {
        for (written, folded) in [
            ("Māori", "maori"),
            ("Maori", "maori"),
            ("Maaori", "maori"),
            ("MĀORI", "maori"),
            ("Ma\u{304}ori", "maori"),
            ("M\u{101}ori", "maori"),
            ("Whakaāio", "whakaio"),
            ("Whakaaaio", "whakaio"),
            ("Whaanau", "whanau"),
            ("Ōtautahi", "otautahi"),
            ("Ootautahi", "otautahi"),
            ("Aaron", "aron"),
            ("Jørgensen", "jorgensen"),
            ("Tamaʻitiʻi", "tamaiti"),
            ("Nguyễn", "nguyen"),
            ("Đặng", "dang"),
        ] {
            assert_eq!(words(written), [folded], "{written}");
        }
    }

    #[test]
    fn a_name_falls_into_its_words() {
        for (written, folded) in [
            ("Te Rangi-Hīroa", vec!["te", "rangi", "hiroa"]),
            ("O'Brien", vec!["obrien"]),
            ("O’Brien", vec!["obrien"]),
            ("  ", vec![]),
            ("--", vec![]),
            ("李 小龍", vec!["李", "小龍"]),
        ] {
            assert_eq!(words(written), folded, "{written}");
        }
    }
}

//! Words that are nearly a given one: a letter more, a letter less, another letter, two letters swapped.
//!
//! The index of names answers for each of them at once. Everything runs on folded words (`names`), so that macrons,
//! double vowels and capitals are no difference to begin with.

/// The letters of folded names.
const LETTERS: std::ops::RangeInclusive<u8> = b'a'..=b'z';
/// Shorter words have too many neighbours to tell anything.
const LETTERS_MIN: usize = 4;
/// Longer words have more neighbours than a query should ask for.
const LETTERS_MAX: usize = 16;

/// Returns whether neighbours of a word are looked for.
pub(super) fn is_tried(word: &str) -> bool {
    (LETTERS_MIN..=LETTERS_MAX).contains(&word.len()) && word.bytes().all(|letter| LETTERS.contains(&letter))
}

/// Returns what the index of names is asked for: names that begin with the word, or nearly with it.
pub(super) fn query(word: &str) -> String {
    if !is_tried(word) {
        return format!("\"{word}\"*");
    }
    let mut terms = vec![format!("\"{word}\"*")];
    // A letter left out is one whole name: what begins with less of a word is no neighbour of it.
    terms.extend(shorter(word).map(|term| format!("\"{term}\"")));
    terms.extend(others(word).map(|term| format!("\"{term}\"*")));
    terms.sort_unstable();
    terms.dedup();
    format!("({})", terms.join(" OR "))
}

/// Returns whether two words are one, or one is a neighbour of the other.
pub(super) fn are_near(one: &str, other: &str) -> bool {
    one == other
        || is_tried(one) && (shorter(one).any(|term| term == other) || others(one).any(|term| term == other))
        || is_tried(other) && shorter(other).any(|term| term == one)
}

fn shorter(word: &str) -> impl Iterator<Item = String> {
    (0..word.len()).map(move |at| [&word[..at], &word[at + 1..]].concat())
}

fn others(word: &str) -> impl Iterator<Item = String> {
    let letter = |letter: u8| char::from(letter).to_string();
    let longer = (0..=word.len())
        .flat_map(move |at| LETTERS.map(move |new| [&word[..at], letter(new).as_str(), &word[at..]].concat()));
    let changed = (0..word.len())
        .flat_map(move |at| LETTERS.map(move |new| [&word[..at], letter(new).as_str(), &word[at + 1..]].concat()));
    let swapped = (0..word.len() - 1)
        .map(move |at| [&word[..at], &word[at + 1..at + 2], &word[at..=at], &word[at + 2..]].concat());
    // A letter more at the end is what a name that begins with the word has anyway.
    longer.filter(move |term| !term.starts_with(word)).chain(changed).chain(swapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(written: &str, name: &str) -> bool {
        query(written).trim_matches(['(', ')']).split(" OR ").any(|term| match term.strip_suffix('*') {
            Some(term) => name.starts_with(term.trim_matches('"')),
            None => name == term.trim_matches('"'),
        })
    }

    #[test]
    fn one_slip_of_a_key_is_forgiven_and_two_are_not() {
        for (written, name) in [
            ("smith", "smith"),
            ("smiht", "smith"),
            ("smyth", "smith"),
            ("smth", "smith"),
            ("smitth", "smith"),
            ("zmith", "smith"),
            ("parat", "parata"),
            ("wirem", "wiremu"),
        ] {
            assert!(is_near(written, name), "{written} {name}");
        }
        assert!(!is_near("smyht", "smith"));
        assert!(!is_near("patar", "parata"));
    }

    #[test]
    fn what_is_short_or_no_latin_word_is_asked_for_as_it_is() {
        for word in ["te", "aro", "李", "k9dog"] {
            assert_eq!(query(word), format!("\"{word}\"*"));
        }
    }

    #[test]
    fn a_long_word_asks_for_less_than_a_thousand_names() {
        assert!(query("abcdefghijklmnop").matches("OR").count() < 1_000);
    }
}

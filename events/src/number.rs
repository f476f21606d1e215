//! The readable case number people quote (K6), with a check digit that catches a slip of one digit or a swap of two.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::BadId;

/// A case number: counts the cases of a ledger from 1; prints as `AS-0000017-2`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseNumber(pub u32);

const PREFIX: &str = "AS-";

/// The quasigroup of order ten of H. M. Damm's check digit algorithm.
const DAMM: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

fn check(digits: &str) -> u8 {
    digits.bytes().filter(u8::is_ascii_digit).fold(0, |interim, d| DAMM[interim as usize][(d - b'0') as usize])
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:07}", self.0);
        write!(f, "{PREFIX}{digits}-{}", check(&digits))
    }
}

impl fmt::Debug for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for CaseNumber {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        // People write it as they please; it is told in one form.
        let text = text.to_ascii_uppercase();
        let bad = BadId { kind: "case number", form: "AS-, seven digits, a hyphen and the right check digit" };
        let number =
            text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).and_then(|(digits, _)| digits.parse().ok());
        number.map(CaseNumber).filter(|number| number.to_string() == text).ok_or(bad)
    }
}

impl Serialize for CaseNumber {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { s.collect_str(self) } else { s.serialize_u32(self.0) }
    }
}

impl<'de> Deserialize<'de> for CaseNumber {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if d.is_human_readable() {
            <std::borrow::Cow<'de, str>>::deserialize(d)?.parse().map_err(de::Error::custom)
        } else {
            u32::deserialize(d).map(CaseNumber)
        }
    }
}

impl JsonSchema for CaseNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CaseNumber".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^AS-[0-9]{7,10}-[0-9]$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_and_one_wrong_digit_is_caught() {
        for n in [1, 17, 4_294_967_295, 80_000] {
            let text = CaseNumber(n).to_string();
            assert_eq!(text.parse(), Ok(CaseNumber(n)));
            for (i, c) in text.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
                let other = if c == '9' { '0' } else { char::from(c as u8 + 1) };
                let mut wrong = text.clone();
                wrong.replace_range(i..=i, &other.to_string());
                assert!(wrong.parse::<CaseNumber>().is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn a_number_is_read_in_small_letters_too_and_told_in_capitals() {
        let number: CaseNumber = CaseNumber(17).to_string().to_lowercase().parse().unwrap();
        assert!(number == CaseNumber(17) && number.to_string().starts_with("AS-"), "{number}");
    }

    #[test]
    fn two_neighbours_swapped_are_caught() {
        let text = CaseNumber(1_234_567).to_string();
        let swapped = text.replace("34", "43");
        assert!(swapped.parse::<CaseNumber>().is_err());
    }
}

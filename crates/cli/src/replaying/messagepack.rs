//! Finds where a MessagePack value ends, so that values written one after another can be told apart.

/// How a file of frames goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// The value takes this many bytes.
    Whole(usize),
    /// The value goes on after the bytes at hand.
    More,
    /// These bytes are no MessagePack.
    Invalid,
}

/// Returns the length of the first value in `bytes`.
pub fn length(bytes: &[u8]) -> Length {
    let mut at = 0;
    // Values still to come: a map of n entries announces 2n more. Depth costs nothing, so none can exhaust the stack.
    let mut open: u64 = 1;
    while open > 0 {
        let Some(&marker) = bytes.get(at) else { return Length::More };
        let Some((head, body, children)) = value(marker, &bytes[at + 1..]) else {
            return if marker == 0xc1 { Length::Invalid } else { Length::More };
        };
        at += 1 + head + body;
        if at > bytes.len() {
            return Length::More;
        }
        open = open - 1 + children;
    }
    Length::Whole(at)
}

/// Returns bytes of length field, bytes of body, and values inside, of the value that begins with a marker.
fn value(marker: u8, rest: &[u8]) -> Option<(usize, usize, u64)> {
    let number = |bytes: usize| {
        let field = rest.get(..bytes)?;
        Some(field.iter().fold(0_usize, |n, &byte| n << 8 | usize::from(byte)))
    };
    Some(match marker {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (0, 0, 0),
        0x80..=0x8f => (0, 0, 2 * u64::from(marker & 0x0f)),
        0x90..=0x9f => (0, 0, u64::from(marker & 0x0f)),
        0xa0..=0xbf => (0, usize::from(marker & 0x1f), 0),
        0xc4 | 0xd9 => (1, number(1)?, 0),
        0xc5 | 0xda => (2, number(2)?, 0),
        0xc6 | 0xdb => (4, number(4)?, 0),
        0xc7 => (1, number(1)? + 1, 0),
        0xc8 => (2, number(2)? + 1, 0),
        0xc9 => (4, number(4)? + 1, 0),
        0xcc | 0xd0 => (0, 1, 0),
        0xcd | 0xd1 => (0, 2, 0),
        0xca | 0xce | 0xd2 => (0, 4, 0),
        0xcb | 0xcf | 0xd3 => (0, 8, 0),
        0xd4 => (0, 2, 0),
        0xd5 => (0, 3, 0),
        0xd6 => (0, 5, 0),
        0xd7 => (0, 9, 0),
        0xd8 => (0, 17, 0),
        0xdc => (2, 0, number(2)? as u64),
        0xdd => (4, 0, number(4)? as u64),
        0xde => (2, 0, 2 * number(2)? as u64),
        0xdf => (4, 0, 2 * number(4)? as u64),
        0xc1 => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_one_after_another_are_told_apart_at_every_cut() {
        let long = "x".repeat(70_000);
        let values =
            [json!({"a": [1, -200, 3.5, null, true], "b": {"c": "text"}}), json!(long), json!(70_000), json!([])];
        let encoded: Vec<Vec<u8>> = values.iter().map(|value| rmp_serde::to_vec_named(value).unwrap()).collect();
        let all = encoded.concat();
        let mut at = 0;
        for one in &encoded {
            assert_eq!(length(&all[at..]), Length::Whole(one.len()));
            for cut in (0..one.len()).step_by(one.len().div_ceil(50)) {
                assert_eq!(length(&one[..cut]), Length::More, "cut at {cut}");
            }
            at += one.len();
        }
        assert_eq!(length(&[0x81, 0xc1]), Length::Invalid);
    }
}

//! The names and values of a query string, read into a type: each value is the text of one field.

use serde::de::value::{Error, MapDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Returns the pairs as what a type is read from.
pub(super) fn of(pairs: &[(String, String)]) -> impl Deserializer<'_, Error = Error> {
    MapDeserializer::new(pairs.iter().map(|(name, value)| (name.as_str(), Text(value))))
}

/// The text of one field.
struct Text<'a>(&'a str);

impl<'a> IntoDeserializer<'a> for Text<'a> {
    type Deserializer = Text<'a>;

    fn into_deserializer(self) -> Text<'a> {
        self
    }
}

/// What is read from a text by parsing it; the error never repeats the text.
macro_rules! parsed {
    ($($read:ident, $visit:ident, $what:literal;)*) => {
        $(fn $read<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.0.parse().map_err(|_| Error::custom($what))?)
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    parsed! {
        deserialize_bool, visit_bool, "`true` or `false` is expected";
        deserialize_u8, visit_u8, "a small number is expected";
        deserialize_u16, visit_u16, "a number is expected";
        deserialize_u32, visit_u32, "a number is expected";
        deserialize_u64, visit_u64, "a number is expected";
        deserialize_i64, visit_i64, "a number is expected";
    }

    forward_to_deserialize_any! {
        char str string unit bytes byte_buf unit_struct tuple_struct struct identifier tuple ignored_any seq map
        i8 i16 i32 i128 u128 f32 f64
    }
}

//! Figures and verdicts as Parquet, columns typed: what programs for large tables read without guessing.
//!
//! Built with the feature `parquet` alone; its tests are a step of their own in `cargo xtask test`.

use std::sync::Arc;

use parquet::basic::{ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type};
use parquet::errors::Result;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

/// Columns that count.
const COUNTS: [&str; 7] =
    ["threshold", "population", "achieved_late_recorded", "not_achieved", "not_yet_due", "not_assessable", "excluded"];
/// Columns that are a day.
const DAYS: [&str; 4] = ["start", "due", "on", "recorded"];

/// What the cells of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Text,
    Count,
    Day,
    Truth,
}

impl Kind {
    /// Tells by the name, and by the cells where one name counts in one table and is true or false in the other.
    fn of<'a>(name: &str, mut cells: impl Iterator<Item = &'a str>) -> Kind {
        match name {
            "late_recording_counts" => Kind::Truth,
            "achieved" if cells.all(|cell| matches!(cell, "true" | "false")) => Kind::Truth,
            "achieved" => Kind::Count,
            name if COUNTS.contains(&name) => Kind::Count,
            name if DAYS.contains(&name) => Kind::Day,
            _ => Kind::Text,
        }
    }

    fn column(self, name: &str) -> Result<Type> {
        let (physical, converted) = match self {
            Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
            Kind::Count => (Physical::INT32, ConvertedType::NONE),
            Kind::Day => (Physical::INT32, ConvertedType::DATE),
            Kind::Truth => (Physical::BOOLEAN, ConvertedType::NONE),
        };
        let column = Type::primitive_type_builder(name, physical).with_converted_type(converted);
        column.with_repetition(Repetition::OPTIONAL).build()
    }
}

/// Writes a table into bytes; an empty cell is null. Days are days since 1970, as Parquet counts them.
pub fn table<const N: usize>(names: [&str; N], rows: &[[String; N]]) -> Result<Vec<u8>> {
    let cells = |at: usize| rows.iter().map(move |row| row[at].as_str());
    let kinds: Vec<Kind> = names.iter().enumerate().map(|(at, name)| Kind::of(name, cells(at))).collect();
    let columns = names.iter().zip(&kinds).map(|(name, kind)| kind.column(name).map(Arc::new));
    let schema = Type::group_type_builder("table").with_fields(columns.collect::<Result<_>>()?).build()?;
    // The same figures give the same file: neither a time nor a build stands in it.
    let properties = WriterProperties::builder().set_created_by("caseledger".to_owned()).build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for (at, kind) in kinds.into_iter().enumerate() {
        match kind {
            Kind::Text => column::<ByteArrayType>(&mut group, cells(at), |cell| Some(ByteArray::from(cell)))?,
            Kind::Count => column::<Int32Type>(&mut group, cells(at), |cell| cell.parse().ok())?,
            Kind::Day => column::<Int32Type>(&mut group, cells(at), day)?,
            Kind::Truth => column::<BoolType>(&mut group, cells(at), |cell| Some(cell == "true"))?,
        }
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn day(cell: &str) -> Option<i32> {
    let day: chrono::NaiveDate = cell.parse().ok()?;
    i32::try_from(day.signed_duration_since(chrono::NaiveDate::default()).num_days()).ok()
}

fn column<'a, T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    cells: impl Iterator<Item = &'a str>,
    read: impl Fn(&str) -> Option<T::T>,
) -> Result<()> {
    let Some(mut writer) = group.next_column()? else { return Ok(()) };
    let values: Vec<Option<T::T>> = cells.map(|cell| if cell.is_empty() { None } else { read(cell) }).collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    writer.typed::<T>().write_batch(&values, Some(&levels), None)?;
    writer.close()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    #[test]
    fn what_is_written_is_read_again_with_its_types() {
        let row = |cells: [&str; 5]| cells.map(str::to_owned);
        let rows = [row(["M10", "ASP01", "true", "2026-04-24", "80"]), row(["M11", "", "false", "", ""])];
        let bytes = table(["measure", "provider", "achieved", "due", "threshold"], &rows).unwrap();
        assert_eq!(bytes, table(["measure", "provider", "achieved", "due", "threshold"], &rows).unwrap());
        let file = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        let read: Vec<String> = file.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        assert_eq!(
            read,
            [
                r#"{measure: "M10", provider: "ASP01", achieved: true, due: 2026-04-24, threshold: 80}"#,
                r#"{measure: "M11", provider: null, achieved: false, due: null, threshold: null}"#,
            ]
        );
    }

    #[test]
    fn a_table_of_nothing_is_a_table() {
        let bytes = table::<2>(["measure", "population"], &[]).unwrap();
        let file = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
        assert_eq!(file.metadata().file_metadata().num_rows(), 0);
    }
}

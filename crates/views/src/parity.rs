//! Comparing two files of one shape, table by table, at one position.

use caseledger_proof::{Hash, extend};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::status::TableParity;

/// Rows are hashed in pieces of about this size.
const PIECE: usize = 1 << 20;

/// Compares every table but the mark; `None` when `stop` says so on the way.
pub(crate) fn compare(
    in_use: &Connection,
    beside: &Connection,
    stop: &dyn Fn() -> bool,
) -> rusqlite::Result<Option<Vec<TableParity>>> {
    let mut compared = Vec::new();
    for (table, columns) in tables(in_use)? {
        let sql = format!("SELECT {columns} FROM {table}");
        let (Some(ours), Some(theirs)) = (digest(in_use, &sql, stop)?, digest(beside, &sql, stop)?) else {
            return Ok(None);
        };
        compared.push(TableParity { table, rows_in_use: ours.0, rows_beside: theirs.0, is_equal: ours == theirs });
    }
    Ok(Some(compared))
}

/// Lists the tables with their columns; what a table for full-text search is made of is SQLite's own affair.
fn tables(db: &Connection) -> rusqlite::Result<Vec<(String, &'static str)>> {
    let sql = "SELECT name, sql LIKE 'CREATE VIRTUAL TABLE%' FROM sqlite_schema
               WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'view_mark' ORDER BY name";
    let mut statement = db.prepare(sql)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(String, bool)> = found.collect::<rusqlite::Result<_>>()?;
    let made_of =
        |name: &str| found.iter().any(|(other, is_virtual)| *is_virtual && name.starts_with(&format!("{other}_")));
    let listed = found.iter().filter(|(name, _)| !made_of(name));
    Ok(listed.map(|(name, is_virtual)| (name.clone(), if *is_virtual { "rowid, *" } else { "*" })).collect())
}

/// Counts and hashes rows in the order of the table's key.
fn digest(db: &Connection, sql: &str, stop: &dyn Fn() -> bool) -> rusqlite::Result<Option<(u64, Hash)>> {
    let mut statement = db.prepare(sql)?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let (mut count, mut hash, mut piece) = (0, Hash::ZERO, Vec::with_capacity(PIECE + 4096));
    while let Some(row) = rows.next()? {
        count += 1;
        for column in 0..columns {
            push(&mut piece, row.get_ref(column)?);
        }
        if piece.len() >= PIECE {
            hash = extend(hash, &piece);
            piece.clear();
            if stop() {
                return Ok(None);
            }
        }
    }
    Ok(Some((count, extend(hash, &piece))))
}

/// Appends a value with its type and length, so that no two rows look alike.
fn push(piece: &mut Vec<u8>, value: ValueRef<'_>) {
    let (kind, bytes): (u8, &[u8]) = match &value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(number) => (1, &number.to_le_bytes()),
        ValueRef::Real(number) => (2, &number.to_le_bytes()),
        ValueRef::Text(text) => (3, text),
        ValueRef::Blob(bytes) => (4, bytes),
    };
    piece.push(kind);
    piece.extend((bytes.len() as u64).to_le_bytes());
    piece.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(sql: &str) -> Connection {
        let db = Connection::open_in_memory().unwrap();
        let shape = "CREATE TABLE view_mark (position INTEGER);
                     CREATE TABLE a (id INTEGER PRIMARY KEY, text TEXT);
                     CREATE VIRTUAL TABLE words USING fts5 (names);";
        db.execute_batch(&format!("{shape}{sql}")).unwrap();
        db
    }

    fn equal(left: &str, right: &str) -> Vec<(String, bool)> {
        let tables = compare(&db(left), &db(right), &|| false).unwrap().unwrap();
        tables.into_iter().map(|table| (table.table, table.is_equal)).collect()
    }

    #[test]
    fn equal_rows_are_equal_whatever_order_they_came_in() {
        let left = "INSERT INTO a VALUES (1, 'x'), (2, 'y'); INSERT INTO view_mark VALUES (7);";
        let right = "INSERT INTO a VALUES (2, 'y'), (1, 'x'); INSERT INTO view_mark VALUES (9);";
        assert_eq!(equal(left, right), [("a".to_owned(), true), ("words".to_owned(), true)]);
    }

    #[test]
    fn a_value_that_differs_or_slips_into_the_next_column_is_noticed() {
        for (left, right) in [("(1, 'x')", "(1, 'y')"), ("(1, NULL)", "(1, '')"), ("(1, '2')", "(12, '')")] {
            let insert = |row: &str| format!("INSERT INTO a VALUES {row};");
            assert!(!equal(&insert(left), &insert(right))[0].1, "{left} {right}");
        }
        let left = "INSERT INTO words (rowid, names) VALUES (1, 'aroha');";
        assert_eq!(equal(left, "")[1], ("words".to_owned(), false));
    }
}

-- Version 1. Change a table or a stored row, and raise the version in work_queue.rs.

-- The rows of the fold, MessagePack; `ref` is the position of the event that opened the case.
CREATE TABLE work_case (
    ref INTEGER PRIMARY KEY,
    id  BLOB NOT NULL,
    row BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX work_case_id ON work_case (id);

-- What is to be done (`caseledger_projections::work_queue`): facts alone, for any SQLite tool. Days are New Zealand days;
-- `last_on` is the last day that still counts where a later one than the first does, `who` who is named to do it.
CREATE TABLE work (
    ref         INTEGER NOT NULL,
    what        TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    rule        TEXT    NOT NULL,
    due_on      TEXT,
    last_on     TEXT,
    who         TEXT,
    urgent      INTEGER NOT NULL,
    case_number TEXT    NOT NULL,
    status      TEXT    NOT NULL,
    provider    TEXT,
    manager     TEXT,
    catchment   TEXT,
    school      TEXT    NOT NULL,
    PRIMARY KEY (ref, what, number)
) STRICT, WITHOUT ROWID;

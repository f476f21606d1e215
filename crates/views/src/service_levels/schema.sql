-- Version 1. Change a table or a stored row, and raise the version in service_levels.rs.

-- The rows of the fold, MessagePack; `ref` is the position of the event that opened the case.
CREATE TABLE service_case (
    ref INTEGER PRIMARY KEY,
    id  BLOB NOT NULL,
    row BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX service_case_id ON service_case (id);

-- One referral with whoever has it (`caseledger_projections::service_levels::Stint`): facts alone, for any SQLite tool.
-- Days are New Zealand days, `_days` business days from `came_on` or, from `school_met` on, from `allocated_on`.
CREATE TABLE service (
    ref              INTEGER NOT NULL,
    stint            INTEGER NOT NULL,
    case_number      TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    provider         TEXT,
    manager          TEXT,
    catchment        TEXT,
    school           TEXT    NOT NULL,
    migrated         INTEGER NOT NULL,
    urgent           INTEGER NOT NULL,
    waitlisted       INTEGER NOT NULL,
    reachable        INTEGER NOT NULL,
    came_on          TEXT    NOT NULL,
    allocated_on     TEXT,
    allocated_days   INTEGER,
    assigned_on      TEXT,
    assigned_days    INTEGER,
    begun_on         TEXT,
    begun_days       INTEGER,
    school_met_on    TEXT,
    school_met_days  INTEGER,
    engaged_on       TEXT,
    engaged_days     INTEGER,
    planned_on       TEXT,
    planned_days     INTEGER,
    left_on          TEXT,
    left_as          TEXT,
    absent_half_days INTEGER,
    open_half_days   INTEGER,
    PRIMARY KEY (ref, stint)
) STRICT, WITHOUT ROWID;

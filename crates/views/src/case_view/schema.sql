-- Change a table, an index or a stored row, and raise the version in case_view.rs.

-- What lists filter and sort by. `ref` is the position of the event that opened the case: short, unique, in order.
CREATE TABLE case_key (
    ref         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL,
    number      INTEGER NOT NULL,
    student     BLOB    NOT NULL,
    status      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    provider    TEXT,
    manager     TEXT,
    catchment   TEXT,
    school      TEXT    NOT NULL,
    flags       INTEGER NOT NULL,
    opened_on   TEXT    NOT NULL,
    active_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX case_key_id ON case_key (id);

-- Where the student is enrolled from a day up to another, as known now (V1).
CREATE TABLE enrolment (
    ref      INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    school   TEXT,
    from_on  TEXT    NOT NULL,
    until_on TEXT,
    PRIMARY KEY (ref, place)
) STRICT, WITHOUT ROWID;

-- The rows of the fold, and beside each where the case stands for access; MessagePack, facts alone. They lie in one
-- row because every event changes the first: the second costs no page of its own.
CREATE TABLE case_row (ref INTEGER PRIMARY KEY, row BLOB NOT NULL, standing BLOB NOT NULL) STRICT;

-- What each person's list is found by: the keys of the standings (`Standing::keys`).
CREATE TABLE access_key (
    key TEXT    NOT NULL,
    ref INTEGER NOT NULL,
    PRIMARY KEY (key, ref)
) STRICT, WITHOUT ROWID;

-- What is to be done: read off the row of the case when it changes (`caseledger_projections::work_queue`).
CREATE TABLE work (
    ref     INTEGER NOT NULL,
    what    TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    due_on  TEXT,
    last_on TEXT,
    who     TEXT,
    urgent  INTEGER NOT NULL,
    PRIMARY KEY (ref, what, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE comment (
    ref               INTEGER NOT NULL,
    number            INTEGER NOT NULL,
    visible_to_school INTEGER NOT NULL,
    row               BLOB    NOT NULL,
    PRIMARY KEY (ref, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    ref    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    row    BLOB    NOT NULL,
    PRIMARY KEY (ref, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan (
    ref    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    row    BLOB    NOT NULL,
    PRIMARY KEY (ref, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE agreement (
    ref    INTEGER NOT NULL,
    number INTEGER NOT NULL,
    row    BLOB    NOT NULL,
    PRIMARY KEY (ref, number)
) STRICT, WITHOUT ROWID;

-- One row an event: what the timeline shows of it, the facts as recorded; put into words when it is read.
CREATE TABLE timeline (
    position INTEGER PRIMARY KEY,
    ref      INTEGER NOT NULL,
    version  INTEGER NOT NULL,
    parts    INTEGER NOT NULL,
    entry    BLOB    NOT NULL
) STRICT;

-- Everything personal, each part where its event put it; nothing personal is stored anywhere else but in the index of
-- names, which follows. One statement takes all of a case away, the index of names included:
--   DELETE FROM case_personal WHERE id IN (
--       SELECT p.id FROM timeline t JOIN case_personal p ON p.id BETWEEN t.position * 256 AND t.position * 256 + 255
--       WHERE t.ref = ?)
CREATE TABLE case_personal (
    -- position * 256 + the part's place in its event.
    id         INTEGER PRIMARY KEY,
    ref        INTEGER NOT NULL,
    part       TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    part_group TEXT    NOT NULL,
    body       BLOB    NOT NULL
) STRICT;

-- Names folded for search, a row a case.
CREATE VIRTUAL TABLE case_names USING fts5 (
    names, detail = none, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO case_names (case_names, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER case_personal_deleted AFTER DELETE ON case_personal WHEN old.part = 'student' BEGIN
    DELETE FROM case_names WHERE rowid = old.ref;
END;

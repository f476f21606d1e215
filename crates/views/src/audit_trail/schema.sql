-- Version 1. Change a table or a stored row, and raise the version in audit_trail.rs.

-- Names stand once; the number of each is the position of the event that brought it.
CREATE TABLE who (
    id           INTEGER PRIMARY KEY,
    person       TEXT NOT NULL,
    role         TEXT NOT NULL,
    organisation TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX who_is ON who (person, role, organisation);

-- Of some types an event is restricted by what it tells, so that a type may stand here twice.
CREATE TABLE what (
    id         INTEGER PRIMARY KEY,
    kind       TEXT    NOT NULL,
    restricted INTEGER NOT NULL,
    UNIQUE (kind, restricted)
) STRICT;

CREATE TABLE target (id INTEGER PRIMARY KEY, stream TEXT NOT NULL UNIQUE) STRICT;

-- One row an event of the ledger. `recorded_at` is UTC in microseconds, `occurred_on` a New Zealand day.
CREATE TABLE act (
    position     INTEGER PRIMARY KEY,
    recorded_at  INTEGER NOT NULL,
    occurred_on  TEXT    NOT NULL,
    who          INTEGER NOT NULL,
    on_behalf_of TEXT,
    target       INTEGER NOT NULL,
    what         INTEGER NOT NULL,
    request      BLOB    NOT NULL
) STRICT;

-- For people with any SQLite tool.
CREATE VIEW audit AS
    SELECT position, datetime(recorded_at / 1000000, 'unixepoch') AS recorded_utc, occurred_on, person, role, organisation,
        on_behalf_of, stream, kind, lower(hex(request)) AS request
    FROM act JOIN who ON who.id = act.who JOIN target ON target.id = act.target JOIN what ON what.id = act.what;

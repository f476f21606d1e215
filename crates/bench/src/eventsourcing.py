"""Events of cases in the SQLite recorder of `eventsourcing`, then one read model rebuilt from them: a row a case.

Prints how many events were read and the seconds that took.
"""
import os
import sqlite3
import sys
import time

path, wanted = sys.argv[1], int(sys.argv[2])
os.environ.update(PERSISTENCE_MODULE="eventsourcing.sqlite", SQLITE_DBNAME=path, SQLITE_LOCK_TIMEOUT="10")

from eventsourcing.application import Application  # noqa: E402
from eventsourcing.domain import Aggregate, event  # noqa: E402


class Case(Aggregate):
    @event("Referred")
    def __init__(self, number: int, school: str):
        self.number, self.school, self.status, self.attempts = number, school, "notified", 0

    @event("Allocated")
    def allocate(self, provider: str):
        self.status = "allocated"

    @event("Attempted")
    def attempt(self, mode: str, outcome: str, note: str):
        self.attempts += 1

    @event("Closed")
    def close(self, reason: str):
        self.status = "closed"


NOTE = "Rang twice in the afternoon and left a message with the aunt, who will ask them to ring."
cases = Application()
made, number = 0, 0
while made < wanted:
    group = []
    for _ in range(200):
        number += 1
        case = Case(number, "S-001")
        case.allocate("ASP-01")
        for _ in range(12):
            case.attempt("phone", "not_reached", NOTE)
        case.close("returned")
        group.append(case)
        made += 15
    cases.save(*group)

view = sqlite3.connect(path + ".view")
view.execute("CREATE TABLE case_row (id TEXT PRIMARY KEY, number INTEGER, status TEXT, attempts INTEGER)")
view.execute("CREATE TABLE mark (one INTEGER PRIMARY KEY, position INTEGER)")
began, position, read = time.perf_counter(), 0, 0
while True:
    notifications = cases.recorder.select_notifications(start=position + 1, limit=1000)
    if not notifications:
        break
    for notification in notifications:
        happened = cases.mapper.to_domain_event(notification)
        kind, case = type(happened).__name__, str(happened.originator_id)
        if kind == "Referred":
            view.execute("INSERT INTO case_row VALUES (?, ?, 'notified', 0)", (case, happened.number))
        elif kind == "Allocated":
            view.execute("UPDATE case_row SET status = 'allocated' WHERE id = ?", (case,))
        elif kind == "Attempted":
            view.execute("UPDATE case_row SET attempts = attempts + 1 WHERE id = ?", (case,))
        else:
            view.execute("UPDATE case_row SET status = 'closed' WHERE id = ?", (case,))
        position, read = notification.id, read + 1
    view.execute("INSERT OR REPLACE INTO mark VALUES (1, ?)", (position,))
    view.commit()
print(read, time.perf_counter() - began)

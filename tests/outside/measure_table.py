#!/usr/bin/env python3
"""A reporting job as somebody outside would write it: keeps a table of measure M10 of its own, from the broadcast alone.

M10 asks that the school be met within five business days of the allocation. The job binds to the durable consumer
`reporting`, and keeps its table and the position it has read to in one SQLite transaction: stopped at any point and
started again, killed in the middle, given messages twice, it counts every event once. Business days come from the
calendar's own table of holidays, which is data.

    measure_table.py --url nats://127.0.0.1:4222 --seed-file reporting.nk --store m10.sqlite --until 1200
    measure_table.py … --stop-after 100      ends without a word after a hundred messages, acknowledged or not
"""

import argparse
import asyncio
import datetime as dt
import json
import sqlite3
import sys
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

import nats
from nats.errors import TimeoutError as NoMessage

AUCKLAND = ZoneInfo("Pacific/Auckland")
CALENDAR = Path(__file__).parents[2] / "crates/calendar/data/nz.1.toml"
QUARTER = ("2026-04-03", "2026-07-03")
MODES = ("in_person", "home_visit", "video")
EXCUSED = ("out_of_country", "referred_in_error", "deceased", "home_education", "fifteen_exemption")

SCHEMA = """
create table if not exists mark (position integer, hash text, source text);
create table if not exists referral (position integer primary key, stream text, provider text, role text,
                                     in_school integer, allocated text, due text, handed_over text,
                                     at_cit integer default 0, unchecked integer default 0);
create table if not exists meeting (position integer primary key, stream text, role text, day text);
create table if not exists turn (position integer primary key, stream text, day text, reason text);
create table if not exists kind (stream text primary key, role text, migrated integer);
create table if not exists merged (stream text primary key, survivor text, day text);
"""


class Calendar:
    """Business days by the national profile."""

    def __init__(self, path):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        self.holidays = {day for holiday in table["holiday"] for day in holiday["days"]}

    def after(self, start, days):
        day = dt.date.fromisoformat(start)
        while days:
            day += dt.timedelta(1)
            days -= day.weekday() < 5 and day.isoformat() not in self.holidays
        return day.isoformat()


def day_of(text):
    """The New Zealand day of a date or an instant."""
    if len(text) == 10:
        return text
    return dt.datetime.fromisoformat(text).astimezone(AUCKLAND).date().isoformat()


class Table:
    """The job's own store: rows and position change together or not at all."""

    def __init__(self, path, calendar):
        self.calendar = calendar
        self.store = sqlite3.connect(path, isolation_level=None)
        self.store.executescript(SCHEMA)
        row = self.store.execute("select position, hash, source from mark").fetchone()
        self.position, self.hash, self.source = row or (0, None, None)

    def take(self, messages):
        """Takes a batch in, in one transaction; what was seen already is passed over."""
        self.store.execute("begin immediate")
        try:
            for message in messages:
                self.one(message)
            self.store.execute("delete from mark")
            self.store.execute("insert into mark values (?, ?, ?)", (self.position, self.hash, self.source))
        except BaseException:
            self.store.execute("rollback")
            raise
        self.store.execute("commit")

    def one(self, message):
        position, headers = message.metadata.sequence.stream, message.headers
        if position <= self.position:
            return
        if position != self.position + 1 or self.hash not in (None, headers["ce-ledgerprevhash"]):
            raise SystemExit(f"position {position} does not follow {self.position}: this is another history")
        if self.source not in (None, headers["ce-source"]):
            raise SystemExit(f"another ledger, or another epoch, speaks at {position}")
        self.position, self.hash, self.source = position, headers["ce-ledgerhash"], headers["ce-source"]
        body = json.loads(message.data)
        kind = body.get("type")
        if kind and body["stream"].startswith("case/"):
            handler = getattr(self, kind, None)
            if handler:
                handler(body, body["facts"])

    def support_request_submitted(self, body, facts):
        if not facts["attached"]:
            self.kind(body, "referring")

    def non_enrolment_notified(self, body, facts):
        if not facts["attached"]:
            self.kind(body, "most_recently_attended")
            return
        # Attached to an active CA case it is a referral of its own, from its attachment on (Q39).
        role, migrated = self.role(body)
        held = self.store.execute(
            "select provider, in_school from referral where stream = ? and handed_over is null order by position desc",
            (body["stream"],),
        ).fetchone()
        if role == "referring" and held and not migrated:
            self.refer(body, *held, "most_recently_attended", unchecked=1)

    def ministry_check_completed(self, body, facts):
        if facts["outcome"] != "refer":
            self.store.execute("delete from referral where stream = ? and unchecked = 1", (body["stream"],))
        self.store.execute("update referral set unchecked = 0 where stream = ?", (body["stream"],))

    def unenrolled_student_reported(self, body, facts):
        if not facts["attached"]:
            self.kind(body, "most_recently_attended")

    def case_migrated(self, body, facts):
        self.kind(body, "referring", migrated=1)

    def case_kind_changed(self, body, facts):
        role = "most_recently_attended" if facts["to"] == "non_enrolment" else "referring"
        self.store.execute("update kind set role = ? where stream = ?", (role, body["stream"]))

    def kind(self, body, role, migrated=0):
        self.store.execute("insert or replace into kind values (?, ?, ?)", (body["stream"], role, migrated))

    def role(self, body):
        return self.store.execute("select role, migrated from kind where stream = ?", (body["stream"],)).fetchone()

    def allocated_to_provider(self, body, facts):
        self.hand_over(body)
        self.store.execute("update referral set unchecked = 0, at_cit = 0 where stream = ?", (body["stream"],))
        role, migrated = self.role(body)
        if not migrated:
            self.refer(body, facts["provider"], facts["in_school"], role)

    def refer(self, body, provider, in_school, role, unchecked=0):
        day = day_of(body["recorded_at"])
        row = (body["position"], body["stream"], provider, role, in_school, day, self.calendar.after(day, 5), unchecked)
        self.store.execute(
            "insert into referral (position, stream, provider, role, in_school, allocated, due, unchecked) "
            "values (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def hand_over(self, body, at_cit=0):
        self.store.execute("update referral set handed_over = ?, at_cit = ? where stream = ? and handed_over is null",
                           (day_of(body["recorded_at"]), at_cit, body["stream"]))

    def reallocated_to_cit(self, body, facts):
        self.store.execute("update referral set at_cit = 0 where stream = ?", (body["stream"],))
        self.hand_over(body, at_cit=1)

    def reallocation_declined_by_cit(self, body, facts):
        self.store.execute("update referral set handed_over = null, at_cit = 0 where stream = ? and at_cit = 1",
                           (body["stream"],))

    def cases_merged(self, body, facts):
        row = (f"case/{facts['merged']}", f"case/{facts['survivor']}", day_of(body["recorded_at"]))
        self.store.execute("insert or replace into merged values (?, ?, ?)", row)

    def case_unmerged(self, body, facts):
        self.store.execute("delete from merged where stream = ?", (f"case/{facts['merged']}",))

    def school_meeting_held(self, body, facts):
        if facts["mode"] in MODES:
            row = (body["position"], body["stream"], facts["school_role"], day_of(body["occurred_at"]))
            self.store.execute("insert into meeting values (?, ?, ?, ?)", row)

    def case_closed(self, body, facts):
        self.turn(body, facts["reason"])

    def case_reopened(self, body, facts):
        self.turn(body, None)

    def turn(self, body, reason):
        row = (body["position"], body["stream"], day_of(body["occurred_at"]), reason)
        self.store.execute("insert into turn values (?, ?, ?, ?)", row)

    def referrals(self):
        """Every referral with the streams it is judged by; of one provider a merge counts the earliest (Q39)."""
        merged = {stream: (survivor, day) for stream, survivor, day in self.store.execute("select * from merged")}
        every = self.store.execute("select stream, provider, role, in_school, allocated, due, handed_over from referral "
                                   "order by position").fetchall()
        kept = []
        for stream, provider, role, in_school, allocated, due, handed_over in every:
            survivor, day = merged.get(stream, (stream, None))
            group = [survivor] + [other for other, (into, _) in merged.items() if into == survivor]
            theirs = any(other[0] == survivor and other[1] == provider for other in every)
            if day and not handed_over and not theirs:
                handed_over = day
            earlier = any(set(group) == set(g) and p == provider and s != stream for s, p, g, *_ in kept)
            if not earlier:
                kept.append((stream, provider, group, role, in_school, allocated, due, handed_over))
        return kept

    def figures(self):
        """Population and achieved by provider, of the referrals due in the quarter."""
        figures = {}
        for _, provider, group, role, in_school, allocated, due, handed_over in self.referrals():
            if not QUARTER[0] <= due <= QUARTER[1] or in_school or (handed_over and handed_over <= due):
                continue
            streams = ",".join("?" * len(group))
            met = self.store.execute(
                f"select count(*) from meeting where stream in ({streams}) and role = ? and day between ? and ?",
                (*group, role, allocated, due),
            ).fetchone()[0]
            closed = self.store.execute(
                f"select reason from turn where stream in ({streams}) and day <= ? order by day desc, position desc limit 1",
                (*group, due),
            ).fetchone()
            if not met and closed and closed[0] in EXCUSED:
                continue
            population, achieved = figures.get(provider, (0, 0))
            figures[provider] = (population + 1, achieved + (met > 0))
        return dict(sorted(figures.items()))


async def follow(arguments, table):
    seed = Path(arguments.seed_file).read_text(encoding="ascii").strip()
    connection = await nats.connect(arguments.url, nkeys_seed_str=seed, inbox_prefix=b"_INBOX_reporting")
    stream = connection.jetstream(domain="ledger")
    subscription = await stream.pull_subscribe_bind(consumer="reporting", stream="LEDGER")
    seen = waited = 0
    while table.position < arguments.until:
        try:
            messages = await subscription.fetch(50, timeout=2)
        except (NoMessage, asyncio.TimeoutError):
            waited += 2
            if waited >= arguments.patience:
                sys.exit(f"nothing came after {table.position} for {waited} s, {arguments.until} is expected")
            continue
        waited = 0
        table.take(messages)
        seen += len(messages)
        if arguments.stop_after and seen >= arguments.stop_after:
            return  # Without an acknowledgement: what was taken in comes again.
        await messages[-1].ack()
    await connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--seed-file", required=True, help="nkey seed of the role")
    parser.add_argument("--store", required=True, help="the job's own SQLite file")
    parser.add_argument("--until", type=int, required=True, help="the position to read up to")
    parser.add_argument("--stop-after", type=int, help="end in the middle, after so many messages")
    parser.add_argument("--patience", type=int, default=60, help="seconds to wait for the next message")
    arguments = parser.parse_args()
    table = Table(arguments.store, Calendar(CALENDAR))
    asyncio.run(follow(arguments, table))
    figures = {provider: list(counts) for provider, counts in table.figures().items()}
    print(json.dumps({"position": table.position, "M10": figures}))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Reads the broadcast as a stranger would: the public NATS client for Python, the role of a reporting job, nothing of ours.

Checks that positions are gapless and equal to the stream's sequences, that each message's hash follows the one before,
and that no message holds anything but facts: enums, codes, dates, numbers, ids. Every name in the given files must be
absent from every byte of every message.

    subscriber.py --url nats://127.0.0.1:4222 --seed-file reporting.nk --until 1200 --names given_names.txt …
    subscriber.py … --seed-file provider.nk --consumer provider-asp01 --provider asp01
"""

import argparse
import asyncio
import json
import re
import sys
import unicodedata
from pathlib import Path

import nats
from nats.errors import TimeoutError as NoMessage

# What a fact may look like as text. Prose has blanks, names have lower case after upper case: neither fits.
FACTS = [
    re.compile(r"[a-z0-9_]{1,64}"),  # enums, event types
    re.compile(r"[A-Z0-9_-]{1,16}"),  # codes
    re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),  # ids
    re.compile(r"[0-9a-f]{64}"),  # hashes
    re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?"),  # days and times
    re.compile(r"(case|provider|system)/[A-Za-z0-9_-]{1,36}"),  # streams
    re.compile(r"AS-\d{7,10}-\d"),  # case numbers
]
PERSONAL_KEYS = {"nsn", "family_name", "given_names", "preferred_name", "birth_date", "address", "phones", "phone",
                 "emails", "caregivers", "text", "note", "detail", "passport", "person", "parts", "personal"}
SUBJECT = re.compile(r"ledger\.ev(\.[a-z0-9_-]{1,64}){4}")


class Wrong(Exception):
    """What a message should not be; says which message."""


def names_in(paths):
    """Reads `community: name, name, …` lines; a name is looked for as written and without its marks."""
    names = set()
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            if line.startswith("#") or ": " not in line:
                continue
            names.update(name.strip() for name in line.split(": ", 1)[1].split(","))
    decomposed = {unicodedata.normalize("NFD", name) for name in names}
    plain = {"".join(c for c in name if not unicodedata.combining(c)) for name in decomposed}
    return {name for name in names | decomposed | plain if len(name) >= 3}


def leaves(value, key=""):
    """Yields (key, value) of everything in a JSON document that is no container."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name, None
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value


class Reader:
    """Follows the stream message by message."""

    def __init__(self, names, provider):
        self.names = names
        self.provider = provider
        self.last = 0
        self.hash = None
        self.source = None
        self.kinds = {}

    def read(self, message):
        sequence = message.metadata.sequence.stream
        headers = message.headers or {}
        if self.provider is None and sequence != self.last + 1:
            raise Wrong(f"sequence {sequence} follows {self.last}")
        if sequence <= self.last:
            raise Wrong(f"sequence {sequence} comes after {self.last}")
        if int(headers["ce-ledgerposition"]) != sequence:
            raise Wrong(f"position {headers['ce-ledgerposition']} stands at sequence {sequence}")
        if self.provider is None and self.hash not in (None, headers["ce-ledgerprevhash"]):
            raise Wrong(f"the hash before {sequence} is not the one of {self.last}")
        if self.source not in (None, headers["ce-source"]):
            raise Wrong(f"another ledger speaks at {sequence}: {headers['ce-source']}")
        body = json.loads(message.data)
        if body["position"] != sequence:
            raise Wrong(f"the body at {sequence} says position {body['position']}")
        self.subject(message.subject, sequence)
        self.facts_alone(body, sequence)
        self.nobody(message, headers, sequence)
        self.last, self.hash, self.source = sequence, headers["ce-ledgerhash"], headers["ce-source"]
        kind = message.subject.split(".")[2]
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def subject(self, subject, sequence):
        if not SUBJECT.fullmatch(subject):
            raise Wrong(f"the subject at {sequence} is no subject of events")
        if self.provider is not None and subject.split(".")[3] != self.provider:
            raise Wrong(f"{self.provider} was given {subject} at {sequence}")

    def facts_alone(self, body, sequence):
        for key, value in leaves(body):
            if key in PERSONAL_KEYS:
                raise Wrong(f"the body at {sequence} has a field `{key}`")
            if isinstance(value, str) and not any(form.fullmatch(value) for form in FACTS):
                raise Wrong(f"the field `{key}` at {sequence} holds a text that is no fact")

    def nobody(self, message, headers, sequence):
        everything = message.data.decode("utf-8") + message.subject + json.dumps(headers, ensure_ascii=False)
        for name in self.names:
            if name in everything:
                raise Wrong(f"a name stands in the message at {sequence}")


async def follow(arguments):
    seed = Path(arguments.seed_file).read_text(encoding="ascii").strip()
    inbox = f"_INBOX_{arguments.consumer}".encode()
    connection = await nats.connect(arguments.url, nkeys_seed_str=seed, inbox_prefix=inbox)
    stream = connection.jetstream(domain="ledger")
    subscription = await stream.pull_subscribe_bind(consumer=arguments.consumer, stream="LEDGER")
    reader = Reader(names_in(arguments.names), arguments.provider)
    waited = 0
    while reader.last < arguments.until:
        try:
            messages = await subscription.fetch(250, timeout=2)
        except (NoMessage, asyncio.TimeoutError):
            waited += 2
            if arguments.provider is not None and reader.last > 0:
                break  # Its events are a part of all: none of what is left before that position need be its.
            if waited >= arguments.patience:
                raise Wrong(f"nothing came after {reader.last} for {waited} s, {arguments.until} is expected") from None
            continue
        waited = 0
        for message in messages:
            reader.read(message)
            await message.ack()
    await connection.close()
    total = sum(reader.kinds.values())
    print(f"{total} messages up to position {reader.last}, {len(reader.kinds)} types, {len(reader.names)} names looked for")
    for kind, count in sorted(reader.kinds.items()):
        print(f"  {count:6} {kind}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--seed-file", required=True, help="nkey seed of the role")
    parser.add_argument("--consumer", default="reporting", help="the durable consumer made for the role")
    parser.add_argument("--provider", help="the only provider whose events may come, in lower case")
    parser.add_argument("--until", type=int, required=True, help="the position to read up to")
    parser.add_argument("--patience", type=int, default=60, help="seconds to wait for the next message")
    parser.add_argument("--names", nargs="*", default=[], help="files of names that may stand nowhere")
    arguments = parser.parse_args()
    try:
        asyncio.run(follow(arguments))
    except Wrong as wrong:
        sys.exit(f"WRONG: {wrong}")


if __name__ == "__main__":
    main()

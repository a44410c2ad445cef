"""Postfix's queue: looking at what waits without holding all of it, and moving single messages.

postqueue(1) writes one JSON object for each message. A queue of a hundred thousand messages is
read as a stream, and not further than was asked for.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_string
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any, Literal

from mailstead.home import Home
from mailstead.mailplane.engines.postfix.model import COMMANDS
from mailstead.mailplane.engines.processes import EngineError, run

Move = Literal["hold", "release", "delete"]
SECONDS = 60.0
"""In which the queue must have been read."""
QUEUES = ("active", "deferred", "hold", "incoming")
_OPTIONS: dict[Move, str] = {"hold": "-h", "release": "-H", "delete": "-d"}
_MOVED = re.compile(r"postsuper: (\w+): (?:placed on hold|released from hold|removed)\b")
_RECORDS = re.compile(r"\*\*\* ENVELOPE RECORDS (\w+)/")
_TEMPORARY = 75  # EX_TEMPFAIL (sysexits.h)
_UNAVAILABLE = 69  # EX_UNAVAILABLE


def messages(home: Home) -> Generator[dict[str, Any], None, None]:
    """The messages as postqueue(1) -j describes them, also while Postfix is down.

    Raises `EngineError`. Close the iterator where it is not read to its end.
    """
    command = [str(COMMANDS / "postqueue"), "-c", str(home.postfix), "-j"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as running:
        assert running.stdout is not None
        clock = threading.Timer(SECONDS, running.kill)
        clock.start()
        try:
            for line in running.stdout:
                yield json.loads(line.decode("utf-8", "replace"))
        except ValueError as error:
            raise EngineError("postqueue was cut off") from error
        finally:
            clock.cancel()
            running.kill()
    if running.returncode > 0:
        raise EngineError(f"postqueue ended with {running.returncode}")


def present(home: Home, ids: Sequence[str]) -> set[str]:
    """Which of these messages are in the queue."""
    wanted = set(ids)
    return {name for name in _names(home) if name in wanted}


def move(home: Home, how: Move, ids: Sequence[str]) -> set[str]:
    """Hold, release or delete messages; returns those with which it was done.

    A message that is not there, or held already, is left alone. One that is released is tried at
    once: postsuper(1) lets it wait for the next run of the queue. Raises `EngineError`.
    """
    # Never `ALL`, which is every message: the numbers have passed `wire.orders`.
    lines = "".join(f"{number}\n" for number in ids)
    command = [str(COMMANDS / "postsuper"), "-c", str(home.postfix), _OPTIONS[how], "-"]
    moved = set(_MOVED.findall(run(command, stdin=lines).err))
    if how == "release":
        try_now(home, sorted(moved))
    return moved


@dataclass(frozen=True)
class Letter:
    """One message of the queue, as its file tells."""

    queue: str
    """In which queue it is."""
    sender: str
    ways: tuple[tuple[str, str], ...]
    """Each recipient, and the address that led to it; empty: it was itself written to."""
    size: int
    login: str
    """The SASL log-in that handed it in; empty: none."""
    client: str
    """Network address."""
    subject: str
    """Decoded (RFC 2047), on one line."""
    message_id: str
    """Without its angle brackets."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """As the sender has written them, each once."""
        return tuple(dict.fromkeys(original or recipient for recipient, original in self.ways))


def letter(home: Home, number: str) -> Letter | None:
    """A message by its number, as postcat(1) shows it; None: it is not in the queue, or not whole.

    Raises `EngineError`.
    """
    command = [str(COMMANDS / "postcat"), "-c", str(home.postfix), "-q", "-eh", number]
    done = run(command, accept=(0, 1))
    records, lines, found = [], [], _RECORDS.match(done.out)
    if done.code or found is None:
        return None
    in_headers = False
    for line in done.out.splitlines():
        if line.startswith("*** "):
            in_headers = line.startswith("*** MESSAGE CONTENTS")
        elif in_headers:
            lines.append(line)
        else:
            records.append(line.partition(": "))
    fields = {name.strip(): value.strip() for name, _, value in records}
    attributes = dict(
        value.strip().partition("=")[::2] for name, _, value in records if name == "named_attribute"
    )
    headers = message_from_string("\n".join(lines))
    return Letter(
        queue=found[1],
        sender=fields.get("sender", ""),
        ways=tuple(_ways(records)),
        size=int(fields.get("message_size", "0").split()[0]),
        login=attributes.get("sasl_username", ""),
        client=attributes.get("client_address", ""),
        subject=_subject(headers),
        message_id=headers.get("Message-ID", "").strip().strip("<>"),
    )


def _subject(headers: Message) -> str:
    words = headers.get("Subject", "")
    with suppress(LookupError, ValueError, HeaderParseError):
        words = str(make_header(decode_header(words)))
    return " ".join(words.split())


def _ways(records: list[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """The record of a recipient follows that of the address which led to it."""
    original = ""
    for name, _, value in records:
        if name == "original_recipient":
            original = value.strip()
        elif name in ("recipient", "done_recipient"):
            recipient = value.strip()
            yield recipient, "" if original.lower() == recipient.lower() else original
            original = ""


def try_now(home: Home, ids: Sequence[str]) -> set[str]:
    """Let qmgr(8) try these deferred messages now; returns those that are in the queue."""
    there = present(home, ids)
    for number in ids:
        if number in there:
            run(
                [str(COMMANDS / "postqueue"), "-c", str(home.postfix), "-i", number],
                accept=(0, _UNAVAILABLE, _TEMPORARY),
            )
    return there


def counts(home: Home) -> dict[str, int]:
    """How many messages are in each queue, by their files."""
    return {name: sum(1 for _ in _files(home.spool / name)) for name in QUEUES}


def _names(home: Home) -> Iterator[str]:
    for name in QUEUES:
        for path in _files(home.spool / name):
            yield path.name


def _files(folder: Path) -> Iterator[Path]:
    """Files of a queue; a deferred one lies in a folder of its name's beginning."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return  # moved on this very moment, or Postfix was never started
    for entry in entries:
        if len(entry.name) == 1:
            yield from _files(entry)
        else:
            yield entry

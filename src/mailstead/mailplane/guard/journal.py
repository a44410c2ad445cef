"""What the guard was told, kept for some days: so that it can be asked what other weights would do.

One file a day (UTC) in `<home>/guard/journal/`, entries one behind the other (msgpack). Recipients
are kept as the numbers by which the profiles know them, never as addresses; of mail there are the
numbers alone that the detector is given. Written once a second: a kill costs that second.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from mailstead.mailplane.guard import acts
from mailstead.mailplane.guard.profile import moment, short

MOST_OCTETS = 2 * 1024**3
"""Of all files together; the oldest day goes first."""
_SUFFIX = ".acts"
Said = Literal["released", "confirmed", "gone"]

log = structlog.get_logger("guard")


class Submitted(msgspec.Struct, frozen=True, array_like=True, tag="m"):
    """A message; `people` are their `profile.short`."""

    at: float
    mailbox: str
    client: str
    helo: str
    people: tuple[int, ...]
    size: int


class SignedIn(msgspec.Struct, frozen=True, array_like=True, tag="i"):
    """`acts.SignIn`."""

    at: float
    mailbox: str
    protocol: acts.Protocol
    client: str
    device: str
    breached: bool


class Contained(msgspec.Struct, frozen=True, array_like=True, tag="c"):
    """`acts.Content`, without its author's name."""

    at: float
    mailbox: str
    body: int
    score: float
    spam: bool
    foreign: bool


class Fared(msgspec.Struct, frozen=True, array_like=True, tag="o"):
    """`acts.Outcome`."""

    at: float
    mailbox: str
    fate: acts.Fate


class Complained(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """`acts.Complaint`."""

    at: float
    mailbox: str


class Word(msgspec.Struct, frozen=True, array_like=True, tag="w"):
    """What somebody has said about a mailbox, or that it is no more."""

    at: float
    mailbox: str
    said: Said


Entry = Submitted | SignedIn | Contained | Fared | Complained | Word
_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(Entry)
_LENGTH = 4


def entry(act: acts.Act) -> Entry:
    """An act as it is kept."""
    if isinstance(act, acts.Submission):
        people = tuple(short(one) for one in act.recipients)
        return Submitted(act.at, act.mailbox, act.client, act.helo, people, act.size)
    if isinstance(act, acts.SignIn):
        return SignedIn(act.at, act.mailbox, act.protocol, act.client, act.device, act.breached)
    if isinstance(act, acts.Content):
        return Contained(act.at, act.mailbox, act.body, act.score, act.spam, act.foreign)
    if isinstance(act, acts.Outcome):
        return Fared(act.at, act.mailbox, act.fate)
    return Complained(act.at, act.mailbox)


class Journal:
    """The files; one writer, the guard. Raises `OSError`."""

    def __init__(self, folder: Path, days: int) -> None:
        """Keep so many days; 0: nothing."""
        self._folder = folder
        self._days = days
        self._waiting: list[bytes] = []

    @classmethod
    def none(cls) -> Journal:
        """One that keeps nothing."""
        return cls(Path(os.devnull) / "journal", 0)

    @property
    def keeps(self) -> bool:
        """Whether it keeps anything."""
        return self._days > 0

    def note(self, one: Entry) -> None:
        """Keep something; it is written by `flush`."""
        if self._days:
            raw = _ENCODE.encode(one)
            self._waiting.append(len(raw).to_bytes(_LENGTH, "big") + raw)

    def flush(self, at: float) -> None:
        """Write what has come."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with (self._folder / f"{moment(at):%Y-%m-%d}{_SUFFIX}").open("ab") as file:
            file.write(b"".join(waiting))

    def prune(self, at: float) -> None:
        """Forget old days, and the oldest where they are too large."""
        first = f"{moment(at) - dt.timedelta(days=self._days):%Y-%m-%d}"
        files = sorted(self._folder.glob(f"*{_SUFFIX}")) if self._folder.exists() else []
        left = sum(path.stat().st_size for path in files)
        for path in files:
            if path.stem >= first and left <= MOST_OCTETS:
                break
            left -= path.stat().st_size
            path.unlink()


def read(folder: Path, since: float) -> Iterator[Entry]:
    """What was kept from a time on, in its order; raises `OSError`.

    What a kill has cut off at the end of a file is left out.
    """
    day = f"{moment(since):%Y-%m-%d}"
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        if path.stem < day:
            continue
        with path.open("rb") as file:
            while len(head := file.read(_LENGTH)) == _LENGTH:
                raw = file.read(int.from_bytes(head, "big"))
                try:
                    one = _DECODE.decode(raw)
                except msgspec.MsgspecError as error:
                    log.warning("journal cut off", file=path.name, words=str(error))
                    break
                if one.at >= since:
                    yield one

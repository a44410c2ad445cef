"""What the guard remembers of one mailbox: bounded, so that many mailboxes fit.

Whatever happens, a profile has at most so many places, devices, people and texts; the oldest goes
first. What decays is kept as a value and the moment for which it holds.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import msgspec

from mailstead.mailplane.guard.networks import Place

HOUR, DAY = 3600.0, 86_400.0
MOST_PLACES = 16
MOST_DEVICES = 8
MOST_PEOPLE = 192
MOST_TEXTS = 8
_KEY = 4
"""Octets of what stands for a recipient."""
LARGEST = 2048
"""Octets of a profile as it is stored."""


def decayed(value: float, then: float, now: float, half: float) -> float:
    """What is left of a value after a time; `half` is the time in which half of it goes."""
    return value if now <= then else value * 0.5 ** ((now - then) / half)


def moment(at: float) -> dt.datetime:
    """A time as the rest of the house has it."""
    return dt.datetime.fromtimestamp(at, dt.UTC)


def short(text: str) -> int:
    """32 bits that stand for a text."""
    return crc32(text.encode("utf-8", "replace"))


def person(recipient: str) -> bytes:
    """What stands for a recipient."""
    return short(recipient).to_bytes(_KEY, sys.byteorder)


# Of the parts of a profile there are a dozen for each mailbox, and none can be part of a cycle:
# the garbage collector would look at all of them, and nobody would have an answer meanwhile.


class Seen(msgspec.Struct, array_like=True, gc=False):
    """A place or a device from which the mailbox was used."""

    key: int
    near: int
    country: str
    first: float
    last: float
    days: int = 1
    """Different days."""
    read: float = 0.0
    """When mail was last read from there (IMAP, POP, panel); 0: never."""
    first_read: float = 0.0

    def touch(self, at: float) -> None:
        """Used once more."""
        if at // DAY > self.last // DAY:
            self.days += 1
        self.last = max(self.last, at)

    def mature(self, at: float) -> bool:
        """Used for days: an intruder is noticed sooner."""
        return at - self.first > 3 * DAY and self.days >= 2


class Text(msgspec.Struct, array_like=True, gc=False):
    """A text that was sent."""

    body: int
    first: float
    last: float
    count: int = 1


class Rate(msgspec.Struct, array_like=True, gc=False):
    """A count that halves in a fixed time, and the most that it has been, which halves slowly."""

    value: float = 0.0
    at: float = 0.0
    peak: float = 0.0
    peak_at: float = 0.0

    def now(self, at: float, half: float) -> float:
        """What it is at a time."""
        return decayed(self.value, self.at, at, half)

    def add(self, count: float, at: float, half: float) -> float:
        """Count something."""
        self.value = self.now(at, half) + count
        self.at = max(at, self.at)
        return self.value

    def most(self, at: float, keep: float) -> float:
        """The most that it has been, of which half is forgotten in `keep`."""
        return decayed(self.peak, self.peak_at, at, keep)

    def learn(self, at: float, keep: float) -> None:
        """Let what it is now be usual from now on."""
        self.peak = max(self.value, self.most(at, keep))
        self.peak_at = at


class Mark(msgspec.Struct, array_like=True, gc=False):
    """Evidence of one signal: its nats when it was strongest, which fade from then on."""

    nats: float
    at: float
    facts: str = ""


class Profile(msgspec.Struct, array_like=True):
    """One mailbox."""

    since: float
    """When it was made, or first seen."""
    messages: int = 0
    last: float = 0.0
    """When it last sent."""
    logins: int = 0
    active_days: int = 0
    active_at: float = 0.0
    wides: int = 0
    """Different operators' networks in all its time."""
    usual: float = 0.0
    """Recipients of unsuspicious mail, and those of them never written to before."""
    usual_new: float = 0.0
    bad: float = 0.0
    """Recipients in all its time who did not exist or refused."""
    places: list[Seen] = []
    devices: list[Seen] = []
    people: bytes = b""
    """The last recipients, 32 bits each, oldest first."""
    hour: Rate = msgspec.field(default_factory=Rate)
    day: Rate = msgspec.field(default_factory=Rate)
    bad_now: Rate = msgspec.field(default_factory=Rate)
    texts: list[Text] = []
    marks: dict[str, Mark] = {}
    """By signal."""
    step: str = "normal"
    step_at: float = 0.0
    away: float = 0.0
    """When it last sent from a network that it had not used for days."""
    slowed: float = 0.0
    """When its mail was last put off."""
    trusted_until: float = 0.0
    """Its owner has shown that it was them: weighs less until then."""
    held: int = 0
    """Messages that wait for a decision."""
    word_at: float = 0.0
    """When somebody last said whether it was the owner."""

    def learn_volume(self, at: float) -> None:
        """Let what was sent in the last hour and day be usual from now on."""
        for rate, half in ((self.hour, HOUR), (self.day, DAY)):
            rate.learn(at, half * 60)


_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(Profile)


_LATER = 1_000_000.0
"""A number from which on it is a time."""


def _whole(plain: Any) -> Any:
    """Times without parts of a second: 5 octets each instead of 9."""
    if isinstance(plain, float):
        return int(plain) if plain >= _LATER else plain
    if isinstance(plain, list):
        return [_whole(one) for one in plain]
    if isinstance(plain, dict):
        return {key: _whole(one) for key, one in plain.items()}
    return plain


@dataclass(slots=True)
class Record:
    """A profile at work: small enough that tens of thousands are kept at hand."""

    profile: Profile
    people: bytearray = field(default_factory=bytearray)
    """As in the profile. Searched as it is: for so few a set would be ten times as large."""
    home: float = 0.0
    """What spoke for its owner at its last message, nats; not stored: after a start nothing."""

    @classmethod
    def new(cls, since: float) -> Record:
        """Of a mailbox that was made at that time."""
        return cls(Profile(since=since))

    @classmethod
    def decode(cls, raw: bytes) -> Record:
        """From what was stored; raises `msgspec.MsgspecError`."""
        profile = _DECODE.decode(raw)
        return cls(profile, bytearray(profile.people))

    def encode(self) -> bytes:
        """As it is stored: at most `LARGEST` octets, for which the oldest people are forgotten."""
        self.profile.people = bytes(self.people)
        raw = _ENCODE.encode(self.profile)
        if len(raw) <= LARGEST:
            return raw
        return self._squeezed()

    def _squeezed(self) -> bytes:
        """Of one at all its bounds: times in whole seconds, then no facts of marks, then people."""
        plain = msgspec.to_builtins(self.profile, builtin_types=(bytes,))
        raw = _ENCODE.encode(_whole(plain))
        if len(raw) > LARGEST:
            for mark in self.profile.marks.values():
                mark.facts = ""
            plain = msgspec.to_builtins(self.profile, builtin_types=(bytes,))
            raw = _ENCODE.encode(_whole(plain))
        if len(raw) > LARGEST:
            del self.people[: -(-(len(raw) - LARGEST) // _KEY) * _KEY]
            self.profile.people = bytes(self.people)
            plain = msgspec.to_builtins(self.profile, builtin_types=(bytes,))
            raw = _ENCODE.encode(_whole(plain))
        return raw

    def has_habits(self, at: float) -> bool:
        """Whether there is something to differ from."""
        profile = self.profile
        if profile.active_days < 2:
            return False
        for one in profile.places:  # noqa: SIM110 (asked about every message)
            if one.mature(at):
                return True
        return False

    def sureness(self, at: float) -> float:
        """How much it says that something is unusual, 0 to 1: little where nothing is usual yet."""
        return 1.0 if self.has_habits(at) else 0.5

    def strangers(self, people: Iterable[bytes]) -> int:
        """How many of some people (`person`) the mailbox has not written to lately."""
        count = 0
        for one in people:
            count += not self._knows(one)
        return count

    def knows(self, recipient: str) -> bool:
        """Whether the mailbox has written to somebody lately."""
        return self._knows(person(recipient))

    def _knows(self, one: bytes) -> bool:
        people = self.people
        at = people.find(one)
        # Found across two neighbours it is none of them.
        while at % _KEY and at > 0:
            at = people.find(one, at + 1)
        return at >= 0

    @property
    def people_known(self) -> int:
        """How many are remembered."""
        return len(self.people) // _KEY

    def meet(self, recipient: str) -> None:
        """Remember somebody; the oldest is forgotten."""
        self.meet_all([person(recipient)])

    def meet_all(self, people: Iterable[bytes]) -> None:
        """Remember some people (`person`); the oldest are forgotten."""
        for one in people:
            if self._knows(one):
                continue
            if len(self.people) >= MOST_PEOPLE * _KEY:
                del self.people[: MOST_PEOPLE // 8 * _KEY]
            self.people += one

    def place(self, place: Place) -> Seen | None:
        """What is known of an operator's network."""
        for seen in self.profile.places:
            if seen.key == place.wide:
                return seen
        return None

    def device(self, key: int) -> Seen | None:
        """What is known of a device."""
        for seen in self.profile.devices:
            if seen.key == key:
                return seen
        return None

    def enter(self, place: Place, at: float, *, reading: bool) -> Seen:
        """The mailbox is used from a place."""
        profile = self.profile
        if at // DAY > profile.active_at // DAY:
            profile.active_days += 1
            profile.active_at = at
        seen = self.place(place)
        if seen is None:
            profile.wides += 1
            seen = _keep(profile.places, Seen(place.wide, place.near, place.country, at, at),
                         MOST_PLACES)  # fmt: skip
        else:
            seen.touch(at)
            seen.near = place.near
        if reading:
            seen.read = at
            seen.first_read = seen.first_read or at
        return seen

    def use(self, device: int, at: float) -> None:
        """It is used with a device."""
        seen = self.device(device)
        if seen is None:
            _keep(self.profile.devices, Seen(device, 0, "", at, at), MOST_DEVICES)
        else:
            seen.touch(at)


def _keep(kept: list[Seen], one: Seen, most: int) -> Seen:
    """Put one in; the one that was used least and longest ago makes room."""
    if len(kept) >= most:
        kept.remove(min(kept, key=lambda seen: (seen.mature(one.last), seen.last)))
    kept.append(one)
    return one

"""What the agent says to the router, and what it hears: one JSON line each way."""

from __future__ import annotations

import datetime as dt

import msgspec

from mailstead.wire.pools import MailClass, RestKind


class Question(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Base of what is said."""


class Refused(Question, frozen=True, kw_only=True):
    """A receiver refused an address for what it is, or for sending too fast."""

    address: int
    domain: str
    """Of the recipient."""
    server: str
    """Name of the server that said it; empty: none."""
    kind: RestKind
    reply: str


class Learn(Question, frozen=True, kw_only=True):
    """Servers that took or refused mail for domains."""

    servers: dict[str, str]


class RestNow(Question, frozen=True, kw_only=True):
    """The operator's order; `until` None: end the rest."""

    address: int
    receiver: str
    until: dt.datetime | None = None


class Listed(Question, frozen=True, kw_only=True):
    """The addresses that DNS lists name now, all of them, each with those lists in words."""

    lists: dict[int, str]


class WhatIsNew(Question, frozen=True, kw_only=True):
    """What has happened since the news number `seen`, which is then forgotten."""

    seen: int = 0
    counts: bool = False
    """Also how much was sent, as far as it has changed."""


class Rested(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A rest began or grew."""

    address: int
    receiver: str
    kind: RestKind
    until: dt.datetime
    times: int
    reply: str


class Returned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A rest is over."""

    address: int
    receiver: str
    kind: RestKind


class Turned(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Mail of a class to a receiver goes another way."""

    mail_class: MailClass
    receiver: str
    way: str
    why: str


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Recipients of a day."""

    address: int
    receiver: str
    day: dt.date
    count: int
    ceiling: int | None


Item = Rested | Returned | Turned


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The router's answer to any question."""

    last: int = 0
    """Number of the newest of `news`."""
    news: tuple[tuple[dt.datetime, Item], ...] = ()
    counts: tuple[Count, ...] = ()
    receiver: str = ""
    """Whose refusal it was."""


AnyQuestion = Refused | Learn | RestNow | Listed | WhatIsNew

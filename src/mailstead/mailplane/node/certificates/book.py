"""What the node remembers of each name: failures, when it is tried again, what was told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from mailstead.home import Home
from mailstead.mailplane.node.certificates import store
from mailstead.wire.events import CertificateState

_ORDERS_IN = dt.timedelta(hours=3)
_ORDERS = 250
"""Let's Encrypt lets an account order 300 in three hours."""


class Told(msgspec.Struct, frozen=True):
    """What the control plane has heard of a name."""

    state: CertificateState
    words: str
    not_after: dt.datetime | None
    node: bool
    alarm: int = 0


class Note(msgspec.Struct):
    """One name."""

    state: CertificateState = "waiting"
    words: str = ""
    failures: int = 0
    """In a row."""
    next_try: dt.datetime | None = None
    tried: dt.datetime | None = None
    """When an order was last begun, or the DNS last looked at."""
    since: dt.datetime | None = None
    """When the state became what it is."""
    renew: dt.datetime | None = None
    """When the authority wants it renewed (RFC 9773)."""
    asked_renew: dt.datetime | None = None
    """When it was last asked."""
    alarm: int = 0
    """The last alarm that was given, in days."""
    told: Told | None = None


class _Content(msgspec.Struct):
    names: dict[str, Note] = {}
    orders: list[dt.datetime] = []
    """The last ones."""
    away_until: dt.datetime | None = None
    """The authority did not answer: until when it is left alone."""
    away: int = 0
    """How often in a row."""


def file(home: Home) -> Path:
    """Where it is kept."""
    return home.tls / "book.json"


class Book:
    """All names; whoever changes a note saves."""

    def __init__(self, home: Home) -> None:
        self._path = file(home)
        self._content = _read(self._path)

    def note(self, name: str) -> Note:
        """The note of a name, an empty one where there was none."""
        return self._content.names.setdefault(name, Note())

    def names(self) -> list[str]:
        """Every name that has a note."""
        return sorted(self._content.names)

    def forget(self, name: str) -> None:
        """Drop a name."""
        self._content.names.pop(name, None)

    def may_order(self, now: dt.datetime) -> bool:
        """Whether the account's own limit leaves room for an order."""
        content = self._content
        content.orders = [at for at in content.orders if at > now - _ORDERS_IN]
        away = content.away_until is not None and now < content.away_until
        return len(content.orders) < _ORDERS and not away

    def ordered(self, now: dt.datetime) -> None:
        """Count an order."""
        self._content.orders.append(now)

    def authority_away(self, now: dt.datetime) -> dt.timedelta:
        """It does not answer: leave it alone for a while that grows; returns the while."""
        self._content.away += 1
        wait = dt.timedelta(minutes=min(5 * 2 ** (self._content.away - 1), 120))
        self._content.away_until = now + wait
        return wait

    def authority_there(self) -> None:
        """It answers."""
        self._content.away, self._content.away_until = 0, None

    def save(self) -> None:
        """Write it; raises `OSError`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        store.put(self._path, msgspec.json.encode(self._content), store.SECRET)


def _read(path: Path) -> _Content:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Content)
    except (FileNotFoundError, msgspec.DecodeError):
        # What is in it can be had again, a little later.
        return _Content()

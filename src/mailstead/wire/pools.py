"""How a node's mail leaves: sending addresses, what goes by which, and what is done when none may.

A part of the words down (`SendingPlanPut` in `wire.changes`); the node's own processes keep the
plan in these words too.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MailClass = Literal["own", "forwarded", "suspect", "notices"]
"""`own`: what users submit. `forwarded`: what strangers cause, which is forwarded mail, automatic
answers and bounces. `suspect`: of senders that were marked so. `notices`: the host's own."""
CLASSES: tuple[MailClass, ...] = ("own", "forwarded", "suspect", "notices")
AddressState = Literal["active", "warming", "paused"]
RestKind = Literal["reputation", "rate", "operator"]
EVERYWHERE = "*"
"""Stands for all receivers where a rest holds for each of them."""
FALLBACK = "fallback"
"""The name under which what goes by the fallback relay is told."""

DIRECT = "direct"
"""The name under which what leaves as the system's routing wants is told."""

CEILINGS: tuple[int, ...] = (
    50, 100, 200, 400, 700, 1_000, 1_500, 2_000, 3_000, 4_000, 5_500, 7_500, 10_000, 13_000,
    17_000, 22_000, 28_000, 35_000, 45_000, 55_000, 70_000, 85_000, 100_000, 120_000, 150_000,
    180_000, 220_000, 260_000,
)  # fmt: skip
"""Recipients that one receiver gets from a new address on its first, second, … day."""


class SendingAddress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network address of the node from which mail leaves; at least one of the two is set."""

    number: Annotated[int, Meta(ge=1)]
    """Never given to another address."""
    ipv4: str = ""
    ipv6: str = ""
    helo: str
    """The name in HELO: what the address's PTR record says."""
    state: AddressState = "active"
    classes: tuple[MailClass, ...] = ()
    warm_since: dt.date | None = None
    """The first day (UTC) of a `warming` address."""


class FallbackRelay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another company's server that takes mail when no address of ours may be used."""

    host: str
    port: int = 587
    login: str = ""
    """Empty: no log-in."""
    password: str = ""


class SenderMark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The class of a sender's mail, whatever else it would be."""

    sender: str
    """An address, or a domain as `@domain`."""
    to: MailClass


class SendingPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it; without addresses mail leaves as the system's routing wants."""

    addresses: tuple[SendingAddress, ...] = ()
    relay: FallbackRelay | None = None
    marks: tuple[SenderMark, ...] = ()
    ceilings: tuple[int, ...] = CEILINGS


def by_address(number: int) -> str:
    """The name under which what goes by an address is told, in Postfix's files and log too."""
    return f"out-{number}"

"""What the house has already, as a plan looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HostedDomain:
    """A domain of that name which is hosted here."""

    customer: int
    server: str
    alias_of: str = ""
    mine: bool = False
    """It came by this move."""


@dataclass(frozen=True)
class House:
    """The part of it that concerns a move."""

    customer: int = 0
    """Who gets it; 0: one to be made."""
    server: str = ""
    domains: Mapping[str, HostedDomain] = field(default_factory=dict)
    mailboxes: Mapping[str, bool] = field(default_factory=dict)
    """Address to whether it came by this move; the same holds for the next two."""
    forwarders: Mapping[str, bool] = field(default_factory=dict)
    autoresponders: Mapping[str, bool] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)
    """Log-in names of the home server to the mailbox that has each."""
    mailbox_room: int | None = None
    """How many mailboxes the customer may still have; None: no limit."""
    domain_room: int | None = None

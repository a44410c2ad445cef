"""What the DNS answered about a domain, as values; nothing here asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["found", "empty", "no-name", "servfail", "refused", "silent"]
"""`empty`: the name exists without such a record; `no-name`: it does not exist (NXDOMAIN);
`refused`: also a server that does not know the zone; `silent`: no answer in time."""
Trouble = Literal["", "no-domain", "resolver-silent", "zone-silent", "no-servers", "servers-silent"]
"""What stands in the way of a whole domain; `zone-silent`: not even a resolver learns anything."""
Key = tuple[str, str]
"""Name and type of a record, the name in lower case without its last dot."""


@dataclass(frozen=True)
class Answer:
    """What one server said to one question."""

    outcome: Outcome
    values: tuple[str, ...] = ()
    """`10 mx.example.` for an MX record, the joined text for TXT."""

    @property
    def known(self) -> bool:
        """Whether it tells what the DNS holds."""
        return self.outcome in ("found", "empty", "no-name")


@dataclass(frozen=True)
class Found:
    """Everything that was said to one question."""

    authoritative: tuple[Answer, ...] = ()
    """Of the zone's own servers, which know a change first."""
    public: Answer = Answer("silent")
    """Of a resolver, as the rest of the world sees it."""


@dataclass(frozen=True)
class Seen:
    """A domain's DNS at one moment."""

    trouble: Trouble = ""
    zone: str = ""
    servers: tuple[str, ...] = ()
    """Names of the zone's servers."""
    answers: Mapping[Key, Found] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    """SPF records of other names, to which those of the domain lead."""

"""The rows of an import, as the services here and their likenesses over the API take them.

Nothing here needs Django, which a command that speaks to another server does not load.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from mailstead.standards.refusal import Refusal
from mailstead.wire.changes import Route

Result = Refusal | str
"""For each row: why it was refused, or `made` or `present`."""


@dataclass(frozen=True)
class CustomerRow:
    """One customer to import; sizes in bytes, 0 for no limit."""

    name: str
    email: str = ""
    quota: int = 0
    mailbox_limit: int | None = None


@dataclass(frozen=True)
class DomainRow:
    """One domain to import."""

    name: str
    customer: str


@dataclass(frozen=True)
class MailboxRow:
    """One mailbox to import; exactly one of `password` and `hashed` is given."""

    address: str
    password: str | None = None
    hashed: str | None = None
    quota: int = 0
    name: str = ""


@dataclass(frozen=True)
class ForwarderRow:
    """One forwarder to import."""

    address: str
    route: Route
    keep_copy: bool = False


@dataclass(frozen=True)
class CatchAllRow:
    """One domain's catch-all to import."""

    domain: str
    route: Route


@dataclass(frozen=True)
class AutoresponderRow:
    """One automatic answer to import; the fields are those of `set_autoresponder`."""

    address: str
    subject: str
    body: str
    html: bool = False
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    interval: int = 86400
    from_name: str = ""

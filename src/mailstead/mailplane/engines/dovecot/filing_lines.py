"""Dovecot's log lines about mail that comes in: what a mailbox's rules did with a message.

LMTP's answer to Postfix names the same session as these lines, so that the two are joined exactly.
A message's own identity has no spaces here, whatever it holds: the first space ends it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailstead.mailplane.engines.log_text import (
    LONGEST_ADDRESS,
    LONGEST_LINE,
    message_id,
    plain,
)

LONGEST_FOLDER = 250
_LINE = re.compile(
    rb"[\dT:-]+ lmtp\((?P<mailbox>[^()\s]+)\)<\d+><(?P<session>[^<>\s]+)>: Info: sieve: "
    rb"msgid=(?P<id>\S+): (?:"
    rb"(?:fileinto action: )?stored mail into mailbox '(?P<folder>.*)'"
    rb"|redirect action: forwarded to <(?P<to>[^<>\s]+)>"
    rb"|vacation action: sent vacation response to <(?P<answered>[^<>\s]+)>"
    rb"|(?P<rejected>reject action: rejected message from ).*"
    rb"|(?P<discarded>discard action: ).*)"
)
_SAVED = re.compile(r"250 2\.0\.0 <[^<>]*> (?P<session>[^<>\s]+) Saved")


@dataclass(frozen=True)
class Filing:
    """One thing that was done with a message."""

    session: str
    mailbox: str
    message_id: str
    """Empty: it has none."""
    what: str
    """`filed`, `forwarded`, `answered`, `rejected`, `discarded`."""
    where: str = ""
    """The folder or the address."""


def read(line: bytes) -> Filing | None:
    """What a line says of a message that came in; None: nothing."""
    found = _LINE.fullmatch(line) if len(line) <= LONGEST_LINE else None
    if found is None:
        return None
    named = found["id"]
    what, where = "discarded", ""
    if found["folder"] is not None:
        what, where = "filed", plain(found["folder"], LONGEST_FOLDER)
    elif found["to"] is not None:
        what, where = "forwarded", plain(found["to"], LONGEST_ADDRESS).lower()
    elif found["answered"] is not None:
        what, where = "answered", plain(found["answered"], LONGEST_ADDRESS).lower()
    elif found["rejected"]:
        what = "rejected"
    return Filing(
        session=found["session"].decode("ascii", "replace"),
        mailbox=plain(found["mailbox"], LONGEST_ADDRESS).lower(),
        message_id="" if named == b"unspecified" else message_id(named),
        what=what,
        where=where,
    )


def session_of(reply: str) -> str:
    """The session that LMTP's answer names; empty: it names none."""
    found = _SAVED.fullmatch(reply)
    return found["session"] if found else ""

"""Postfix's log lines about messages: what one line says, as a value.

A line counts by its beginning, which Postfix writes. What a stranger chose stands in it too:
addresses are read by their own grammar (RFC 5321 §4.1.2), so that none can pass for what follows
it; a refusal in which a stranger's text looks like its end is not believed at all.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from mailstead.mailplane.engines.log_text import (
    LONGEST_ADDRESS,
    LONGEST_LINE,
    message_id,
    moment,
    plain,
)

LONGEST_REPLY = 500
_ADDRESS = rb'(?:"(?:\\.|[^"\\])*"|[^"<>\s,])*'
_NUMBER = rb"[0-9A-Za-z]{10,24}"
_HEAD = re.compile(
    rb"(?P<at>\w{3} [ \d]\d [\d:]{8}) \S+ postfix/(?P<service>[\w/-]+)\[\d+\]: "
    rb"(?:(?P<queue>" + _NUMBER + rb")|NOQUEUE): "
)
_CLIENT = re.compile(
    rb"client=[^\[\s]*\[(?P<client>[0-9a-fA-F.:]+)\](?::\d+)?"
    rb"(?:, sasl_method=\S+, sasl_username=(?P<login>[^\s/,]+@[^\s/,]+)(?:/\d+)?)?(?:,|$)"
)
_ACTIVE = re.compile(
    rb"from=<(?P<sender>" + _ADDRESS + rb")>, size=(?P<size>\d+), nrcpt=\d+ \(queue active\)"
)
_EXPIRED = re.compile(rb"from=<" + _ADDRESS + rb">, status=(?:force-)?expired, returned to sender")
_TRIED = re.compile(
    rb"to=<(?P<recipient>" + _ADDRESS + rb")>, (?:orig_to=<(?P<original>" + _ADDRESS + rb")>, )?"
    rb"relay=(?P<relay>[^\s,]+), (?:conn_use=\d+, )?delay=(?P<delay>[\d.]+), delays=[\d./]+, "
    rb"dsn=(?P<dsn>[245]\.\d{1,3}\.\d{1,3}), status=(?P<status>\w+) \((?P<reply>.*)\)"
)
_REFUSED = re.compile(
    rb"(?:milter-)?reject: (?P<stage>[A-Z-]+) from [^\[\s]*\[(?P<client>[0-9a-fA-F.:]+)\]: "
    rb"(?P<words>.*?); from=<(?P<sender>" + _ADDRESS + rb")> to=<(?P<recipient>" + _ADDRESS + rb")>"
    rb" proto=\w+ helo=<[^<>]*>(?: sasl_username=<[^<>\s]*>)?"
)
_ONCE = (b"; from=<", b" to=<", b" proto=", b" helo=<")
"""A refusal in which one of them stands twice was made to look like another one."""
# What a stranger said stands before; the fact is what follows the last colon (engines/rspamd).
_FACT = re.compile(
    rb"milter-header-strip: header X-Mailstead-\w+: .*: (subject|report)=([0-9A-Za-z+/=]+)"
)
_QUEUED = re.compile(r"queued as ([0-9A-Za-z]{10,24})$")
_CHANGES = {
    b"placed on hold": "held",
    b"released from hold": "released",
    b"removed": "deleted",
}
HOP = "hop"
"""The direction of a forwarded message that comes by once more for its sender."""
_DIRECTIONS = {
    b"smtpd": "in",
    b"submission/smtpd": "submitted",
    b"submissions/smtpd": "submitted",
    b"reinject/smtpd": "handed-back",
    b"forward/smtpd": HOP,
}
_FORM = "%b %d %H:%M:%S"


@dataclass(frozen=True)
class Line:
    """Base of what a line says: of which message, and when."""

    queue: str
    at: dt.datetime


@dataclass(frozen=True)
class Begun(Line):
    """A client began to hand a message in."""

    direction: str
    client: str
    login: str


@dataclass(frozen=True)
class Named(Line):
    """The message's own identity, without angle brackets and spaces; empty: it has none."""

    message_id: str


@dataclass(frozen=True)
class Fact(Line):
    """What Rspamd has found in the message: `subject`, a hash, or `report`, base64."""

    what: str
    value: str


@dataclass(frozen=True)
class Active(Line):
    """The message is in the queue and its delivery begins, perhaps not for the first time."""

    sender: str
    size: int


@dataclass(frozen=True)
class Tried(Line):
    """One attempt for one recipient."""

    service: str
    recipient: str
    original: str
    relay: str
    """Name or address of the other side; `none`: it was not reached."""
    delay: float
    """Seconds since the message came."""
    dsn: str
    status: str
    reply: str


@dataclass(frozen=True)
class Changed(Line):
    """All who do not have the message yet: `held`, `released`, `deleted`, `expired`."""

    what: str


@dataclass(frozen=True)
class Ended(Line):
    """The message has left the queue."""


@dataclass(frozen=True)
class Refused(Line):
    """The other side was told no."""

    client: str
    sender: str
    recipient: str
    words: str
    submitted: bool
    """By a log-in of ours to which the sender's address belongs."""


def next_queue(line: Tried) -> str:
    """The number under which a forwarded message came back for its sender; empty: it did not."""
    found = _QUEUED.search(line.reply) if line.service == "forward/smtp" else None
    return found[1] if found and line.status == "sent" else ""


def read(line: bytes, now: dt.datetime) -> Line | None:
    """What a line says about a message; None: nothing."""
    head = _HEAD.match(line) if len(line) <= LONGEST_LINE else None
    if head is None:
        return None
    rest = line[head.end() :]
    queue = (head["queue"] or b"").decode()
    at = moment(head["at"].decode("ascii", "replace"), _FORM, now)
    service = head["service"]
    if b"reject: " in rest[:16]:
        return _refused(rest, service, queue, at)
    if not queue:
        return None
    if rest.startswith(b"to=<"):
        return _tried(rest, service, queue, at)
    if service == b"cleanup" and rest.startswith(b"message-id="):
        return Named(queue, at, message_id(rest[len(b"message-id=") :]))
    if rest.startswith(b"milter-header-strip: ") and (fact := _FACT.fullmatch(rest)):
        return Fact(queue, at, fact[1].decode(), fact[2].decode())
    if service == b"qmgr":
        return _of_queue(rest, queue, at)
    if service == b"postsuper":
        return Changed(queue, at, _CHANGES[rest]) if rest in _CHANGES else None
    if service in _DIRECTIONS and (found := _CLIENT.match(rest)):
        login = plain(found["login"] or b"", LONGEST_ADDRESS).lower()
        return Begun(queue, at, _DIRECTIONS[service], found["client"].decode(), login)
    return None


def _of_queue(rest: bytes, queue: str, at: dt.datetime) -> Line | None:
    if rest == b"removed":
        return Ended(queue, at)
    if found := _ACTIVE.fullmatch(rest):
        sender = _address(found["sender"])
        return None if sender is None else Active(queue, at, sender, int(found["size"][:15]))
    return Changed(queue, at, "expired") if _EXPIRED.fullmatch(rest) else None


def _tried(rest: bytes, service: bytes, queue: str, at: dt.datetime) -> Tried | None:
    found = _TRIED.fullmatch(rest)
    if found is None:
        return None
    recipient, original = _address(found["recipient"]), _address(found["original"] or b"")
    if not recipient or original is None:
        return None
    return Tried(
        queue,
        at,
        service=service.decode(),
        recipient=recipient,
        original=original,
        relay=plain(found["relay"].partition(b"[")[0], 253),
        delay=float(found["delay"][:12].rstrip(b".") or 0),
        dsn=found["dsn"].decode(),
        status=found["status"].decode(),
        reply=plain(found["reply"], LONGEST_REPLY),
    )


def _refused(rest: bytes, service: bytes, queue: str, at: dt.datetime) -> Refused | None:
    if any(rest.count(mark) != 1 for mark in _ONCE):
        return None
    found = _REFUSED.fullmatch(rest)
    if found is None:
        return None
    sender, recipient = _address(found["sender"]), _address(found["recipient"])
    if sender is None or not recipient:
        return None
    # On these ports a recipient is looked at after the log-in and after whose the sender is.
    proved = b"<" + found["recipient"] + b">: Recipient address rejected: "
    return Refused(
        queue,
        at,
        client=found["client"].decode(),
        sender=sender,
        recipient=recipient,
        words=plain(found["words"], LONGEST_REPLY),
        submitted=_DIRECTIONS.get(service) == "submitted"
        and b'"' not in found["sender"] + found["recipient"]
        and found["words"].partition(b"<")[2].startswith(proved[1:]),
    )


def _address(raw: bytes) -> str | None:
    """An address in lower case; None: longer than any address is."""
    return plain(raw, LONGEST_ADDRESS).lower() if len(raw) <= LONGEST_ADDRESS else None

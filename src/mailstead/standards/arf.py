"""Abuse reports: a user elsewhere called a message spam, or a host did (RFC 5965, RFC 6650).

Read besides: Microsoft's older form, a bare copy of the message with a field that names whose
complaint it is. Receivers may take out whose complaint it is (RFC 6590), so a report can name
nothing but the message. Anybody can send a report about anything; who acts on one first finds the
message it names among those that were sent.
"""

from __future__ import annotations

import datetime
import email.utils
import ipaddress
import re
from dataclasses import dataclass

from mailstead.standards import mime

MAX_REPORT = 64 * 2**10
MAX_MANY = 50
"""How many values of one field are kept."""
_MAX_VALUE = 500
_HEADER = "x-hmxmroriginalrecipient"
_ADDRESS = re.compile(r"[^\s<>]{1,256}@[^\s<>@]{1,255}")
_TYPE = re.compile(r"[a-z0-9-]{1,40}")

KNOWN_TYPES = ("abuse", "fraud", "virus", "other", "not-spam", "auth-failure")
"""RFC 5965 §7.3, RFC 6430, RFC 6591; a type may be another word (RFC 5965 §3.1)."""


@dataclass(frozen=True)
class Report:
    """A report; what it does not say is empty or None."""

    kind: str
    """One of KNOWN_TYPES or another word, in lower case."""
    reporter: str
    """The program or service that wrote it."""
    recipients: tuple[str, ...]
    """Whose complaint it is; often taken out."""
    message_id: str
    sender: str
    """The envelope's sender of the message."""
    arrival: datetime.datetime | None
    source: str
    """The address that sent the message, an IP address."""
    incidents: int
    domains: tuple[str, ...]
    """Domains that the report blames."""


def parse(data: bytes) -> Report | None:
    """The report that a message is, or None where it is none."""
    whole = mime.message(data)
    if not whole.media_type.startswith("multipart/"):
        return None
    parts = list(mime.walk(whole))
    for part in parts:
        if part.media_type == "message/feedback-report":
            return _standard(part, mime.enclosed(parts))
    original = mime.enclosed(parts)
    return _microsoft(original) if original.header(_HEADER) else None


def _standard(part: mime.Part, original: mime.Part) -> Report | None:
    # A blank line before the first field, or between fields, ends nothing here.
    text = re.sub(r"\n\s*\n", "\n", part.text()[:MAX_REPORT]).lstrip()
    said = mime.Part(mime.fields(text), b"")
    kind = said.header("feedback-type").partition("(")[0].strip().lower()
    if not _TYPE.fullmatch(kind):
        return None
    recipients = said.headers("original-rcpt-to") or said.headers("removal-recipient")
    return Report(
        kind=kind,
        reporter=_clean(said.header("user-agent")),
        recipients=_addresses(recipients or original.headers(_HEADER)),
        message_id=mime.message_id(original) or mime.message_id(said),
        sender=_sender(said, original),
        arrival=_moment(said.header("arrival-date") or said.header("received-date")),
        source=_source(said.header("source-ip")),
        incidents=_number(said.header("incidents")),
        domains=tuple(
            dict.fromkeys(
                _clean(domain).lower() for domain in said.headers("reported-domain")[:MAX_MANY]
            )
        ),
    )


def _microsoft(original: mime.Part) -> Report:
    return Report(
        kind="abuse",
        reporter="",
        recipients=_addresses(original.headers(_HEADER)),
        message_id=mime.message_id(original),
        sender=_sender(mime.Part((), b""), original),
        arrival=_moment(original.header("received").rpartition(";")[2]),
        source=_source(original.header("x-sid-pra-ip") or original.header("x-originating-ip")),
        incidents=1,
        domains=(),
    )


def _sender(said: mime.Part, original: mime.Part) -> str:
    found = _addresses([said.header("original-mail-from") or original.header("return-path")])
    return found[0] if found else ""


def _addresses(values: list[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in values[:MAX_MANY]:
        for address in _ADDRESS.findall(value[:_MAX_VALUE]):
            bare = address.strip(",;\"'").removeprefix("rfc822;")
            if bare.isprintable():
                found[bare] = None
    return tuple(found)[:MAX_MANY]


def _moment(value: str) -> datetime.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(_clean(value)[:100])
        aware = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        return aware.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


def _source(value: str) -> str:
    bare = _clean(value).strip("[]() ").lower().removeprefix("ipv6:")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return ""


def _number(value: str) -> int:
    bare = value.strip()
    return int(bare) if re.fullmatch(r"[0-9]{1,9}", bare) and int(bare) else 1


def _clean(value: str) -> str:
    return mime.one_line(value, _MAX_VALUE)

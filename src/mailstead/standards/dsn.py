"""Delivery status notifications: what became of a message at another host (RFC 3464, RFC 6533).

Read besides: qmail's own form, and the one of old Exims, which are plain text. Anybody can send a
notification about anything. It proves nothing; who acts on one first finds the message it names
among those that were sent.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailstead.standards import mime

MAX_RECIPIENTS = 100
MAX_REPORT = 256 * 2**10
"""Characters of the part that reports; the message it is about may be longer."""
MAX_DIAGNOSTIC = 1000
_MAX_ADDRESS = 320

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_EMBEDDED = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")  # RFC 6533 §3
_ADDRESS = re.compile(r"[^\s<>]{1,256}@[^\s<>@]{1,255}")
_QMAIL_GREETING = "Hi. This is the "
_QMAIL_COPY = "\n--- Below this line is a copy of the message."
_EXIM_COPY = re.compile(r"^-{2,10} This is a copy of .{0,80}$", re.MULTILINE)


class Action(enum.Enum):
    """What was done for a recipient (RFC 3464 §2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True)
class RecipientStatus:
    """One recipient; what was not said is empty."""

    recipient: str
    action: Action
    status: str
    diagnostic: str = ""
    original_recipient: str = ""
    remote_host: str = ""


@dataclass(frozen=True)
class Notification:
    """A notification; `message_id` is that of the message it is about, with its brackets."""

    recipients: tuple[RecipientStatus, ...]
    message_id: str = ""
    reporting_host: str = ""
    envelope_id: str = ""


def parse(data: bytes) -> Notification | None:
    """The notification that a message is, or None where it is none."""
    whole = mime.message(data)
    parts = list(mime.walk(whole))
    for part in parts:
        if part.media_type in _STATUS_TYPES and (found := _standard(part, parts)):
            return found
    first = next((part for part in parts if part.media_type == "text/plain"), None)
    if not first:
        return None
    text = first.text()[:MAX_REPORT]
    return _qmail(text) or _exim(whole, text, parts)


def _standard(part: mime.Part, parts: list[mime.Part]) -> Notification | None:
    about: dict[str, str] = {}
    recipients: list[RecipientStatus] = []
    for group in _groups(part.text()[:MAX_REPORT]):
        if len(recipients) == MAX_RECIPIENTS:
            break
        if "final-recipient" not in group and "original-recipient" not in group:
            about = about or group
        elif status := _recipient(group):
            recipients.append(status)
    if not recipients:
        return None
    return Notification(
        recipients=tuple(recipients),
        message_id=mime.message_id(mime.enclosed(parts)),
        reporting_host=_typed(about.get("reporting-mta", "")),
        envelope_id=_clean(about.get("original-envelope-id", "")),
    )


def _groups(text: str) -> Iterator[dict[str, str]]:
    """The blocks of fields; one also begins where a field comes that its block has already had.

    Blank lines between recipients are forgotten by some, and put within a recipient by others.
    """
    group: dict[str, str] = {}
    for block in re.split(r"\n[ \t]*\n", text):
        for name, value in mime.fields(block):
            begins = name in ("original-recipient", "final-recipient") and "action" in group
            if begins or (name == "final-recipient" and name in group):
                yield group
                group = {}
            group.setdefault(name, value)
        if group and not ("final-recipient" in group and "action" not in group):
            yield group
            group = {}
    if group:
        yield group


def _recipient(group: dict[str, str]) -> RecipientStatus | None:
    original = _address(group.get("original-recipient", ""))
    recipient = _address(group.get("final-recipient", "")) or original
    diagnostic = _typed(group.get("diagnostic-code", ""))
    status = _status(group.get("status", "")) or _status(diagnostic)
    action = _action(group.get("action", ""), status)
    if not recipient or not action:
        return None
    return RecipientStatus(
        recipient=recipient,
        action=action,
        status=status or _usual_status(action),
        diagnostic=diagnostic,
        original_recipient=original,
        remote_host=_typed(group.get("remote-mta", "")),
    )


def _action(word: str, status: str) -> Action | None:
    bare = word.partition("(")[0].strip().lower()
    try:
        return Action(bare)
    except ValueError:
        by_status = {"5": Action.FAILED, "4": Action.DELAYED, "2": Action.DELIVERED}
        return by_status.get(status[:1])


def _usual_status(action: Action) -> str:
    return {Action.FAILED: "5.0.0", Action.DELAYED: "4.0.0"}.get(action, "2.0.0")


def _status(text: str) -> str:
    found = _STATUS.search(text[:MAX_DIAGNOSTIC])
    return found[1] if found else ""


def _typed(value: str) -> str:
    """A value without its type, as in `dns; mx.example.org` and `smtp; 550 no`."""
    kind, semicolon, rest = value.partition(";")
    return _clean(rest if semicolon and re.fullmatch(r"\s*[\w-]{1,30}\s*", kind) else value)


def _address(value: str) -> str:
    bare = _EMBEDDED.sub(_character, _typed(value)).strip("<> ")
    # A local recipient of some hosts is a name alone.
    return bare if len(bare) <= _MAX_ADDRESS and re.fullmatch(r"[^\s<>]+", bare) else ""


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    known = 0xA0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number) if known or number in (0x2B, 0x3D, 0x5C) else found[0]


def _clean(text: str) -> str:
    return mime.one_line(text, MAX_DIAGNOSTIC)


def _qmail(text: str) -> Notification | None:
    """qmail's QSBMF: a greeting, one paragraph for each address, a copy of the message."""
    report, _, copy = text.lstrip().partition(_QMAIL_COPY)
    if not report.startswith(_QMAIL_GREETING):
        return None
    recipients = []
    for paragraph in report.split("\n\n"):
        head, _, words = paragraph.strip("\n").partition("\n")
        address = head.strip()
        if not address.startswith("<") or not address.endswith(">:"):
            continue
        if known := _address(address[1:-2]):
            recipients.append(_failed(known, words))
    if not recipients:
        return None
    return Notification(
        tuple(recipients[:MAX_RECIPIENTS]), mime.message_id(mime.message(copy.lstrip().encode()))
    )


def _exim(whole: mime.Part, text: str, parts: list[mime.Part]) -> Notification | None:
    """Exim before RFC 3464: the addresses in a field, the reasons indented below each of them."""
    named = " ".join(whole.headers("x-failed-recipients"))
    addresses = [found[0].strip(",") for found in _ADDRESS.finditer(named)][:MAX_RECIPIENTS]
    if not addresses:
        return None
    copy = _EXIM_COPY.search(text)
    report = text[: copy.start()] if copy else text
    reasons: dict[str, list[str]] = {}
    current: list[str] = []
    for line in report.split("\n"):
        bare = line.strip()
        if line.startswith("  ") and not line.startswith("   ") and _ADDRESS.match(bare):
            current = reasons.setdefault(bare.rstrip(":"), [])
        elif line.startswith("   "):
            current.append(bare)
        else:
            current = []
    original = mime.message(text[copy.end() :].lstrip().encode()) if copy else mime.enclosed(parts)
    return Notification(
        tuple(_failed(address, " ".join(reasons.get(address, []))) for address in addresses),
        mime.message_id(original),
    )


def _failed(address: str, words: str) -> RecipientStatus:
    diagnostic = _clean(words)
    return RecipientStatus(address, Action.FAILED, _status(diagnostic) or "5.0.0", diagnostic)

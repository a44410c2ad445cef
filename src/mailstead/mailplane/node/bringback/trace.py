"""Which messages this node has delivered, by the fields that its Dovecot writes at their top.

    Return-Path: <far@away.example>
    Delivered-To: ann@here.example
    Received: from … by mail.node.example with LMTP id … for <ann@here.example>; <date>

A message that was saved by a client or copied from another server has none by our own host's name,
or one for another mailbox.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_MOST_FIELDS = 20
"""A user's Sieve script may have added fields above ours (RFC 5293)."""
_SENDER = re.compile(rb"return-path:\s*<([^<>\s]*)>\s*", re.IGNORECASE)
_RECIPIENT = re.compile(rb"delivered-to:\s*<?([^<>\s]+)>?\s*", re.IGNORECASE)
_RECEIVED = re.compile(
    rb"received: .*\bby (?P<host>\S+) with LMTPS? .*; (?P<date>[^;]+)", re.IGNORECASE
)


@dataclass(frozen=True)
class Trace:
    """How a message was delivered here."""

    sender: str
    """Of its envelope; empty: none."""
    at: dt.datetime
    """When."""
    first: int
    """Where the two fields stand that only a mailbox has: from here …"""
    last: int
    """… up to here."""


def delivered(head: bytes, address: str, hostname: str) -> Trace | None:
    """The trace of our own delivery to this mailbox; None: it was not delivered here."""
    fields = _fields(head)
    for (start, sender), (_, recipient), (end, received) in zip(
        fields, fields[1:], fields[2:], strict=False
    ):
        path, to = _SENDER.fullmatch(sender), _RECIPIENT.fullmatch(recipient)
        found = _RECEIVED.fullmatch(b" ".join(received.split()))
        if not (path and to and found and _same(to[1], address)):
            continue
        if found["host"].lower() != hostname.lower().encode():
            continue
        try:
            at = parsedate_to_datetime(found["date"].decode("ascii"))
        except (ValueError, UnicodeError):
            continue
        if at.tzinfo is None:
            continue
        return Trace(path[1].decode("utf-8", "replace"), at.astimezone(dt.UTC), start, end)
    return None


def as_it_came(text: bytes, trace: Trace) -> bytes:
    """The message as it was handed to Dovecot.

    Without the two fields: the old server writes its own, and takes a message that says it was
    delivered to this address already for one in a loop.
    """
    return text[: trace.first] + text[trace.last :]


def _fields(head: bytes) -> list[tuple[int, bytes]]:
    """Where each field of a header begins, and the field with its further lines."""
    made: list[tuple[int, bytes]] = []
    at = 0
    for line in head.splitlines(keepends=True):
        if not line.strip(b"\r\n"):
            break
        if line[:1] in b" \t" and made:
            made[-1] = (made[-1][0], made[-1][1] + line)
        elif len(made) == _MOST_FIELDS:
            break
        else:
            made.append((at, line))
        at += len(line)
    return made


def _same(found: bytes, address: str) -> bool:
    """Whether mail for it lands in this mailbox: `ann+lists@…` does in ann's."""
    local, _, domain = found.decode("utf-8", "replace").lower().rpartition("@")
    return address in (f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}")

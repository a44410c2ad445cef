"""Postfix's socketmap protocol: a table that another program answers (socketmap_table(5)).

Requests and replies are netstrings: `<length>:<octets>,`. A request is the name of the map, a space
and the key. A server must not close an idle connection: Postfix 3.7 then fails the look-up.
"""

from __future__ import annotations

import re

LONGEST = 10_000
"""Octets of a request (socketmap_table(5))."""
_HEAD = re.compile(rb"([0-9]{1,6}):")


class NotSocketmap(Exception):
    """The other side does not speak the protocol; its connection is of no use any more."""


def take(buffer: bytearray) -> tuple[str, str] | None:
    """The first whole request, the map's name and the key, taken out; None: more must come.

    Raises `NotSocketmap`.
    """
    text = take_netstring(buffer)
    if text is None:
        return None
    name, space, key = text.decode("utf-8", "replace").partition(" ")
    if not space:
        raise NotSocketmap("a request without a key")
    return name, key


def take_netstring(buffer: bytearray) -> bytes | None:
    """The first whole netstring, taken out; None: more must come. Raises `NotSocketmap`."""
    head = _HEAD.match(buffer)
    if head is None:
        if len(buffer) > 6 or not re.fullmatch(rb"[0-9]*", buffer):
            raise NotSocketmap("no length")
        return None
    length = int(head[1])
    if length > LONGEST:
        raise NotSocketmap("too long")
    end = head.end() + length
    if len(buffer) <= end:
        return None
    if buffer[end] != ord(","):
        raise NotSocketmap("no comma")
    text = bytes(buffer[head.end() : end])
    del buffer[: end + 1]
    return text


def netstring(text: str) -> bytes:
    """Text as a netstring."""
    octets = text.encode()
    return b"%d:%b," % (len(octets), octets)


def request(name: str, key: str) -> bytes:
    """The question for a key."""
    return netstring(f"{name} {key}")


def found(value: str) -> bytes:
    """The reply with a value."""
    return netstring(f"OK {value}")


def not_found() -> bytes:
    """The reply that there is no such key."""
    return netstring("NOTFOUND ")


def for_now(reason: str) -> bytes:
    """The reply that cannot be given now: Postfix asks again later."""
    return netstring(f"TEMP {reason}")

"""Postfix's policy delegation protocol, without I/O (SMTPD_POLICY_README of Postfix 3.7).

A request is lines `name=value`, ended by an empty line; the answer is `action=…` and an empty line.
One connection carries many requests, one at a time. A value may hold `=` (VERP, SRS) and octets
that are not UTF-8: the name ends at the first `=`, and the value stays bytes until asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mailstead.standards.reply import Reply

MAX_REQUEST = 65_536
"""Octets; Postfix's own attributes are a few hundred, addresses and names bounded by SMTP."""
DUNNO = "DUNNO"
"""Nothing against it: the next restriction decides (access(5))."""
HOLD = "HOLD"
"""Place the message, with all its recipients, in the hold queue (access(5)); a text may follow."""


class PolicyError(Exception):
    """What came is no request; the connection cannot go on."""


@dataclass(frozen=True)
class Request:
    """One request; attributes that Postfix did not send are empty."""

    attributes: Mapping[bytes, bytes]

    def text(self, name: str) -> str:
        """A value as text; octets that are not UTF-8 become U+FFFD."""
        return self.attributes.get(name.encode("ascii"), b"").decode("utf-8", "replace")

    def number(self, name: str) -> int:
        """A value as a number; 0 where it is none."""
        value = self.attributes.get(name.encode("ascii"), b"")
        return int(value) if value.isdigit() and len(value) < 16 else 0


class Requests:
    """Octets in, requests out; one for each connection."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Request]:
        """Every request that is complete now; raises `PolicyError`.

        Take all before feeding more.
        """
        rest = self._rest + data
        while (end := _end(rest)) >= 0:
            if end > MAX_REQUEST:
                raise PolicyError(f"a request of more than {MAX_REQUEST} octets")
            yield _request(rest[:end])
            rest = rest[end + 1 :]
        self._rest = rest
        if rest:
            # Whoever speaks another language would wait for ever.
            _lines(rest[: rest.rfind(b"\n") + 1])
        if len(rest) > MAX_REQUEST:
            raise PolicyError(f"a request of more than {MAX_REQUEST} octets")


def _end(octets: bytes) -> int:
    """Where the empty line is that ends the first request; -1: not there yet."""
    if octets.startswith(b"\n"):
        return 0
    found = octets.find(b"\n\n")
    return found + 1 if found >= 0 else -1


def _request(octets: bytes) -> Request:
    """A request of whole lines."""
    request = Request({name: value for name, _, value in _lines(octets)})
    if request.attributes.get(b"request") != b"smtpd_access_policy":
        raise PolicyError("a request of another kind")
    return request


def _lines(octets: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Name, `=` and value of each line; raises `PolicyError`."""
    parts = [line.partition(b"=") for line in octets.split(b"\n")[:-1]]
    if not all(name and equals for name, equals, _ in parts):
        raise PolicyError("a line without a name and '='")
    return parts


def answer(action: str | Reply) -> bytes:
    """The answer with an action of access(5), or with the reply that refuses."""
    text = str(action)
    if "\n" in text or not text.isascii():
        raise ValueError(f"not an action: {text!a}")
    return f"action={text}\n\n".encode("ascii")

"""DNS lists of addresses and names (RFC 5782): what to ask, and what an answer means.

A list is believed only after its test entries (`Probe`) answered as they must: one that has been
shut down may answer everything, and one that refuses us may answer nothing.
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

MAX_NAME = 253
"""Characters of a domain name in text."""
_ADDRESSES = ipaddress.ip_network("127.0.0.0/8")
_ERRORS = ipaddress.ip_network("127.255.255.0/24")
"""Lists answer so when they refuse to say: too many questions, a public resolver, no contract."""
_NEVER = ipaddress.ip_address("127.0.0.1")
"""RFC 5782 §2.1: an answer that no list gives for an entry, but a wildcard may."""


class Verdict(enum.Enum):
    """What a list says of a subject."""

    LISTED = "listed"
    CLEAR = "clear"
    REFUSED = "refused"
    """The list says that it does not answer us; nothing is known."""


@dataclass(frozen=True)
class Probe:
    """Two questions with known answers (RFC 5782 §5)."""

    listed: str
    clear: str


FOUR = Probe("127.0.0.2", "127.0.0.1")
SIX = Probe("::ffff:127.0.0.2", "::ffff:127.0.0.1")
NAMES = Probe("test", "invalid")


def is_address(subject: str) -> bool:
    """Whether it is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(subject)
    except ValueError:
        return False
    return True


def probe_of(subject: str) -> Probe:
    """The test entries of a list for subjects of this kind."""
    if not is_address(subject):
        return NAMES
    return FOUR if ipaddress.ip_address(subject).version == 4 else SIX


def question(subject: str, zone: str) -> str:
    """The name to look up: octets of IPv4, nibbles of IPv6 in reverse, or the name itself.

    Raises `ValueError` when it would be longer than a domain name may be.
    """
    if is_address(subject):
        reverse = ipaddress.ip_address(subject).reverse_pointer
        subject = reverse.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    name = f"{subject.strip('.').lower()}.{zone.strip('.').lower()}"
    if len(name) > MAX_NAME:
        raise ValueError(f"{name!a} is longer than a domain name may be")
    return name


def verdict(answers: Collection[str]) -> Verdict:
    """What the A records of that name say; none: the subject is not listed.

    An answer outside 127.0.0.0/8 is somebody else's: a resolver that sends people to a page, or
    the zone's new owner.
    """
    known = [ipaddress.ip_address(answer) for answer in answers]
    inside = [one for one in known if one in _ADDRESSES and one != _NEVER]
    if known and (len(inside) < len(known) or any(one in _ERRORS for one in inside)):
        return Verdict.REFUSED
    return Verdict.LISTED if inside else Verdict.CLEAR

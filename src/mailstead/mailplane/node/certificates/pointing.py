"""Does a name point to this node, and does its domain allow the authority? Asked of the DNS first.

An order for a name that points elsewhere fails for certain, and authorities count failures.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import dns.exception
import dns.rdatatype
import dns.resolver

from mailstead.mailplane.engines.unbound.control import own_resolver

_SECONDS = 8.0
NOT_PUBLIC = (".invalid", ".local", ".localhost", ".internal", ".test", ".home.arpa")
"""Ends of names that no authority knows (RFC 6761, RFC 8375)."""


@dataclass(frozen=True)
class Seen:
    """What the DNS says about a name; `words` are empty for `here`."""

    state: Literal["here", "elsewhere", "refused", "unknown"]
    words: str = ""


class Resolver:
    """The node's own resolver."""

    def __init__(self, port: int) -> None:
        self._asked = own_resolver(port, _SECONDS)

    def addresses(self, name: str) -> set[str]:
        """All addresses of a name; none: it has none. Raises `dns.exception.DNSException`."""
        found: set[str] = set()
        for kind in ("A", "AAAA"):
            found |= {str(ipaddress.ip_address(text)) for text in self._texts(name, kind)}
        return found

    def issuers(self, name: str) -> list[str] | None:
        """The authorities that may give certificates for a name (RFC 8659); None: all may.

        The first name on the way up that has CAA records decides.
        """
        labels = name.split(".")
        for start in range(len(labels) - 1):
            texts = self._texts(".".join(labels[start:]), "CAA")
            if texts:
                issue = [text for text in texts if text.split(" ", 2)[1].lower() == "issue"]
                values = (text.split(" ", 2)[2].strip('"') for text in issue)
                return [value.partition(";")[0].strip().lower() for value in values] or None
        return None

    def _texts(self, name: str, kind: str) -> list[str]:
        try:
            answer = self._asked.resolve(name, dns.rdatatype.from_text(kind))
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return []
        return [str(record.to_text()) for record in answer]


def is_public(name: str) -> bool:
    """Whether an authority can know such a name."""
    return "." in name and not name.endswith(NOT_PUBLIC)


def own_addresses() -> set[str]:
    """The addresses of this machine's own interfaces that others may reach."""
    found: set[str] = set()
    for family, probe in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            try:
                # Sends nothing: the kernel only says from which address it would.
                asked.connect((probe, 9))
                found.add(str(ipaddress.ip_address(asked.getsockname()[0].partition("%")[0])))
            except OSError:
                continue
    return found


def look(resolver: Resolver, name: str, host: str, issuers: Collection[str], *, node: bool) -> Seen:
    """Whether an order for `name` can succeed; `host` is the node's own name.

    The node's addresses are those of its interfaces and those of its name: behind a translation
    of addresses only the DNS knows them.
    """
    try:
        own = own_addresses() | resolver.addresses(host)
        found = resolver.addresses(name)
        allowed = resolver.issuers(name) if issuers and found else None
    except dns.exception.DNSException as error:
        return Seen("unknown", f"The DNS does not answer for {name}: {_plain(error)}")
    if not found:
        return Seen("elsewhere", f"{name} has no address in the DNS yet.")
    strange = sorted(found - own)
    if strange and not (node and name == host):
        return Seen(
            "elsewhere",
            f"{name} points to {', '.join(strange[:4])}, not to this server "
            f"({', '.join(sorted(own)[:4])}).",
        )
    if allowed is not None and not set(allowed) & set(issuers):
        permitted = ", ".join(word for word in allowed if word) or "nobody"
        return Seen(
            "refused",
            f"A CAA record lets only {permitted} give certificates for {name}; "
            f"{' or '.join(sorted(issuers))} must be added.",
        )
    return Seen("here")


def _plain(error: dns.exception.DNSException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

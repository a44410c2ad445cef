"""ARC chains made and checked by another implementation, dkimpy."""

from __future__ import annotations

import dkim

from tests.support.site import Site

SEALERS = ("strange.example", "trusted.example", "third.example")
"""Forwarders outside. The node of the tests believes `trusted.example`."""
_HEADERS = [b"from", b"to", b"subject", b"date", b"message-id"]


def publish(site: Site) -> None:
    """The sealers' keys stand in the DNS; it is the foreign host's own."""
    key = site.txt("far._domainkey.far.example")
    assert key is not None
    for name in SEALERS:
        site.lab.dns.set_text(f"far._domainkey.{name}", key.decode())


def seal(site: Site, data: bytes, domain: str, results: str) -> bytes:
    """A forwarder's set on top of a message: each forwarder once in a chain."""
    arc = "pass" if b"ARC-Seal:" in data else "none"
    data = f"Authentication-Results: {domain}; {results}; arc={arc}\r\n".encode() + data
    key = (site.lab.foreign.folder / "dkim.key").read_bytes()
    name = domain.encode()
    made = dkim.arc_sign(data, b"far", name, key, name, include_headers=_HEADERS)
    return b"".join(made) + data


def verdict(site: Site, data: bytes) -> str:
    """What dkimpy says about the chain of a message: `pass`, `fail` or `none`."""
    found, _, _ = dkim.arc_verify(data, dnsfunc=site.txt)
    return found.decode() if found else "none"

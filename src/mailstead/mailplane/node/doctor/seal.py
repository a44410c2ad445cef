"""The record of the node's own key: without it nobody can verify the seals on forwarded mail."""

from __future__ import annotations

import dns.exception
import dns.resolver

from mailstead.mailplane.engines.rspamd import host_key
from mailstead.mailplane.engines.unbound.control import own_resolver
from mailstead.mailplane.node.doctor._finding import Context, Finding, no_mend

_SECONDS = 5.0


def check(context: Context) -> Finding:
    """The TXT record below the host's name holds the key that is used."""
    settings, home = context.settings, context.home
    if not settings.spam.scan:
        return Finding("ok", "Nothing is sealed: the scan is off.")
    if not home.seal_key.exists():
        return Finding("warn", "The node has no key of its own yet.", "Run 'mailstead up'.")
    name, wanted = host_key.record_name(settings.hostname), host_key.record(home)
    try:
        found = _texts(name, settings.ports.of("resolver"))
    except dns.exception.DNSException:
        return Finding(
            "warn", f"The record {name} cannot be looked up at present.", "Try again later."
        )
    if any(_key_of(text) == _key_of(wanted) for text in found):
        return Finding("ok", f"The record {name} holds the node's key.")
    words = "holds another key than the node's" if found else "is missing"
    return Finding(
        "warn",
        f"The record {name} {words}: seals on forwarded mail cannot be verified.",
        f"Publish this TXT record at {name}: {wanted}",
    )


def _texts(name: str, port: int) -> list[str]:
    try:
        answer = own_resolver(port, _SECONDS).resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [b"".join(item.strings).decode("ascii", "replace") for item in answer]


def _key_of(record: str) -> str:
    """The value of `p=` (RFC 6376 §3.6.1), in which blanks do not count."""
    for field in record.split(";"):
        tag, _, value = field.partition("=")
        if tag.strip() == "p":
            return "".join(value.split())
    return ""


mend = no_mend

"""Loops are refused before they exist: mail that comes back to where it was."""

from __future__ import annotations

from mailstead.control.hosting.models import Destination, Domain
from mailstead.control.hosting.queries.hops import hop
from mailstead.standards.refusal import Refusal

_ANYBODY = "any-unknown-name"
"""Stands for every local part that a domain does not define."""


def refuse_loops_of_address(address: str) -> None:
    """Refuse when mail to `address` would come back to an address that it has passed."""
    _walk(address, [])


def refuse_loops_of_domain(domain: Domain) -> None:
    """Refuse when the domain's own rules, or forwarders into it, would make a loop."""
    _walk(f"{_ANYBODY}@{domain.name}", [])
    into = Destination.objects.filter(domain=domain.name, forwarder__domain__removed_at=None)
    for row in into.select_related("forwarder__domain")[:1000]:
        _walk(row.forwarder.address, [])


def _walk(address: str, path: list[str]) -> None:
    lowered = address.lower()
    if lowered in path:
        shown = [a.replace(_ANYBODY, "*") for a in (*path[path.index(lowered) :], lowered)]
        raise Refusal(
            "loop",
            f"Mail would go round in a circle: {' → '.join(shown[:8])}.",
            remedy="Change one of these forwarders or catch-alls first.",
        )
    if len(path) > 50:
        raise Refusal(
            "chain-long",
            f"Mail to {path[0]} would be forwarded more than 50 times.",
            remedy="Forward to the last address directly.",
        )
    for target in hop(lowered).next:
        _walk(target, [*path, lowered])

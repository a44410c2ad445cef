"""Loops are refused before they exist: mail that goes round and is never kept by anybody.

A mailbox that keeps a copy ends every circle: Postfix expands an address into itself once
(cleanup(8)) and delivers. So only circles without such a mailbox are loops.
"""

from __future__ import annotations

from collections.abc import Iterator

from mailstead.control.hosting.models import Destination, Domain
from mailstead.control.hosting.queries.hops import living_domain, own_rows, without_sub_address
from mailstead.standards.refusal import Refusal

_ANYBODY = "any-unknown-name"
"""Stands for every local part that a domain does not define."""
LONGEST_CHAIN = 50


def refuse_loops_of_address(address: str) -> None:
    """Refuse when mail to `address` would come back to an address that it has passed."""
    _Walk().go(address)


def refuse_loops_of_domain(domain: Domain) -> None:
    """Refuse when what the domain does with unknown local parts closes a circle.

    A circle through it enters it with a local part that a destination names, or with any at all.
    """
    walk = _Walk()
    walk.go(f"{_ANYBODY}@{domain.name}")
    for local in sorted(set(_locals_that_reach(domain))):
        walk.go(f"{local}@{domain.name}")


def _locals_that_reach(domain: Domain) -> Iterator[str]:
    """Local parts of destinations in this domain, or in one that passes its mail on to it."""
    names = [domain.name]
    for name in names:
        living = Domain.objects.filter(removed_at=None, proven=True)
        followers = living.filter(forward_to=name) | living.filter(alias_of__name=name)
        names += [n for n in followers.values_list("name", flat=True) if n not in names]
    rows = Destination.objects.filter(
        domain__in=names, forwarder__domain__removed_at=None, forwarder__domain__proven=True
    )
    for address in rows.values_list("address", flat=True):
        yield address.rpartition("@")[0].lower()
    catch_alls = living.filter(catch_all_action="deliver")
    for destinations in catch_alls.values_list("catch_all_destinations", flat=True):
        for address in destinations:
            local, _, name = address.rpartition("@")
            if name in names:
                yield local.lower()


def _onward(address: str) -> tuple[str, tuple[str, ...]]:
    """The address that stands for this one, and where mail to it goes on to."""
    local, _, name = address.rpartition("@")
    domain = living_domain(name)
    if domain is None:
        return address, ()
    if domain.alias_of is not None:
        return address, (f"{local}@{domain.alias_of.name}",)
    for part in dict.fromkeys((local, without_sub_address(local))):
        mailbox, forwarder, _ = own_rows(domain, part)
        if mailbox and (forwarder is None or forwarder.keep_copy):
            return f"{part}@{name}", ()
        if forwarder:
            found = forwarder.destinations.order_by("pk").values_list("address", flat=True)
            return f"{part}@{name}", tuple(found)
    # Whether anybody is there yet does not matter: somebody may be tomorrow.
    targets = (f"{local}@{domain.forward_to}",) if domain.forward_to else ()
    if domain.catch_all_action == "deliver":
        targets += tuple(domain.catch_all_destinations)
    return address, targets


class _Walk:
    """Walks on from addresses, each looked at once however many ways lead to it."""

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._known: dict[str, tuple[str, tuple[str, ...]]] = {}

    def go(self, address: str) -> None:
        """Walk from here; raises `Refusal` (`loop`, `chain-long`)."""
        self._visit(address.lower(), [])

    def _visit(self, address: str, path: list[str]) -> None:
        if address not in self._known:
            self._known[address] = _onward(address)
        own, targets = self._known[address]
        if own in path:
            circle = [a.replace(_ANYBODY, "*") for a in (*path[path.index(own) :], own)]
            raise Refusal(
                "loop",
                "Mail would go round in a circle: {value}.",
                remedy="Change one of these forwarders or catch-alls first.",
                value=" → ".join(circle[:8]),
            )
        if own in self._done:
            return
        if len(path) > LONGEST_CHAIN:
            raise Refusal(
                "chain-long",
                "Mail to {value} would be forwarded more than {longest_chain} times.",
                remedy="Forward to the last address directly.",
                value=path[0],
                longest_chain=LONGEST_CHAIN,
            )
        for target in targets:
            self._visit(target.lower(), [*path, own])
        self._done.add(own)

"""Every address of the panel, as the resolver knows it, filled in for a tenant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.urls import URLPattern, URLResolver, get_resolver

from tests.control.world import World

_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
# The word before a part of an address, to what stands there for a tenant (`customer`: Carl and
# what is Carl's; `stranger`: Eve and what is hers).
THINGS: dict[str, Callable[[World, str], object]] = {
    "customers": lambda world, whose: world.customers[whose].pk,
    "domains": lambda world, whose: world.domains[_key(whose)].name,
    "mailboxes": lambda world, whose: world.mailboxes[_key(whose)].pk,
    "people": lambda world, whose: world.memberships[whose].pk,
    "tokens": lambda world, whose: world.tokens[whose].pk,
    "invitations": lambda world, whose: world.invitations[whose].pk,
    "forwarders": lambda world, whose: world.forwarders[whose].pk,
    "answers": lambda world, whose: world.answers[whose].pk,
    "webhooks": lambda world, whose: world.webhooks[whose].pk,
    "delivery": lambda world, whose: world.deliveries[_key(whose)].pk,
    "unreachable": lambda world, whose: world.suppressions[_key(whose)].pk,
    "cases": lambda world, whose: world.cases[_key(whose)].pk,
    "exports": lambda world, whose: world.exports[_key(whose)].pk,
    "moves": lambda world, whose: world.moves[_key(whose)].pk,
    "messages": lambda world, whose: world.deliveries[_key(whose)].pk,
    "servers": lambda world, whose: world.server.name,
    "zones": lambda world, whose: world.zones[_key(whose)].name,
}
# Parts that stand for nothing which a tenant owns, or for something below one that is checked.
ANY = 999_999
WITHOUT_TENANT = ("token", "selector")


def _key(whose: str) -> str:
    return "main" if whose == "customer" else whose


@dataclass(frozen=True)
class Page:
    """One address."""

    name: str
    route: str
    rules: dict[str, str] | None
    library: bool


def _walk(
    patterns: list[URLPattern | URLResolver], prefix: str = "", space: str = ""
) -> Iterator[Page]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, route, inner)
        else:
            name = f"{space}{pattern.name}"
            library = route.startswith("account/")
            yield Page(name, route, getattr(pattern.callback, "rules", None), library)


def all_pages() -> list[Page]:
    """All of them, those of the log-in library too, those of the API not."""
    found = _walk(get_resolver().url_patterns)
    return [page for page in found if not page.route.startswith("api/")]


def fill(
    page: Page, world: World, whose: str, more: Mapping[str, object] = MappingProxyType({})
) -> tuple[str, bool]:
    """The address for a tenant, and whether it names something that a tenant owns.

    `more` is what stands behind a word that `THINGS` does not know.
    """
    owned = False
    path = page.route.replace("\\Z", "").replace("^", "").replace("$", "")

    def one(found: re.Match[str]) -> str:
        nonlocal owned
        before = path[: found.start()].rstrip("/").rpartition("/")[2]
        if before in more:
            return str(more[before])
        if before in THINGS:
            owned = owned or before != "servers"
            return str(THINGS[before](world, whose))
        return str(ANY) if found.group(1) == "int" else "nothing"

    return "/" + _PART.sub(one, path), owned

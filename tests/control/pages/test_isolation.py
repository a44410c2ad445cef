"""Role × page × verb × tenant, over every address that there is: denied unless the table says so.

The addresses come from the resolver: a page without a declared rule, or with a part in its address
that this test does not know, fails it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from mailstead.control.people import roles
from mailstead.control.people.models import AuditEntry
from mailstead.control.people.urls import LIBRARY_PUBLIC
from tests.control.world import ROLES, World

_PART = re.compile(r"<(?:(\w+):)?(\w+)>")
# The word before a part of an address, to what stands there for a tenant (`customer`: Carl and
# what is Carl's; `stranger`: Eve and what is hers).
THINGS: dict[str, Callable[[World, str], object]] = {
    "customers": lambda world, whose: world.customers[whose].pk,
    "domains": lambda world, whose: world.domains[_key(whose)].name,
    "mailboxes": lambda world, whose: world.mailboxes[_key(whose)].pk,
    "servers": lambda world, whose: world.server.name,
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


PAGES = [page for page in _walk(get_resolver().url_patterns) if not page.route.startswith("api/")]
OURS = [page for page in PAGES if not page.library]


def _fill(page: Page, world: World, whose: str) -> tuple[str, bool]:
    """The address for a tenant, and whether it names something that a tenant owns."""
    owned = False
    path = page.route.replace("\\Z", "").replace("^", "").replace("$", "")

    def one(found: re.Match[str]) -> str:
        nonlocal owned
        before = path[: found.start()].rstrip("/").rpartition("/")[2]
        if before in THINGS:
            owned = owned or before != "servers"
            return str(THINGS[before](world, whose))
        return str(ANY) if found.group(1) == "int" else "nothing"

    return "/" + _PART.sub(one, path), owned


def test_every_page_declares_its_rule() -> None:
    missing = [page.route for page in OURS if page.rules is None]
    assert not missing
    unknown = [
        f"{page.route}: {rule}"
        for page in OURS
        for rule in (page.rules or {}).values()
        if rule not in (roles.PUBLIC, roles.SIGNED_IN) and rule not in roles.TABLE
    ]
    assert not unknown


def test_who_is_not_signed_in_comes_to_the_door(world: World) -> None:
    client = world.client(None)
    for page in PAGES:
        if page.library and (
            page.name in LIBRARY_PUBLIC or "<" in page.route or "(?P" in page.route
        ):
            continue
        if page.rules and page.rules["GET"] == roles.PUBLIC:
            continue
        path, _ = _fill(page, world, "customer")
        for answer in (client.get(path), client.post(path)):
            inside = answer.status_code == 302 and answer.headers["Location"].startswith(
                ("/account/login/", "/account/2fa", "/account/reauthenticate/")
            )
            assert inside or answer.status_code == 405, f"{path}: {answer.status_code}"


@pytest.mark.parametrize("role", ROLES)
def test_nobody_does_what_their_role_may_not(world: World, role: str) -> None:
    client = world.client(role)
    wrong = []
    for page in OURS:
        for method, rule in (page.rules or {}).items():
            if rule in (roles.PUBLIC, roles.SIGNED_IN) or role in roles.roles_of(rule):
                continue
            path, _ = _fill(page, world, "customer")
            status = _ask(client, method, path)
            if status not in (403, 405):
                wrong.append(f"{method} {path} ({rule}): {status}")
    assert not wrong


@pytest.mark.parametrize("role", ["reseller", "customer", "domain_admin", "mailbox"])
def test_another_tenants_things_are_not_there(world: World, role: str) -> None:
    client = world.client(role)
    before = AuditEntry.objects.filter(customer=world.customers["stranger"].pk).count()
    wrong = []
    for page in OURS:
        path, owned = _fill(page, world, "stranger")
        if not owned or (page.rules or {})["GET"] == roles.PUBLIC:
            continue
        for method in ("GET", "POST"):
            status = _ask(client, method, path)
            if status not in (403, 404, 405):
                wrong.append(f"{method} {path}: {status}")
    assert not wrong
    assert AuditEntry.objects.filter(customer=world.customers["stranger"].pk).count() == before


@pytest.mark.parametrize("role", ROLES)
def test_what_is_ones_own_opens_without_a_fault(world: World, role: str) -> None:
    client = world.client(role)
    wrong = []
    for page in OURS:
        rule = (page.rules or {})["GET"]
        if rule not in (roles.PUBLIC, roles.SIGNED_IN) and role not in roles.roles_of(rule):
            continue
        path, _ = _fill(page, world, "reseller" if role == "reseller" else "customer")
        status = _ask(client, "GET", path)
        if status >= 500:
            wrong.append(f"{path}: {status}")
    assert not wrong


def _ask(client: Any, method: str, path: str) -> int:
    answer = client.get(path) if method == "GET" else client.post(path, {})
    return int(answer.status_code)

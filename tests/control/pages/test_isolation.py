"""Role × page × verb × tenant, over every address that there is: denied unless the table says so.

The addresses come from the resolver: a page without a declared rule, or with a part in its address
that `tests.control.addresses` does not know, fails a test.
"""

from __future__ import annotations

from typing import Any

import pytest

from mailstead.control.people import roles
from mailstead.control.people.models import AuditEntry
from mailstead.control.people.urls import LIBRARY_PUBLIC
from tests.control.addresses import all_pages, fill
from tests.control.world import ROLES, World

PAGES = all_pages()
OURS = [page for page in PAGES if not page.library]


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
        if page.rules and page.rules.get("GET", page.rules["POST"]) == roles.PUBLIC:
            continue
        path, _ = fill(page, world, "customer")
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
            path, _ = fill(page, world, "customer")
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
        path, owned = fill(page, world, "stranger")
        if not owned or (page.rules or {})["POST"] == roles.PUBLIC:
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
        rule = (page.rules or {}).get("GET", "")
        shown = rule in (roles.PUBLIC, roles.SIGNED_IN) or role in roles.roles_of(rule)
        if not shown:
            continue
        path, _ = fill(page, world, "reseller" if role == "reseller" else "customer")
        status = _ask(client, "GET", path)
        if status >= 500:
            wrong.append(f"{path}: {status}")
    assert not wrong


def _ask(client: Any, method: str, path: str) -> int:
    answer = client.get(path) if method == "GET" else client.post(path, {})
    return int(answer.status_code)

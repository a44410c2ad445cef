"""Role × operation × tenant, over every operation there is: denied unless the table says so."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from mailstead.control.people import roles
from mailstead.control.people.models import AuditEntry
from mailstead.control.project.api import openapi, rules_of_api
from tests.control.api.caller import Caller, caller
from tests.control.world import HOST, World

OPERATIONS = [(method, path.removeprefix("/api/v1"), rule) for method, path, rule in rules_of_api()]
ROLES = ("operator", "staff", "reseller", "customer", "domain_admin")
_PART = re.compile(r"\{(\w+)\}")
# The word before a part of a path, to what stands there for a tenant.
THINGS: dict[str, Callable[[World, str], object]] = {
    "customers": lambda world, whose: world.customers[whose].pk,
    "domains": lambda world, whose: world.domains[_key(whose)].name,
    "mailboxes": lambda world, whose: world.mailboxes[_key(whose)].address,
    "addresses": lambda world, whose: world.mailboxes[_key(whose)].address,
    "servers": lambda world, whose: world.server.name,
    "suppressions": lambda world, whose: world.suppressions[_key(whose)].pk,
    "cases": lambda world, whose: world.cases[_key(whose)].pk,
    "exports": lambda world, whose: world.exports[_key(whose)].pk,
    "moves": lambda world, whose: world.moves[_key(whose)].pk,
    "zones": lambda world, whose: world.zones[_key(whose)].name,
}
# Parts below something that is checked, or of which the tests of the resource have their own.
ANY = 999_999
KNOWN = {
    "members",
    "invitations",
    "tokens",
    "webhooks",
    "deliveries",
    "audit",
    "app-passwords",
    "packages",
}
KNOWN |= {
    "forwarders",
    "autoresponders",
    "jobs",
    "host-names",
    "sending-addresses",
    "pushes",
    "dkim",
    "records",
}
KNOWN |= {"batches", "redirects"}


def _key(whose: str) -> str:
    return "main" if whose == "customer" else whose


def _fill(path: str, world: World, whose: str) -> tuple[str, bool]:
    owned = False

    def one(found: re.Match[str]) -> str:
        nonlocal owned
        before = path[: found.start()].rstrip("/").rpartition("/")[2]
        if before in THINGS:
            owned = owned or before != "servers"
            return str(THINGS[before](world, whose))
        assert before in KNOWN, f"{path}: what stands after '{before}'?"
        return str(ANY)

    return _PART.sub(one, path), owned


def test_every_operation_declares_a_rule_that_is_in_the_table() -> None:
    wrong = [
        f"{method} {path}: {rule!r}"
        for method, path, rule in OPERATIONS
        if rule != roles.SIGNED_IN and rule not in roles.TABLE
    ]
    assert not wrong
    assert len(OPERATIONS) > 80


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [
        operation["operationId"]
        for operations in openapi()["paths"].values()
        for operation in operations.values()
    ]
    assert len(names) == len(set(names)) == len(OPERATIONS)


def test_no_operation_is_open_without_a_token_and_no_cookie_opens_one(world: World) -> None:
    nobody, wrong = Caller("mst_wrong"), []
    signed_in = world.client("operator")
    for method, path, _ in OPERATIONS:
        filled, _ = _fill(path, world, "customer")
        if nobody.call(method, filled).status not in (401, 429):
            wrong.append(f"{method} {path}")
        answer = signed_in.generic(method, f"/api/v1{filled}")
        if answer.status_code != 401:
            wrong.append(f"{method} {path} with a cookie: {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize("role", ROLES)
def test_nobody_does_what_their_role_may_not(world: World, role: str) -> None:
    program = caller(world, role)
    wrong = []
    for method, path, rule in OPERATIONS:
        if rule == roles.SIGNED_IN or role in roles.roles_of(rule):
            continue
        answer = program.call(method, _fill(path, world, "customer")[0])
        if answer.status != 403:
            wrong.append(f"{method} {path} ({rule}): {answer.status}")
    assert not wrong


@pytest.mark.parametrize("scope", roles.SCOPES)
def test_a_token_does_nothing_outside_its_scope(world: World, scope: str) -> None:
    program = caller(world, "operator", [scope])
    wrong = []
    for method, path, rule in OPERATIONS:
        inside = scope in roles.scopes_of(rule)
        answer = program.call(method, _fill(path, world, "customer")[0], {})
        missing = answer.code == "scope-missing"
        if inside == missing and method != "DELETE":
            wrong.append(f"{method} {path} ({rule}): {answer.status} {answer.code}")
    assert not wrong


@pytest.mark.parametrize("role", ["reseller", "customer", "domain_admin"])
def test_another_tenants_things_are_not_there(world: World, role: str) -> None:
    program = caller(world, role)
    eve = world.customers["stranger"].pk
    before = AuditEntry.objects.filter(customer=eve).count()
    wrong = []
    for method, path, _ in OPERATIONS:
        filled, owned = _fill(path, world, "stranger")
        if not owned:
            continue
        answer = program.call(method, filled, _BODIES.get(f"{method} {path}"))
        if answer.status not in (403, 404):
            wrong.append(f"{method} {path}: {answer.status} {answer.body}")
    assert not wrong
    assert AuditEntry.objects.filter(customer=eve).count() == before


# Bodies that are right, so that what answers is the tenant's check and not the reader of the body.
_ROUTE = {"action": "blackhole"}
_BODIES: dict[str, object] = {
    "POST /moves/{number}/confirm": {},
    "POST /moves/{number}/losses": {"words": "All is missing."},
    "POST /cases/{number}/release": {"password": "a long enough password"},
    "POST /cases/{number}/confirm": {},
    "POST /cases/{number}/decide": {"others": "delete"},
    "POST /zones/{zone}/records": {"type": "A", "value": "192.0.2.1"},
    "PUT /zones/{zone}/records/{number}": {"type": "A", "value": "192.0.2.1"},
    "POST /domains/{domain}/dns/pushes": {"host": "desec", "credentials": {"token": "x"}},
    "POST /domains/{domain}/dns/pushes/{number}/apply": {"credentials": {"token": "x"}},
    "POST /domains/{domain}/dns/pushes/{number}/undo": {"credentials": {"token": "x"}},
    "PATCH /customers/{number}": {"name": "Mine"},
    "PUT /customers/{number}/brand": {"name": "Mine"},
    "PUT /customers/{number}/password-rule": {"rule": "warn"},
    "PUT /customers/{number}/reseller": {"is_reseller": True},
    "POST /customers/{number}/suspend": {"reason": "because"},
    "POST /domains/{domain}/suspend": {"reason": "because"},
    "PUT /domains/{domain}/catch-all": _ROUTE,
    "PUT /domains/{domain}/forward": {"target": "elsewhere.example"},
    "PUT /domains/{domain}/alias": {"target": "cars.example"},
    "POST /domains/{domain}/host-names": {"name": "mail.shop.example"},
    "PUT /domains/{domain}/mta-sts": {"mode": "testing"},
    "POST /domains/{domain}/dkim/{selector}/revoke": {"reason": "leaked"},
    "PATCH /mailboxes/{mailbox}": {"quota": 1},
    "POST /mailboxes/{mailbox}/password": {"password": "a long enough password"},
    "POST /mailboxes/{mailbox}/suspend": {"what": ["login"]},
    "POST /mailboxes/{mailbox}/resume": {"what": ["login"]},
    "POST /mailboxes/{mailbox}/app-passwords": {"name": "phone"},
    "PUT /mailboxes/{mailbox}/rules": {"rules": []},
    "POST /mailboxes/{mailbox}/rules/test": {"rules": [], "message": "Subject: x"},
    "PUT /customers/{number}/sending-limits": {"each": {}, "together": {}},
    "PUT /packages/{number}/sending-limits": {"each": {}, "together": {}},
    "PUT /mailboxes/{mailbox}/sending-limits": {"messages_day": 1},
    "PUT /mailboxes/{mailbox}/spam": {"level": "off"},
}


def test_the_document_and_the_page_are_public_and_name_every_operation(world: World) -> None:
    client = Client(headers={"host": HOST, "x-forwarded-proto": "https"})
    document = client.get("/api/v1/openapi.json")
    assert document.json()["openapi"].startswith("3.")
    page = client.get("/api/v1/docs").content.decode()
    for path, operations in document.json()["paths"].items():
        for operation in operations.values():
            assert f'id="{operation["operationId"]}"' in page
        assert path in page
    assert "<script>" not in page
    assert "style=" not in page

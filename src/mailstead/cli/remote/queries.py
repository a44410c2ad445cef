"""The control plane's questions, asked over the API; the names and arguments are its own.

`actor` is taken and not used: who asks, the token says.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mailstead.cli.remote import things
from mailstead.cli.remote.client import part
from mailstead.cli.remote.things import Listed, Thing, one, thing
from mailstead.cli.session import SESSION
from mailstead.standards.address import forwarder_address, normalise_domain
from mailstead.wire.changes import Route


def servers(actor: object, *, search: str = "") -> Listed:
    """Mail nodes."""
    return Listed("/servers", thing, q=search)


def server_named(actor: object, name: str) -> Thing:
    """One of them."""
    return thing(SESSION.api().get(f"/servers/{part(name)}"))


def head(name: str) -> Thing:
    """Where the feed of a server stands."""
    found = server_named(None, name)
    return Thing(
        revision=found.revision,
        acked=found.applied,
        acked_at=found.applied_at,
        last_seen=found.last_seen,
        failed_words=found.failure,
    )


def customers(actor: object, *, search: str = "") -> Listed:
    """Customers."""
    return Listed("/customers", thing, q=search)


def customer_named(actor: object, name: str) -> Thing:
    """One of them."""
    found = Listed("/customers", thing, name=name.strip()).first() if name.strip() else None
    return one(found, "customer", ascii(name))


def domains(
    actor: object, *, search: str = "", customer: Thing | None = None, removed: bool = False
) -> Listed:
    """Domains."""
    owner = customer.pk if customer else None
    return Listed("/domains", things.domain, q=search, customer=owner, removed=removed)


def domain_named(actor: object, name: str, *, removed: bool = False) -> Thing:
    """One of them, the last removed one with `removed`."""
    if name.isascii() and name.isdigit() and not removed:
        return things.domain(SESSION.api().get(f"/domains/{part(name)}"))
    bare = normalise_domain(name)
    if not removed:
        return things.domain(SESSION.api().get(f"/domains/{part(bare)}"))
    same = [item for item in domains(actor, search=bare, removed=True) if item.name == bare]
    return one(same[-1] if same else None, "removed domain", bare)


def dns_records(domain: Thing) -> list[tuple[str, str, str]]:
    """The records that the owner publishes."""
    found = SESSION.api().get(f"/domains/{part(domain.name)}/dns")
    return [(row["name"], row["type"], row["value"]) for row in found["records"]]


def mailboxes(
    actor: object, *, search: str = "", domain: Thing | None = None, removed: bool = False
) -> Listed:
    """Mailboxes."""
    inside = domain.name if domain else ""
    return Listed("/mailboxes", thing, q=search, domain=inside, removed=removed)


def mailbox_named(actor: object, address: str, *, removed: bool = False) -> Thing:
    """One of them, the last removed one with `removed`."""
    checked = str(forwarder_address(address))
    if not removed:
        return thing(SESSION.api().get(f"/mailboxes/{part(checked)}"))
    same = [m for m in mailboxes(actor, search=checked, removed=True) if m.address == checked]
    return one(same[-1] if same else None, "removed mailbox", checked)


def forwarders(actor: object, *, search: str = "", domain: Thing | None = None) -> Listed:
    """Forwarders."""
    inside = domain.name if domain else ""
    return Listed("/forwarders", things.forwarder, q=search, domain=inside)


def forwarder_named(actor: object, address: str) -> Thing:
    """One of them."""
    checked = forwarder_address(address)
    return things.forwarder(SESSION.api().get(f"/forwarders/{part(checked)}"))


def route_of(forwarder: Thing) -> Route:
    """Where a forwarder sends mail."""
    destinations = [row.address for row in forwarder.destinations.all()]
    return msgspec.convert(
        {"action": forwarder.action, "destinations": destinations, "text": forwarder.text}, Route
    )


def autoresponders(actor: object, *, search: str = "", domain: Thing | None = None) -> Listed:
    """Automatic answers."""
    inside = domain.name if domain else ""
    return Listed("/autoresponders", things.autoresponder, q=search, domain=inside)


def autoresponder_named(actor: object, address: str) -> Thing:
    """One of them."""
    checked = forwarder_address(address)
    return things.autoresponder(SESSION.api().get(f"/autoresponders/{part(checked)}"))


def explain_to(actor: object, address: str) -> Thing:
    """What happens to mail for an address."""
    plain = SESSION.api().get(f"/addresses/{part(address)}")
    passed_on = [(one["address"], one["host"]) for one in plain["passed_on"]]
    steps = [Thing(**step) for step in plain["steps"]]
    return Thing(**{**plain, "passed_on": passed_on, "steps": steps})


def app_passwords(actor: object, mailbox: Thing) -> Listed:
    """The app passwords of a mailbox."""
    path = f"/mailboxes/{part(mailbox.address)}/app-passwords"
    return Listed(path, lambda plain: thing(plain | {"path": path}))


def spam_settings(actor: object, mailbox: Thing) -> Thing:
    """What a mailbox wants of the spam filter."""
    return Thing(**SESSION.api().get(f"/mailboxes/{part(mailbox.address)}/spam"))


def stored_rules(mailbox: Thing) -> list[Any]:
    """The rules of a mailbox as plain data."""
    rules: list[Any] = SESSION.api().get(f"/mailboxes/{part(mailbox.address)}/rules")["rules"]
    return rules


def audit_trail(actor: object, *, kind: str = "", label: str = "") -> Listed:
    """Who did what, the newest first."""
    return Listed("/audit", thing, kind=kind, label=label)


def queue(server: str) -> list[dict[str, Any]]:
    """Messages that wait on a server."""
    found: list[dict[str, Any]] = SESSION.api().get(f"/servers/{part(server)}/queue", limit=1000)[
        "messages"
    ]
    return found

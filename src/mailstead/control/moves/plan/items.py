"""Every single thing of an inventory, each once, with a key by which a plan knows it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mailstead.foreign import inventory as found

KINDS = (
    "owner",
    "account",
    "limits",
    "domain",
    "routing",
    "domain-suspended",
    "mailbox",
    "password",
    "quota",
    "login-name",
    "suspended",
    "forwarder",
    "default",
    "domain-forwarder",
    "autoresponder",
    "list",
    "spam",
    "domain-spam",
    "filter",
    "domain-filter",
    "unfiltered",
    "rules",
    "sieve",
    "contacts",
    "identity",
    "response",
    "trusted",
    "mail",
    "boxtrapper",
    "dkim",
    "zone",
    "certificate",
    "remark",
)
"""In the order in which they are made and shown."""


@dataclass(frozen=True)
class Item:
    """One thing."""

    key: str
    kind: str
    domain: str
    """Empty for what belongs to the account."""
    subject: str
    """What it is about, for people: an address, a domain, a file."""
    thing: Any
    mailbox: found.Mailbox | None = None
    """Whose it is."""


def items(inventory: found.Inventory) -> list[Item]:
    """All of them, in the order of `KINDS`, within a kind as found."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    counts: dict[str, int] = {}
    listed = []
    for kind, domain, subject, thing, box in _all(inventory):
        bare = f"{kind}:{subject}"[:440]
        counts[bare] = counts.get(bare, 0) + 1
        key = bare if counts[bare] == 1 else f"{bare}#{counts[bare]}"
        listed.append(Item(key, kind, domain, subject, thing, box))
    return sorted(listed, key=lambda item: order[item.kind])


_Found = tuple[str, str, str, Any, found.Mailbox | None]


def _all(inventory: found.Inventory) -> Iterator[_Found]:
    for contact in inventory.contacts:
        yield "owner", "", contact, contact, None
    yield "account", "", inventory.account, inventory, None
    yield "limits", "", inventory.account, inventory.limits, None
    for domain in inventory.domains:
        yield from _of_domain(domain)
    for remark in inventory.remarks:
        yield "remark", remark.domain, remark.place or inventory.account, remark, None


def _of_domain(domain: found.Domain) -> Iterator[_Found]:
    name = domain.name
    yield "domain", name, name, domain, None
    yield "routing", name, name, domain, None
    if domain.suspended:
        yield "domain-suspended", name, name, domain, None
    for box in domain.mailboxes:
        yield from _of_mailbox(name, box)
    for alias in domain.aliases:
        yield "forwarder", name, alias.address, alias, None
    if domain.default is not None:
        yield "default", name, f"@{name}", domain.default, None
    if domain.forward_to:
        yield "domain-forwarder", name, name, domain, None
    for answer in domain.autoresponders:
        yield "autoresponder", name, answer.address, answer, None
    for one in domain.lists:
        yield "list", name, one.address, one, None
    if domain.filter is not None:
        yield "domain-filter", name, name, domain.filter, None
        for address in _without_mailbox(domain):
            yield "unfiltered", name, address, address, None
    if domain.spam is not None:
        yield "domain-spam", name, name, domain.spam, None
    for address in domain.boxtrapper:
        yield "boxtrapper", name, address, address, None
    for key in domain.dkim:
        yield "dkim", name, f"{key.selector}._domainkey.{name}", key, None
    if domain.zone:
        yield "zone", name, name, domain.zone, None
    if domain.certificate:
        yield "certificate", name, name, domain, None


def _of_mailbox(name: str, box: found.Mailbox) -> Iterator[_Found]:
    for kind in ("mailbox", "password", "quota"):
        yield kind, name, box.address, box, box
    if box.login:
        yield "login-name", name, box.login, box, box
    for what in ("login", "receiving", "sending"):
        if getattr(box, f"{what}_suspended"):
            yield "suspended", name, f"{box.address} ({what})", what, box
    for store in box.stores:
        yield "mail", name, box.address, store, box
    if box.filter is not None:
        yield "filter", name, box.address, box.filter, box
    if box.rules:
        yield "rules", name, box.address, box.rules, box
    for script in box.sieve:
        yield "sieve", name, f"{box.address}: {script.name}", script, box
    if box.spam is not None:
        yield "spam", name, box.address, box.spam, box
    if box.webmail is not None:
        web = box.webmail
        if web.contacts or web.collected or web.groups:
            yield "contacts", name, box.address, web, box
        for identity in web.identities:
            yield "identity", name, f"{box.address}: {identity.email}", identity, box
        for response in web.responses:
            yield "response", name, f"{box.address}: {response.name}", response, box
        for sender in web.trusted:
            label = ", ".join(sender.emails) or sender.name
            yield "trusted", name, f"{box.address}: {label}", sender, box


_PASSED_ON = ("address", "account", "pipe", "include")


def _without_mailbox(domain: found.Domain) -> list[str]:
    """Addresses at which the account's filter acted, and where no mailbox is that could do it."""
    boxes = {box.address for box in domain.mailboxes}
    aliases = [*domain.aliases, *([domain.default] if domain.default else [])]
    forwarded = [
        one.address
        for one in aliases
        if one.address not in boxes and any(to.kind in _PASSED_ON for to in one.targets)
    ]
    answering = [one.address for one in domain.autoresponders if one.address not in boxes]
    catching = [f"@{domain.name}"] if domain.forward_to else []
    return list(dict.fromkeys([*forwarded, *answering, *catching]))

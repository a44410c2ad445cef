"""The plan of a move between own servers: what goes along, and what does not; pure.

The control plane has everything but the mail itself, so nothing has to be read: all things are told
to the other server as they are, and stay the same things with the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.rows import Row, Verdict
from mailstead.standards.sizes import human


@dataclass(frozen=True)
class Box:
    """One mailbox."""

    address: str
    octets: int
    messages: int
    quota: int
    has_rules: bool = False
    has_spam: bool = False
    login_name: str = ""


@dataclass(frozen=True)
class Owned:
    """One domain with what lies in it."""

    name: str
    alias_of: str = ""
    relay_to: str = ""
    forward_to: str = ""
    catch_all: bool = False
    boxes: Sequence[Box] = ()
    forwarders: Sequence[str] = ()
    autoresponders: Sequence[str] = ()
    keys: Sequence[str] = ()
    """Selectors."""
    host_names: Sequence[str] = ()
    removed: int = 0
    """Mailboxes that were removed and whose mail is still kept."""
    zone_here: bool = False
    """Its DNS zone is served by the server that it leaves."""


@dataclass(frozen=True)
class Between:
    """The whole move."""

    account: str
    source: str
    source_host: str
    target: str
    target_host: str
    open_door: bool
    """The source lets other servers in."""
    sends_by: Sequence[str] = field(default_factory=tuple)
    """Names of the target's sending addresses."""
    domains: Sequence[Owned] = ()


def plan(between: Between) -> list[Row]:
    """One row for each thing, in the order of kinds."""
    return [*_whole(between), *(row for one in between.domains for row in _domain(one, between))]


def _row(kind: str, domain: str, subject: str, verdict: Verdict, more: str = "") -> Row:
    return Row(Item(f"{kind}:{more or subject}"[:440], kind, domain, subject, None), verdict)


def _whole(between: Between) -> Iterator[Row]:
    facts = {"source": between.source_host, "target": between.target_host}
    yield _row("account", "", between.account, Verdict("carried", "own-account", facts))
    yield _row("limits", "", between.account, Verdict("differs", "own-limits", facts))
    if not between.open_door:
        closed = Verdict("refused", "own-closed", {"server": between.source})
        yield _row("remark", "", between.source, closed, "door")
    names = ", ".join(between.sends_by[:5]) or between.target_host
    sends = Verdict("differs", "own-addresses", {"names": names})
    yield _row("remark", "", between.target, sends, "addresses")
    yield _row("remark", "", between.account, Verdict("differs", "own-guard"), "guard")


def _domain(one: Owned, between: Between) -> Iterator[Row]:
    name = one.name
    alias = Verdict("carried", "own-alias", {"target": one.alias_of})
    yield _row("domain", name, name, alias if one.alias_of else Verdict("carried"))
    records = Verdict("differs", "own-records", {"host": between.target_host})
    passed = Verdict("carried", "own-relay", {"host": one.relay_to})
    yield _row("routing", name, name, passed if one.relay_to else records)
    for box in one.boxes:
        yield from _box(name, box)
    for address in one.forwarders:
        yield _row("forwarder", name, address, Verdict("carried"))
    if one.catch_all:
        yield _row("default", name, f"@{name}", Verdict("carried"))
    if one.forward_to:
        yield _row("domain-forwarder", name, name, Verdict("carried"))
    for address in one.autoresponders:
        yield _row("autoresponder", name, address, Verdict("carried"))
    for selector in one.keys:
        yield _row("dkim", name, f"{selector}._domainkey.{name}", Verdict("carried", "own-key"))
    for host in one.host_names:
        yield _row("certificate", name, host, Verdict("differs", "own-certificate"))
    if one.zone_here:
        facts = {"server": between.source}
        yield _row("zone", name, name, Verdict("differs", "own-zone", facts))
    if one.removed:
        facts = {"number": str(one.removed), "server": between.source}
        yield _row(
            "remark", name, name, Verdict("refused", "own-removed", facts), f"removed-{name}"
        )


def _box(name: str, box: Box) -> Iterator[Row]:
    yield _row("mailbox", name, box.address, Verdict("carried"))
    yield _row("password", name, box.address, Verdict("carried", "own-password"))
    size = {"size": human(box.quota)}
    quota = Verdict("carried", "quota", size) if box.quota else Verdict("carried", "quota-none")
    yield _row("quota", name, box.address, quota)
    if box.login_name:
        yield _row("login-name", name, box.login_name, Verdict("carried"))
    if box.has_rules:
        yield _row("filter", name, box.address, Verdict("carried"))
    if box.has_spam:
        yield _row("spam", name, box.address, Verdict("carried"))
    mail = Verdict("carried", "own-mail", octets=box.octets, messages=box.messages)
    yield _row("mail", name, box.address, mail)

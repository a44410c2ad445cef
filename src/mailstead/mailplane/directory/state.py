"""The things that exist on this node, as the compiler asks for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from mailstead.mailplane.directory.lifts import lift_key
from mailstead.wire import codec
from mailstead.wire.changes import (
    AutoresponderPut,
    BlockLiftPut,
    BringBackPut,
    Change,
    CopyPacePut,
    CopyPut,
    DkimKeyPut,
    DomainPut,
    ForwarderPut,
    GuardWordPut,
    HostNamePut,
    MailboxPut,
    PeersPut,
    RedirectPut,
    RulesPut,
    SendingLimitsPut,
    SendingPlanPut,
    SpamSettingsPut,
    SuppressionPut,
    ZonePut,
)
from mailstead.wire.pools import SendingPlan

T = TypeVar("T", bound=Change)

KINDS: dict[type[Change], str] = {
    DomainPut: "domain",
    MailboxPut: "mailbox",
    ForwarderPut: "forwarder",
    AutoresponderPut: "autoresponder",
    RulesPut: "rules",
    SpamSettingsPut: "spam",
    SendingLimitsPut: "sending",
    DkimKeyPut: "dkim",
    SuppressionPut: "suppression",
    ZonePut: "zone",
    HostNamePut: "hostname",
    SendingPlanPut: "sending-plan",
    GuardWordPut: "guard-word",
    BlockLiftPut: "block-lift",
    CopyPut: "copy",
    CopyPacePut: "copy-pace",
    BringBackPut: "bring-back",
    PeersPut: "peers",
    RedirectPut: "redirect",
}
SENDING = "plan"
"""The key of the one plan of sending addresses."""
PACE = "pace"
"""The key of the one pace of copies."""
PEERS = "peers"
"""The key of the one list of other nodes."""
OWN = ("mailbox", "forwarder", "autoresponder")
"""The kinds that make an address exist."""


def domain_of(address: str) -> str:
    """The domain of an address."""
    return address.rpartition("@")[2]


class State:
    """Read and write access to the tables `thing` and `pointer`.

    Decoded things are remembered until `forget`; a batch works on one connection, so nothing else
    changes them meanwhile.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._seen: dict[tuple[str, str], Change | None] = {}
        self._decoders = {kind: msgspec.json.Decoder(type_) for type_, kind in KINDS.items()}

    def forget(self) -> None:
        """Drop what is remembered (bounded memory in long runs)."""
        self._seen.clear()

    def _get(self, kind: str, key: str) -> Change | None:
        known = (kind, key)
        if known not in self._seen:
            row = self._db.execute(
                "SELECT body FROM thing WHERE kind = ? AND key = ?", known
            ).fetchone()
            self._seen[known] = self._decoders[kind].decode(row[0]) if row else None
        return self._seen[known]

    def domain(self, name: str) -> DomainPut | None:
        found = self._get("domain", name)
        return found if isinstance(found, DomainPut) else None

    def mailbox(self, address: str) -> MailboxPut | None:
        found = self._get("mailbox", address)
        return found if isinstance(found, MailboxPut) else None

    def forwarder(self, address: str) -> ForwarderPut | None:
        found = self._get("forwarder", address)
        return found if isinstance(found, ForwarderPut) else None

    def autoresponder(self, address: str) -> AutoresponderPut | None:
        found = self._get("autoresponder", address)
        return found if isinstance(found, AutoresponderPut) else None

    def rules(self, address: str) -> RulesPut | None:
        found = self._get("rules", address)
        return found if isinstance(found, RulesPut) else None

    def spam(self, address: str) -> SpamSettingsPut | None:
        found = self._get("spam", address)
        return found if isinstance(found, SpamSettingsPut) else None

    def suppression(self, mailbox: str, recipient: str) -> SuppressionPut | None:
        found = self._get("suppression", suppression_key(mailbox, recipient))
        return found if isinstance(found, SuppressionPut) else None

    def sending(self, domain: str) -> SendingLimitsPut | None:
        found = self._get("sending", domain)
        return found if isinstance(found, SendingLimitsPut) else None

    def zone(self, name: str) -> ZonePut | None:
        found = self._get("zone", name)
        return found if isinstance(found, ZonePut) else None

    def zones(self) -> list[str]:
        """All zones that are served here."""
        rows = self._db.execute("SELECT key FROM thing WHERE kind = 'zone' ORDER BY key")
        return [row[0] for row in rows]

    def peers(self) -> tuple[str, ...]:
        """Addresses of nodes of ours that pass on mail to this one."""
        found = self._get("peers", PEERS)
        return found.addresses if isinstance(found, PeersPut) else ()

    def sending_plan(self) -> SendingPlan:
        """The plan of sending addresses; an empty one where there is none."""
        found = self._get("sending-plan", SENDING)
        return found.plan if isinstance(found, SendingPlanPut) else SendingPlan()

    def dkim_keys(self, domain: str) -> list[DkimKeyPut]:
        rows = self._db.execute(
            # Named, because SQLite would rather scan every key of every domain by the primary key.
            "SELECT body FROM thing INDEXED BY thing_domain WHERE domain = ? AND kind = 'dkim' "
            "ORDER BY key",
            (domain,),
        )
        return [msgspec.json.decode(row[0], type=DkimKeyPut) for row in rows]

    def domains(self) -> list[str]:
        """All hosted domains."""
        rows = self._db.execute("SELECT key FROM thing WHERE kind = 'domain' ORDER BY key")
        return [row[0] for row in rows]

    def own_locals(self, domain: str) -> set[str]:
        """Local parts that the domain defines itself."""
        rows = self._db.execute(
            "SELECT key FROM thing WHERE domain = ? AND kind IN (?, ?, ?)", (domain, *OWN)
        )
        return {row[0].rpartition("@")[0] for row in rows}

    def answering(self, domain: str) -> list[str]:
        """Addresses of the domain with an autoresponder."""
        rows = self._db.execute(
            "SELECT key FROM thing WHERE domain = ? AND kind = 'autoresponder'", (domain,)
        )
        return [row[0] for row in rows]

    def followers(self, domain: str) -> list[str]:
        """Domains that are an alias of this one or forward to it."""
        rows = self._db.execute(
            "SELECT source FROM pointer WHERE target = ? AND kind = 'domain' ORDER BY source",
            (domain,),
        )
        return [row[0] for row in rows]

    def forwarders_to(self, target: str) -> list[str]:
        """Forwarders with this destination; a domain gives those with a destination in it."""
        kind = "address" if "@" in target else "into"
        rows = self._db.execute(
            "SELECT source FROM pointer WHERE target = ? AND kind = ?", (target, kind)
        )
        return [row[0] for row in rows]

    def put(self, change: Change) -> str:
        """Store a thing; returns its key."""
        kind = KINDS[type(change)]
        key, domain = key_of(change)
        self._db.execute(
            "INSERT OR REPLACE INTO thing VALUES (?, ?, ?, ?)",
            (kind, key, domain, codec.encode(change)),
        )
        self._point(kind, key, change)
        self._seen[kind, key] = change
        return key

    def remove(self, kind: str, key: str) -> None:
        """Forget a thing."""
        self._db.execute("DELETE FROM thing WHERE kind = ? AND key = ?", (kind, key))
        if kind in ("domain", "forwarder"):
            self._unpoint(kind, key)
        self._seen[kind, key] = None

    def remove_domain(self, domain: str) -> None:
        """Forget a domain and all that is in it."""
        rows = self._db.execute("SELECT kind, key FROM thing WHERE domain = ?", (domain,))
        for kind, key in rows.fetchall():
            self.remove(kind, key)

    def _unpoint(self, kind: str, key: str) -> None:
        kinds = ("domain",) if kind == "domain" else ("address", "into")
        for pointer in kinds:
            self._db.execute("DELETE FROM pointer WHERE kind = ? AND source = ?", (pointer, key))

    def _point(self, kind: str, key: str, change: Change) -> None:
        pointers: set[tuple[str, str, str]] = set()
        if isinstance(change, DomainPut):
            target = change.alias_of or change.forward_to
            if target:
                pointers.add(("domain", key, target))
        elif isinstance(change, ForwarderPut):
            for destination in change.route.destinations:
                pointers.add(("address", key, destination.lower()))
                pointers.add(("into", key, domain_of(destination)))
        else:
            return
        self._unpoint(kind, key)
        self._db.executemany("INSERT INTO pointer VALUES (?, ?, ?)", pointers)

    def everything(self) -> Iterator[tuple[str, str]]:
        """Kind and key of every thing."""
        yield from self._db.execute("SELECT kind, key FROM thing")


def suppression_key(mailbox: str, recipient: str) -> str:
    """The key of a suppression; neither address has a blank."""
    return f"{mailbox} {recipient}"


def key_of(change: Change) -> tuple[str, str]:
    """The key of a `…Put` and the domain that it belongs to."""
    if isinstance(change, DomainPut):
        return change.name, change.name
    if isinstance(change, SendingPlanPut):
        return SENDING, ""
    if isinstance(change, DkimKeyPut):
        return f"{change.domain}/{change.selector}", change.domain
    if isinstance(change, SuppressionPut):
        # Of no domain: what a domain's end takes with it would come back with no change of its own.
        return suppression_key(change.mailbox, change.recipient), ""
    if isinstance(change, GuardWordPut):
        return change.mailbox, ""
    if isinstance(change, BlockLiftPut):
        return lift_key(change.client, change.account), ""
    if isinstance(change, CopyPut | BringBackPut):
        # Of no domain: it ends by its own word.
        return str(change.job), ""
    if isinstance(change, CopyPacePut):
        return PACE, ""
    if isinstance(change, PeersPut):
        return PEERS, ""
    if isinstance(change, RedirectPut):
        # Of no domain: it ends by its own word, or when its time is over.
        return change.host, ""
    if isinstance(change, SendingLimitsPut):
        return change.domain, change.domain
    if isinstance(change, ZonePut):
        # A zone does not end with the domain of the same name: its web site may go on.
        return change.name, ""
    if isinstance(change, HostNamePut):
        return change.name, change.domain
    assert isinstance(
        change, MailboxPut | ForwarderPut | AutoresponderPut | RulesPut | SpamSettingsPut
    )
    return change.address, domain_of(change.address)

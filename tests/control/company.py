"""A small hosting company for tests: short words for the services, and what its feed says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mailstead.control.feed.models import FeedRow
from mailstead.control.hosting import messages, services
from mailstead.control.hosting.models import (
    Autoresponder,
    Customer,
    Domain,
    Forwarder,
    Mailbox,
    Server,
)
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal
from mailstead.wire import changes as wire
from mailstead.wire import codec
from mailstead.wire.changes import AnyChange, Route

PASSWORD = "a long enough password"
HASH = "$6$saltsalt$" + "a" * 86
"""Of no password; for tests that do not log in, because hashing takes its time."""
GRACE = dt.timedelta(days=30)


class Company:
    """One server, one customer; `at` gives the domain of an address."""

    def __init__(self, actor: Actor, now: dt.datetime) -> None:
        self.actor = actor
        self.now = now
        self.server = self.add_server("node1")
        self.customer = self.add_customer("Ann's Bakery")

    @property
    def who(self) -> dict[str, Any]:
        """The arguments that every service takes."""
        return {"actor": self.actor, "now": self.now}

    def add_server(self, name: str) -> Server:
        return services.create_server(**self.who, name=name, hostname=f"{name}.host.example")

    def add_customer(self, name: str, **more: Any) -> Customer:
        return services.create_customer(**self.who, name=name, **more)

    def domain(self, name: str, customer: Customer | None = None, **more: Any) -> Domain:
        """A new domain without a signing key, which takes its time to make."""
        values = {"server": self.server, "dkim": False, **more}
        return services.create_domain(
            **self.who, name=name, customer=customer or self.customer, **values
        )

    def at(self, address: str) -> Domain:
        """The living domain of an address."""
        return Domain.objects.select_related("customer", "server", "alias_of").get(
            name=address.rpartition("@")[2].lower(), removed_at=None
        )

    def mailbox(self, address: str, **more: Any) -> Mailbox:
        values = {"hashed": HASH} if "password" not in more else {}
        return services.create_mailbox(
            **self.who, domain=self.at(address), address=address, **{**values, **more}
        )

    def forward(self, address: str, *to: str, keep: bool = False) -> Forwarder:
        return services.set_forwarder(
            **self.who,
            domain=self.at(address),
            address=address,
            route=Route(action="deliver", destinations=to),
            keep_copy=keep,
        )

    def route(self, address: str, route: Route) -> Forwarder:
        return services.set_forwarder(
            **self.who, domain=self.at(address), address=address, route=route
        )

    def catch_all(self, domain: Domain, *to: str) -> None:
        services.set_catch_all(
            **self.who, domain=domain, route=Route(action="deliver", destinations=to)
        )

    def answer(self, address: str, **more: Any) -> Autoresponder:
        values = {"subject": "Away", "body": "I am away.", **more}
        return services.set_autoresponder(
            **self.who, domain=self.at(address), address=address, **values
        )


def feed_of(server: str = "node1") -> list[AnyChange]:
    """All that the feed of a server has said."""
    rows = FeedRow.objects.filter(server=server).order_by("number")
    return [codec.decode_change(row.payload.encode()) for row in rows]


def last_change(server: str = "node1") -> AnyChange:
    """What the feed of a server said last."""
    return feed_of(server)[-1]


def refused(code: str) -> Any:
    """A block that must be refused with this code and in whole sentences."""
    return pytest.raises(Refusal, check=lambda error: _well_refused(error, code))


def _well_refused(refusal: Refusal, code: str) -> bool:
    assert refusal.code == code, refusal
    assert refusal.words.isprintable()
    assert refusal.words.endswith(".")
    return True


_Key = tuple[str, ...]


def replayed(feed: list[AnyChange]) -> dict[_Key, AnyChange]:
    """What exists after a feed, by what it is: the meaning of `…Put` and `…Gone`."""
    state: dict[_Key, AnyChange] = {}
    for change in feed:
        _apply(state, change)
    return state


def _apply(state: dict[_Key, AnyChange], change: AnyChange) -> None:
    if isinstance(change, wire.StorePurged):
        return
    if isinstance(change, wire.DomainGone):
        for key in [k for k in state if k[-1].rpartition("@")[2] == change.name]:
            del state[key]
        return
    kind, gone = type(change).__name__, type(change).__name__.endswith("Gone")
    noun = kind.removesuffix("Gone").removesuffix("Put")
    if isinstance(change, wire.DkimKeyPut | wire.DkimKeyGone):
        key: _Key = (noun, change.selector, change.domain)
    elif isinstance(change, wire.SendingLimitsPut):
        key = (noun, change.domain)
    elif isinstance(change, wire.DomainPut):
        key = (noun, change.name)
    else:
        key = (noun, change.address)
    if gone:
        state.pop(key, None)
        if noun == "Mailbox":
            state.pop(("Rules", key[-1]), None)
            state.pop(("SpamSettings", key[-1]), None)
    elif isinstance(change, wire.RulesPut) and not (change.rules or change.script):
        state.pop(key, None)
    else:
        state[key] = change


def snapshot_state(server: str = "node1") -> dict[_Key, AnyChange]:
    """What exists according to a snapshot."""
    return replayed(list(messages.snapshot(server)))

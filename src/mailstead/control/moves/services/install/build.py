"""What every installer has at hand: the move, the plan's site, and what the house has by now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mailstead.control.hosting.models import Customer, Domain, Mailbox, Server
from mailstead.control.moves.models import Move
from mailstead.control.moves.plan.items import Item
from mailstead.control.moves.plan.rows import Site, Verdict
from mailstead.control.moves.services.common import came
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal

Installer = Callable[["Build", Item, Verdict], str]
"""Makes one thing; returns `made` or `present`, raises `Refusal`."""


@dataclass
class Build:
    """One step of making a move."""

    actor: Actor
    now: dt.datetime
    move: Move
    site: Site
    _domains: dict[str, Domain] = field(default_factory=dict)

    @property
    def who(self) -> dict[str, Any]:
        """The arguments that every service takes."""
        return {"actor": self.actor, "now": self.now}

    @property
    def customer(self) -> Customer:
        """Who gets it; made by the first row of the plan."""
        assert self.move.customer is not None
        return self.move.customer

    @property
    def server(self) -> Server:
        """The home server."""
        if self.move.server is None:
            raise Refusal(
                "server-missing", "The home server of this move is gone.", remedy="Choose another."
            )
        return self.move.server

    def domain(self, name: str) -> Domain:
        """The customer's domain of that name; raises `Refusal` (`domain-not-made`)."""
        if name not in self._domains:
            rows = Domain.objects.filter(name=name, removed_at=None, customer=self.customer)
            found = rows.select_related("customer__reseller", "server", "alias_of").first()
            if found is None:
                raise Refusal(
                    "domain-not-made",
                    "The domain {name} is not here.",
                    remedy="See the row of the domain itself.",
                    name=name,
                )
            self._domains[name] = found
        return self._domains[name]

    def mailbox(self, address: str) -> Mailbox:
        """The mailbox of that address; raises `Refusal` (`mailbox-not-made`)."""
        found = self.mailbox_or_none(address)
        if found is None:
            raise Refusal(
                "mailbox-not-made",
                "The mailbox {address} is not here.",
                remedy="See the row of the mailbox itself.",
                address=address,
            )
        return found

    def mailbox_or_none(self, address: str) -> Mailbox | None:
        """The same, or None."""
        local, _, name = address.rpartition("@")
        domain = self.domain(name)
        found = Mailbox.objects.filter(domain=domain, local=local, removed_at=None).first()
        if found is not None:
            found.domain = domain
        return found

    def came(self, kind: str, number: int, label: str) -> str:
        """Remember that it came by this move; it is made."""
        came(self.move, kind, number, label)
        return "made"

"""The menu: which pages an actor finds at the side."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailstead.control.people.actor import Actor
from mailstead.control.people.roles import may


@dataclass(frozen=True)
class Entry:
    """One line of the menu."""

    title: str | Promise
    route: str
    """Name of the page's URL."""
    rule: str
    icon: str


@dataclass(frozen=True)
class Line:
    """An entry as it stands at the side of one page."""

    entry: Entry
    link: str
    present: bool
    """The page is this one, or lies below it and below no other."""


_CUSTOMER = (
    Entry(_("Overview"), "hosting:overview", "overview.view", "home"),
    Entry(_("Customers"), "hosting:customers", "customer.list", "people"),
    Entry(_("Domains"), "hosting:domains", "domain.view", "globe"),
    Entry(_("Mailboxes"), "hosting:mailboxes", "mailbox.list", "mailbox"),
    Entry(_("Delivery"), "delivery:list", "delivery.view", "arrow"),
    Entry(_("Stolen mailboxes"), "protection:list", "case.view", "shield"),
    Entry(_("Moves"), "moves:list", "move.view", "arrow"),
    Entry(_("Exports"), "moves:exports", "export.view", "download"),
    Entry(_("Sending limits"), "hosting:sending", "sending-use.view", "up"),
    Entry(_("DNS zones"), "dns:zones", "zone.oversee", "globe"),
    Entry(_("Packages"), "hosting:packages", "package.view", "package"),
    Entry(_("Brand"), "hosting:brand", "brand.view", "brush"),
    Entry(_("Servers"), "hosting:servers", "server.view", "server"),
    Entry(_("Certificates"), "hosting:certificates", "certificate.view", "shield"),
    Entry(_("Sending addresses"), "delivery:sending", "sending.view", "plug"),
    Entry(_("Queue"), "hosting:queue", "queue.view", "queue"),
    Entry(_("Reputation"), "delivery:reputation", "reputation.view", "shield"),
    Entry(_("Blocked log-ins"), "protection:blocks", "block.view", "key"),
    Entry(_("Metrics"), "hosting:metrics", "metrics.view", "chart"),
    Entry(_("People and rights"), "hosting:people", "person.view", "key"),
    Entry(_("API and webhooks"), "hosting:tokens", "token.view", "plug"),
    Entry(_("Jobs"), "hosting:jobs", "job.view", "list"),
    Entry(_("Audit trail"), "hosting:audit", "audit.view", "log"),
)
_MAILBOX = (
    Entry(_("Overview"), "hosting:overview", "mailbox.view", "home"),
    Entry(_("Delivery"), "delivery:my-delivery", "delivery.view", "arrow"),
    Entry(_("Protection"), "protection:list", "case.view", "shield"),
    Entry(_("Rules"), "hosting:my-rules", "rules.view", "filter"),
    Entry(_("Absence"), "hosting:my-vacation", "vacation.view", "sun"),
    Entry(_("Spam"), "hosting:my-spam", "spam.view", "shield"),
    Entry(_("Password"), "hosting:my-password", "mailbox.set-password", "key"),
    Entry(_("App passwords"), "hosting:my-apps", "app-password.view", "plug"),
    Entry(_("Sign-ins"), "hosting:my-sign-ins", "sign-in.view", "log"),
    Entry(_("Sending"), "hosting:my-sending", "sending-use.view", "up"),
    Entry(_("Storage"), "hosting:my-storage", "folder.view", "package"),
    Entry(_("Mail programs"), "hosting:my-clients", "mailbox.view", "mailbox"),
)


def lines_for(actor: Actor, path: str) -> list[Line]:
    """The lines that the actor may open, in their order, as seen from the page at `path`."""
    entries = _MAILBOX if actor.kind == "mailbox" else _CUSTOMER
    links = [(entry, reverse(entry.route)) for entry in entries if may(actor, entry.rule)]
    above = [link for _, link in links if _is_above(link, path)]
    present = max(above, key=len, default="")
    return [Line(entry, link, link == present) for entry, link in links]


def _is_above(link: str, path: str) -> bool:
    return path == link if link == "/" else path.startswith(link)

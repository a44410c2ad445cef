"""The menu: which pages an actor finds at the side."""

from __future__ import annotations

from dataclasses import dataclass

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
    section: str
    """The first part of the paths under which the line is marked as the present one."""
    icon: str


_CUSTOMER = (
    Entry(_("Overview"), "hosting:overview", "overview.view", "", "home"),
    Entry(_("Customers"), "hosting:customers", "customer.list", "customers", "people"),
    Entry(_("Domains"), "hosting:domains", "domain.view", "domains", "globe"),
    Entry(_("Mailboxes"), "hosting:mailboxes", "mailbox.list", "mailboxes", "mailbox"),
    Entry(_("Delivery"), "delivery:list", "delivery.view", "delivery", "arrow"),
    Entry(_("Stolen mailboxes"), "protection:list", "case.view", "protection", "shield"),
    Entry(_("Moves"), "moves:list", "move.view", "moves", "arrow"),
    Entry(_("Sending limits"), "hosting:sending", "sending-use.view", "sending-limits", "up"),
    Entry(_("DNS zones"), "dns:zones", "zone.oversee", "zones", "globe"),
    Entry(_("Packages"), "hosting:packages", "package.view", "packages", "package"),
    Entry(_("Brand"), "hosting:brand", "brand.view", "brand", "brush"),
    Entry(_("Servers"), "hosting:servers", "server.view", "servers", "server"),
    Entry(_("Certificates"), "hosting:certificates", "certificate.view", "certificates", "shield"),
    Entry(_("Sending addresses"), "delivery:sending", "sending.view", "sending", "plug"),
    Entry(_("Queue"), "hosting:queue", "queue.view", "queue", "queue"),
    Entry(_("Reputation"), "delivery:reputation", "reputation.view", "reputation", "shield"),
    Entry(_("Blocked log-ins"), "protection:blocks", "block.view", "protection/blocks", "key"),
    Entry(_("Metrics"), "hosting:metrics", "metrics.view", "metrics", "chart"),
    Entry(_("People and rights"), "hosting:people", "person.view", "people", "key"),
    Entry(_("API and webhooks"), "hosting:tokens", "token.view", "tokens", "plug"),
    Entry(_("Jobs"), "hosting:jobs", "job.view", "jobs", "list"),
    Entry(_("Audit trail"), "hosting:audit", "audit.view", "audit", "log"),
)
_MAILBOX = (
    Entry(_("Overview"), "hosting:overview", "mailbox.view", "", "home"),
    Entry(_("Delivery"), "delivery:my-delivery", "delivery.view", "my/delivery", "arrow"),
    Entry(_("Protection"), "protection:list", "case.view", "protection", "shield"),
    Entry(_("Rules"), "hosting:my-rules", "rules.view", "my/rules", "filter"),
    Entry(_("Absence"), "hosting:my-vacation", "vacation.view", "my/vacation", "sun"),
    Entry(_("Spam"), "hosting:my-spam", "spam.view", "my/spam", "shield"),
    Entry(_("Password"), "hosting:my-password", "mailbox.set-password", "my/password", "key"),
    Entry(_("App passwords"), "hosting:my-apps", "app-password.view", "my/apps", "plug"),
    Entry(_("Sign-ins"), "hosting:my-sign-ins", "sign-in.view", "my/sign-ins", "log"),
    Entry(_("Sending"), "hosting:my-sending", "sending-use.view", "my/sending", "up"),
    Entry(_("Storage"), "hosting:my-storage", "folder.view", "my/storage", "package"),
    Entry(_("Mail programs"), "hosting:my-clients", "mailbox.view", "my/clients", "mailbox"),
)


def entries_for(actor: Actor) -> list[Entry]:
    """The lines that the actor may open, in their order."""
    lines = _MAILBOX if actor.kind == "mailbox" else _CUSTOMER
    return [entry for entry in lines if may(actor, entry.rule)]

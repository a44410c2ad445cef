"""Exports, from an actor."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from mailstead.control.hosting.models import AppPassword, Customer, Domain, Mailbox
from mailstead.control.hosting.queries.scope import of_customers
from mailstead.control.moves.models import Export
from mailstead.control.people import roles
from mailstead.control.people.actor import Actor
from mailstead.foreign.inventory import Inventory
from mailstead.standards.refusal import Refusal


def exports(actor: Actor, customer: Customer | None = None) -> QuerySet[Export]:
    """All that the actor sees, or one customer's; the newest first."""
    if not roles.may(actor, "export.view"):
        return Export.objects.none()
    rows = Export.objects.select_related("customer").order_by("-pk")
    if not actor.sees_everything:
        rows = rows.filter(of_customers(actor, "customer__"))
    return rows if customer is None else rows.filter(customer=customer)


def export_numbered(actor: Actor, number: int) -> Export:
    """One of them; raises `Refusal` (`export-unknown`)."""
    found = exports(actor).filter(pk=number).first()
    if found is None:
        raise Refusal(
            "export-unknown", "There is no such export.", remedy="It may be over; make another."
        )
    return found


def readme(
    inventory: Inventory, customer: Customer, now: dt.datetime, *, domain: str, with_mail: bool
) -> str:
    """What stands beside the list: what is in the archive, and what no such list can say."""
    boxes = Mailbox.objects.filter(domain__customer=customer, removed_at=None)
    domains = Domain.objects.filter(customer=customer)
    left_out = [
        (
            AppPassword.objects.filter(mailbox__in=boxes).count(),
            "app passwords: each is one program's own; make new ones",
        ),
        (
            domains.exclude(removed_at=None).count(),
            "removed domains that wait for their end",
        ),
        (
            domains.filter(removed_at=None, proven=False).count(),
            "domains whose owner has not been proven",
        ),
        (
            Mailbox.objects.filter(domain__customer=customer).exclude(removed_at=None).count(),
            "removed mailboxes that wait for their end",
        ),
    ]
    lines = [
        f"Mailstead export of {domain or inventory.account}, {now:%Y-%m-%d %H:%M} UTC",
        "",
        "THIS ARCHIVE HOLDS SECRETS: the hashes of all passwords and the private signing keys."
        " Whoever has it can try passwords as long as they like, and sign mail in your name. Keep"
        " it where nobody else can read it, and delete it when it is not needed any more.",
        "",
        f"In it are {len(inventory.domains)} domains and {len(inventory.mailboxes())} mailboxes,",
        "with forwarders, catch-alls, automatic answers, rules, spam settings, quotas,",
        "suspensions, signing keys and address books that came from elsewhere: mailstead.json",
        "lists them all.",
        "The mail is below mail/DOMAIN/MAILBOX as Maildir++ with Dovecot's own lists of UIDs,"
        " and own Sieve scripts are below sieve/DOMAIN/MAILBOX."
        if with_mail
        else "The mail is not in it, nor Sieve scripts that users have made themselves.",
        "Another Mailstead reads it with: mailstead move add FILE --customer NAME",
        "",
        "Not in it, because no other server could use it:",
        *(f"- {number} {what}" for number, what in left_out if number),
        "- people's log-ins to the panel, tokens and webhooks; who owns the account is told",
        "- why something is suspended, names and recovery addresses of mailboxes",
        "- sending limits, the log of deliveries, the audit trail, cases and suppressions",
        "- names of hosts, certificates and DNS zones: they belong to the server",
        "",
    ]
    return "\n".join(lines)

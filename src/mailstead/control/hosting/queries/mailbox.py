"""What belongs to one mailbox, which was fetched through the actor."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from mailstead.control.hosting.models import AppPassword, Domain, Mailbox, SignIn, SpamSettings
from mailstead.control.hosting.queries.scope import of_mailboxes
from mailstead.control.people.actor import Actor
from mailstead.standards.refusal import Refusal


def mailbox_numbered(actor: Actor, number: int, *, removed: bool = False) -> Mailbox:
    """The mailbox of that number; raises `Refusal` (`mailbox-unknown`)."""
    rows = Mailbox.objects.filter(of_mailboxes(actor), pk=number, domain__removed_at=None)
    rows = rows.filter(removed_at__isnull=not removed)
    found = rows.select_related("domain__customer", "domain__server").first()
    if found is None:
        raise Refusal("mailbox-unknown", "There is no such mailbox.")
    return found


def app_passwords(actor: Actor, mailbox: Mailbox) -> QuerySet[AppPassword]:
    """The app passwords of a mailbox, the oldest first."""
    rows = AppPassword.objects.filter(of_mailboxes(actor, "mailbox__"), mailbox=mailbox)
    return rows.select_related("mailbox__domain__customer", "mailbox__domain__server").order_by(
        "pk"
    )


def spam_settings(actor: Actor, mailbox: Mailbox) -> SpamSettings:
    """What the mailbox wants of the spam filter; the house's own where it has said nothing."""
    rows = SpamSettings.objects.filter(of_mailboxes(actor, "mailbox__"), mailbox=mailbox)
    return rows.first() or SpamSettings(mailbox=mailbox)


def sign_ins(actor: Actor, mailbox: Mailbox) -> QuerySet[SignIn]:
    """Log-ins of a mailbox, the newest first."""
    rows = SignIn.objects.filter(of_mailboxes(actor, "mailbox__"), mailbox=mailbox)
    return rows.order_by("-last_at", "-pk")


def client_settings(domain: Domain) -> list[tuple[str, str, int, str]]:
    """What a mail program must be told: service, host, port, kind of TLS; the best first."""
    host, ports = domain.server.hostname, settings.MAILSTEAD.ports
    return [
        ("IMAP", host, ports.of("imaps"), "SSL/TLS"),
        ("SMTP", host, ports.of("submissions"), "SSL/TLS"),
        ("POP3", host, ports.of("pop3s"), "SSL/TLS"),
        ("IMAP", host, ports.of("imap"), "STARTTLS"),
        ("SMTP", host, ports.of("submission"), "STARTTLS"),
    ]

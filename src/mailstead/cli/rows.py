"""Objects as rows of a list and as the answer of `show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailstead.cli.session import SESSION, Row
from mailstead.standards.sizes import human, limit_words

if TYPE_CHECKING:
    from mailstead.control.hosting.models import (
        Autoresponder,
        Customer,
        Domain,
        Forwarder,
        Mailbox,
        Server,
    )


def octets(number: int) -> object:
    """Bytes: a number for programs, binary units for people."""
    return number if SESSION.json else human(number)


def _limit(octets: int) -> object:
    return octets if SESSION.json else limit_words(octets)


def server_row(server: Server) -> Row:
    """A server."""
    from mailstead.cli.door import feed

    head = feed.head(server.name)
    return {
        "id": server.pk,
        "name": server.name,
        "hostname": server.hostname,
        "revision": head.revision if head else 0,
        "applied": head.acked if head else 0,
    }


def customer_row(customer: Customer) -> Row:
    """A customer."""
    return {
        "id": customer.pk,
        "name": customer.name,
        "email": customer.email,
        "quota": _limit(customer.quota),
        "mailbox_limit": customer.mailbox_limit,
        "suspended": customer.suspended,
        "reason": customer.suspended_reason,
        "pool_full": customer.pool_full,
        "password_rule": customer.password_rule or "house",
        "password_days": customer.password_days or None,
    }


def catch_all_words(domain: Domain) -> str:
    """A catch-all as the command takes it."""
    action = domain.catch_all_action
    if action == "deliver":
        return ", ".join(domain.catch_all_destinations)
    text = f" {domain.catch_all_text}" if domain.catch_all_text else ""
    return f":{action}:{text}" if action else ":fail:"


def domain_row(domain: Domain) -> Row:
    """A domain."""
    return {
        "id": domain.pk,
        "name": domain.name,
        "customer": domain.customer.name,
        "server": domain.server.name,
        "active": domain.proven,
        "suspended": domain.suspended,
        "reason": domain.suspended_reason,
        "alias_of": domain.alias_of.name if domain.alias_of else None,
        "forward_to": domain.forward_to or None,
        "catch_all": catch_all_words(domain),
        "dns_state": domain.dns_state or None,
        "removed_at": domain.removed_at,
        "purge_after": domain.purge_after,
    }


def mailbox_row(mailbox: Mailbox) -> Row:
    """A mailbox."""
    return {
        "id": mailbox.pk,
        "address": mailbox.address,
        "quota": _limit(mailbox.quota),
        "used": octets(mailbox.usage_bytes),
        "messages": mailbox.usage_messages,
        "login_suspended": mailbox.login_suspended,
        "sending_suspended": mailbox.sending_suspended,
        "receiving_suspended": mailbox.receiving_suspended,
        "password_leaked": mailbox.password_leaked,
        "removed_at": mailbox.removed_at,
        "purge_after": mailbox.purge_after,
    }


def forwarder_row(forwarder: Forwarder) -> Row:
    """A forwarder."""
    destinations = sorted(forwarder.destinations.all(), key=lambda row: row.pk)
    return {
        "id": forwarder.pk,
        "address": forwarder.address,
        "action": forwarder.action,
        "destinations": [row.address for row in destinations],
        "text": forwarder.text,
        "keep_copy": forwarder.keep_copy,
    }


def autoresponder_row(answer: Autoresponder) -> Row:
    """An autoresponder."""
    return {
        "id": answer.pk,
        "address": answer.address,
        "subject": answer.subject,
        "starts": answer.starts,
        "ends": answer.ends,
        "interval": answer.interval,
        "html": answer.html,
        "from_name": answer.from_name,
    }

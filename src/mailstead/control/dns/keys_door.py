"""What the command asks about keys: rows of them, and the company's zone."""

from __future__ import annotations

from typing import Any

from mailstead.control.dns.key_words import next_words
from mailstead.control.dns.operator_zone import push_all, zone_text
from mailstead.control.dns.services import check_domain
from mailstead.control.hosting import queries
from mailstead.control.hosting.models import DkimKey, Domain

__all__ = ["check_domain", "key_rows", "push_all", "zone_text"]


def key_rows(domain: Domain) -> list[dict[str, Any]]:
    """The keys of a domain that was fetched through the actor, as the command prints them."""
    keys = DkimKey.objects.filter(domain=domain).select_related("domain").order_by("selector")
    return [
        {
            "selector": key.selector,
            "state": "revoked" if key.revoked else key.state,
            "since": key.since,
            "next": next_words(key),
            "name": queries.key_name(domain, key.selector),
        }
        for key in keys
    ]

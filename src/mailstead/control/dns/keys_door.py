"""What the command asks about a domain's DNS: its records, its keys, the company's zone."""

from __future__ import annotations

from typing import Any

from mailstead.control.dns.key_words import next_words
from mailstead.control.dns.operator_zone import push_all, zone_text
from mailstead.control.dns.queries import report
from mailstead.control.dns.services import check_domain
from mailstead.control.dns.words import say_of
from mailstead.control.hosting import queries
from mailstead.control.hosting.models import DkimKey, Domain

__all__ = ["check_domain", "finding_rows", "key_rows", "push_all", "zone_text"]


def finding_rows(domain: Domain) -> list[dict[str, str]]:
    """What the last look found of each record, as the command prints it."""
    found = report(domain)
    target = f"{domain.server.hostname}."
    return [
        {
            "record": line.expected.purpose,
            "name": line.expected.name,
            "type": line.expected.type,
            "verdict": line.kept.verdict if line.kept else "",
            "todo": say_of(line, target).todo,
            "publish": line.publish,
        }
        for line in (*found.records, *found.others)
    ]


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

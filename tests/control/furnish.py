"""More of everything in the world of `tests.control`, so that every page has what it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from mailstead.control.dns.answers import Answer, Found, Key, Seen
from mailstead.control.dns.lookup import Way
from mailstead.control.dns.services import check_domain
from mailstead.control.hosting import services
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import OutgoingMail
from mailstead.wire.events import AnyEvent, CertificateSeen
from tests.control.addresses import Page
from tests.control.world import OUTSIDE, World

FRAGMENTS = ("apple/", "zone/", ".css", "logo/", "logo", "template/", "refused.csv", "row/", "now/")
"""Files and parts of pages."""
OTHERWISE = {"/no-access/": 403, "/queue/act/": 404, "/queue/delete/": 302}
"""What answers otherwise than 200: the page that says no, and the queue's with nothing chosen."""


def furnish(world: World, now: dt.datetime) -> dict[str, object]:
    """Make them; returns what stands in an address behind each word (`fill`)."""
    olga = {"actor": Actor.operator("olga"), "now": now}
    mia = world.mailboxes["main"]
    services.set_rules(
        **olga,
        mailbox=mia,
        rules=services.parse_rules(
            [
                {
                    "name": "Invoices",
                    "enabled": True,
                    "any_of": False,
                    "conditions": [{"field": "subject", "match": "contains", "value": "invoice"}],
                    "actions": [{"do": "file", "value": "Invoices"}],
                }
            ]
        ),
    )
    services.set_autoresponder(
        **olga, domain=mia.domain, address=mia.address, subject="Away", body="Back on Monday."
    )
    check_domain(**olga, domain=mia.domain, look=_dns)
    services.add_host_name(**olga, domain=mia.domain, name=f"mail.{mia.domain.name}")
    services.record_certificates(world.server.name, _certificates(mia.domain.name, now), now)
    app, _ = services.create_app_password(**olga, mailbox=mia, name="Phone")
    gone = services.create_domain(
        **olga,
        name="gone.example",
        customer=world.customers["customer"],
        server=world.server,
        dkim=False,
    )
    services.remove_domain(**olga, domain=gone, grace=dt.timedelta(days=14))
    package = services.create_package(
        actor=world.actor("reseller"), now=now, name="Small", quota=10**9, mailbox_limit=5
    )
    services.set_brand(
        actor=world.actor("reseller"),
        now=now,
        customer=world.customers["reseller"],
        name="Rita's Mail",
        accent="#7a1f5c",
    )
    job = services.start_mailbox_import(
        actor=world.actor("customer"),
        now=now,
        customer=world.customers["customer"].pk,
        rows=[
            services.hashed_row(services.MailboxRow(address=address, password="correct horse"))
            for address in ("new@cars.example", "wrong@shop.example")
        ],
    )
    link = people.invitation_link(**olga, role="operator", email=f"ola@{OUTSIDE}")
    return {
        "rules": 0,
        "host-names": f"mail.{mia.domain.name}",
        "apps": app.pk,
        "removed": gone.pk,
        "packages": package.pk,
        "of": world.customers["reseller"].pk,
        "jobs": job.pk,
        "recover": _recovery_link(mia, olga).rstrip("/").rpartition("/")[2],
        "welcome": link.rstrip("/").rpartition("/")[2],
    }


def _certificates(domain: str, now: dt.datetime) -> list[AnyEvent]:
    """One in order, one that does not point here."""
    return [
        CertificateSeen(
            id="furnished-1", at=now, name="node1.example", state="valid",
            not_after=now + dt.timedelta(days=60), node=True,
        ),
        CertificateSeen(
            id="furnished-2", at=now, name=f"mail.{domain}", state="elsewhere",
            words=f"mail.{domain} points to 192.0.2.7, not to this server (192.0.2.1).",
            next_try=now + dt.timedelta(minutes=5),
        ),
    ]  # fmt: skip


def _dns(domain: str, wanted: Sequence[Key], way: Way) -> Seen:
    """Half of it right: another host's MX left, an SPF record without us, no DMARC."""
    values = {
        "MX": ("10 node1.example.", "20 mx.before.example."),
        "TXT": ("v=spf1 include:_spf.letters.example -all",),
    }
    answers = {
        (name, kind): Found(
            (Answer("found", values[kind]) if name == domain else Answer("no-name"),),
            Answer("empty"),
        )
        for name, kind in wanted
    }
    return Seen("", domain, ("ada.ns.cloudflare.com",), answers)


@transaction.atomic
def _recovery_link(mailbox: Mailbox, who: dict[str, Any]) -> str:
    """From the message itself, before a worker sends it."""
    services.set_recovery_address(**who, mailbox=mailbox, address=f"mia@{OUTSIDE}")
    services.post_recovery(now=who["now"], address=mailbox.address)
    text = OutgoingMail.objects.latest("pk").text
    return next(word for word in text.split() if word.startswith("https:"))


def reader_of(page: Page) -> str | None:
    """The humblest role that has a page; None for a file, a fragment or a page of the library."""
    rule = (page.rules or {}).get("GET", "")
    if page.library or not rule or page.route.endswith(FRAGMENTS):
        return None
    if page.route.startswith("my/"):
        return "mailbox"
    for role in ("customer", "reseller", "operator"):
        if rule in (roles.PUBLIC, roles.SIGNED_IN) or role in roles.roles_of(rule):
            return role
    return None

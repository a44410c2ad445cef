"""More of everything in the world of `tests.control`, so that every page has what it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from mailstead.control.delivery import services as delivery
from mailstead.control.dns.answers import Answer, Found, Key, Seen
from mailstead.control.dns.lookup import Way
from mailstead.control.dns.services import check_domain
from mailstead.control.hosting import services
from mailstead.control.hosting.models import Mailbox
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import OutgoingMail
from mailstead.wire.events import AddressRested, RouteChosen, SentToday
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
    address = delivery.create_address(
        **olga,
        server=world.server,
        ipv4="192.0.2.10",
        helo="out1.example.net",
        classes=["own", "notices"],
        note="from the first provider",
    )
    mark = delivery.mark_sender(**olga, sender="@odd.example", to="suspect", reason="complaints")
    told = {"id": "furnished-1", "at": now, "receiver": "google"}
    delivery.record(
        world.server.name,
        [
            AddressRested(
                **told, address=address.pk, kind="reputation", until=now + dt.timedelta(hours=4),
                times=2, reply="550 5.7.1 your IP has a low reputation",
            ),
            RouteChosen(**told, mail_class="own", way="wait", why="out1.example.net rests there"),
            SentToday(**told, address=address.pk, day=now.date(), count=17, ceiling=50),
        ],
        now,
    )  # fmt: skip
    link = people.invitation_link(**olga, role="operator", email=f"ola@{OUTSIDE}")
    return {
        "rules": 0,
        "apps": app.pk,
        "removed": gone.pk,
        "packages": package.pk,
        "of": world.customers["reseller"].pk,
        "jobs": job.pk,
        "sending": address.pk,
        "marks": mark.pk,
        "recover": _recovery_link(mia, olga).rstrip("/").rpartition("/")[2],
        "welcome": link.rstrip("/").rpartition("/")[2],
    }


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

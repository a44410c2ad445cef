"""More of everything in the world of `tests.control`, so that every page has what it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.db import transaction

from mailstead.control.delivery import services as delivery
from mailstead.control.delivery.models import Delivery
from mailstead.control.delivery.services import record_complaint
from mailstead.control.dns.answers import Answer, Found, Key, Seen
from mailstead.control.dns.lookup import Way
from mailstead.control.dns.models import Push
from mailstead.control.dns.push.records import Order, Rrset, Told
from mailstead.control.dns.push.services import apply_push, plan_push
from mailstead.control.dns.services import check_domain
from mailstead.control.dns.zones.services import import_zone
from mailstead.control.hosting import services
from mailstead.control.hosting.models import Mailbox
from mailstead.control.moves import services as moves
from mailstead.control.moves.models import BringBack, SourceLogin
from mailstead.control.people import roles
from mailstead.control.people import services as people
from mailstead.control.people.actor import Actor
from mailstead.control.people.models import OutgoingMail
from mailstead.control.protection import services as protection
from mailstead.wire.events import (
    AddressRested,
    AnyEvent,
    BlockSeen,
    BreachedPasswordSeen,
    CertificateSeen,
    ListingSeen,
    ReportReceived,
    RouteChosen,
    SendingSeen,
    SentToday,
)
from mailstead.wire.sending import Ceilings
from tests.control.addresses import Page
from tests.control.dns.zones.files import ZONE
from tests.control.world import OUTSIDE, World
from tests.support.reports import dmarc_xml, mailed, tls_json

FRAGMENTS = (
    "apple/",
    "zone/",
    "file/",
    ".css",
    "logo/",
    "logo",
    "template/",
    "refused.csv",
    "row/",
    "now/",
    "progress/",
    "room/",
    "contacts/",
    "policy.txt",
)
"""Files and parts of pages."""
OTHERWISE = {
    "/no-access/": 403,
    "/queue/act/": 404,
    "/queue/delete/": 302,
    "/reputation/look/": 302,
}
"""What answers otherwise than 200: the page that says no, and acts on nothing that was chosen."""


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
    push = _push(olga, mia)
    zone, _ = import_zone(
        **olga,
        customer=world.customers["customer"],
        server=world.server,
        name="old.example",
        file=ZONE,
    )
    _reports_of_others(world, now)
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
    _listed(world, now)
    _leaked(world, mia, now)
    protection.record(world.server.name, _blocks(mia, now), now)
    record_complaint(raw=_report(world.deliveries["main"]), received=now, now=now)
    services.record_sending(world.server.name, [_sent(mia, now)], now)
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
    _taken_back(world, now)
    old = moves.add_redirect(**olga, move=world.moves["main"], host="cp1.old-host.example")
    SourceLogin.objects.create(
        move=world.moves["main"], host="mail.old-host.example", port=993, tls="imaps", sealed=""
    )
    batch = moves.create_batch(**olga, name="Server London")
    link = people.invitation_link(**olga, role="operator", email=f"ola@{OUTSIDE}")
    return {
        "rules": 0,
        "pushes": push.pk,
        "zones": zone.name,
        "records": zone.records.filter(type="A").get().pk,
        "host-names": f"mail.{mia.domain.name}",
        "apps": app.pk,
        "removed": gone.pk,
        "batches": batch.pk,
        "pace": world.server.name,
        "packages": package.pk,
        "of": world.customers["reseller"].pk,
        "jobs": job.pk,
        "sending": address.pk,
        "marks": mark.pk,
        "redirects": old.host,
        "recover": _recovery_link(mia, olga).rstrip("/").rpartition("/")[2],
        "sending-limits": "hour",
        "welcome": link.rstrip("/").rpartition("/")[2],
    }


@transaction.atomic
def _listed(world: World, now: dt.datetime) -> None:
    """A list names the node's address, and has named another one before."""
    facts = {"zone": "zen.example", "since": now - dt.timedelta(days=2)}
    for number, (subject, listed) in enumerate(
        [("192.0.2.25", True), ("2001:db8::25", True), ("2001:db8::25", False)]
    ):
        event = ListingSeen(
            id=f"furnish{number}",
            at=now,
            subject=subject,
            listed=listed,
            answers=("127.0.0.3",),
            words="https://zen.example/why?192.0.2.25",
            **facts,  # type: ignore[arg-type]
        )
        delivery.record(world.server.name, [event], now)


@transaction.atomic
def _leaked(world: World, mailbox: Mailbox, now: dt.datetime) -> None:
    """A mailbox was opened with a password known from leaks."""
    event = BreachedPasswordSeen(
        id="furnish-leak", at=now, mailbox=mailbox.address, credential=mailbox.credential
    )
    protection.record(world.server.name, [event], now)


def _taken_back(world: World, now: dt.datetime) -> None:
    """Mail that goes to the old server again, some of which it does not take."""
    BringBack.objects.create(
        move=world.moves["main"], mailbox=world.mailboxes["main"], server=world.server.name,
        address=world.mailboxes["main"].address, host="old.host.example", since=now, state="done",
        arrived=12, saved=2, returned=11, failed=1, kept=3, kept_octets=40_000,
        words="old.host.example says: 550 5.7.1 refused",
    )  # fmt: skip


def _push(olga: dict[str, Any], mailbox: Mailbox) -> Push:
    """Records that were pushed to a DNS host which says what it is wanted to say."""
    name = mailbox.domain.name
    zone = {
        one.key: one
        for one in (
            Rrset(name, "A", 300, ("192.0.2.80",), "a"),
            Rrset(name, "MX", 300, ("10 mx.before.example.",), "b"),
            Rrset(name, "TXT", 300, ('"v=spf1 include:_spf.letters.example -all"',), "c"),
        )
    }

    def call(order: Order) -> Told:
        zone.update({one.key: one for one in order.changes})
        return Told(records=tuple(zone.values()))

    token = {"token": "a-token-of-the-tests"}
    push = plan_push(
        **olga, domain=mailbox.domain, provider="cloudflare", credentials=token, call=call
    )
    return apply_push(**olga, push=push, credentials=token, call=call, look=_dns)


def _report(delivery: Delivery) -> bytes:
    """Somebody called a message spam."""
    assert delivery.message is not None
    return (
        "From: <fbl@yahoo.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{delivery.message.message_id}>"
        "\r\n\r\nBuy.\r\n--b--\r\n"
    ).encode()


def _sent(mailbox: Mailbox, now: dt.datetime) -> SendingSeen:
    """A busy day, with a message that was one too many."""
    return SendingSeen(
        id="sent",
        at=now,
        address=mailbox.address,
        used=Ceilings(messages_hour=40, messages_day=90, recipients_hour=500, recipients_day=700),
        page="hour",
        refused=3,
        refused_at=now,
    )


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


def _reports_of_others(world: World, now: dt.datetime) -> None:
    """What another mail server reports about the domain, and a message that is no report."""
    begin = now - dt.timedelta(days=2)
    rows = [("192.0.2.1", 90, "none", "pass", "pass"), ("203.0.113.9", 5, "reject", "fail", "fail")]
    for data in (
        dmarc_xml("cars.example", rows, begin=begin),
        tls_json("cars.example", 70, 3, begin=begin),
        b"noise",
    ):
        raw = mailed(data, "dmarc-reports@node1.example").as_bytes()
        event = ReportReceived(id=sha256(raw).hexdigest()[:32], at=now, kind="dmarc", raw=raw)
        delivery.record(world.server.name, [event], now)
    delivery.read_due(now)


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


def _blocks(mailbox: Mailbox, now: dt.datetime) -> list[BlockSeen]:
    """Log-ins that are refused where the browsers of the world are, and elsewhere."""
    return [
        BlockSeen(
            id=f"block-{number}",
            at=now,
            client=client,
            account=account,
            reason=reason,  # type: ignore[arg-type]
            since=now - dt.timedelta(minutes=5),
            until=now + dt.timedelta(hours=2),
            count=40,
        )
        for number, (client, account, reason) in enumerate(
            (
                ("192.0.2.9", mailbox.address, "passwords"),
                ("2001:db8:1:2::/64", "", "accounts"),
                ("", mailbox.address, "attack"),
            )
        )
    ]
